"""Cases of push delivery: RFC 8935."""
