"""A conformance suite for OpenID Shared Signals Transmitters."""
