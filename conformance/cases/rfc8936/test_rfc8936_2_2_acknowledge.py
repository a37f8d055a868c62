"""Acknowledging: RFC 8936, section 2.2, and a vendor's page about its own call."""

import pytest

from conformance.generate.polls import UNHEARD_OF, whole_poll
from conformance.judging import Needs, judges, observe, require, verify
from conformance.judging.poll_sequences import (
    KEPT,
    RELEASED,
    SETTLES_S,
    collect,
    credential_of_the_second,
    polls,
    stream_of_the_second,
    verify_kept,
    verify_released,
)
from conformance.receiver.remote_transmitter import GARBAGE, RemoteTransmitter
from conformance.spec.requirement import Grade
from conformance.target.credentials import Bearer

# More acknowledgements than a Receiver usually sends in one request.
MANY = 15
HALF_A_DAY_S = 43_200.0
HARMLESS = ("RFC8936-2.2-ACK-UNKNOWN-JTI", "VEPA-ACK-UNKNOWN")


@judges(*KEPT, *RELEASED, "RFC8936-2-ACKED-NOT-RETAINED", "RFC8936-2.4-REDELIVERY", needs=polls(4))
def test_what_is_acknowledged_goes_and_the_rest_stays(transmitter: RemoteTransmitter) -> None:
    """Of four SETs two are acknowledged: those stay away, the others come again."""
    with transmitter.new_stream() as stream:
        first, second, third, fourth = list(stream.obtain_sets(4))[:4]
        stream.poll(max_events=1)  # an ack may refer to any answer, not only to the latest
        stream.acknowledge([second, fourth])
        verify_released(stream, [second, fourth])
        verify_kept(stream, [first, third])
        observe("RFC8936-2.4-REDELIVERY", "what was not acknowledged came again")
        observe("RFC8936-2-ACKED-NOT-RETAINED", "what was acknowledged did not")


@judges(*KEPT, *RELEASED, needs=polls(MANY))
def test_a_dozen_sets_come_and_go(transmitter: RemoteTransmitter) -> None:
    """Of a dozen SETs and three, those acknowledged by three and by eleven go, and one stays."""
    with transmitter.new_stream() as stream:
        for _ in range(MANY):
            stream.raise_set()
        came = list(stream.await_sets_that(lambda seen: len(seen) >= MANY))
        stream.acknowledge(came[1:4])
        stream.acknowledge(came[4:])
        verify_released(stream, came[1:])
        verify_kept(stream, came[:1], raised=MANY)


@judges(*RELEASED, *HARMLESS, needs=polls(2))
def test_a_long_acknowledgement_counts_to_its_end(transmitter: RemoteTransmitter) -> None:
    """Among 1,000 jtis, of which two are known, those two are released."""
    with transmitter.new_stream() as stream:
        known = list(stream.obtain_sets(2))[:2]
        answer = stream.acknowledge([*UNHEARD_OF[:499], known[0], *UNHEARD_OF[499:], known[1]])
        verify(
            HARMLESS,
            answer.served,
            expected="1,000 jtis to be taken, known or not",
            got=answer.text,
            at_most=Grade.WARN,
        )
        if answer.served:
            verify_released(stream, known)


@judges(*RELEASED, *HARMLESS, *KEPT, "VEPA-ACK-IDEMPOTENT", needs=polls(3))
def test_a_jti_may_be_acknowledged_again_and_twice(transmitter: RemoteTransmitter) -> None:
    """A jti twice in one list, and one that was acknowledged before, do no harm."""
    with transmitter.new_stream() as stream:
        first, second, third = list(stream.obtain_sets(3))[:3]
        twice = stream.acknowledge([first, first, second])
        verify_released(stream, [first, second])
        again = stream.acknowledge([first, second])
        verify(
            (*HARMLESS, "VEPA-ACK-IDEMPOTENT"),
            twice.served and again.served,
            expected="a success each time",
            got=f"{twice.text}, then {again.text}",
        )
        verify_released(stream, [first, second])
        verify_kept(stream, [third])


