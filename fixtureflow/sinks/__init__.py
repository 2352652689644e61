"""Sinks: where records end as files."""
