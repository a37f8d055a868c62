"""The command line of `ssf-conformance`: from arguments to an exit code."""

import argparse
import pkgutil
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from conformance.cli.options import parse
from conformance.cli.output import complain
from conformance.engine.exit_codes import ExitCode
from conformance.errors import UsageError
from conformance.text import printable

Command: TypeAlias = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code (docs/judging-a-transmitter.md)."""
    return load(sys.argv[1:] if arguments is None else arguments)()


def load(arguments: Sequence[str]) -> Callable[[], int]:
    """Import the command that the arguments name, and return a function that runs it."""
    try:
        options = parse(arguments)
    except SystemExit as stop:
        # argparse ends with 2, which here means an interrupted run.
        code = ExitCode.USAGE if stop.code else ExitCode.CONFORMANT
        return lambda: code
    return partial(_run, pkgutil.resolve_name(options.command), options)


def _run(command: Command, options: argparse.Namespace) -> int:
    try:
        return int(command(options))
    except UsageError as error:
        complain(printable(str(error)))
        return ExitCode.USAGE
    except KeyboardInterrupt:
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001 (the last place to say whose fault it is)
        complain(f"an error of the suite itself; please report it:\n{traceback.format_exc()}")
        return ExitCode.OUR_ERROR
