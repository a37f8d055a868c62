"""Carrying out `ssf-mock-transmitter`: list the deviations, or serve the mock."""

import argparse
import shlex
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conformance.spec.profile import Profile, ProfileError
from conformance.spec.profile_files import load_profile, parse_setting
from mock_transmitter import announcement
from mock_transmitter.deviations.catalogue import Entry, UnknownDeviation, faults, find, variants
from mock_transmitter.domain.errors import UnservedProfile
from mock_transmitter.domain.redelivery import AS_IT_IS, Curve, UnusableCurve, parse_curve
from mock_transmitter.options import EXIT_OK, EXIT_OUR_ERROR, EXIT_USAGE, PROGRAM
from mock_transmitter.server import CannotServeError, RunningServer, check_issuer, serve

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def run(options: argparse.Namespace) -> int:
    """Carry out the command and return its exit code."""
    if options.list:
        sys.stdout.write("\n".join(_catalogue()) + "\n")
        return EXIT_OK
    try:
        return _serve(options)
    except CannotServeError as error:
        sys.stderr.write(f"{PROGRAM}: --{error}\n")
        return EXIT_USAGE


def _serve(options: argparse.Namespace) -> int:
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
            redelivery=_curve(options.redelivery),
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


def _curve(text: str) -> Curve:
    try:
        return parse_curve(text) if text else AS_IT_IS
    except UnusableCurve as error:
        raise CannotServeError("redelivery", str(error)) from error
