"""Faults of authorisation: who may do what."""
