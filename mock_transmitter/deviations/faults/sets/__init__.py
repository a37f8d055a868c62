"""Faults of SETs: their claims, events, subjects and signatures."""
