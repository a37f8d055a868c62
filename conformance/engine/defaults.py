"""The defaults of a run."""

EXAMPLES = 20
