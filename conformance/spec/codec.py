"""Between the specification's member names and a dialect's: encode and decode.

Only what a profile spells or nests otherwise is touched (`"delivery.method" =
"delivery.delivery_method"`). A canonical name that a dialect spells otherwise is not that member on
its wire: a target that says
`max_events` has never promised to read `maxEvents`.
"""

from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, TypeAlias

from conformance.spec.profile import Profile

Json: TypeAlias = dict[str, Any]

# Messages that carry a stream configuration share one map of names.
_GROUP: Mapping[str, str] = MappingProxyType(
    {
        "stream_configuration": "stream",
        "create_stream_request": "stream",
        "update_stream_request": "stream",
        "replace_stream_request": "stream",
    }
)

_ABSENT = object()


def encode(profile: Profile, message: str, canonical: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return a message as the dialect spells it.

    Anything but an object goes out as it is.
    """
    if not isinstance(canonical, Mapping):
        return canonical
    names = _names(profile, message)
    return _moved(canonical, list(names.items())) if names else dict(canonical)


def decode(profile: Profile, message: str, wire: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return a message of the dialect under canonical names.

    Anything but an object comes back as it is.
    """
    if not isinstance(wire, Mapping):
        return wire
    names = _names(profile, message)
    if not names:
        return dict(wire)
    own = deepcopy(dict(wire))
    for canonical in names:
        if canonical not in names.values():
            _take(own, canonical)
    return _moved(own, [(dialect, canonical) for canonical, dialect in names.items()])


def group_of(message: str) -> str:
    """Return the name of the map that a message's members are in: a table of `[names]`."""
    return _GROUP.get(message, message)


def _names(profile: Profile, message: str) -> Mapping[str, str]:
    return profile.names.get(group_of(message), {})


def _moved(message: Mapping[str, Any], moves: list[tuple[str, str]]) -> Json:
    result = deepcopy(dict(message))
    taken = [(after, _take(result, before)) for before, after in moves]
    for after, value in taken:
        if value is not _ABSENT:
            _put(result, after, value)
    return result


def _take(message: Json, path: str) -> Any:  # noqa: ANN401 (JSON)
    *way, last = path.split(".")
    for step in way:
        inner = message.get(step)
        if not isinstance(inner, dict):
            return _ABSENT
        message = inner
    return message.pop(last, _ABSENT)


def _put(message: Json, path: str, value: Any) -> None:  # noqa: ANN401 (JSON)
    *way, last = path.split(".")
    for step in way:
        inner = message.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        message = inner
    message[last] = value
