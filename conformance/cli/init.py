"""The beginning of a target.toml: what discovery says, and what an operator may add to it."""

import argparse
import json
import os
import shlex
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.cli.output import say
from conformance.engine.exit_codes import ExitCode
from conformance.engine.first_contact import NoMetadata, discover
from conformance.receiver.connection import Connection, Unreachable
from conformance.receiver.exchange import Recorder
from conformance.receiver.operations import CAEP_EVENT_TYPES
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec import schema
from conformance.spec.profile import DIRECTORY, Profile, profile_ids
from conformance.target.target import Options, Target, TargetError, from_issuer
from conformance.text import printable, shortened

WIDTH = 100
_LONGEST = 300

_CLIENT = """\
[auth.management]
kind = "oauth2-client-credentials"
token_url = "https://as.example/token"
client_id = "..."
client_secret = "env:SSF_CLIENT_SECRET"
"""

_MANAGEMENT = "SSF_TOKEN"
_POLL = "SSF_POLL_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A target whose metadata was fetched; `pushes` says whether it may deliver that way."""

    target: Target
    url: str
    metadata: Mapping[str, Any]
    pushes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """What `init` was asked for."""

    issuer: str
    output: Path
    options: Options = field(default_factory=Options)
    force: bool = False


def main(options: argparse.Namespace) -> int:
    """Write a target.toml and say what was found."""
    asked = Init(
        issuer=options.issuer,
        output=options.output,
        force=options.force,
        options=Options(
            profile=options.profile,
            token_env=options.token_env,
            allow_http=options.allow_http,
            ca_file=options.ca_file,
        ),
    )
    init(asked, say)
    return ExitCode.CONFORMANT


def init(asked: Init, say: Callable[[str], None]) -> None:
    """Fetch the metadata of an issuer, write a target.toml, and say what was found.

    Raises TargetError for what can't be used or written, and Unreachable where there is no
    metadata. Nothing but discovery is sent.
    """
    if asked.output.exists() and not asked.force:
        raise TargetError(f"{asked.output}: is there already; name another --output, or --force")
    found = find(asked.issuer, asked.options)
    management = asked.options.token_env or _MANAGEMENT
    _write(asked.output, target_text(found, management=management), force=asked.force)
    say(_told(found, asked.output, _variables(found.target.profile, management)))


def find(issuer: str, options: Options) -> Found:
    """Return the metadata of an issuer in the profile of the options.

    Where they name none: in `ssf-1.0`, else in the first of the others whose metadata stands
    elsewhere and takes no credential to fetch. Raises Unreachable.
    """
    if "://" not in issuer:
        raise TargetError(f"{issuer}: is no URL; name an issuer such as https://{issuer}")
    if "/.well-known/" in issuer:
        raise TargetError(
            f"{issuer}: is where metadata stands; name the issuer, as `issuer` in there has it"
        )
    first = from_issuer(issuer, options)
    if first.profile.discovery.channel not in {"none", *first.credentials}:
        raise TargetError(
            f"profile {first.profile.id} takes a credential to fetch the metadata;"
            " name the environment variable that holds it with --token-env"
        )
    try:
        return _fetch(first)
    except NoMetadata:
        for other in _others(first, options):
            try:
                return _fetch(other)
            except Unreachable:
                continue
        raise


def _others(first: Target, options: Options) -> Iterator[Target]:
    """Yield the target in each profile whose metadata has another place, unless one was named."""
    asked = {first.profile.discovery.url(first.issuer)}
    for name in profile_ids() if options.profile is None else ():
        other = from_issuer(first.issuer, replace(options, profile=name))
        url = other.profile.discovery.url(first.issuer)
        if other.profile.discovery.channel == "none" and url not in asked:
            asked.add(url)
            yield other


