"""The faults that a database or `loaddata` would trip over, found in a fixture: a module for each family of them."""
