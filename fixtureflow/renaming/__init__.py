"""Records mended by rule: names, and values that a database would refuse."""
