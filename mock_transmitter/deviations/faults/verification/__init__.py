"""Faults of verification."""
