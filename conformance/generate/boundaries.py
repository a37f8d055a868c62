"""Values at the edges of what is valid, each with a name: empty, long, many, beyond ASCII.

A value that is drawn at random from among the usual ones meets none of these for sure, so each is
a parameter of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.generate.configurations import UNKNOWN_EVENT_TYPES
from conformance.receiver.remote_transmitter import RemoteTransmitter

_TEXTS = {
    "of no character": "",
    "of one character": "a",
    "beyond ASCII": "Zoë, Łódź and naïve",
    "beyond the basic plane": "\U0001f511 key \U0001d4b3",
    "from right to left": "שלום עולם",
    "with quotes, backslashes and slashes": "a \"b\" \\c\\ /d/ 'e'",
    "with markup": "<b>bold</b> & <i>more</i> &amp; less",
    "with two spaces inside": "one  two   three",
    "that looks like a number": "0012345678901234567890",
    "that looks like null": "null",
    "that looks like JSON": '{"description": ["x"]}',
    "that looks like a format string": "100% of %s {0} ${x} $1",
    "of 64 characters": "b" * 64,
    "of 128 characters": "c" * 128,
    "of 255 characters": "d" * 255,
    "of 256 characters": "e" * 256,
    "of 1,000 characters": " ".join(f"{number:03}" for number in range(250)),
    "with spaces at both ends": "  both ends  ",
    "that looks like a form": "a+b%20c&d=e",
    "of 300 characters beyond ASCII": "é" * 300,
}


@dataclass(frozen=True, slots=True)
class Boundary:
    """One value of one Receiver-Supplied property.

    `value_for` makes it for a target, of whose event types it may be made. What is `refusable` is
    more than anybody has to take: a refusal is nobody's fault, and has no effect.
    """

    member: str
    name: str
    value_for: Callable[[RemoteTransmitter], Any]
    refusable: bool = False

    def __str__(self) -> str:
        return f"{self.member} {self.name}"


# More than anybody has to take.
_REFUSABLE = {
    "with a line break and a tab": "one\ntwo\tthree",
    "of 20,000 characters": " ".join(f"{number:04}" for number in range(4000)),
}


def _text(text: str) -> Callable[[RemoteTransmitter], str]:
    return lambda _transmitter: text


def text_boundaries(member: str) -> tuple[Boundary, ...]:
    """Return the boundaries of a member that holds free text."""
    return tuple(
        Boundary(member, name, _text(text), refusable=name in _REFUSABLE)
        for name, text in {**_TEXTS, **_REFUSABLE}.items()
    )


def _many_unknown(count: int) -> list[str]:
    return [f"https://receiver.example/events/unheard-of/{number}" for number in range(count)]


EVENT_BOUNDARIES = (
    Boundary("events_requested", "one type", lambda to: list(to.known_event_types[:1])),
    Boundary("events_requested", "two types", lambda to: list(to.known_event_types[:2])),
    Boundary("events_requested", "three types", lambda to: list(to.known_event_types[:3])),
    Boundary("events_requested", "all types", lambda to: list(to.known_event_types)),
    Boundary(
        "events_requested",
        "all types in another order",
        lambda to: list(reversed(to.known_event_types)),
    ),
    Boundary(
        "events_requested",
        "known and unknown types",
        lambda to: [UNKNOWN_EVENT_TYPES[0], *to.known_event_types, UNKNOWN_EVENT_TYPES[1]],
    ),
    Boundary("events_requested", "an unknown type alone", lambda _to: [UNKNOWN_EVENT_TYPES[0]]),
    Boundary(
        "events_requested",
        "fifty unknown types",
        lambda to: [*_many_unknown(50), *to.known_event_types[:1]],
        refusable=True,
    ),
)
