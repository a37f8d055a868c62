"""Configuring a stream's delivery: SSF 1.0, sections 6.1 and 8.1.1. Nothing is pushed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import MEMBERS, changes, differing
from conformance.receiver.stream import Stream

CONFIGURES = Needs(stream=True, model="explicit", operations=("update_stream",), delivery="push")
# Different URLs: an upper-case path, a trailing slash, a query.
TAILS = ("ssf-conformance", "Events/Of/A", "events/", "events?stream=1&of=A", "~r;v=1/%C3%A9")


def push_to(transmitter: RemoteTransmitter, tail: str) -> dict[str, Any]:
    """Return a delivery by push to the suite's own listener."""
    return {
        "method": transmitter.profile.delivery.push,
        "endpoint_url": f"{transmitter.push_url}{tail}",
    }


@contextmanager
def created(transmitter: RemoteTransmitter, delivery: dict[str, Any]) -> Iterator[Stream]:
    """Make a push stream. Raises Blocked if the target does not accept the suite's URL."""
    request = {**transmitter.usual_properties(), "delivery": delivery}
    with transmitter.creating(request) as (answer, stream):
        if stream is None:
            raise Blocked(f"no push stream could be made: {answer.text}; is --push-url reachable?")
        yield stream


def verify_delivery(requirement: str, stream: Stream, wanted: dict[str, Any]) -> None:
    """Judge that a read shows the method and the URL that the Receiver supplied."""
    shown = stream.read().get("delivery")
    verify(
        requirement,
        isinstance(shown, dict) and all(shown.get(name) == wanted[name] for name in wanted),
        expected=f"delivery {wanted!r}",
        got=shown,
    )


@pytest.mark.parametrize("tail", TAILS)
@judges("SSF-6.1.1-PUSH-METHOD-URN", "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED", needs=CONFIGURES)
def test_a_push_stream_shows_what_the_receiver_supplied(
    transmitter: RemoteTransmitter, tail: str
) -> None:
    """A stream that is created for push shows the method and the Receiver's endpoint_url."""
    wanted = push_to(transmitter, tail)
    with created(transmitter, wanted) as stream:
        shown = stream.read().get("delivery")
        verify(
            "SSF-6.1.1-PUSH-METHOD-URN",
            isinstance(shown, dict) and shown.get("method") == wanted["method"],
            expected=f"method {wanted['method']}",
            got=shown,
        )
        verify_delivery("SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED", stream, wanted)


@judges("SSF-8.1.1.3-PATCH-APPLIES", "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED", needs=CONFIGURES)
def test_patch_changes_the_delivery_and_leaves_it(transmitter: RemoteTransmitter) -> None:
    """A PATCH of the delivery applies, to another URL and to another method; others leave it."""
    first, second = (push_to(transmitter, tail) for tail in TAILS[:2])
    with created(transmitter, first) as stream:
        require(stream.update({"description": "after"}).served, "the update was refused")
        verify_delivery("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED", stream, first)
        for wanted in (second, *both(transmitter, first)):
            answer = stream.update({"delivery": wanted})
            require(answer.served, f"the update was refused: {answer.text}")
            verify_delivery("SSF-8.1.1.3-PATCH-APPLIES", stream, wanted)


def both(transmitter: RemoteTransmitter, push: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return a poll delivery and then a push delivery, if the target has both."""
    poll = transmitter.profile.delivery.poll
    return ({"method": poll}, push) if transmitter.polls else (push,)


@judges(
    "SSF-8.1.1.4-PUT-200",
    "SSF-8.1.1.4-PUT-MISSING-DELIVERY",
    needs=Needs(stream=True, model="explicit", operations=("replace_stream",), delivery="push"),
)
def test_put_changes_the_delivery(transmitter: RemoteTransmitter) -> None:
    """A PUT sets the delivery that it carries; without one the old URL is not kept."""
    first, second = (push_to(transmitter, tail) for tail in TAILS[:2])
    events = {"events_requested": list(transmitter.known_event_types[:1])}
    with created(transmitter, first) as stream:
        for wanted in (second, *both(transmitter, first)):
            answer = stream.replace({**events, "delivery": wanted})
            require(answer.served, f"the replacement was refused: {answer.text}")
            verify_delivery("SSF-8.1.1.4-PUT-200", stream, wanted)
        before = stream.read()
        answer = stream.replace(events)
        shown = stream.read().get("delivery")
        kept = isinstance(shown, dict) and shown.get("endpoint_url") == first["endpoint_url"]
        unchanged = not differing(before, stream.configuration, MEMBERS)
        verify(
            "SSF-8.1.1.4-PUT-MISSING-DELIVERY",
            (answer.served and not kept) or (answer.status == 400 and unchanged),
            expected="delivery by poll, or 400 and nothing changed",
            got=f"{answer.text}; delivery is {shown!r}",
        )


@judges("SSF-8.1.1.3-PATCH-RO-MISMATCH-400", "SSF-8.1.1.5-DELETE-EFFECTIVE", needs=CONFIGURES)
def test_a_push_stream_is_a_stream_like_any_other(transmitter: RemoteTransmitter) -> None:
    """A refused PATCH leaves the delivery, the list shows the stream, and DELETE removes it."""
    first, second = (push_to(transmitter, tail) for tail in TAILS[:2])
    with created(transmitter, first) as stream:
        before = transmitter.survey()
        answer = stream.update({"delivery": second, "aud": "https://another.example/aud"})
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
            answer.status in {400, 202} and not changed,
            expected="400 for another aud, and the delivery as it was",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        read = stream.fetch()
        verify(
            "SSF-8.1.1.5-DELETE-EFFECTIVE",
            read.status == 404,
            expected="404 on reading it",
            got=read.text,
        )


@judges("SSF-8.1.1.2-LIST-ARRAY", needs=CONFIGURES)
def test_the_list_holds_push_streams(transmitter: RemoteTransmitter) -> None:
    """The list shows a push stream as reading it does."""
    with created(transmitter, push_to(transmitter, TAILS[0])) as stream:
        found = stream.read()
        answer = transmitter.list_streams()
        shown = [
            one
            for one in transmitter.configurations_in(answer)
            if one.get("stream_id") == stream.id
        ]
        verify(
            "SSF-8.1.1.2-LIST-ARRAY",
            len(shown) == 1 and not differing(found, shown[0], MEMBERS),
            expected=f"{stream.id} once, as reading it shows it",
            got=answer.text,
        )
