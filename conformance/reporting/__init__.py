"""The reports of a run: one module for each output, all rendered from results.json alone."""
