"""Helpers for deviations that change SETs: their claims, events, subjects and signatures."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json
from mock_transmitter.domain.events import RISC, SUBJECT
from mock_transmitter.domain.keys import SigningKey, compact_json
from mock_transmitter.domain.seed import source
from mock_transmitter.domain.stream import Stream

# What falls when the signature of a SET cannot be verified.
UNVERIFIABLE = (
    "RFC7515-4.1.4-KID-RESOLVES",
    "RFC7515-5.2-SIGNATURE-VALID",
    "RFC7515-7.1-COMPACT",
    "RFC8417-2.4-JWT-FORM",
    "RFC8417-2.4-UNSIGNED-NEEDS-TLS",
    "RFC8417-5.1-SIGNED",
    "SSF-4.1.4-KEY-FROM-JWKS",
    "SSF-7.1-JWKS-URI-WHEN-SIGNING",
    "SSE-11.1.1-KEY-FROM-JWKS",
    "VEPA-SIGNED",
)


class ClaimsDeviation(Deviation, ABC):
    """Changes the claims of every SET, unless another deviation has spoiled them already."""

    @abstractmethod
    def edit(self, claims: Json, stream: Stream) -> Json:
        """Return the claims to sign."""

    def claims(self, claims: Json, at: At) -> Json:
        return self.edit(claims, at.stream) if _are_whole(claims) else claims


class EventsDeviation(ClaimsDeviation):
    """Changes the events of every SET except Verification Events, which the Receiver requested."""

    @abstractmethod
    def edit_event(self, event_type: str, payload: Json, iat: int) -> Json:
        """Return the events to send instead of this one."""

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Edit each."""
        events: Json = {}
        for event_type, payload in claims["events"].items():
            if is_verification(event_type):
                events[event_type] = payload
            else:
                events |= self.edit_event(event_type, payload, claims["iat"])
        return {**claims, "events": events}


def has_chosen_subject(claims: Json) -> bool:
    """Return whether the text, or the one who raised the event, determines the subject."""
    if any(has_its_own_subject(event_type) for event_type in claims["events"]):
        return True
    inside = [payload.get("subject") for payload in claims["events"].values()]
    return SUBJECT not in (claims.get("sub_id"), *inside)


class SubjectDeviation(ClaimsDeviation):
    """Sends another subject wherever the text does not determine it."""

    subject: ClassVar[Mapping[str, Any]]

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Put it in the subject's place."""
        if has_chosen_subject(claims):
            return claims
        return with_subject(claims, self.subject)


class HeaderDeviation(Deviation):
    """Signs with a changed header; a member that is None is left out."""

    changes: ClassVar[Mapping[str, Any]]

    def token(self, token: str, at: At) -> str:
        changed = {**at.header, **self.changes}
        return at.key.sign(
            {name: value for name, value in changed.items() if value is not None}, at.claims
        )


class TextDeviation(Deviation, ABC):
    """Signs a changed text, such as JSON that names a member twice."""

    def edit_header(self, text: str) -> str:
        """Return the JSON text of the header."""
        return text

    def edit_claims(self, text: str, claims: Json) -> str:
        """Return the JSON text of the claims."""
        return text

    def token(self, token: str, at: At) -> str:
        if not _are_whole(at.claims):
            return token
        return at.key.sign_parts(
            self.edit_header(compact_json(at.header).decode()).encode(),
            self.edit_claims(compact_json(at.claims).decode(), at.claims).encode(),
        )


def is_verification(event_type: str) -> bool:
    """Return whether an event type is the Verification Event of some text."""
    return event_type.endswith("/verification")


def has_its_own_subject(event_type: str) -> bool:
    """Return whether the text names the subject: a stream, an email address or a number."""
    about_an_identifier = event_type.startswith(f"{RISC}/identifier-")
    return is_verification(event_type) or about_an_identifier


def with_subject(claims: Json, subject: Mapping[str, Any]) -> Json:
    """Return the claims with another subject, where this profile has it."""
    if "sub_id" in claims:
        return {**claims, "sub_id": dict(subject)}
    events = {
        event_type: {**payload, "subject": dict(subject)}
        for event_type, payload in claims["events"].items()
    }
    return {**claims, "events": events}


def _are_whole(claims: Json) -> bool:
    events = claims.get("events")
    return (
        all(isinstance(claims.get(name), str) for name in ("iss", "aud", "txn"))
        and isinstance(claims.get("iat"), int)
        and isinstance(events, dict)
        and bool(events)
        and all(isinstance(payload, dict) for payload in events.values())
    )


class OwnKeys(Deviation):
    """Signs with its own keys, all of which are published beside the usual one."""

    keys: tuple[SigningKey, ...] = ()

    def signing(self, key: SigningKey) -> SigningKey:
        """Return the key for the next SET; the usual one is `key`."""
        return self.keys[-1]

    def token(self, token: str, at: At) -> str:
        own = self.signing(at.key)
        return own.sign(own.header(), at.claims)

    def key_set(self, key_set: Json, at: At) -> Json:
        return {**key_set, "keys": [*key_set["keys"], *(one.public for one in self.keys)]}


class EdwardsKey(OwnKeys):
    """Signs with EdDSA and an Ed25519 key."""

    def __init__(self) -> None:
        self.keys = (SigningKey.eddsa(source(0, "edwards", "key")),)
