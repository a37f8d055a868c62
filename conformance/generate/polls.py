"""Poll requests at the edges of what is valid, and bodies that are no poll request: RFC 8936, 2.2.

Whatever a lenient reader could take for a poll asks for an immediate answer, so that silence is
never mistaken for a long poll.
"""

from dataclasses import dataclass, field
from typing import Any

from conformance.generate.invalid_values import Site, sites

UNHEARD_OF = tuple(f"never-heard-of-{number:04d}" for number in range(998))

_ERROR = {"err": "invalid_request", "description": "a test of the error path"}
_WHOLE = {
    "maxEvents": 5,
    "returnImmediately": True,
    "ack": [UNHEARD_OF[0]],
    "setErrs": {UNHEARD_OF[1]: _ERROR},
}
_DEEP = b"[" * 900 + b"]" * 900


@dataclass(frozen=True, slots=True)
class PollRequest:
    """One poll request: `members` are canonical.

    What is `refusable` is more than anybody has to take.
    """

    name: str
    members: dict[str, Any] = field(hash=False)
    refusable: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a poll request, and its labels; some lenient reader may take a `free` one."""

    name: str
    raw: bytes = b'{"returnImmediately": true}'
    content_type: str | None = "application/json"
    free: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that it is sent with."""
        return {} if self.content_type is None else {"content-type": self.content_type}


LIMITS = (
    PollRequest("maxEvents 0", {"maxEvents": 0}),
    PollRequest("maxEvents 1", {"maxEvents": 1}),
    PollRequest("maxEvents 100", {"maxEvents": 100}),
    PollRequest("maxEvents 10,000", {"maxEvents": 10_000}),
    PollRequest("maxEvents 2^31 - 1", {"maxEvents": 2**31 - 1}),
    PollRequest("maxEvents 2^53 - 1", {"maxEvents": 2**53 - 1}, refusable=True),
    PollRequest("maxEvents 2^64", {"maxEvents": 2**64}, refusable=True),
    PollRequest("maxEvents 1.0", {"maxEvents": 1.0}, refusable=True),
)

VALID_POLLS = (
    *LIMITS,
    PollRequest("ack empty", {"ack": []}),
    PollRequest("setErrs empty", {"setErrs": {}}),
    PollRequest("everything empty", {"ack": [], "setErrs": {}, "maxEvents": 0}),
    PollRequest(
        "nothing to release", {"ack": list(UNHEARD_OF[:2]), "maxEvents": 0}, refusable=True
    ),
    PollRequest("ack of text beyond ASCII", {"ack": ["\U0001f511", "né"]}, refusable=True),
    PollRequest("ack of a long jti", {"ack": ["j" * 4000]}, refusable=True),
    PollRequest("null members", {"ack": None, "setErrs": None, "maxEvents": None}, refusable=True),
)

# Another Content-Type is not what the text says, but a Transmitter may look at the body alone.
BODIES = (
    Body("truncated", b'{"maxEvents": 1, "returnImme'),
    Body("truncated in an ack", b'{"returnImmediately": true, "ack": ["a", "'),
    Body("no JSON", b"returnImmediately=true"),
    Body("an array", b'["maxEvents"]'),
    Body("an array of a poll", b'[{"returnImmediately": true}]'),
    Body("a string", b'"{\\"returnImmediately\\": true}"'),
    Body("a number", b"42"),
    Body("true", b"true"),
    Body("a comment", b'{"returnImmediately": true} // now', free=True),
    Body("two objects", b'{"returnImmediately": true}{"returnImmediately": true}', free=True),
    Body("a member twice", b'{"returnImmediately": true, "returnImmediately": true}', free=True),
    Body("invalid UTF-8", b'{"returnImmediately": true, "x": "\xff\xfe"}', free=True),
    Body("NaN", b'{"returnImmediately": true, "x": NaN}', free=True),
    Body(
        "deep nesting",
        b'{"returnImmediately": true, "x": ' + _DEEP + b"}",
        free=True,
    ),
    Body("nothing at all", b"", free=True),
    Body("text/plain", content_type="text/plain", free=True),
    Body("a form", content_type="application/x-www-form-urlencoded", free=True),
    Body("no Content-Type", content_type=None, free=True),
)

# RFC 8259 section 11 gives the media type no parameters, and one that is there changes nothing;
# RFC 9110 section 8.3.1 has its name in any case.
LABELS = (
    Body("with a charset", content_type="application/json; charset=utf-8"),
    Body("in capitals", content_type="Application/JSON"),
)

POLL_SITES = sites("rfc8936/poll-request.json", leave_out=frozenset())


def broken_polls(site: Site) -> tuple[Any, ...]:
    """Return poll requests that are wrong at one place, each in another way."""
    return tuple(site.broken(_WHOLE))


def whole_poll(**members: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """Return a valid poll request that asks for an immediate answer."""
    return {"returnImmediately": True, **members}
