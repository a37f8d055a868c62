"""The exit codes of the command line (docs/judging-a-transmitter.md)."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the exit code of a command means."""

    CONFORMANT = 0
    NONCONFORMANT = 1
    INTERRUPTED = 2
    OUR_ERROR = 3
    USAGE = 4
    NOTHING_JUDGED = 5
    INCOMPLETE = 6
