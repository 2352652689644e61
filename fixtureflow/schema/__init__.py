"""What the bytes of a fixture do not say, and one module for each place it may come from."""
