"""Long polls: RFC 8936, sections 2.2, 2.4 and 2.5, and a vendor's page about its own call."""

import pytest

from conformance.judging import judges, verify
from conformance.judging.poll_sequences import (
    KEPT,
    RELEASED_BY_RFC,
    SETTLES_S,
    polls,
    require_polls,
    verify_kept,
    verify_released,
)
from conformance.receiver.answer import Answer, NoAnswer
from conformance.receiver.held_poll import HeldPoll
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.spec.requirement import Grade

POLLS = polls(1)
HOLDS = ("RFC8936-2.5-LONGPOLL-HOLDS", "VEPA-POLL-RETURN-IMMEDIATELY")

# The Transmitter decides how long it holds a poll. A poll that is answered within so many seconds
# was not held at all.
FLOOR_S = 0.5
# A Transmitter may look for new SETs only from time to time.
WAKES_WITHIN_S = (0.25, 0.5, 1.0, 2.0)


@pytest.mark.parametrize("asked", [None, False], ids=["absent", "false"])
@judges("RFC8936-2.2-LONGPOLL-DEFAULT", *HOLDS, needs=POLLS)
def test_a_poll_is_held_until_a_set_comes(
    transmitter: RemoteTransmitter,
    asked: bool | None,  # noqa: FBT001 (as the wire has it)
) -> None:
    """With nothing to deliver a poll is held, and the SET that comes ends it."""
    if asked is not long_poll(transmitter) and asked is None:
        return  # a dialect may have another default, or an unknown one
    default = ("RFC8936-2.2-LONGPOLL-DEFAULT",) if asked is None else ()
    with transmitter.new_stream() as stream:
        stream.drain()
        require_polls(stream)
        began = transmitter.clock.now()
        with stream.start_poll(return_immediately=asked) as held:
            transmitter.clock.advance(FLOOR_S)
            early = held.answered()
            got = stream.receive(held).answer.text if early else "held"
            verify(
                (*default, *HOLDS),
                not early,
                expected=f"a poll that is held for {FLOOR_S} s or more",
                got=got,
            )
            if early:
                return
            stream.raise_set()
            wake(stream, held)
            over = held.answered()
            waiting = {} if over else stream.poll().sets
            over = held.answered() if waiting else over or stream.await_answer(held)
            came = over and stream.receive(held).sets
            waiting = waiting or stream.poll().sets
            # The poll may have timed out with an empty answer just before the SET came.
            verify(
                HOLDS,
                over or not waiting,
                expected="the SET to end the poll that was held",
                got="the poll is still held, and another one gets the SET",
            )
            verify(
                "RFC8936-2.5-LONGPOLL-HOLDS",
                came or waiting,
                expected="the SET, from the poll that was held or from the next",
                got="no SET",
            )

            if over and not came and waiting:
                stream.acknowledge(list(waiting))
                verify_ended_by_itself(stream, asked, seconds=transmitter.clock.now() - began)


def verify_ended_by_itself(stream: Stream, asked: bool | None, *, seconds: float) -> None:  # noqa: FBT001 (as the wire has it)
    """Judge a poll that a SET ended with an empty answer, by another one without any SET.

    If that one is held longer, the SET ended the first poll, which then should have carried it.
    """
    stream.drain()
    with stream.start_poll(return_immediately=asked) as held:
        stream.operations.clock.advance(seconds + FLOOR_S)
        ended = held.answered()
    verify(
        HOLDS,
        ended,
        expected="the SET in the answer of the poll that it has ended",
        got=f"no SET, from a poll that is held for more than {seconds:.1f} s where none comes",
    )


@judges(*HOLDS, needs=POLLS)
def test_a_long_poll_brings_what_waits(transmitter: RemoteTransmitter) -> None:
    """A SET that waits before a long poll begins is in its answer, not in that of the next poll."""
    with transmitter.new_stream() as stream:
        missed: list[str] = []
        # A SET may be queued just after one poll has ended, but not every time.
        for _ in range(2):
            stream.drain()
            stream.raise_set()
            transmitter.clock.advance(SETTLES_S)
            if stream.poll(return_immediately=long_poll(transmitter)).sets:
                break
            missed += stream.poll().sets
        verify(
            HOLDS,
            len(missed) < 2,
            expected="the SET that waits, from a long poll",
            got="no SET from a long poll, and then one from a poll that asks for no delay",
        )


def wake(stream: Stream, held: HeldPoll[Answer]) -> None:
    """Give a held poll a few seconds in which a new SET may end it."""
    for seconds in WAKES_WITHIN_S:
        if held.answered():
            return
        stream.operations.clock.advance(seconds)


def long_poll(transmitter: RemoteTransmitter) -> bool | None:
    """Return the returnImmediately for a long poll: None where that is the default."""
    return False if transmitter.profile.poll.return_immediately_default is None else None


@judges(
    "RFC8936-2.5-STATUS-200",
    "RFC8936-2.3-SETS-EMPTY",
    "VEPA-POLL-EMPTY",
    needs=polls(0),
)
def test_a_poll_that_was_held_in_vain_is_answered_like_any_other(
    transmitter: RemoteTransmitter,
) -> None:
    """At the end of its time a long poll gets 200 and no SETs, as one that asks for no delay."""
    with transmitter.new_stream() as stream:
        stream.drain()
        with stream.start_poll(return_immediately=long_poll(transmitter)) as held:
            if not stream.await_answer(held):
                return
            answer = stream.receive(held).answer
        verify(
            "RFC8936-2.5-STATUS-200",
            answer.status == 200 and answer.is_json,
            expected="200 and JSON from a long poll that was held in vain",
            got=answer.text,
            at_most=Grade.WARN if answer.served and answer.is_json else None,
        )
        document = answer.document if isinstance(answer.document, dict) else {}
        if answer.served:
            verify(
                "RFC8936-2.3-SETS-EMPTY",
                document.get("sets") == {},
                expected="sets to be an empty object",
                got=answer.text,
            )
        verify(
            "VEPA-POLL-EMPTY",
            answer.served and document.get("sets", {}) == {},
            expected="a success with an empty sets map, or none",
            got=answer.text,
        )


