"""The reports of a run: one module per output, each rendered from results.json alone."""
