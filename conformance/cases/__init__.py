"""The cases: one file per section of a specification, one story per function."""
