"""Cases of RISC 1.0."""
