"""The target: what target.toml and the command line say of the Transmitter being judged.

Everything is checked before a request is sent; a wrong key is named, with its file and path.
"""

import difflib
import json
import math
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar
from urllib.parse import SplitResult, quote_plus, urlencode, urlsplit

from conformance.errors import UsageError
from conformance.sets.subject_identifiers import MEMBERS_OF_FORMAT
from conformance.spec import schema
from conformance.spec.profile import Profile, ProfileError, load_profile
from conformance.target.credentials import (
    FORM,
    Basic,
    Bearer,
    Call,
    ClientCertificate,
    ClientCredentials,
    Credential,
    MutualTls,
    SecretHeader,
    TokenRequest,
    is_token,
)

Json: TypeAlias = dict[str, Any]
T = TypeVar("T")

CHANNELS = ("management", "poll")
# Credentials of other Receivers that the operator may lend, each a hook and a table of target.toml.
OTHER_RECEIVERS = ("second_receiver", "limited_receiver")
HOOKS = (
    "emit_event",
    "transmitter_status",
    *OTHER_RECEIVERS,
    "oauth_client",
    "clock",
    "push_listener",
)
KINDS: Mapping[type[Credential], str] = MappingProxyType(
    {
        Bearer: "bearer",
        SecretHeader: "header",
        Basic: "basic",
        MutualTls: "mtls",
        TokenRequest: "token-request",
        ClientCredentials: "oauth2-client-credentials",
    }
)
# Where a push goes that nobody is to get: RFC 6761 section 6.4.
NOWHERE = "https://receiver.invalid/"


# What the placeholders of each hook stand for.
HOOK_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "emit_event": ("event_type", "subject", "stream_id", "audience"),
        "transmitter_status": ("status", "reason", "subject", "stream_id", "audience"),
        "clock.now": (),
        "clock.advance": ("seconds",),
    }
)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# How long a person is waited for, in seconds, where the hook does not say.
MANUAL_TIMEOUT_S = 300.0

_HIGHEST_PORT = 65535
_REFERENCES = ("env:", "file:")
_NEVER_IN_FILE = "a secret never stands in the file; write env:NAME or file:PATH"
_NAMES_SECRET = re.compile(
    r"authorization|cookie|key|token$|secret|password|assertion", re.IGNORECASE
)


