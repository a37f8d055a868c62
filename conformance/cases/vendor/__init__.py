"""Cases of messages that only a vendor's page defines."""
