"""Cases of the Shared Signals Framework 1.0."""
