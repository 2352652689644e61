"""A read-only look at a database's tables: which of these keys are already there, and in which rows."""
