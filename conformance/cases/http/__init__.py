"""Cases of HTTP semantics: RFC 9110."""
