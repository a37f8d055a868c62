"""Status changes by the Transmitter itself: SSF 1.0, sections 8.1.1, 8.1.2 and 8.1.5.

The draft of 2021 says the same about its only stream in section 7.1.5.
"""

from collections.abc import Callable
from functools import partial

import pytest

from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.judging.arrivals import (
    DELIVERIES,
    Arrival,
    Tap,
    announces,
    is_announcement,
    receives_by,
    stream_by,
)
from conformance.receiver.answer import Answer
from conformance.receiver.push_replies import answered, refused
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import event_types_in
from conformance.receiver.stream import Stream

ANNOUNCED = ("SSF-8.1.2-INDEPENDENT-CHANGE-ANNOUNCED", "SSE-7.1.5-SENT")
BEFORE_STOP = (*ANNOUNCED, "SSF-8.1.5-SENT-BEFORE-STOP")
ON_REENABLE = (*ANNOUNCED, "SSF-8.1.5-SENT-ON-REENABLE")
TYPE_URI = ("SSF-8.1.5-TYPE-URI", "SSE-7.1.5-TYPE-URI")
STATUS = ("SSF-8.1.5-STATUS-PRESENT", "SSE-7.1.5-STATUS")
SUBJECT = "SSF-8.1.5-SUBID-OPAQUE-STREAMID"
FREE_TO_ACT = ("SSF-8.1.5-UNILATERAL-CHANGE", "SSE-7.1.5-UNILATERAL-CHANGE")
REASON = ("SSF-8.1.5-REASON", "SSE-7.1.5-REASON-SUBJECT")
OUTSIDE_LISTS = "SSF-8.1.5-OUTSIDE-EVENT-LISTS"
UNASKED = "SSF-8.1.5-RECEIVER-CHANGE-NO-EVENT-NEEDED"
REFRESH = "SSF-8.1.1-INACTIVITY-REFRESH"
STICKY = "SSF-8.1.4.1-STREAM-SUBJECT-STICKY"
INACTIVE = "SSF-8.1.1-INACTIVITY-STREAM-UPDATED"
ACTION = "SSF-8.1.1-INACTIVITY-ACTION"

STOPPED = ("paused", "disabled")
WHY = "The suite looks what follows."
SHARE_OF_TIMEOUT = 0.7

ACTS = Needs(stream=True, status_changes=True)
ACTS_ON_ONE = Needs(stream=True, status_changes=True, model="explicit", operations=("read_status",))
ACTS_AND_REMOVES = Needs(
    stream=True, status_changes=True, model="explicit", operations=("remove_subject",)
)
FAILS = Needs(
    stream=True, status_changes=True, sets=4, delivery="push", operations=("verify", "read_status")
)
IDLES = Needs(stream=True, clock=True, operations=("read_status",))

# Answers that may lead a Transmitter to stop a stream: section 8.1.4.1, RFC 8935 section 4.
REBUFFS = {
    "an error code": refused("invalid_state"),
    "401": answered(401),
    "500": answered(500),
}
SERIES = 3

by_each_delivery = pytest.mark.parametrize("delivery", DELIVERIES)


@by_each_delivery
@pytest.mark.parametrize("status", STOPPED)
@judges(*BEFORE_STOP, *ON_REENABLE, *TYPE_URI, needs=ACTS)
def test_a_transmitter_announces_what_it_does(
    transmitter: RemoteTransmitter, delivery: str, status: str
) -> None:
    """A Transmitter that stops a stream says so before, and that it goes on when it does; twice."""
    if not receives_by(transmitter, delivery):
        return
    again = next(one for one in STOPPED if one != status)
    with stream_by(transmitter, delivery) as stream:
        for now in (status, "enabled", again, "enabled"):
            rows = ON_REENABLE if now == "enabled" else BEFORE_STOP
            found = acted(stream, now)
            verify(
                rows,
                found,
                expected=f"an announcement that the stream is {now}",
                got="none within the patience",
            )
            if found:
                uri = stream.profile.sets.stream_updated_event
                verify(
                    TYPE_URI,
                    list(found[-1].events) == [uri],
                    expected=uri,
                    got=list(found[-1].events),
                )


