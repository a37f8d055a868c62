"""Output for the person who typed a command."""

import os
import sys


def say(text: str) -> None:
    """Print a text. A closed pipe is ignored, because it changes no verdict."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str) -> None:
    """Print a message about an error."""
    sys.stderr.write(f"ssf-conformance: {message}\n")
