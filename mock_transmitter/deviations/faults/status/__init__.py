"""Faults of the status of streams and subjects."""
