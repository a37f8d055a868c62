"""The target: what target.toml and the command line say of the Transmitter being judged.

Everything is checked before a request is sent; a wrong key is named, with its file and path.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from conformance.spec import schema
from conformance.spec.profile import Profile, ProfileError, load_profile

Json: TypeAlias = dict[str, Any]

CHANNELS = ("management", "poll")
# Credentials of other Receivers that the operator may lend, each a hook and a table of target.toml.
OTHER_RECEIVERS = ("second_receiver", "limited_receiver")
HOOKS = ("emit_event", "transmitter_status", *OTHER_RECEIVERS, "clock")


class TargetError(ValueError):
    """The target is described wrongly: the message names the file, the place and the next step."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A bearer token (RFC 6750). It never shows in a repr."""

    token: str = field(repr=False)

    @property
    def header(self) -> tuple[str, str]:
        """Return the header that carries it."""
        return "Authorization", f"Bearer {self.token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Something that the operator lends to the run: one HTTP request or one command.

    In `url`, `headers`, `body` and `argv` a `{name}` is replaced; a body value that is nothing but
    a placeholder keeps its JSON type. `read` is the dotted path of the result in the JSON answer.
    """

    name: str
    kind: str
    method: str = "POST"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    argv: tuple[str, ...] = ()
    read: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a run: requests per second, and seconds for one request and for one wait."""

    max_rps: float | None = None
    timeout_s: float = 10.0
    patience_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The Transmitter being judged, ready to be spoken to.

    `second_receiver` holds the credentials of a Receiver with streams of its own,
    `limited_receiver` valid ones that allow nothing on the management API.
    """

    name: str
    version: str | None
    issuer: str
    profile: Profile
    credentials: Mapping[str, Bearer]
    second_receiver: Mapping[str, Bearer] = field(default_factory=dict)
    limited_receiver: Mapping[str, Bearer] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    streams: int = 1
    event_types: tuple[str, ...] = ()
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    ca_file: Path | None = None
    allow_http: bool = False
    allow_destructive: bool = False
    # Each case has a Transmitter of its own, which nobody misses afterwards.
    disposable: bool = False
    push_url: str = "https://receiver.invalid/"
    # The argument of `run` that leads here again.
    named: str = ""

    @property
    def tls(self) -> bool:
        """Say whether the target is spoken to over TLS; rows about it don't apply elsewhere."""
        return urlsplit(self.issuer).scheme == "https"

    def has_hook(self, name: str) -> bool:
        """Say whether the operator lends this hook."""
        if name in OTHER_RECEIVERS:
            return bool(getattr(self, name))
        if name == "clock":
            return "clock.now" in self.hooks and "clock.advance" in self.hooks
        return name in self.hooks

    @property
    def secrets(self) -> frozenset[str]:
        """Return every secret of this target, for redaction."""
        return frozenset(
            one.token
            for channels in (self.credentials, self.second_receiver, self.limited_receiver)
            for one in channels.values()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says of the target; None where it is silent."""

    profile: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    token_env: str | None = None
    ca_file: Path | None = None
    allow_http: bool = False
    allow_destructive: bool = False
    push_url: str | None = None
    patience_s: float | None = None
    max_rps: float | None = None


def from_issuer(issuer: str, options: Options) -> Target:
    """Return the target of a bare issuer URL; without --profile it is held to ssf-1.0."""
    document: Json = {"target": {"issuer": issuer}}
    return _target(document, "the command line", options, named=issuer)


def from_file(path: Path, options: Options) -> Target:
    """Read a target.toml. Raises TargetError, naming file and key, for whatever can't be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TargetError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TargetError(f"{path}: is not UTF-8 text") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: not valid TOML: {error}") from error
    return _target(document, str(path), options, named=str(path))


def _target(document: Json, file: str, options: Options, *, named: str) -> Target:
    _validate(document, file)
    about = document["target"]
    limits = document.get("limits", {})
    allow_http = options.allow_http or limits.pop("allow_http", False)
    issuer = _issuer(about["issuer"], file, allow_http=allow_http)
    profile_name = options.profile or about.get("profile") or "ssf-1.0"
    try:
        profile = load_profile(profile_name, options.settings)
    except ProfileError as error:
        raise TargetError(str(error)) from error
    credentials = _credentials(document, "auth", file)
    if options.token_env is not None:
        token = Bearer(_secret(f"env:{options.token_env}", "--token-env"))
        credentials = {channel: credentials.get(channel, token) for channel in CHANNELS}
        credentials["management"] = token
    capabilities = document.get("capabilities", {})
    ca_file = options.ca_file or _path(document.get("tls", {}).get("ca_file"))
    if ca_file is not None and not ca_file.is_file():
        raise TargetError(f"{file}: tls.ca_file: there is no file {ca_file}; name a PEM file")
    found = Target(
        name=about.get("name", urlsplit(issuer).netloc),
        version=about.get("version"),
        issuer=issuer,
        profile=profile,
        credentials=credentials,
        second_receiver=_credentials(document, "second_receiver.auth", file),
        limited_receiver=_credentials(document, "limited_receiver.auth", file),
        overrides=document.get("overrides", {}),
        streams=capabilities.get("streams", 1),
        event_types=tuple(capabilities.get("event_types", ())),
        hooks=_hooks(document.get("hooks", {})),
        limits=Limits(**limits),
        ca_file=ca_file,
        allow_http=allow_http,
        allow_destructive=options.allow_destructive,
        named=named,
    )
    return adjusted(found, options)


def adjusted(target: Target, options: Options) -> Target:
    """Return a target with what the options say about limits and the push listener."""
    limits = target.limits
    if options.max_rps is not None and not 0 < options.max_rps < math.inf:
        raise TargetError(f"--max-rps {options.max_rps}: write a number above 0")
    if options.patience_s is not None and not 0 <= options.patience_s < math.inf:
        raise TargetError(f"--patience {options.patience_s}: write a number of seconds, 0 or more")
    if options.patience_s is not None:
        limits = replace(limits, patience_s=options.patience_s)
    if options.max_rps is not None:
        limits = replace(limits, max_rps=options.max_rps)
    push_url = options.push_url or target.push_url
    parts = _split(push_url, "--push-url")
    if parts.scheme != "https" and not target.allow_http:
        raise TargetError(f"--push-url {push_url}: use https, or add --allow-http for a lab")
    if not parts.hostname:
        raise TargetError(f"--push-url {push_url}: names no host")
    push_url = push_url if push_url.endswith("/") else f"{push_url}/"
    return replace(target, limits=limits, push_url=push_url)


def _credentials(document: Json, table: str, file: str) -> dict[str, Bearer]:
    """Return the credentials in a table of the file, by channel; empty where it has none."""
    found = document
    for step in table.split("."):
        found = found.get(step, {})
    return {
        channel: Bearer(_secret(one["token"], f"{file}: {table}.{channel}.token"))
        for channel, one in found.items()
    }


def _hooks(table: Json) -> dict[str, Hook]:
    flat = {name: one for name, one in table.items() if name != "clock"}
    flat |= {f"clock.{name}": one for name, one in table.get("clock", {}).items()}
    return {
        name: Hook(name=name, **{**one, "argv": tuple(one.get("argv", ()))})
        for name, one in flat.items()
    }


def _issuer(issuer: str, file: str, *, allow_http: bool) -> str:
    parts = _split(issuer, f"{file}: target.issuer")
    if not parts.hostname:
        raise TargetError(f"{file}: target.issuer: {issuer!r} names no host")
    if parts.username is not None or parts.password is not None:
        raise TargetError(
            f"{file}: target.issuer: has a user or password in it; credentials go into [auth]"
        )
    if parts.query or parts.fragment:
        raise TargetError(
            f"{file}: target.issuer: {issuer!r} has a query or fragment; an issuer has neither"
        )
    if parts.scheme != "https" and not allow_http:
        raise TargetError(
            f"{file}: target.issuer: {issuer!r} is not https; for a lab add --allow-http"
        )
    return issuer


def _split(url: str, place: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise TargetError(f"{place} {url}: is no URL: {error}") from error
    return parts


def _secret(reference: str, place: str) -> str:
    """Return the secret that `env:NAME` or `file:PATH` leads to."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise TargetError(
                f"{place}: the environment variable {name} is not set; export it first"
            )
    else:
        try:
            value = Path(name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TargetError(f"{place}: the file {name} can't be read: {error}") from error
        if not value:
            raise TargetError(f"{place}: the file {name} is empty")
    if not all("!" <= character <= "~" for character in value):
        raise TargetError(f"{place}: a bearer token is printable ASCII without spaces")
    return value


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name).expanduser()


def _validate(document: Json, file: str) -> None:
    wrong = schema.complaint("ours/target.json", document)
    if wrong is None:
        return
    secret = wrong.place.startswith(("auth", *OTHER_RECEIVERS))
    if secret and wrong.keyword not in {"required", "additionalProperties"}:
        # The value may be a secret written out: it is not repeated.
        raise TargetError(
            f"{file}: {wrong.place}: a secret never stands in the file; write env:NAME or file:PATH"
        )
    raise TargetError(f"{file}: {wrong.text}")