def _fetch(target: Target) -> Found:
    connection = Connection.open(target)
    try:
        transmitter = RemoteTransmitter(connection, Recorder())
        discover(transmitter)
        return Found(
            target=target,
            url=transmitter.discovery_url,
            metadata=transmitter.metadata,
            pushes=transmitter.delivers("push"),
        )
    finally:
        connection.close()


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise TargetError(
            f"--output {path}: can't be written: {error.strerror}; name another file"
        ) from error


# -- the file
# ------------------------------------------------------------------------------------------


def target_text(found: Found, *, management: str) -> str:
    """Return the file: what is sure as TOML, what is optional as TOML behind a `#`.

    `management` is the environment variable of the management credential.
    """
    parts = [
        _prose(
            f"A target for `ssf-conformance run`, from the metadata at {found.url}",
            "What is optional stands behind a # without a blank: take the # away to use it.",
        ),
        *_known(found, management),
        *_optional(found),
    ]
    return "\n\n".join(parts) + "\n"


def _known(found: Found, management: str) -> Iterator[str]:
    target = found.target
    profile = target.profile
    yield "\n".join(
        [
            "[target]",
            f"name = {_toml(target.name)}",
            f"issuer = {_toml(target.issuer)}",
            f"profile = {_toml(_name_of(profile))}",
            _prose("Which version of your software it is, for the reports."),
            '#version = "1.0"',
        ]
    )
    schemes = found.metadata.get("authorization_schemes")
    yield "\n".join(
        [
            _prose(
                "The credential of the Receiver whose streams the suite makes and judges. A secret"
                " never stands here: env:NAME leads to an environment variable, file:PATH to a"
                " file.",
                *([f"authorization_schemes of the metadata: {_shown(schemes)}"] if schemes else []),
            ),
            _credential("auth.management", management),
            _prose("Where an authorization server issues the token, put this in its place:"),
            *(f"#   {line}" for line in _CLIENT.splitlines()),
        ]
    )
    if _polls_apart(profile):
        yield "\n".join(
            [
                _prose("Polling takes a token of its own; name the same one where it does not."),
                _credential("auth.poll", _POLL),
            ]
        )
    if target.ca_file is not None:
        yield f"[tls]\nca_file = {_toml(str(target.ca_file.absolute()))}"
    limits = [
        _prose(
            "Requests in a second at most, seconds to wait for an answer, and seconds to wait for"
            " a SET."
        ),
        # Where the table is needed, it stands; else it is as optional as what it holds.
        "[limits]" if target.allow_http else "#[limits]",
        *(["allow_http = true  # a lab without TLS"] if target.allow_http else []),
        "#max_rps = 5",
        f"#timeout_s = {target.limits.timeout_s:g}",
        f"#patience_s = {target.limits.patience_s:g}",
    ]
    yield "\n".join(limits)


def _optional(found: Found) -> Iterator[str]:
    profile = found.target.profile
    apart = _polls_apart(profile)
    yield _option(
        _credential("second_receiver.auth.management", "SSF_SECOND_TOKEN"),
        *([_credential("second_receiver.auth.poll", "SSF_SECOND_POLL_TOKEN")] if apart else []),
        why="Another Receiver's credential, for what one Receiver must not see of another.",
    )
    yield _option(
        _credential("limited_receiver.auth.management", "SSF_LIMITED_TOKEN"),
        why="A valid credential that may neither read nor change streams.",
    )
    explicit = profile.stream.model == "explicit"
    yield _option(
        "[capabilities]",
        *(["streams = 4"] if explicit else []),
        f"event_types = [{_toml(CAEP_EVENT_TYPES[0])}]",
        'subjects = [{ format = "email", email = "user@example.com" }]',
        why="What there is for this Receiver:"
        + (" streams at a time, 1 unless you say more, and" if explicit else "")
        + " event types that can be raised, and subjects that the target knows.",
    )
    whom = 'stream = "{stream_id}"' if explicit else 'audience = "{audience}"'
    whose = "stream {stream_id}" if explicit else "{audience}"
    yield _option(
        "[hooks.emit_event]",
        'kind = "http"',
        'method = "POST"',
        'url = "https://hooks.example/events"',
        f'body = {{ type = "{{event_type}}", subject = "{{subject}}", {whom} }}',
        why="A request of yours that raises an event, so that SETs can be judged without"
        " verification requests. Braces are filled in.",
    )
    if profile.offers("read_status"):
        yield _option(
            "[hooks.transmitter_status]",
            'kind = "manual"',
            f'manual = "Set the status of {whose} to {{status}} in the admin console"',
            why="What has the Transmitter itself change a stream's status: by hand, as here, or as"
            " an http or command hook.",
        )
    yield _option(
        "[hooks.clock.now]",
        'kind = "command"',
        'argv = ["./clock", "now"]',
        'read = "now"',
        "[hooks.clock.advance]",
        'kind = "command"',
        'argv = ["./clock", "advance", "{seconds}"]',
        why="Commands of yours that tell the target's time in seconds, and move it. `read` is where"
        " the output, JSON, holds it.",
    )
    if found.pushes:
        yield _option(
            "[push]",
            'listen = "0.0.0.0:8443"',
            'url = "https://receiver.example:8443/"',
            why="Where the suite listens for pushes, and how the target reaches it: through a"
            " tunnel that ends TLS, or with `cert` and `key`, two PEM files, by itself.",
        )


