"""Cases of CAEP 1.0."""
