"""Cases of JSON Object Signing: RFC 7515 and RFC 7517."""
