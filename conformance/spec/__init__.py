"""The specifications as data, and their codec: the only part that the mock may import."""
