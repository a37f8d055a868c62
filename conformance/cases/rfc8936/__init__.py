"""Cases of poll delivery: RFC 8936."""
