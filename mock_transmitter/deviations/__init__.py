"""Named deviations: faults break a requirement, variants use a freedom of the text."""