def _polls_apart(profile: Profile) -> bool:
    poll = profile.operations.get("poll")
    return poll is not None and poll.channel == "poll"


def _variables(profile: Profile, management: str) -> list[str]:
    return [management, *([_POLL] if _polls_apart(profile) else [])]


def _credential(table: str, variable: str) -> str:
    return f'[{table}]\nkind = "bearer"\ntoken = {_toml(f"env:{variable}")}'


def _option(*lines: str, why: str) -> str:
    toml = [f"#{line}" for part in lines for line in part.splitlines()]
    return "\n".join([_prose(why), *toml])


def _prose(*sentences: str) -> str:
    return "\n".join(
        line
        for sentence in sentences
        for line in textwrap.wrap(
            sentence,
            WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
            break_on_hyphens=False,
            break_long_words=False,
        )
    )


def _name_of(profile: Profile) -> str:
    """Return what leads to a profile from any folder."""
    path = Path(profile.file).absolute()
    return profile.id if path.parent == DIRECTORY else str(path)


def _toml(text: str) -> str:
    # A JSON string is a TOML basic string too, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# -- the terminal
# --------------------------------------------------------------------------------------


def _told(found: Found, output: Path, variables: list[str]) -> str:
    profile = found.target.profile
    members = schema.load(profile.schemas["transmitter_configuration"]).get("properties", {})
    offered = {name: _shown(found.metadata[name]) for name in members if name in found.metadata}
    column = max(map(len, offered), default=0)
    lines = [f"metadata of profile {profile.id} ({profile.title})", f"at {found.url}"]
    lines += [f"  {name:<{column}}  {value}" for name, value in offered.items()]
    absent = [name for name in members if name not in found.metadata]
    if absent:
        lines += textwrap.wrap(f"not in it: {', '.join(absent)}", WIDTH, subsequent_indent="  ")
    named = found.metadata.get("issuer")
    if named != found.target.issuer:
        lines += [f"its issuer is not the one you named, {found.target.issuer}: one is wrong"]
    unset = [f"export {name}=..." for name in variables if not os.environ.get(name)]
    steps = [*unset, f"ssf-conformance run {shlex.quote(str(output))} --plan"]
    return "\n".join([*lines, f"wrote {output}", "next:", *(f"  {step}" for step in steps)])


def _shown(value: Any) -> str:  # noqa: ANN401 (JSON)
    """Return a member of the metadata on one line, a list of names as names."""
    items = value if isinstance(value, list) else [value]
    found = [one.get("spec_urn") if isinstance(one, dict) else one for one in items]
    names = [one for one in found if isinstance(one, str)]
    whole = len(names) == len(items)
    text = ", ".join(names) if whole else json.dumps(value, ensure_ascii=False)
    return shortened(printable(text), _LONGEST)
