"""A mock Transmitter for OpenID Shared Signals: right by default, wrong on demand."""
