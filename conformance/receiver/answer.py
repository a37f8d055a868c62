"""The answer to a request: an HTTP response, read as JSON, or none."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.receiver.exchange import TEXT_LIMIT
from conformance.receiver.preconditions import NotReached

# The deepest nesting of a JSON body that is still read: these protocols need far less.
MOST_DEPTH = 64


class NoAnswer(NotReached):
    """A request got no HTTP answer: no connection, a broken one, or silence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response; `document` is its JSON body, None if there is none.

    `shown` is the body as text, without secrets.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    document: Any
    is_json: bool
    shown: str

    @property
    def media_type(self) -> str:
        """Return the media type without parameters, in lower case; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """Return status and body without secrets, short enough to be read in a report."""
        return f"{self.status} {self.shown[:TEXT_LIMIT]}".rstrip()

    def is_in(self, codes: Sequence[int]) -> bool:
        """Return whether the status is one of these."""
        return self.status in codes

    @property
    def served(self) -> bool:
        """Return whether the request was answered with a success."""
        return 200 <= self.status < 300  # noqa: PLR2004 (RFC 9110 section 15.3)

    @property
    def refused(self) -> bool:
        """Return whether the request was refused as the client's fault."""
        return 400 <= self.status < 500  # noqa: PLR2004 (RFC 9110 section 15.5)


def parse(body: bytes) -> tuple[Any, bool]:
    """Return the JSON document in a body and True, or `(None, False)` if there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None, False
    return (None, False) if _is_deep(document) else (document, True)


def _is_deep(document: Any) -> bool:  # noqa: ANN401 (JSON)
    """Return whether a document is nested deeper than anything that these protocols send."""
    level = [document]
    for _ in range(MOST_DEPTH):
        level = [
            part
            for one in level
            if isinstance(one, (dict, list))
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True
