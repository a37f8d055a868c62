"""Generated stream configurations, in the dialect of the running case."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from hypothesis import strategies as st

from conformance.generate.from_schema import Named, instances
from conformance.generate.subject_values import complex_subjects, simple_subjects
from conformance.receiver.remote_transmitter import RemoteTransmitter

Json: TypeAlias = dict[str, Any]

# Few choices, so that a failure shrinks to what a person would write. The empty text is a boundary:
# absent and empty show alike.
_TEXTS = (
    "a",
    "Stream for Receiver A",
    "Zoë's stream",
    "\u4e00\u4e8c \U0001f511",
    'with "quotes", a \\ and a /',
    "x" * 120,
)

# Well-formed and understood by nobody.
UNKNOWN_EVENT_TYPES = (
    "urn:example:secevent:events:unknown",
    "https://receiver.example/events/unheard-of?v=1",
)


_target: ContextVar[RemoteTransmitter | None] = ContextVar("generated_for", default=None)


@contextmanager
def generating_for(transmitter: RemoteTransmitter) -> Iterator[None]:
    """Make what is generated in this thread fit a target."""
    token = _target.set(transmitter)
    try:
        yield
    finally:
        _target.reset(token)


def stream_properties() -> st.SearchStrategy[Json]:
    """Return any subset of the Receiver-Supplied properties, valid for creating a stream."""
    return _of_message("create_stream_request")


def stream_patches() -> st.SearchStrategy[Json]:
    """Return valid bodies of an update, naming one Receiver-Supplied property or more."""
    return _of_message("update_stream_request").filter(bool)


def replacements() -> st.SearchStrategy[Json]:
    """Return valid bodies of a replacement, always with events_requested and delivery."""
    return _of_message("replace_stream_request")


def whole_bodies(message: str) -> st.SearchStrategy[Json]:
    """Return valid bodies of a message that have every member: something to break at any place."""
    return _of_message(message, whole=True)


@st.composite
def stream_subjects(draw: st.DrawFn) -> tuple[Json, Json]:
    """Return a simple and a complex subject, valid, in any format that the dialect knows."""
    name = _transmitter().profile.schemas["subject"]
    return draw(simple_subjects(name)), draw(complex_subjects(name))


@st.composite
def _of_message(draw: st.DrawFn, message: str, *, whole: bool = False) -> Json:
    transmitter = _transmitter()
    name = transmitter.profile.schemas.get(message)
    if name is None:
        return {}
    offers = _Offers.of(transmitter)
    drawn = draw(_instances(name, offers, whole=whole))
    if message == "create_stream_request" and not transmitter.polls and "delivery" not in drawn:
        # Without one poll is meant, which a target that only pushes may refuse (section 8.1.1.1).
        drawn["delivery"] = draw(_named(offers)["delivery"])
    if message == "replace_stream_request":
        # The text asks a Receiver for the full set; leaving these two out is a case of its own.
        for member in ("events_requested", "delivery"):
            if member not in drawn:
                drawn[member] = draw(_named(offers)[member])
    return drawn


def _transmitter() -> RemoteTransmitter:
    transmitter = _target.get()
    if transmitter is None:
        raise RuntimeError("generated configurations are drawn inside a case that the suite runs")
    return transmitter


@dataclass(frozen=True, slots=True)
class _Offers:
    """What a target offers, as far as generated values depend on it.

    `push_url` is the URL below which the suite listens, None where SETs can be polled.
    """

    event_types: tuple[str, ...]
    delivery_method: str | None
    push_url: str | None

    @classmethod
    def of(cls, transmitter: RemoteTransmitter) -> "_Offers":
        """Return what a target offers now."""
        methods = transmitter.profile.delivery
        if transmitter.polls:
            return cls(transmitter.known_event_types, methods.poll, None)
        return cls(transmitter.known_event_types, methods.push, transmitter.push_url)


# Hypothesis takes longer to prepare a strategy than to draw from it.
@lru_cache(maxsize=64)
def _instances(name: str, offers: _Offers, *, whole: bool) -> st.SearchStrategy[Json]:
    return instances(name, _named(offers), leave_out=frozenset({"stream_id"}), whole=whole)


@lru_cache(maxsize=64)
def _named(offers: _Offers) -> Named:
    event_types = st.sampled_from(offers.event_types + UNKNOWN_EVENT_TYPES)
    return {
        "event_types": event_types,
        "events_requested": st.lists(event_types, min_size=1, max_size=4, unique=True),
        "delivery": _deliveries(offers),
        "text": st.sampled_from(_TEXTS),
        # A target need not know any other.
        "subject_format": st.sampled_from(("email", "iss_sub")),
    }


def _deliveries(offers: _Offers) -> st.SearchStrategy[Json]:
    """Return deliveries that the target offers; pushes go to the suite's own listener alone."""
    if offers.push_url is None:
        # A new object for each example, for a case may change it.
        return st.just(offers.delivery_method).map(lambda method: {"method": method})
    path = st.sampled_from(("ssf-conformance", "events", "a/b", "events?stream=1", "~r;v=1/"))
    return path.map(
        lambda tail: {
            "method": offers.delivery_method,
            "endpoint_url": f"{offers.push_url}{tail}",
        }
    )
