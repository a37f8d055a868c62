"""The event types that the mock can raise, and what they say by default: CAEP 1.0, section 3."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_CAEP = "https://schemas.openid.net/secevent/caep/event-type"

# Members that CAEP requires of each type.
_PAYLOADS: dict[str, Json] = {
    f"{_CAEP}/session-revoked": {},
    f"{_CAEP}/credential-change": {"credential_type": "password", "change_type": "update"},
    f"{_CAEP}/device-compliance-change": {
        "previous_status": "compliant",
        "current_status": "not-compliant",
    },
}

SUPPORTED: tuple[str, ...] = tuple(_PAYLOADS)

SUBJECT: Json = {"format": "email", "email": "user@example.com"}


def default_payload(event_type: str, now: float) -> Json:
    """Return a payload that is valid for the type; `event_timestamp` counts seconds."""
    return {**_PAYLOADS.get(event_type, {}), "event_timestamp": int(now)}
