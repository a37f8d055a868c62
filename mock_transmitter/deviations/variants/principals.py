"""Variants of whom a stream tells of, and of which events: SSF 1.0 section 8.1."""

from typing import ClassVar

from mock_transmitter.delivery_queue import PendingSet
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation, Json
from mock_transmitter.deviations.signing import ClaimsDeviation, has_its_own_subject, with_subject
from mock_transmitter.events import SUBJECT
from mock_transmitter.stream import Stream

_PRINCIPALS = 3


@variant
class EventsAreAboutSeveralPrincipals(ClaimsDeviation):
    """Where nobody says whom an event is about, one stream tells of three principals in turn."""

    exercises = ("SSF-8.1-MULTI-SUBJECT-STREAM", "SSE-7.1-MULTI-SUBJECT-STREAM")

    def __init__(self) -> None:
        self._told = 0

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Name the next."""
        del stream
        about = [claims.get("sub_id"), *(one.get("subject") for one in claims["events"].values())]
        if SUBJECT not in about or any(map(has_its_own_subject, claims["events"])):
            return claims
        self._told += 1
        email = f"user{self._told % _PRINCIPALS}@example.com"
        return with_subject(claims, {"format": "email", "email": email})


@variant
class OneDeliveredTypeNeverComes(Deviation):
    """Events of one type in events_delivered are never sent."""

    exercises: ClassVar[tuple[str, ...]] = ("SSE-7.1.2-EVENTS-DELIVERED-MAY", "JAMF-DELIVERED-MAY")

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Drop them."""
        del stream, now
        silent = any(one.endswith("/token-claims-change") for one in pending.claims["events"])
        return None if silent else gap
