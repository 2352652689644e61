"""Some records and all they need."""
