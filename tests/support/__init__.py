"""What the tests stand on: scratch databases, the real Django projects run in them, and comparers of the outcome."""
