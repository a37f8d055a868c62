"""Faults of adding and removing subjects, and whom events are about."""
