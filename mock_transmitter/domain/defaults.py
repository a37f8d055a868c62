"""Defaults that the command line shows, too."""

# How long a push waits for the Receiver's answer, in seconds.
PUSH_TIMEOUT_S = 2.0