@judges(*RELEASED, needs=polls(2))
def test_a_late_acknowledgement_counts(transmitter: RemoteTransmitter) -> None:
    """A SET that is acknowledged half a day after it came, or as soon as may be, is released."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets(2))
        if transmitter.clock.movable:
            transmitter.wait(HALF_A_DAY_S)
        stream.acknowledge(found)
        verify_released(stream, found)


@judges("RFC8936-2.2-ACK-EMPTY-OR-ABSENT", *KEPT, needs=polls(2))
def test_an_empty_acknowledgement_releases_nothing(transmitter: RemoteTransmitter) -> None:
    """After an ack of no jti every SET still comes, as after a poll without one."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets(2))
        answer = stream.acknowledge([])
        verify(
            "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
            answer.served,
            expected="an empty ack to be as good as none",
            got=answer.text,
        )
        if not transmitter.offers("acknowledge"):
            stream.send("poll", body=whole_poll(ack=None, setErrs=None))
        verify_kept(stream, found)


@judges(*KEPT, needs=Needs(stream=True, sets=2, delivery="poll", model="explicit"))
def test_an_acknowledgement_is_of_its_own_stream(transmitter: RemoteTransmitter) -> None:
    """The jti of one stream, acknowledged on another of the same Receiver, releases nothing."""
    with transmitter.new_stream() as stream, transmitter.another_stream() as other:
        if other is None:
            return
        found = list(stream.obtain_sets(2))
        other.acknowledge(found)
        verify_kept(stream, found)


@judges(
    *KEPT,
    "SSF-7.1.1-POLL-PROTECTED",
    needs=Needs(stream=True, sets=1, delivery="poll", second_receiver=True, model="explicit"),
)
def test_no_other_receiver_acknowledges(transmitter: RemoteTransmitter) -> None:
    """What another Receiver acknowledges, here or on its own stream, still comes to this one."""
    second = credential_of_the_second(transmitter, "poll")
    with transmitter.new_stream() as stream, stream_of_the_second(transmitter) as other:
        found = list(stream.obtain_sets())
        # An answer to another Receiver released nothing, so it is not in this stream's history.
        operation = "acknowledge" if transmitter.offers("acknowledge") else "poll"
        body = {
            "acknowledge": {"acks": found},
            "poll": {"ack": found, "maxEvents": 0, "returnImmediately": True},
        }[operation]
        answer = stream.send(operation, body=body, credential=second)
        if other is not None:
            other.acknowledge(found)
        came = collect(stream, found)
        verify(
            (*KEPT, "SSF-7.1.1-POLL-PROTECTED"),
            set(found) <= came,
            expected="the SET to come again, for its Receiver did not acknowledge it",
            got=f"no SET; the other Receiver's acknowledgement was answered {answer.text}",
        )


@pytest.mark.parametrize("credential", [None, GARBAGE], ids=["no token", "garbage token"])
@judges(*KEPT, needs=polls(2))
def test_what_is_refused_for_its_token_has_no_effect(
    transmitter: RemoteTransmitter, credential: Bearer | None
) -> None:
    """A poll and an ack that are refused for want of a token take no SET, and release none."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets())
        stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        bodies = {"poll": {"ack": found, "returnImmediately": True}, "acknowledge": {"acks": found}}
        for operation, body in bodies.items():
            if transmitter.offers(operation):
                answer = stream.send(operation, body=body, credential=credential)
                require(answer.refused, f"whoever has no token was answered {answer.text}")
        verify_kept(stream, found, raised=2)


@judges(*KEPT, *RELEASED, needs=Needs(stream=True, sets=3, delivery="poll", model="explicit"))
def test_what_is_done_to_streams_touches_no_set(transmitter: RemoteTransmitter) -> None:
    """After a read, a PATCH, and another stream that comes and goes, what waits is what waited."""
    with transmitter.new_stream() as stream:
        first, second = list(stream.obtain_sets(2))[:2]
        stream.acknowledge([first])
        stream.raise_set()
        stream.fetch()
        if transmitter.offers("update_stream"):
            stream.update({"description": "while SETs wait"})
        with transmitter.another_stream():
            pass
        verify_released(stream, [first])
        verify_kept(stream, [second], raised=3)
