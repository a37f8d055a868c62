"""Faults of stream configurations."""
