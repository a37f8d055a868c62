"""Faults of poll delivery and acknowledgement."""
