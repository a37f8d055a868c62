"""Faults of who may do what."""
