"""Stages: functions from records to records, one file a verb."""
