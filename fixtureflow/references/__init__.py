"""Which records a record refers to, and by what keys."""
