"""One run from plan to results, and the pytest plugin that drives it."""
