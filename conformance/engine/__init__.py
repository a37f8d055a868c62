"""One run from its plan to its results, and the pytest plugin that drives it."""
