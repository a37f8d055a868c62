"""The control API: what the operator of the mock, or a test, may do to it."""
