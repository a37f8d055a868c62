"""The path of each operation: the profile's own layout, or the mock's default."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import quote, unquote, urlsplit

from conformance.spec.profile import Operation, Profile

Segments: TypeAlias = tuple[str, ...]

ISSUER = "{issuer}"
STREAM_ID = "{stream_id}"

DEFAULT_LAYOUT: Mapping[str, str] = MappingProxyType(
    {
        "jwks": "/jwks.json",
        "configuration": "/ssf/streams",
        "stream": f"/ssf/streams/{STREAM_ID}",
        "status": "/ssf/status",
        "add_subject": "/ssf/subjects:add",
        "remove_subject": "/ssf/subjects:remove",
        "verification": "/ssf/verify",
        "poll": f"/ssf/streams/{STREAM_ID}/poll",
        "acknowledge": f"/ssf/streams/{STREAM_ID}/acknowledge",
    }
)


@lru_cache(maxsize=256)
def segments_of(path: str) -> Segments | None:
    """Return the decoded segments of a path, so that `events%3Apoll` is `events:poll`.

    None if the path cannot be decoded.
    """
    try:
        return tuple(unquote(part, errors="strict") for part in path.split("/")[1:])
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """One path and its operations by method.

    Two may share a method: with and without a stream_id.
    """

    pattern: tuple[str | re.Pattern[str], ...]
    operations: Mapping[str, tuple[str, ...]]

    def match(self, segments: Segments) -> str | None:
        """Return the stream_id in a matching path, "" if it has none; None for another path."""
        if len(segments) != len(self.pattern):
            return None
        stream_id = ""
        for pattern, segment in zip(self.pattern, segments, strict=True):
            if isinstance(pattern, str):
                if pattern != segment:
                    return None
                continue
            found = pattern.fullmatch(segment)
            if found is None:
                return None
            stream_id = found["stream_id"]
        return stream_id


@dataclass(frozen=True, slots=True)
class Match:
    """The place that a path leads to, and the stream_id in the path."""

    place: Place
    stream_id: str | None


class Routes:
    """Finds the operations at a path of one issuer, and builds its URLs."""

    def __init__(self, profile: Profile, issuer: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._templates = {
            operation.endpoint: _template(profile, operation.endpoint)
            for operation in profile.operations.values()
        }
        # A path that is spelled out comes before one whose segment may be any stream_id.
        by_path: dict[str, list[Operation]] = {}
        for operation in profile.operations.values():
            by_path.setdefault(self._templates[operation.endpoint], []).append(operation)
        own = urlsplit(self._issuer).path
        places = [
            Place(_pattern(own + template), _by_method(operations))
            for template, operations in sorted(
                by_path.items(), key=lambda item: STREAM_ID in item[0]
            )
        ]
        discovery = urlsplit(profile.discovery.url(issuer)).path
        self.discovery: Segments = segments_of(discovery) or ()
        self._places = [Place(_pattern(discovery), {"GET": ("discover",)}), *places]

    def match(self, segments: Segments) -> Match | None:
        """Return the place at a path, or None."""
        for place in self._places:
            stream_id = place.match(segments)
            if stream_id is not None:
                return Match(place, stream_id or None)
        return None

    def has(self, endpoint: str) -> bool:
        """Return whether the profile has an operation at this endpoint."""
        return endpoint in self._templates

    def url(self, endpoint: str, stream_id: str = "") -> str:
        """Return the endpoint's URL."""
        template = self._templates.get(endpoint, DEFAULT_LAYOUT.get(endpoint, f"/ssf/{endpoint}"))
        # A colon is legal in a segment, and a custom method such as events:poll needs it.
        return self._issuer + template.replace(STREAM_ID, quote(stream_id, safe=":"))


def _template(profile: Profile, endpoint: str) -> str:
    for url in profile.endpoints.get(endpoint, ()):
        if url.startswith(ISSUER):
            return url.removeprefix(ISSUER).partition("?")[0]
    return DEFAULT_LAYOUT.get(endpoint, f"/ssf/{endpoint}")


def _pattern(path: str) -> tuple[str | re.Pattern[str], ...]:
    return tuple(
        _segment_with_stream_id(part) if STREAM_ID in part else part
        for part in map(unquote, path.split("/")[1:])
    )


def _segment_with_stream_id(part: str) -> re.Pattern[str]:
    pattern = re.escape(part).replace(re.escape(STREAM_ID), "(?P<stream_id>.+)")
    return re.compile(pattern, re.DOTALL)


def _by_method(operations: Sequence[Operation]) -> Mapping[str, tuple[str, ...]]:
    by_method: dict[str, tuple[str, ...]] = {}
    for operation in operations:
        by_method[operation.method] = (*by_method.get(operation.method, ()), operation.name)
    return by_method
