"""What the operator says of a target: target.toml, options, credentials and hooks."""
