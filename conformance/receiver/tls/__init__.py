"""TLS handshakes, made by hand and judged apart from HTTP."""
