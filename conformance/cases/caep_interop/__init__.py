"""Cases of the CAEP Interoperability Profile 1.0."""
