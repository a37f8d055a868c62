"""The target: the Transmitter being judged, as the operator describes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from conformance.errors import UsageError
from conformance.spec.profile import Profile
from conformance.target.credentials import KINDS, ClientCredentials, Credential
from conformance.target.provisions import PROVISIONS

Json: TypeAlias = dict[str, Any]

CHANNELS = ("management", "poll")
# A URL for pushes that must not arrive anywhere: RFC 6761 section 6.4.
NOWHERE = "https://receiver.invalid/"

PLACEHOLDER = re.compile(r"\{(\w+)\}")
# How long to wait for a person, in seconds, unless the hook says.
MANUAL_TIMEOUT_S = 300.0


class TargetError(UsageError):
    """The target is described wrongly. The message names the file, the place and the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """An action of the operator's side: an HTTP request, a command or a task by hand.

    In `url`, `headers`, `body`, `argv` and `manual` a `{name}` of PLACEHOLDERS is replaced; a body
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

    With `own_authority` it makes a certificate that only the bundled mock trusts. Without either it
    listens without TLS.
    """

    host: str = "127.0.0.1"
    port: int = 0
    cert: Path | None = None
    key: Path | None = None
    own_authority: bool = False

    @property
    def tls(self) -> bool:
        """Return whether it listens with TLS."""
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
    # Each case has a separate Transmitter that is thrown away afterwards.
    disposable: bool = False
    # There is no socket and no encryption, whatever the URLs say.
    in_process: bool = False
    # Where pushes arrive, None without a listener; `push_url` is its URL from outside.
    listening: Listening | None = None
    push_url: str | None = None
    # The argument of `run` that names this target.
    named: str = ""

    @property
    def tls(self) -> bool:
        """Return whether the target is reached over TLS; without it, rows about TLS don't apply."""
        return urlsplit(self.issuer).scheme == "https"

    def has_hook(self, name: str) -> bool:
        """Return whether the operator provides this, a name of PROVISIONS."""
        hooks = PROVISIONS[name].hooks
        if hooks:
            return all(hook in self.hooks for hook in hooks)
        others = {
            "second_receiver": self.second_receiver,
            "limited_receiver": self.limited_receiver,
            "oauth_client": self.oauth_client,
            "push_listener": self.listening,
        }
        return bool(others[name])

    @property
    def chooses_subjects(self) -> bool:
        """Return whether the hook that raises events takes a subject."""
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
    def all_credentials(self) -> tuple[Credential, ...]:
        """Return every credential that the operator provides."""
        channels = (self.credentials, self.second_receiver, self.limited_receiver)
        return tuple(one for credentials in channels for one in credentials.values())

    @property
    def secrets(self) -> frozenset[str]:
        """Return every secret of this target known by now, for redaction."""
        client = () if self.oauth_client is None else (self.oauth_client,)
        return frozenset(
            secret for one in (*self.all_credentials, *client) for secret in one.secrets
        )
