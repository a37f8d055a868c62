"""`ssf-conformance init`: a target.toml to begin with, from the metadata of a Transmitter."""

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
from conformance.receiver.connection import Connection
from conformance.receiver.exchange import Recorder
from conformance.receiver.http_client import Unreachable
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec import schema
from conformance.spec.profile import Profile
from conformance.spec.shipped_profiles import DIRECTORY, profile_ids
from conformance.target.examples import EVENT_TYPE, bearer_table, polls_apart, toml_string
from conformance.target.options import Options
from conformance.target.provisions import PROVISIONS
from conformance.target.target import Target, TargetError
from conformance.target.target_file import from_issuer
from conformance.text import printable, shortened

WIDTH = 100
_LONGEST = 300

# It replaces the management credential, so the file shows it next to that one.
_CLIENT = PROVISIONS["oauth_client"]

_MANAGEMENT = "SSF_TOKEN"
_POLL = "SSF_POLL_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A target whose metadata was fetched; `pushes` says whether it may push."""

    target: Target
    url: str
    metadata: Mapping[str, Any]
    pushes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """The arguments of `init`."""

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

    Only the metadata is requested. Raises TargetError for arguments that can't be used and files
    that can't be written, and Unreachable if there is no metadata.
    """
    if asked.output.exists() and not asked.force:
        raise TargetError(f"{asked.output}: already exists; name another --output, or give --force")
    found = find(asked.issuer, asked.options)
    management = asked.options.token_env or _MANAGEMENT
    _write(asked.output, target_text(found, management=management), force=asked.force)
    say(_told(found, asked.output, _variables(found.target.profile, management)))


def find(issuer: str, options: Options) -> Found:
    """Return the metadata of an issuer, in the profile of the options.

    If they name no profile, this tries `ssf-1.0` and then the profiles whose metadata has another
    URL and needs no credential. Raises Unreachable.
    """
    if "://" not in issuer:
        raise TargetError(f"{issuer}: is not a URL; name an issuer such as https://{issuer}")
    if "/.well-known/" in issuer:
        raise TargetError(f"{issuer}: is the URL of metadata; name the issuer that it contains")
    first = from_issuer(issuer, options)
    if first.profile.discovery.channel not in {"none", *first.credentials}:
        raise TargetError(
            f"profile {first.profile.id} requires a credential for the metadata;"
            " name its environment variable with --token-env"
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
    """Yield the target in each profile with another metadata URL, unless a profile was named."""
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
    """Return the file: what is certain as TOML, and what is optional as TOML after a `#`.

    `management` is the environment variable of the management credential.
    """
    parts = [
        _prose(
            f"A target for `ssf-conformance run`, from the metadata at {found.url}",
            "Optional settings begin with a # without a blank: remove the # to use one.",
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
            f"name = {toml_string(target.name)}",
            f"issuer = {toml_string(target.issuer)}",
            f"profile = {toml_string(_name_of(profile))}",
            _prose("The version of your software, for the reports."),
            '#version = "1.0"',
        ]
    )
    schemes = found.metadata.get("authorization_schemes")
    yield "\n".join(
        [
            _prose(
                "The credential of the Receiver whose streams the suite makes and judges. Secrets"
                " never go into this file: env:NAME names an environment variable, file:PATH a"
                " file.",
                *([f"authorization_schemes of the metadata: {_shown(schemes)}"] if schemes else []),
            ),
            bearer_table("auth.management", management),
            _prose(_CLIENT.purpose),
            *(f"#   {line}" for line in (_CLIENT.example(profile) or "").splitlines()),
        ]
    )
    if polls_apart(profile):
        yield "\n".join(
            [
                _prose(
                    "The token for polling. Name that of management here if polling uses the same."
                ),
                bearer_table("auth.poll", _POLL),
            ]
        )
    if target.ca_file is not None:
        yield f"[tls]\nca_file = {toml_string(str(target.ca_file.absolute()))}"
    limits = [
        _prose(
            "The most requests per second, and how many seconds to wait for an answer and for a"
            " SET."
        ),
        # The table is optional unless something in it is needed.
        "[limits]" if target.allow_http else "#[limits]",
        *(["allow_http = true  # a lab without TLS"] if target.allow_http else []),
        "#max_rps = 5",
        f"#timeout_s = {target.limits.timeout_s:g}",
        f"#patience_s = {target.limits.patience_s:g}",
    ]
    yield "\n".join(limits)


def _optional(found: Found) -> Iterator[str]:
    profile = found.target.profile
    explicit = profile.stream.model == "explicit"
    yield _option(
        "[capabilities]",
        *(["streams = 4"] if explicit else []),
        f"event_types = [{toml_string(EVENT_TYPE)}]",
        'subjects = [{ format = "email", email = "user@example.com" }]',
        why="What this Receiver can use:"
        + (" how many streams at a time (1 by default)," if explicit else "")
        + " event types that can be raised, and subjects that the target knows.",
    )
    for provision in PROVISIONS.values():
        example = provision.example(profile)
        is_of_use = found.pushes or provision.name != "push_listener"
        if example is not None and is_of_use and provision != _CLIENT:
            yield _option(example, why=provision.purpose)


def _variables(profile: Profile, management: str) -> list[str]:
    return [management, *([_POLL] if polls_apart(profile) else [])]


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
    """Return a name for a profile that works from any folder."""
    path = Path(profile.file).absolute()
    return profile.id if path.parent == DIRECTORY else str(path)


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
        lines += [
            f"its issuer is not the one you named, {found.target.issuer}: one of them is wrong"
        ]
    unset = [f"export {name}=..." for name in variables if not os.environ.get(name)]
    steps = [*unset, f"ssf-conformance run {shlex.quote(str(output))} --plan"]
    return "\n".join([*lines, f"wrote {output}", "next:", *(f"  {step}" for step in steps)])


def _shown(value: Any) -> str:  # noqa: ANN401 (JSON)
    """Return a member of the metadata on one line; a list of names without JSON syntax."""
    items = value if isinstance(value, list) else [value]
    found = [one.get("spec_urn") if isinstance(one, dict) else one for one in items]
    names = [one for one in found if isinstance(one, str)]
    whole = len(names) == len(items)
    text = ", ".join(names) if whole else json.dumps(value, ensure_ascii=False)
    return shortened(printable(text), _LONGEST)
