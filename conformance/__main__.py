"""The entry point: it answers an interrupt from the first moment, before there is a run to stop."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from conformance.cli.main import load
from conformance.engine.exit_codes import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STDERR = 2


def main() -> int:
    """Run the command line and return its exit code (docs/judging-a-transmitter.md)."""
    for number in _SIGNALS:
        signal.signal(number, _leave)
    # This imports what the command needs, which takes a second.
    command = load(sys.argv[1:])
    for number in _SIGNALS:
        signal.signal(number, signal.default_int_handler)
    return command()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    os.write(_STDERR, b"ssf-conformance: interrupted\n")
    os._exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
