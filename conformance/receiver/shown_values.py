"""What "shows the value" means for a stream configuration.

The texts leave free: the order of URIs, a string for an array of one, null or an empty value for an
absent one, unknown event types dropped from events_requested, a description cut to a maximum
length, and an authorization_header that is not echoed.
"""

from collections.abc import Collection, Mapping
from typing import Any

# The members that SSF 1.0 section 8.1.1 defines; others are not judged here.
MEMBERS = (
    "stream_id",
    "iss",
    "aud",
    "events_supported",
    "events_requested",
    "events_delivered",
    "delivery",
    "description",
    "min_verification_interval",
    "inactivity_timeout",
)

URI_SETS = frozenset({"events_supported", "events_requested", "events_delivered"})


def delivery_of(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the delivery of a configuration; empty if it is missing or no object."""
    found = configuration.get("delivery")
    return found if isinstance(found, dict) else {}


def event_types_in(configuration: Mapping[str, Any], name: str = "events_delivered") -> list[str]:
    """Return a list of event types in a configuration; empty if it is missing or no list."""
    found = configuration.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def absent(value: object) -> bool:
    """Return whether a value counts as absent: the texts don't say how a deleted one shows."""
    return value is None or value in ("", [], {})


def same(name: str, first: object, second: object) -> bool:
    """Return whether two values of a property are the same one."""
    if absent(first) or absent(second):
        return absent(first) and absent(second)
    if name == "aud":
        return _as_set(_as_list(first)) == _as_set(_as_list(second))
    if name in URI_SETS and isinstance(first, list) and isinstance(second, list):
        return _as_set(first) == _as_set(second)
    if name == "delivery" and isinstance(first, Mapping) and isinstance(second, Mapping):
        return _compared(first) == _compared(second)
    return type(first) is type(second) and first == second


def shows(
    configuration: Mapping[str, Any],
    name: str,
    value: object,
    *,
    supported: list[str] | None = None,
) -> bool:
    """Return whether a configuration shows the value that a Receiver supplied for a property.

    `supported` are the event types that the Transmitter has to keep in events_requested; without
    it, those of the configuration's own events_supported.
    """
    shown = configuration.get(name)
    if absent(value):
        return absent(shown)
    if name == "description" and isinstance(value, str) and isinstance(shown, str):
        return bool(shown) and value.startswith(shown)
    if name == "events_requested" and isinstance(value, list):
        known = configuration.get("events_supported") if supported is None else supported
        return shown is None or _shows_requested(shown, value, known)
    if name == "delivery" and isinstance(value, Mapping) and isinstance(shown, Mapping):
        # What the Receiver did not send, such as a poll endpoint_url, the Transmitter supplies.
        return all(shown.get(member) == part for member, part in _compared(value).items())
    return same(name, shown, value)


def _shows_requested(shown: object, requested: list[Any], known: object) -> bool:
    """Return whether what was requested and is known is shown, and nothing else."""
    if not isinstance(shown, list):
        return False
    needed = _as_set(requested) & _as_set(known if isinstance(known, list) else [])
    return needed <= _as_set(shown) <= _as_set(requested)


def differing(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Collection[str]
) -> list[str]:
    """Return the properties of `names` that are not the same in both configurations."""
    return [name for name in names if not same(name, before.get(name), after.get(name))]


def changes(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return what differs between two surveys of streams, as words: a stream, or its property."""
    found = []
    for stream_id, configuration in before.items():
        if stream_id not in after:
            found.append(f"stream {stream_id} is gone")
            continue
        found += [
            f"{name} of stream {stream_id} is now {after[stream_id].get(name)!r}"
            for name in differing(configuration, after[stream_id], MEMBERS)
        ]
    return found


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _as_set(values: list[Any]) -> frozenset[str]:
    return frozenset(map(repr, values))


# What the texts define of a delivery, less the secret that need not be echoed.
_OF_DELIVERY = ("method", "endpoint_url")


def _compared(delivery: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in delivery.items()
        if name in _OF_DELIVERY and not absent(value)
    }