@judges("RFC8936-2.4.2-ACKONLY-LONGPOLL", needs=POLLS)
def test_a_poll_for_no_sets_is_held_as_well(transmitter: RemoteTransmitter) -> None:
    """An acknowledge-only request that doesn't ask for an immediate answer waits like any other."""
    with transmitter.new_stream() as stream:
        waiting = list(stream.obtain_sets())
        with stream.start_poll(max_events=0, ack=waiting) as held:
            transmitter.clock.advance(FLOOR_S)
            early = held.answered()
            verify(
                "RFC8936-2.4.2-ACKONLY-LONGPOLL",
                not early,
                expected=f"a request that is held for {FLOOR_S} s or more",
                got=stream.receive(held).answer.text if early else "held",
            )


@judges("RFC8936-2.4.3-COMBINED", "RFC8936-2.2-ACK-ACCEPTED", needs=POLLS)
def test_a_held_poll_acknowledges_at_once(transmitter: RemoteTransmitter) -> None:
    """What a held poll acknowledges is released while it waits, and does not end it."""
    with transmitter.new_stream() as stream:
        first = list(stream.obtain_sets())
        with stream.start_poll(return_immediately=long_poll(transmitter), ack=first) as held:
            transmitter.clock.advance(FLOOR_S)
            held.answered()
            verify_released(stream, first, rows=RELEASED_BY_RFC)
            stream.raise_set()
            stream.await_answer(held)
            if not held.answered():
                return
            result = stream.receive(held, ack=first)
            verify(
                "RFC8936-2.4.3-COMBINED",
                result.answer.served and not set(first) & set(result.sets),
                expected="200 without what the same request acknowledged",
                got=result.answer.text,
            )


@judges("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED", needs=POLLS)
def test_a_poll_that_is_let_go_loses_nothing(transmitter: RemoteTransmitter) -> None:
    """A SET that comes after a Receiver has hung up in a long poll is there for its next poll."""
    with transmitter.new_stream() as stream:
        stream.drain()
        with stream.start_poll(
            return_immediately=long_poll(transmitter), timeout_s=FLOOR_S
        ) as held:
            hung_up = was_let_go(stream, held)
        if not hung_up:
            return
        stream.raise_set()
        came = list(stream.await_sets_that(bool))
        verify_not_lost(stream, came, "the SET that came after the Receiver had hung up")


def was_let_go(stream: Stream, held: HeldPoll[Answer]) -> bool:
    """Return whether a poll was still held when the suite closed the connection."""
    try:
        stream.receive(held)
    except NoAnswer:
        return True
    return False


@judges(
    "RFC8936-2-UNACKED-KEPT",
    "VEPA-UNACKED-REDELIVERED",
    "RFC8936-2.5-STATUS-200",
    needs=POLLS,
)
def test_two_held_polls_lose_nothing(transmitter: RemoteTransmitter) -> None:
    """A SET that comes while two polls of one stream are held arrives in one of them, or later."""
    with transmitter.new_stream() as stream:
        stream.drain()
        asked = long_poll(transmitter)
        with (
            stream.start_poll(return_immediately=asked) as first,
            stream.start_poll(return_immediately=asked) as second,
        ):
            transmitter.clock.advance(FLOOR_S)
            early = [stream.receive(one).answer for one in (first, second) if one.answered()]
            for answer in early:
                verify(
                    "RFC8936-2.5-STATUS-200",
                    answer.served,
                    expected="a second long poll of a stream to be as good as the first",
                    got=answer.text,
                )
            if early:
                return
            stream.raise_set()
            stream.await_answer(first, second)
            came = {
                jti
                for held in (first, second)
                if held.answered()
                for jti in stream.receive(held).sets
            }
        came |= set(stream.await_sets_that(bool)) if not came else set()
        verify_not_lost(stream, list(came), "the SET that came while two polls were held")


def verify_not_lost(stream: Stream, came: list[str], what: str) -> None:
    """Judge that a SET has come, and, if that takes no real time, that it comes again."""
    if not came:
        verify(KEPT, held=False, expected=what, got="no SET within the patience")
    if came:
        verify_kept(stream, came)


@judges(*KEPT, "RFC8936-2.2-MAXEVENTS-LIMIT", "VEPA-POLL-MAX-EVENTS", needs=polls(2))
def test_what_ends_a_held_poll_is_bound_by_its_limit_and_kept(
    transmitter: RemoteTransmitter,
) -> None:
    """Of two SETs that come while a poll for one is held, it brings one, and both come again."""
    with transmitter.new_stream() as stream:
        stream.drain()
        with stream.start_poll(return_immediately=long_poll(transmitter), max_events=1) as held:
            transmitter.clock.advance(FLOOR_S)
            if held.answered():
                return
            stream.raise_set()
            stream.raise_set()
            if not stream.await_answer(held):
                return
            brought = stream.receive(held).sets
        verify(
            ("RFC8936-2.2-MAXEVENTS-LIMIT", "VEPA-POLL-MAX-EVENTS"),
            len(brought) <= 1,
            expected="one SET at most from a held poll with maxEvents 1",
            got=f"{len(brought)} SETs",
        )
        verify_kept(stream, list(brought), raised=2)
