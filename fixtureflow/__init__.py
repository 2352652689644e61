"""fixtureflow: make a Django dumpdata fixture load."""

__version__ = "0.1.0"
