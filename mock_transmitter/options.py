"""The arguments of `ssf-mock-transmitter`.

This module imports little, so that --help need not wait for the server and the deviations.
"""

import argparse
from pathlib import Path
from typing import NoReturn

from conformance.spec.shipped_profiles import profile_ids
from mock_transmitter.domain.defaults import PUSH_TIMEOUT_S

PROGRAM = "ssf-mock-transmitter"
EXIT_OK = 0
EXIT_OUR_ERROR = 3
EXIT_USAGE = 4

_HIGHEST_PORT = 65535
_LONGEST_POLL_S = 86_400.0

DESCRIPTION = """\
A mock Transmitter for OpenID Shared Signals: conformant by default, wrong on demand,
on a clock that you control.
"""

EPILOG = """\
The last line of output is "ready ISSUER", printed once the port is open.
Stop it with Ctrl-C or SIGTERM. Exit codes: 0 stopped, 3 our own error, 4 wrong usage.

examples:
  ssf-mock-transmitter --port 8080
  ssf-mock-transmitter --profile sse-draft --tls --ca-out ca.pem --target-out mock
  ssf-mock-transmitter --profile dialect.toml --clock simulated --set poll.redelivery.cap_s=3600
"""


class _Parser(argparse.ArgumentParser):
    """argparse, with this project's exit code and one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = _Parser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    speech = made.add_argument_group("protocol")
    speech.add_argument(
        "--profile",
        default="ssf-1.0",
        metavar="NAME|FILE",
        help=f"a built-in profile ({', '.join(profile_ids())}) or a TOML file; default: ssf-1.0",
    )
    speech.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one key of the profile, such as poll.redelivery.cap_s=3600; may be repeated",
    )
    place = made.add_argument_group("address")
    place.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on; default: 127.0.0.1"
    )
    place.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help="the port to listen on; default: 0, a free one",
    )
    place.add_argument(
        "--tls",
        action="store_true",
        help="serve https, with a certification authority made for this run",
    )
    place.add_argument(
        "--ca-out",
        type=Path,
        metavar="PEM",
        help="file for the authority's certificate; default: ca.pem in --target-out,"
        " else a temporary file",
    )
    place.add_argument(
        "--issuer",
        metavar="URL",
        help="the issuer URL, for use behind a proxy; default: the server's own address",
    )
    behaviour = made.add_argument_group("behaviour")
    behaviour.add_argument(
        "--clock",
        choices=("system", "simulated"),
        default="system",
        help="simulated: time stands still until the control API moves it; default: system",
    )
    behaviour.add_argument(
        "--long-poll-timeout",
        type=_seconds,
        default=10.0,
        metavar="S",
        help="how long a long poll waits for a SET, in seconds of the mock's clock; default: 10."
        " With a simulated clock it is answered after 10 real seconds at the latest",
    )
    behaviour.add_argument(
        "--push-ca",
        type=Path,
        metavar="PEM",
        help="certificate of the authority that Receivers' push endpoints are verified against;"
        " default: the system's authorities",
    )
    behaviour.add_argument(
        "--push-timeout",
        type=_patience,
        default=PUSH_TIMEOUT_S,
        metavar="S",
        help="how long a push waits for the Receiver's answer, in real seconds;"
        f" default: {PUSH_TIMEOUT_S:g}",
    )
    behaviour.add_argument(
        "--redelivery",
        default="",
        metavar="NAME=NUMBER,...",
        help="the backoff's first gap, factor, cap and jitter, such as"
        " initial=10,factor=3,cap=3600,jitter=0.1 (seconds; jitter is a share); default:"
        " 1 s, 2, the profile's cap, none",
    )
    behaviour.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="a fault to show (see --list); may be repeated",
    )
    behaviour.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="NAME",
        help="a variant to use (see --list); may be repeated",
    )
    behaviour.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="the same seed gives the same keys, tokens and ids; default: 0",
    )
    told = made.add_argument_group("output")
    told.add_argument(
        "--ready-file",
        type=Path,
        metavar="PATH",
        help="write URLs and tokens to this file as JSON (mode 0600) once the port is open",
    )
    told.add_argument(
        "--target-out",
        type=Path,
        metavar="DIR",
        help="write a target.toml for `ssf-conformance run`, with hooks and token files, to"
        " this folder",
    )
    told.add_argument("--list", action="store_true", help="print the faults and variants and exit")
    return made


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_PORT:
        problem = f"{text!r} is no port: write a number up to {_HIGHEST_PORT}, or 0 for a free one"
        raise argparse.ArgumentTypeError(problem)
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_POLL_S:
        problem = f"{text!r} is no number of seconds between 0 and {_LONGEST_POLL_S:.0f}"
        raise argparse.ArgumentTypeError(problem)
    return seconds


def _patience(text: str) -> float:
    seconds = _seconds(text)
    if seconds == 0:
        raise argparse.ArgumentTypeError("a push that waits for 0 seconds can't succeed: give more")
    return seconds
