"""How a server announces that it is ready: to people, to programs, and as a target."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from mock_transmitter.domain.access_tokens import SCOPES
from mock_transmitter.http.authorisation import Receiver
from mock_transmitter.http.metadata import INTEROP
from mock_transmitter.server import CannotServeError, RunningServer

# The lines of a credential's table, given where its secret is.
_Kind: TypeAlias = Callable[[str], list[str]]


def write_ready_file(server: RunningServer, path: Path) -> None:
    """Write the ready file: JSON, mode 0600, complete as soon as it exists."""
    document = {
        "issuer": server.issuer,
        "discovery_url": server.discovery_url,
        "control_url": server.control_url,
        "token_url": server.token_url,
        "profile": server.profile.id,
        "ca_file": None if server.ca_file is None else str(server.ca_file),
        "receivers": [
            {
                "audience": receiver.audience,
                "management_token": receiver.management_token,
                "poll_token": receiver.poll_token,
                "limited_token": receiver.limited_token,
                "client_id": receiver.client_id,
                "client_secret": receiver.client_secret,
            }
            for receiver in server.receivers
        ],
    }
    _write_private("ready-file", path, json.dumps(document, indent=2) + "\n")


# The mock knows whomever it is told of; these are for a run, which does not know that.
_SUBJECTS = """\
  { format = "email", email = "user@example.com" },
  { format = "opaque", id = "tenant-7" },
  { format = "email", email = "admin@example.com" },
"""


def write_target(server: RunningServer, folder: Path, *, profile: str, simulated: bool) -> Path:
    """Write a target.toml for `ssf-conformance run` into an existing folder, with its token files.

    `profile` is what the target calls its profile: an id, or the absolute path of a file.
    """
    folder = folder.absolute()
    lines = [
        "# Written by ssf-mock-transmitter: it holds as long as that mock runs.",
        "[target]",
        f"name = {_toml(f'mock Transmitter ({server.profile.id})')}",
        f"issuer = {_toml(server.issuer)}",
        f"profile = {_toml(profile)}",
    ]
    for table, channel, secret, kind in _credentials(server):
        file = folder / f"{table.replace('.', '-')}-{channel}.token"
        _write_private("target-out", file, secret + "\n")
        lines += ["", f"[{table}.{channel}]", *kind(_toml(f"file:{file}"))]
    if server.ca_file is not None:
        lines += ["", "[tls]", f"ca_file = {_toml(str(server.ca_file))}"]
    if server.profile.offers("add_subject"):
        lines += ["", "[capabilities]", f"subjects = [\n{_SUBJECTS}]"]
    lines += _hooks(server, simulated=simulated)
    if urlsplit(server.issuer).scheme == "http":
        lines += ["", "[limits]", "allow_http = true"]
    path = folder / "target.toml"
    _write_private("target-out", path, "\n".join(lines) + "\n")
    return path


def make_folder(path: Path) -> Path:
    """Create the folder of --target-out if needed, and return its absolute path."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{path} can't be made: {error.strerror}; name a folder that can be written to"
        raise CannotServeError("target-out", problem) from error
    return path.absolute()


def describe(server: RunningServer, *, host: str, clock: str, deviations: Sequence[str]) -> str:
    """Return the block for people that stands before the `ready` line."""
    return "\n".join(_described(server, host, clock, deviations))


def _described(
    server: RunningServer, host: str, clock: str, deviations: Sequence[str]
) -> Iterator[str]:
    yield f"Mock Transmitter, profile {server.profile.id}: {server.profile.title}"
    yield f"  issuer      {server.issuer}"
    yield f"  discovery   {server.discovery_url}"
    yield f"  control     {server.control_url}"
    yield f"  clock       {clock}"
    if server.ca_file is not None:
        yield f"  CA          {server.ca_file}"
    if deviations:
        yield f"  deviations  {', '.join(deviations)}"
    for receiver in server.receivers:
        yield f"  Receiver    {receiver.audience}"
        yield f"    management token  {receiver.management_token}"
        if receiver.poll_token is not None:
            yield f"    poll token        {receiver.poll_token}"
        yield f"    limited token     {receiver.limited_token}"
        yield f"    client            {receiver.client_id} {receiver.client_secret}"
    if urlsplit(server.issuer).scheme == "http":
        yield "  This is plain http: a conformance run against it needs --allow-http."
    if not _is_loopback(host):
        yield f"  It listens on {host}, and the control API needs no credentials."


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(server: RunningServer) -> Iterator[tuple[str, str, str, _Kind]]:
    """Yield each credential of a target.toml: table, channel, secret, and the table's lines."""
    first, second = server.receivers
    for table, receiver in (("auth", first), ("second_receiver.auth", second)):
        if INTEROP in server.profile.tags:
            yield table, "management", receiver.client_secret, _client(server, receiver)
        else:
            yield table, "management", receiver.management_token, _bearer
        if receiver.poll_token is not None:
            yield table, "poll", receiver.poll_token, _bearer
    yield "limited_receiver.auth", "management", first.limited_token, _bearer


def _bearer(secret: str) -> list[str]:
    return ['kind = "bearer"', f"token = {secret}"]


def _client(server: RunningServer, receiver: Receiver) -> _Kind:
    return lambda secret: [
        'kind = "oauth2-client-credentials"',
        f"token_url = {_toml(server.token_url)}",
        f"client_id = {_toml(receiver.client_id)}",
        f"client_secret = {secret}",
        f"scope = {_toml(' '.join(SCOPES))}",
    ]


def _hooks(server: RunningServer, *, simulated: bool) -> list[str]:
    control = server.control_url
    target = (
        'audience = "{audience}"'
        if server.profile.stream.model == "implicit"
        else 'stream_id = "{stream_id}"'
    )
    change = 'status = "{status}", reason = "{reason}", subject = "{subject}"'
    hooks = [
        (
            "emit_event",
            "POST",
            "events",
            f'body = {{ event_type = "{{event_type}}", subject = "{{subject}}", {target} }}',
        ),
        (
            "transmitter_status",
            "POST",
            "status",
            f"body = {{ {change}, {target} }}",
        ),
    ]
    if simulated:
        hooks += [
            ("clock.now", "GET", "clock", 'read = "now"'),
            ("clock.advance", "POST", "clock", 'body = { advance_s = "{seconds}" }'),
        ]
    lines = []
    for name, method, resource, extra in hooks:
        lines += [
            "",
            f"[hooks.{name}]",
            'kind = "http"',
            f'method = "{method}"',
            f"url = {_toml(f'{control}/{resource}')}",
            extra,
        ]
    return lines


def _toml(text: str) -> str:
    # A JSON string is a TOML basic string too, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write_private(option: str, path: Path, text: str) -> None:
    """Write a file in one step, readable by its owner only."""
    try:
        # mkstemp makes the file with mode 0600, and a rename keeps it.
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        problem = f"{path} can't be written: {error.strerror}; name a folder that can be written to"
        raise CannotServeError(option, problem) from error
