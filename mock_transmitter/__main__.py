"""The command `ssf-mock-transmitter`."""

import argparse
import shlex
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from conformance.spec.profile import Profile, ProfileError
from conformance.spec.profile_files import load_profile, parse_setting, profile_ids
from mock_transmitter import announcement
from mock_transmitter.deviations.catalogue import Entry, UnknownDeviation, faults, find, variants
from mock_transmitter.domain.errors import UnservedProfile
from mock_transmitter.domain.redelivery import AS_IT_IS, Curve, UnusableCurve, parse_curve
from mock_transmitter.http.push_sender import TIMEOUT_S
from mock_transmitter.server import CannotServeError, RunningServer, check_issuer, serve

PROGRAM = "ssf-mock-transmitter"
EXIT_OK = 0
EXIT_OUR_ERROR = 3
EXIT_USAGE = 4

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(argv)
    if options.list:
        sys.stdout.write("\n".join(_catalogue()) + "\n")
        return EXIT_OK
    try:
        return _run(options)
    except CannotServeError as error:
        sys.stderr.write(f"{PROGRAM}: --{error}\n")
        return EXIT_USAGE


def _run(options: argparse.Namespace) -> int:
    profile = _profile(options.profile, options.set)
    deviations = [*_deviations("fault", options.fault), *_deviations("variant", options.variant)]
    if options.issuer is not None:
        check_issuer(options.issuer, tls=options.tls)
    if options.ca_out is not None and not options.tls:
        raise CannotServeError("ca-out", "an authority exists only with --tls; add --tls")
    folder = None if options.target_out is None else announcement.make_folder(options.target_out)
    if options.ready_file is not None:
        _forget(options.ready_file)
    server = _server(options, profile, deviations, folder)
    if serve(server, lambda: _announce(options, server, deviations, folder)):
        return EXIT_OK
    sys.stderr.write(f"{PROGRAM}: the server ended by itself; what it logged stands above\n")
    return EXIT_OUR_ERROR


def _server(
    options: argparse.Namespace, profile: Profile, deviations: Sequence[str], folder: Path | None
) -> RunningServer:
    ca_out: Path | None = options.ca_out
    if ca_out is None and folder is not None:
        ca_out = folder / "ca.pem"
    try:
        return RunningServer(
            profile,
            host=options.host,
            port=options.port,
            tls=options.tls,
            ca_out=ca_out,
            issuer=options.issuer,
            clock=options.clock,
            seed=options.seed,
            deviations=deviations,
            redelivery=options.redelivery,
            long_poll_timeout_s=options.long_poll_timeout,
            push_ca=None if options.push_ca is None else _certificates(options.push_ca),
            push_timeout_s=options.push_timeout,
        )
    except UnusableCurve as error:
        raise CannotServeError("redelivery", str(error)) from error
    except UnservedProfile as error:
        raise CannotServeError("profile", f"{profile.file}: {error}") from error


def _certificates(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        problem = f"{path} can't be read: {reason}; name a file with certificates in PEM"
        raise CannotServeError("push-ca", problem) from error
    if _CERTIFICATE not in text:
        problem = f"{path} holds no certificate; name a file with certificates in PEM"
        raise CannotServeError("push-ca", problem)
    return text


def _announce(
    options: argparse.Namespace,
    server: RunningServer,
    deviations: Sequence[str],
    folder: Path | None,
) -> None:
    block = announcement.describe(
        server, host=options.host, clock=options.clock, deviations=deviations
    )
    if folder is not None:
        name = _profile_reference(options.profile)
        simulated = options.clock == "simulated"
        target = announcement.write_target(server, folder, profile=name, simulated=simulated)
        settings = "".join(f" --set {shlex.quote(text)}" for text in options.set)
        block += f"\n  to judge it  ssf-conformance run {shlex.quote(str(target))}{settings}"
    if options.ready_file is not None:
        announcement.write_ready_file(server, options.ready_file)
    sys.stdout.write(f"{block}\nready {server.issuer}\n")
    sys.stdout.flush()


def _profile(name: str, settings: Sequence[str]) -> Profile:
    try:
        profile = load_profile(name)
    except ProfileError as error:
        raise CannotServeError("profile", str(error)) from error
    try:
        parsed = [parse_setting(text) for text in settings]
    except ProfileError as error:
        # The message of parse_setting begins with the option.
        raise CannotServeError("set", str(error).removeprefix("--set ")) from error
    try:
        return load_profile(name, dict(parsed)) if parsed else profile
    except ProfileError as error:
        raise CannotServeError("set", str(error)) from error


def _profile_reference(name: str) -> str:
    return str(Path(name).absolute()) if name.endswith(".toml") or "/" in name else name


def _deviations(kind: str, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        try:
            entry = find(name)
        except UnknownDeviation as error:
            raise CannotServeError(kind, f"{error} (--list shows them all)") from error
        if entry.kind != kind:
            problem = f"{name!r} is a {entry.kind}; write --{entry.kind} {name}"
            raise CannotServeError(kind, problem)
        yield name


def _catalogue() -> Iterator[str]:
    yield "Faults: with one of these the mock does not conform."
    yield from _entries(faults())
    yield ""
    yield "Variants: with one of these the mock still conforms, in another way."
    yield from _entries(variants())


def _entries(entries: Mapping[str, Entry]) -> Iterator[str]:
    for name, entry in sorted(entries.items()):
        yield f"  {name}"
        yield textwrap.fill(
            entry.summary, width=96, initial_indent="      ", subsequent_indent="      "
        )


def _forget(path: Path) -> None:
    # Whoever waits for the ready file must not read the port of an earlier run.
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        problem = f"{path} can't be replaced: {error.strerror}; name another file"
        raise CannotServeError("ready-file", problem) from error


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


def _curve(text: str) -> Curve:
    try:
        return parse_curve(text)
    except UnusableCurve as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    speech = parser.add_argument_group("protocol")
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
    place = parser.add_argument_group("address")
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
    behaviour = parser.add_argument_group("behaviour")
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
        default=TIMEOUT_S,
        metavar="S",
        help="how long a push waits for the Receiver's answer, in real seconds;"
        f" default: {TIMEOUT_S:g}",
    )
    behaviour.add_argument(
        "--redelivery",
        type=_curve,
        default=AS_IT_IS,
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
    told = parser.add_argument_group("output")
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
    return parser


if __name__ == "__main__":
    sys.exit(main())
