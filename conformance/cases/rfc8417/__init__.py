"""Cases of Security Event Tokens: RFC 8417."""