class TargetError(UsageError):
    """The target is described wrongly: the message names the file, the place and the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Something that the operator lends to the run: an HTTP request, a command or a task by hand.

    In `url`, `headers`, `body`, `argv` and `manual` a `{name}` of HOOK_VALUES is replaced; a body
    value that is nothing but a placeholder keeps its JSON type. `read` is the dotted path of the
    result in the JSON answer. A person is given `timeout_s` seconds for the task.
    """

    name: str
    kind: str
    method: str = "POST"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    argv: tuple[str, ...] = ()
    read: str | None = None
    manual: str = ""
    timeout_s: float = MANUAL_TIMEOUT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where the suite listens for pushes: `cert` and `key` are PEM files.

    With `own_authority` it makes a certificate of its own, which only the bundled mock trusts;
    without either it listens without TLS.
    """

    host: str = "127.0.0.1"
    port: int = 0
    cert: Path | None = None
    key: Path | None = None
    own_authority: bool = False

    @property
    def tls(self) -> bool:
        """Say whether it listens with TLS."""
        return self.own_authority or self.cert is not None


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
    `limited_receiver` valid ones that allow nothing on the management API. `oauth_client` is the
    Receiver as a client of an authorization server.
    """

    name: str
    version: str | None
    issuer: str
    profile: Profile
    credentials: Mapping[str, Credential]
    second_receiver: Mapping[str, Credential] = field(default_factory=dict)
    limited_receiver: Mapping[str, Credential] = field(default_factory=dict)
    oauth_client: ClientCredentials | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    streams: int = 1
    event_types: tuple[str, ...] = ()
    # Subjects that the target knows, as subject identifiers.
    subjects: tuple[Json, ...] = ()
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    ca_file: Path | None = None
    allow_http: bool = False
    allow_destructive: bool = False
    # Each case has a Transmitter of its own, which nobody misses afterwards.
    disposable: bool = False
    # There is no socket: whatever its URLs say, nothing is encrypted.
    in_process: bool = False
    # Where pushes arrive, None where nothing listens; `push_url` is the way there from outside.
    listening: Listening | None = None
    push_url: str | None = None
    # The argument of `run` that leads here again.
    named: str = ""

    @property
    def tls(self) -> bool:
        """Say whether the target is spoken to over TLS; rows about it don't apply elsewhere."""
        return urlsplit(self.issuer).scheme == "https"

    def has_hook(self, name: str) -> bool:
        """Say whether the operator lends this hook."""
        if name in {*OTHER_RECEIVERS, "oauth_client"}:
            return bool(getattr(self, name))
        if name == "clock":
            return "clock.now" in self.hooks and "clock.advance" in self.hooks
        if name == "push_listener":
            return self.listening is not None
        return name in self.hooks

    @property
    def chooses_subjects(self) -> bool:
        """Say whether the hook that raises events can be told what they are about."""
        hook = self.hooks.get("emit_event")
        parts = () if hook is None else (hook.url, hook.headers, hook.body, hook.argv, hook.manual)
        return "{subject}" in repr(parts)

    @property
    def manual_hooks(self) -> tuple[str, ...]:
        """Return the names of the hooks that a person does by hand."""
        return tuple(name for name, hook in self.hooks.items() if hook.kind == "manual")

    @property
    def kinds(self) -> dict[str, str]:
        """Return the kind of the Receiver's credential for each channel."""
        return {channel: KINDS[type(one)] for channel, one in self.credentials.items()}

    @property
    def lent(self) -> tuple[Credential, ...]:
        """Return every credential that the operator lends."""
        channels = (self.credentials, self.second_receiver, self.limited_receiver)
        return tuple(one for credentials in channels for one in credentials.values())

    @property
    def secrets(self) -> frozenset[str]:
        """Return every secret of this target known by now, for redaction."""
        client = () if self.oauth_client is None else (self.oauth_client,)
        return frozenset(secret for one in (*self.lent, *client) for secret in one.secrets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says of the target; None where it is silent."""

    profile: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    token_env: str | None = None
    ca_file: Path | None = None
    allow_http: bool = False
    allow_destructive: bool = False
    push_listen: str | None = None
    push_url: str | None = None
    push_cert: Path | None = None
    push_key: Path | None = None
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
    allow_http = limits.pop("allow_http", False) or options.allow_http
    issuer = _issuer(about["issuer"], file, allow_http=allow_http)
    profile_name = options.profile or about.get("profile") or "ssf-1.0"
    try:
        profile = load_profile(profile_name, options.settings)
    except ProfileError as error:
        raise TargetError(str(error)) from error
    read = _Credentials(document, file, allow_http=allow_http)
    credentials = read.table("auth")
    client = credentials.get("management")
    if options.token_env is not None:
        token = Bearer(_bearer_token(f"env:{options.token_env}", "--token-env"))
        credentials = {channel: credentials.get(channel, token) for channel in CHANNELS}
        credentials["management"] = token
    capabilities = document.get("capabilities", {})
    ca_file = options.ca_file or _path(document.get("tls", {}).get("ca_file"))
    if ca_file is not None and not ca_file.is_file():
        place = "--ca-file" if options.ca_file else f"{file}: tls.ca_file"
        raise TargetError(f"{place}: there is no file {ca_file}; name a PEM file")
    found = Target(
        name=about.get("name", urlsplit(issuer).netloc),
        version=about.get("version"),
        issuer=issuer,
        profile=profile,
        credentials=credentials,
        second_receiver=read.table("second_receiver.auth"),
        limited_receiver=read.table("limited_receiver.auth"),
        oauth_client=client if isinstance(client, ClientCredentials) else None,
        overrides=document.get("overrides", {}),
        streams=capabilities.get("streams", 1),
        event_types=tuple(capabilities.get("event_types", ())),
        subjects=_subjects(capabilities.get("subjects", ()), profile, file),
        hooks=_hooks(document.get("hooks", {}), file),
        limits=Limits(**limits),
        ca_file=ca_file,
        allow_http=allow_http,
        allow_destructive=options.allow_destructive,
        named=named,
    )
    return adjusted(found, _with_push(options, document.get("push", {})))


def adjusted(target: Target, options: Options) -> Target:
    """Return a target with what the options say about limits and the push listener.

    Raises TargetError, naming the option.
    """
    limits = target.limits
    if options.max_rps is not None and not 0 < options.max_rps < math.inf:
        raise TargetError(f"--max-rps {options.max_rps}: write a number above 0")
    if options.patience_s is not None and not 0 <= options.patience_s < math.inf:
        raise TargetError(f"--patience {options.patience_s}: write a number of seconds, 0 or more")
    if options.patience_s is not None:
        limits = replace(limits, patience_s=options.patience_s)
    if options.max_rps is not None:
        limits = replace(limits, max_rps=options.max_rps)
    push_url = target.push_url if options.push_url is None else options.push_url
    listening = _listening(target, options)
    if push_url is not None:
        push_url = _push_url(push_url, target)
        if listening is None:
            raise TargetError(
                f"--push-url {push_url}: nothing listens behind it; give --push-listen HOST:PORT"
                " too, or `listen` in [push] of target.toml"
            )
    elif listening is not None and not (listening.tls or target.allow_http):
        raise TargetError(
            f"--push-listen {listening.host}:{listening.port}: pushes need TLS; give --push-cert"
            " and --push-key, the https --push-url of a tunnel, or --allow-http for a lab"
        )
    return replace(target, limits=limits, listening=listening, push_url=push_url)


def _with_push(options: Options, table: Json) -> Options:
    """Return the options with what the file says of the push listener where they are silent."""
    return replace(
        options,
        push_listen=_first(options.push_listen, table.get("listen")),
        push_url=_first(options.push_url, table.get("url")),
        push_cert=_first(options.push_cert, _path(table.get("cert"))),
        push_key=_first(options.push_key, _path(table.get("key"))),
    )


def _first(given: T | None, written: T | None) -> T | None:
    """Return what the command line says, even where that is empty, else what the file does."""
    return written if given is None else given


def _push_url(url: str, target: Target) -> str:
    parts = _split(url, "--push-url")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise TargetError(f"--push-url {url!r}: is no URL such as https://ci.example:8443/")
    if parts.scheme != "https" and not target.allow_http:
        raise TargetError(f"--push-url {url}: use https, or add --allow-http for a lab")
    if parts.query or parts.fragment:
        raise TargetError(f"--push-url {url}: has a query or fragment; paths are put below it")
    return url if url.endswith("/") else f"{url}/"


def _listening(target: Target, options: Options) -> Listening | None:
    """Return where to listen for pushes: what the command line says goes before the file."""
    found = target.listening
    if options.push_listen is not None:
        host, port = _host_and_port(options.push_listen)
        found = replace(found or Listening(), host=host, port=port)
    cert, key = options.push_cert, options.push_key
    if cert is None and key is not None:
        raise TargetError(f"--push-key {key}: belongs to a certificate; give --push-cert too")
    if cert is None:
        return found
    if found is None:
        raise TargetError(f"--push-cert {cert}: nothing listens; give --push-listen HOST:PORT too")
    if found.own_authority:
        raise TargetError(f"--push-cert {cert}: the mock trusts a certificate of the suite's own")
    for option, path in (("--push-cert", cert), ("--push-key", key)):
        if path is not None and not path.is_file():
            raise TargetError(f"{option} {path}: there is no such file; name a PEM file")
    return replace(found, cert=cert, key=key)


def _host_and_port(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > _HIGHEST_PORT:
        raise TargetError(
            f"--push-listen {place!r}: write HOST:PORT, such as 0.0.0.0:8443; port 0 is any free"
            " one"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


class _Credentials:
    """Reads the credentials of a file; whatever can't be used is a TargetError with its place."""

    def __init__(self, document: Json, file: str, *, allow_http: bool) -> None:
        self._document = document
        self._file = file
        self._allow_http = allow_http

    def table(self, table: str) -> dict[str, Credential]:
        """Return the credentials of a table by channel; empty where the file has none."""
        found = self._document
        for step in table.split("."):
            found = found.get(step, {})
        return {
            channel: self._credential(one, f"{self._file}: {table}.{channel}")
            for channel, one in found.items()
        }

    def _credential(self, one: Json, place: str) -> Credential:
        match one["kind"]:
            case "bearer":
                return Bearer(_bearer_token(one["token"], f"{place}.token"))
            case "header":
                return SecretHeader(one["name"].lower(), _secret(one["value"], f"{place}.value"))
            case "basic":
                return _basic(one, place)
            case "mtls":
                return MutualTls(_certificate(one, place))
            case "oauth2-client-credentials":
                return self._client(one, place)
            case _:
                return self._token_request(one, place)

    def _client(self, one: Json, place: str) -> ClientCredentials:
        return ClientCredentials.of(
            Basic(
                _literal_or_secret(one["client_id"], f"{place}.client_id"),
                _secret(one["client_secret"], f"{place}.client_secret"),
            ),
            place=place,
            token_url=self._url(one["token_url"], f"{place}.token_url"),
            scope=one.get("scope"),
            authentication=one.get("authentication", "client_secret_basic"),
            revocation_url=one.get("revocation_url"),
        )

    def _token_request(self, one: Json, place: str) -> TokenRequest:
        filled = _Filled(place)
        headers = {"accept": "application/json"}
        for name, value in one.get("headers", {}).items():
            headers[name.lower()] = filled.text(value, f"headers.{name}")
        if "basic" in one:
            basic = _basic(one["basic"], f"{place}.basic")
            filled.secrets |= basic.secrets
            headers |= basic.header
        body = None
        if "form" in one:
            headers.setdefault("content-type", FORM)
            body = urlencode(filled.tree(one["form"], "form")).encode()
        elif "json" in one:
            headers.setdefault("content-type", "application/json")
            body = json.dumps(filled.tree(one["json"], "json")).encode()
        url = self._url(one["url"], f"{place}.url")
        chosen = ("token_path", "expires_in_path", "lifetime_s", "scheme")
        return TokenRequest(
            place=place,
            call=Call(one.get("method", "POST"), url, headers, body),
            given=frozenset(filled.secrets),
            header=one.get("header", "authorization").lower(),
            **{name: one[name] for name in chosen if name in one},
        )

    def _url(self, url: str, place: str) -> str:
        parts = _split(url, place)
        if not parts.hostname or parts.username is not None:
            raise TargetError(f"{place}: name a host, and no user before it")
        if parts.scheme != "https" and not self._allow_http:
            raise TargetError(f"{place}: {url!r} is not https; for a lab add --allow-http")
        return url


class _Filled:
    """Fills `env:NAME` and `file:PATH` in, and keeps what came of it in `secrets`."""

    def __init__(self, place: str) -> None:
        self._place = place
        self.secrets: set[str] = set()

    def text(self, value: str, name: str) -> str:
        """Return a text; where its name is that of a secret it can't stand in the file."""
        place = f"{self._place}.{name}"
        if value.startswith(_REFERENCES):
            secret = _secret(value, place)
            self.secrets |= {secret, quote_plus(secret), json.dumps(secret)[1:-1]}
            return secret
        if _NAMES_SECRET.search(name.rpartition(".")[2]):
            raise TargetError(f"{place}: {_NEVER_IN_FILE}")
        return value

    def tree(self, value: Json, name: str) -> Json:
        """Return an object with each text in it filled in."""
        return {key: self._any(part, f"{name}.{key}") for key, part in value.items()}

    def _any(self, value: Any, name: str) -> Any:  # noqa: ANN401 (JSON)
        if isinstance(value, str):
            return self.text(value, name)
        if isinstance(value, dict):
            return self.tree(value, name)
        if isinstance(value, list):
            return [self._any(part, name) for part in value]
        return value


def _basic(one: Json, place: str) -> Basic:
    return Basic(
        _literal_or_secret(one["user"], f"{place}.user"),
        _secret(one["password"], f"{place}.password"),
    )


def _certificate(one: Json, place: str) -> ClientCertificate:
    chain = Path(one["certificate"]).expanduser()
    key = Path(one["key"].removeprefix("file:")).expanduser()
    for name, path in (("certificate", chain), ("key", key)):
        if not path.is_file():
            raise TargetError(f"{place}.{name}: there is no file {path}; name a PEM file")
    return ClientCertificate(chain, key)


def _literal_or_secret(value: str, place: str) -> str:
    """Return the name of a user or client: it is no secret, and may stand in the file."""
    return _secret(value, place) if value.startswith(_REFERENCES) else value


def _bearer_token(reference: str, place: str) -> str:
    token = _secret(reference, place)
    if not is_token(token):
        raise TargetError(f"{place}: a bearer token is printable ASCII without spaces")
    return token


def _hooks(table: Json, file: str) -> dict[str, Hook]:
    flat = {name: one for name, one in table.items() if name != "clock"}
    flat |= {f"clock.{name}": one for name, one in table.get("clock", {}).items()}
    for name, one in flat.items():
        _check_placeholders(one, name, f"{file}: hooks.{name}")
    return {
        name: Hook(name=name, **{**one, "argv": tuple(one.get("argv", ()))})
        for name, one in flat.items()
    }


def _check_placeholders(hook: Json, name: str, place: str) -> None:
    known = HOOK_VALUES[name]
    for where, text in _texts(hook, place):
        for found in PLACEHOLDER.findall(text):
            if found not in known:
                meant = _near(found, known)
                hint = f"did you mean {{{meant}}}?" if meant else f"known here: {_braced(known)}"
                raise TargetError(f"{where}: unknown placeholder {{{found}}}; {hint}")


def _texts(part: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield each text in a part of a document, with its place."""
    if isinstance(part, str):
        yield place, part
    elif isinstance(part, dict):
        for name, one in part.items():
            yield from _texts(one, f"{place}.{name}")
    elif isinstance(part, list):
        for number, one in enumerate(part):
            yield from _texts(one, f"{place}.{number}")


def _braced(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names) or "none"


def _near(name: str, known: Collection[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def _subjects(subjects: Collection[Json], profile: Profile, file: str) -> tuple[Json, ...]:
    """Return the subjects, each of them as its format has it (RFC 9493 section 3)."""
    name = profile.schemas["subject"]
    for number, subject in enumerate(subjects):
        place = f"{file}: capabilities.subjects.{number}"
        for where, identifier in _identifiers(subject, place):
            _check_members(identifier, where)
        for breach in schema.problems(name, subject):
            path = breach.path.rstrip("/").replace("/", ".")
            raise TargetError(f"{place}{path}: {breach.message}")
    return tuple(subjects)


def _identifiers(subject: Any, place: str) -> Iterator[tuple[str, Json]]:  # noqa: ANN401 (JSON)
    """Yield each simple identifier in a subject that has a format, with its place."""
    if not isinstance(subject, dict):
        return
    match subject.get("format"):
        case "complex":
            for name, part in subject.items():
                yield from _identifiers(part, f"{place}.{name}")
        case "aliases" if isinstance(subject.get("identifiers"), list):
            for number, part in enumerate(subject["identifiers"]):
                yield from _identifiers(part, f"{place}.identifiers.{number}")
        case str():
            yield place, subject


def _check_members(identifier: Json, place: str) -> None:
    """Hold an identifier to the members of its format; a private format may have any."""
    named = identifier["format"]
    members = MEMBERS_OF_FORMAT.get(named)
    if members is None:
        if meant := _near(named, (*MEMBERS_OF_FORMAT, "complex")):
            raise TargetError(f"{place}.format: unknown format {named!r}; did you mean {meant!r}?")
        return
    for name in identifier:
        if name not in {"format", *members}:
            raise TargetError(
                f"{place}: unknown member {name!r}; a subject of format {named!r} has"
                f" {', '.join(sorted(members))}"
            )


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
    if not value.isprintable() or not value.isascii():
        raise TargetError(f"{place}: a secret is one line of printable ASCII")
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
        hint = _NEVER_IN_FILE
        if wrong.place.endswith(".kind"):
            hint = f"write one of {', '.join(KINDS.values())}"
        elif wrong.keyword == "enum" and wrong.place.endswith(CHANNELS):
            hint = "has a key that its kind does not take; see Credentials in the README"
        raise TargetError(f"{file}: {wrong.place}: {hint}")
    raise TargetError(f"{file}: {wrong.text}")
