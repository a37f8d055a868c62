"""What the SET validator is told, and what it says: Context and Finding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.sets.raw_json import Document
from conformance.spec.profile import Profile
from conformance.spec.requirement import Grade

_LONGEST = 200
# How far the target's clock and its dates may be apart, in seconds.
SKEW_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of the Transmitter and of the way by which a SET came.

    `issuer` is the metadata's as published, or else the target's. `metadata` and `stream` (the
    stream configuration) are canonical, and empty where unknown; `key_set` is the JWK Set document,
    None where unknown. `key` is the member of `sets` under which the SET came, None where it came
    otherwise. `received_at` is in seconds since 1970 on the target's clock, 0 where that clock has
    no such zero.
    `tls` says that the SET came over TLS.
    """

    profile: Profile
    metadata: Mapping[str, Any]
    issuer: str
    stream: Mapping[str, Any]
    key_set: object
    key: str | None
    received_at: float
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One look at one requirement: whether it held, and what was expected and got.

    `at_most` softens this look; nothing makes it louder than the requirement's grade.
    """

    requirement: str
    held: bool
    expected: str
    got: str
    at_most: Grade | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a SET that could be read, and the context in which they came."""

    document: Document
    context: Context

    @property
    def members(self) -> Mapping[str, Any]:
        """Return the claims; of a claim named twice, the last."""
        found: Mapping[str, Any] = self.document.value
        return found

    @property
    def events(self) -> Mapping[str, Any]:
        """Return the events by their type; empty where the claim is no object."""
        events = self.members.get("events")
        return events if isinstance(events, dict) else {}

    @property
    def subject_in_event(self) -> bool:
        """Return whether the profile puts the subject into the event's payload."""
        return self.context.profile.sets.subject == "event"

    def verifications(self) -> Iterator[tuple[str, Any]]:
        """Yield type and payload of each Verification Event, also under another draft's type.

        A type of somebody else's that ends the same way is taken for one only by a `state` alone.
        """
        for kind, payload in self.events.items():
            alone = isinstance(payload, dict) and set(payload) == {"state"}
            if kind.endswith("/verification") and (is_openid(kind) or alone):
                yield kind, payload


def is_openid(event_type: str) -> bool:
    """Return whether an event type is one of the OpenID Foundation's."""
    return event_type.startswith("https://schemas.openid.net/secevent/")


def shown(value: object) -> str:
    """Return a value as a report can print it: one line, printable, not too long."""
    if isinstance(value, dict):
        return printable(f"an object with {', '.join(map(str, value)) or 'no members'}")
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return f"an array of {len(value)}"
    return printable(repr(value))


def printable(text: str) -> str:
    """Return text with what can't be printed escaped, cut to a length that a person reads."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in cut
    )
