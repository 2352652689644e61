"""Records of a fixture matched with the rows of a target."""
