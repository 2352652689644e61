"""Two dumps held against each other, and several made one, whatever the order of their records."""
