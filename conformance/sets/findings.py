"""The input and output of the SET validator: Context and Finding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.sets.raw_json import Document
from conformance.spec.profile import Profile
from conformance.spec.requirement import Grade

_LONGEST = 200
# The tolerated difference between the target's clock and its dates, in seconds.
SKEW_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known about the Transmitter and the delivery of a SET.

    `issuer` is from the metadata, or else from the target. `metadata` and `stream` (the stream
    configuration) are canonical, and empty if unknown. `key_set` is the JWK Set document, None if
    unknown. `key` is the member of `sets` under which the SET came, None if it came otherwise.
    `received_at` is in seconds since 1970 on the target's clock, 0 if that clock has another
    origin. `tls` says that the SET came over TLS.
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
    """One check of one requirement: whether it held, what was expected, and what came.

    `at_most` softens this finding; nothing makes it louder than the requirement's grade.
    """

    requirement: str
    held: bool
    expected: str
    got: str
    at_most: Grade | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """The readable claims of a SET, and the context in which they came."""

    document: Document
    context: Context

    @property
    def members(self) -> Mapping[str, Any]:
        """Return the claims; the last value of a claim that is named twice."""
        found: Mapping[str, Any] = self.document.value
        return found

    @property
    def events(self) -> Mapping[str, Any]:
        """Return the events by their type, empty if the claim is not an object."""
        events = self.members.get("events")
        return events if isinstance(events, dict) else {}

    @property
    def subject_in_event(self) -> bool:
        """Return whether the profile puts the subject into the event's payload."""
        return self.context.profile.sets.subject == "event"

    def verifications(self) -> Iterator[tuple[str, Any]]:
        """Yield type and payload of each Verification Event, also with another draft's type.

        A private type with the same ending counts only if its payload has a `state`.
        """
        for kind, payload in self.events.items():
            alone = isinstance(payload, dict) and set(payload) == {"state"}
            if kind.endswith("/verification") and (is_openid(kind) or alone):
                yield kind, payload


def is_openid(event_type: str) -> bool:
    """Return whether an event type is one of the OpenID Foundation's."""
    return event_type.startswith("https://schemas.openid.net/secevent/")


def shown(value: object) -> str:
    """Return a value for a report: one line, printable, and not too long."""
    if isinstance(value, dict):
        return printable(f"an object with {', '.join(map(str, value)) or 'no members'}")
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return f"an array of {len(value)}"
    return printable(repr(value))


def printable(text: str) -> str:
    """Return a text with unprintable characters escaped, cut to a readable length."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    if cut.isprintable():
        return cut
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in cut
    )
