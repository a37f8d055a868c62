"""Faults of TLS."""
