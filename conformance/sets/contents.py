"""Reading a compact JWS without judging it."""

import base64
import json
import math
from collections.abc import Mapping
from typing import Any


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a compact JWS, empty if they can't be read."""
    return _part(token, 1)


def events_of(token: str) -> dict[str, Any]:
    """Return the events of a SET by their type, empty if they can't be read."""
    return events_in(claims_of(token))


def events_in(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the events among the claims of a SET by their type, empty if there are none."""
    found = claims.get("events")
    return found if isinstance(found, dict) else {}


def header_of(token: str) -> dict[str, Any]:
    """Return the protected header of a compact JWS, empty if it can't be read."""
    return _part(token, 0)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else _no_number(text)


def _part(token: str, index: int) -> dict[str, Any]:
    try:
        encoded = token.split(".")[index]
        text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        decoded = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, IndexError, RecursionError):
        return {}
    return decoded if isinstance(decoded, dict) else {}