@judges(*STATUS, SUBJECT, "SSF-8.1.2-STREAMS-INDEPENDENT", needs=ACTS_ON_ONE)
def test_an_announcement_comes_on_its_own_stream(transmitter: RemoteTransmitter) -> None:
    """Where the Transmitter stops one stream, another one stays as it is and is told nothing."""
    with transmitter.new_stream() as stream, transmitter.another_stream() as other:
        if other is None:
            raise Blocked("the Receiver may have one stream only")
        before = other.status
        tap = Tap(other)
        acted(stream, "paused")
        verify(
            "SSF-8.1.2-STREAMS-INDEPENDENT",
            other.status == before,
            expected=f"the other stream still {before}",
            got=other.status,
        )
        for one in filter(is_announcement, tap.wait(bool, patience_s=1.0)):
            verify_announcement(other, one, str(before))


@judges(STICKY, needs=ACTS_AND_REMOVES)
def test_the_stream_itself_stays_a_subject_of_announcements(transmitter: RemoteTransmitter) -> None:
    """A change is announced also after the stream was removed as a subject of its own."""
    with transmitter.new_stream() as stream:
        if not acted(stream, "paused") or not acted(stream, "enabled"):
            raise Blocked("a change was not announced before the removal either")
        answer = stream.send(
            "remove_subject", body={"subject": {"format": "opaque", "id": stream.id}}
        )
        verify(
            STICKY,
            acted(stream, "paused"),
            expected="an announcement, whatever the removal was answered",
            got=f"none within the patience; the removal was answered {answer.text}",
        )


@by_each_delivery
@judges(*STATUS, SUBJECT, *FREE_TO_ACT, *REASON, OUTSIDE_LISTS, needs=ACTS)
def test_an_announcement_says_which_stream_is_what(
    transmitter: RemoteTransmitter, delivery: str
) -> None:
    """A Stream Updated Event has the new status, and the stream itself as its subject."""
    if not receives_by(transmitter, delivery):
        return
    with stream_by(transmitter, delivery) as stream:
        for now in ("paused", "enabled", "disabled"):
            for one in acted(stream, now):
                verify_announcement(stream, one, now)


@pytest.mark.parametrize("rebuff", REBUFFS)
@judges(*ANNOUNCED, needs=FAILS)
def test_a_stream_that_is_stopped_for_failed_pushes_says_so(
    transmitter: RemoteTransmitter, rebuff: str
) -> None:
    """A stream that is paused or disabled because its pushes were turned down announces it."""
    with transmitter.new_push_stream() as stream:
        tap = Tap(stream)
        stream.answer_pushes(afterwards=REBUFFS[rebuff])
        require(stream.verify().served, "the verification request was refused")
        for _ in range(SERIES):
            stream.raise_set()
        tap.wait(lambda came: any(map(is_announcement, came)))
        status = stream.status
        if status not in STOPPED:
            return
        stream.answer_pushes()
        came = tap.wait(partial(announces, status))
        verify(
            ANNOUNCED,
            announces(status, came),
            expected=f"an announcement that the stream is {status}, after pushes to it met"
            f" with {rebuff}",
            got=[one.event_type for one in came] or "nothing within the patience",
        )


@judges(UNASKED, needs=Needs(stream=True, model="explicit", operations=("update_status",)))
def test_a_change_that_was_asked_for_may_be_announced(transmitter: RemoteTransmitter) -> None:
    """What the Receiver itself has asked for is announced or not."""
    with transmitter.new_stream() as stream:
        tap = Tap(stream)
        for status in ("paused", "enabled"):
            stream.update_status(status)
        announced = [one for one in tap.wait(bool, patience_s=1.0) if is_announcement(one)]
        observe(UNASKED, f"a change that was asked for is{'' if announced else ' not'} announced")


@by_each_delivery
@judges(REFRESH, needs=IDLES)
def test_activity_keeps_a_stream(transmitter: RemoteTransmitter, delivery: str) -> None:
    """A Receiver that is heard of before the inactivity_timeout is over keeps its stream."""
    if not receives_by(transmitter, delivery):
        return
    with stream_by(transmitter, delivery) as stream:
        timeout = timeout_of(stream)
        if timeout is None:
            return
        activities = activities_of(stream, delivery)
        named = []
        for operation, act in activities:
            transmitter.wait(timeout * SHARE_OF_TIMEOUT)
            # A refused request may not count as activity. Reading the stream certainly does.
            if not act().served:
                stream.fetch()
            named.append(operation)
        answer = stream.read_status()
        shown = stream.status_in(answer).get("status")
        readable = shown in (*STOPPED, "enabled") or answer.status == 404
        require(readable, f"the status can't be read: {answer.text}")
        verify(
            REFRESH,
            shown == "enabled",
            expected=f"enabled: every {timeout * SHARE_OF_TIMEOUT:.0f} s there was one of"
            f" {', '.join(named)}, and the inactivity_timeout is {timeout} s",
            got=answer.text,
        )


