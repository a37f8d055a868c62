"""Faults of the metadata and the key set."""
