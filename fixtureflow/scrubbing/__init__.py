"""Pseudonyms in the place of what tells of persons; the same one for the same value, so that relations hold."""
