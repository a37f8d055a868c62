"""The way in: an interrupt is told as one from the first moment, before there is a run to stop."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_STDERR = 2
_EXIT_INTERRUPTED = 2


def main() -> int:
    """Run the command line and return its exit code (README, "Exit codes")."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    # What takes a second to import is imported with that in place.
    from conformance.cli.main import main as run_command  # noqa: PLC0415

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    return run_command()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    os.write(_STDERR, b"ssf-conformance: interrupted\n")
    os._exit(_EXIT_INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
