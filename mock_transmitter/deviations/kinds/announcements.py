"""Deviations of Stream Updated Events: SSF 1.0 section 8.1.5."""

from mock_transmitter.deviations.deviation import At, Deviation, Json
from mock_transmitter.domain.stream import Stream

_TYPE = "/stream-updated"


def announced(claims: Json) -> tuple[str, Json] | None:
    """Return type and payload of a Stream Updated Event, None for any other SET.

    Another deviation may have changed the claims in any way.
    """
    events = claims.get("events")
    if isinstance(events, dict):
        for event_type, payload in events.items():
            if event_type.endswith(_TYPE) and isinstance(payload, dict):
                return event_type, payload
    return None


class Announcement(Deviation):
    """Changes the content of Stream Updated Events."""

    def claims(self, claims: Json, at: At) -> Json:
        found = announced(claims)
        return claims if found is None else self.said(claims, *found, at.stream)

    def said(self, claims: Json, event_type: str, payload: Json, stream: Stream) -> Json:
        """Return the claims."""
        return {**claims, "events": {event_type: self.payload(payload)}}

    def payload(self, payload: Json) -> Json:
        """Return the payload."""
        return payload
