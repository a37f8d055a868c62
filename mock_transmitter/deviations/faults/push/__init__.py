"""Faults of push delivery."""
