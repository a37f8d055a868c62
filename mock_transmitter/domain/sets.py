"""The claims of a SET: RFC 8417 section 2.2, under SSF 1.0 or the 2021 draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.spec.profile import SetRules

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event; `txn` is the same in every SET about it."""

    type: str
    txn: str
    payload: Mapping[str, Any]
    subject: Mapping[str, Any] | None


def claims_of(rules: SetRules, event: Event, *, iss: str, aud: str, iat: int, jti: str) -> Json:
    """Return the claims of the SET for an event; the profile places the subject."""
    claims: Json = {"iss": iss, "aud": aud, "iat": iat, "jti": jti, "txn": event.txn}
    payload = dict(event.payload)
    if event.subject is not None:
        if rules.subject == "event":
            payload = {"subject": dict(event.subject), **payload}
        else:
            claims["sub_id"] = dict(event.subject)
    claims["events"] = {event.type: payload}
    return claims


def verification(rules: SetRules, *, txn: str, stream_id: str, state: str | None) -> Event:
    """Return a Verification Event (SSF 1.0 section 8.1.4.1), with a `state` if one was given.

    Its subject is the stream itself; the 2021 draft has no stream_id and shows no subject.
    """
    return Event(
        type=rules.verification_event,
        txn=txn,
        payload={} if state is None else {"state": state},
        subject={"format": "opaque", "id": stream_id} if rules.subject == "sub_id" else None,
    )


def stream_updated(
    rules: SetRules,
    *,
    txn: str,
    stream_id: str,
    status: str,
    reason: str | None,
    subject: Mapping[str, Any] | None,
) -> Event:
    """Return a Stream Updated Event (SSF 1.0 section 8.1.5), with a `reason` if there is one.

    Its subject is the stream itself; in the 2021 draft it is the one whose status has changed.
    """
    payload = {"status": status} if reason is None else {"status": status, "reason": reason}
    own = {"format": "opaque", "id": stream_id} if rules.subject == "sub_id" else None
    return Event(
        type=rules.stream_updated_event,
        txn=txn,
        payload=payload,
        subject=own if subject is None else subject,
    )
