"""References turned from primary keys to natural ones, or back."""
