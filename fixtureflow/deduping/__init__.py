"""Records that are too many by a unique constraint: one stays, and all that referred to the others refers to it."""