@by_each_delivery
@judges(INACTIVE, ACTION, *FREE_TO_ACT, needs=IDLES)
def test_a_stream_that_is_stopped_for_inactivity_says_so(
    transmitter: RemoteTransmitter, delivery: str
) -> None:
    """A stream that is paused or disabled once nobody was heard of for too long announces it."""
    if not receives_by(transmitter, delivery):
        return
    with stream_by(transmitter, delivery) as stream:
        timeout = timeout_of(stream)
        if timeout is None:
            return
        tap = Tap(stream)
        transmitter.wait(timeout + 1)
        status = stream.status
        observe(ACTION, f"after {timeout} s without activity the stream is {status or 'gone'}")
        if status not in STOPPED:
            return
        observe(FREE_TO_ACT[0], f"the stream is {status} for inactivity")
        came = tap.wait(partial(announces, status))
        if not announces(status, came):
            # SETs that can't be polled now may come once the stream is enabled.
            if transmitter.offers("update_status"):
                stream.update_status("enabled")
            came = tap.wait(partial(announces, status))
        verify(
            INACTIVE,
            announces(status, came),
            expected=f"an announcement that the stream is {status}",
            got=[one.event_type for one in came] or "nothing within the patience",
        )


def acted(stream: Stream, status: str) -> list[Arrival]:
    """Have the Transmitter change the status, and return the announcements that follow."""
    tap = Tap(stream)
    stream.act_on_status(status, reason=WHY)
    came = tap.wait(partial(announces, status))
    if stream.operations.offers("read_status"):
        shown = stream.status
        require(shown == status, f"the hook did not make the stream {status}: it is {shown}")
    # The announcement of an earlier change may have come late.
    fitting = [one for one in came if announces(status, [one])]
    return fitting or [one for one in came if is_announcement(one)]


def activities_of(stream: Stream, delivery: str) -> tuple[tuple[str, Callable[[], Answer]], ...]:
    """Return what counts as activity of the Receiver: polls on a polled stream, otherwise calls."""
    if delivery == "poll":
        return (("poll", lambda: stream.poll().answer),) * 3
    bodies = {
        "update_stream": {"description": "still here"},
        "read_status": None,
        "verify": {},
        "read_stream": None,
    }
    return tuple(
        (operation, partial(stream.send, operation, body=body))
        for operation, body in bodies.items()
        if stream.operations.offers(operation)
    )


def timeout_of(stream: Stream) -> int | None:
    """Return the inactivity_timeout in seconds, or None if there is none."""
    found = stream.read().get("inactivity_timeout")
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def verify_announcement(stream: Stream, arrival: Arrival, status: str) -> None:
    """Judge the contents of a Stream Updated Event, and note its optional parts."""
    payload = arrival.payload
    verify(
        STATUS,
        payload.get("status") == status,
        expected=f"status {status}",
        got=payload,
    )
    if stream.id is not None:
        own = {"format": "opaque", "id": stream.id}
        verify(
            SUBJECT,
            arrival.claims.get("sub_id") == own,
            expected=f"sub_id {own!r}",
            got=arrival.claims.get("sub_id"),
        )
    observe(FREE_TO_ACT, f"the Transmitter has changed the status to {status}")
    if {"reason", "subject"} & set(payload):
        said = "the reason that was given" if payload.get("reason") == WHY else "another reason"
        shown = said if isinstance(payload.get("reason"), str) else "no text as its reason"
        observe(REASON, f"the announcement has {shown}")
    lists = ("events_supported", "events_requested", "events_delivered")
    if not any(arrival.event_type in event_types_in(stream.configuration, one) for one in lists):
        observe(OUTSIDE_LISTS, f"{arrival.event_type} comes, and is in none of the lists")
