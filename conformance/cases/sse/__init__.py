"""Cases of the Shared Signals draft of 2021."""
