"""The consequences of the answer to a push: RFC 8935, sections 2 to 2.4 and 4."""

from collections.abc import Mapping, Sequence

import pytest

from conformance.judging import Blocked, Needs, judges, observe, verify
from conformance.receiver.push_replies import (
    ACCEPTED,
    Push,
    Reply,
    answered,
    redirected,
    refused,
    reset,
    silent,
)
from conformance.receiver.pushes import sets_in
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.spec.requirement import Grade

# Section 2.4. The first means that the SET itself is wrong, so repeating it can't help.
STRUCTURAL = "invalid_request"
REGISTERED = (
    STRUCTURAL,
    "invalid_key",
    "invalid_issuer",
    "invalid_audience",
    "authentication_failed",
    "access_denied",
)
# The registry is open. The first is from SSF 1.0, section 8.1.4.2, the other is made up.
OTHERS = ("invalid_state", "out_of_biscuits")

PASSING: Mapping[str, Reply] = {
    "500": answered(500),
    "503": answered(503, retry_after_s=2),
    "429": answered(429, retry_after_s=2),
    "reset": reset(),
}
ODD: Mapping[str, Reply] = {
    "401": answered(401),
    "403": answered(403),
    "a redirect to nowhere": redirected("https://receiver.invalid/elsewhere"),
    "400 without an error code": answered(400),
    "200, which is no success here": answered(200),
    "a reset": reset(),
    "no answer": silent(),
}

STOPPED = ("paused", "disabled")

# A Transmitter may retry at once, but not again and again.
MOST_IN_A_MOMENT = 3
MOMENT_S = 1.0
# One retry of an accepted SET means that the answer was lost, many mean that it was ignored.
MOST_AFTER_202 = 3
# The longest walk, in seconds, where the clock can be moved.
DAY_S = 86400.0


def needs(sets: int) -> Needs:
    """Return the needs of a case that has that number of SETs pushed."""
    return Needs(stream=True, sets=sets, delivery="push")


def jti_of(push: Push) -> str | None:
    """Return the jti of the SET in a push, or None if it has none."""
    return next((jti for jti, _ in sets_in(push)), None)


def next_push(stream: Stream, *, patience_s: float | None = None) -> Push | None:
    """Raise a SET and return the first push of a new one, or None if none comes.

    Raises Blocked if a push came whose SET can't be told from another.
    """
    known = {jti_of(push) for push in stream.pushes}

    def fresh(pushes: Sequence[Push]) -> list[Push]:
        return [push for push in pushes if jti_of(push) not in known]

    enable(stream)
    stream.raise_set()
    came = stream.await_pushes(lambda pushes: bool(fresh(pushes)), patience_s=patience_s)
    stream.require_readable_pushes()
    return next(iter(fresh(came)), None)


def first_push(stream: Stream) -> Push:
    """Raise a SET and return its push. Raises Blocked if none comes."""
    push = next_push(stream)
    if push is None:
        raise Blocked("no SET was pushed within the patience; does the target reach --push-url?")
    return push


def times(pushes: Sequence[Push], first: Push) -> int:
    """Return how many times the SET of a push was pushed."""
    return sum(jti_of(push) == jti_of(first) for push in pushes)


def retries_in(stream: Stream) -> float | None:
    """Return how many seconds to wait for retries; None is the operator's patience.

    A Receiver that is silent for an inactivity_timeout may find its stream stopped (section 8.1.1).
    """
    if not stream.operations.clock.movable:
        return None
    timeout = stream.configuration.get("inactivity_timeout")
    return min(DAY_S, timeout / 2) if isinstance(timeout, int) and timeout > 0 else DAY_S


def enable(stream: Stream) -> None:
    """Enable a stream that was suspended, which is allowed (SSF 1.0 section 8.1.2)."""
    if not stream.operations.offers("update_status"):
        return
    if stream.status in STOPPED:
        stream.send("update_status", body={"status": "enabled"})


@judges("RFC8935-2.2-HANDLES-202", "RFC8935-2-NO-NEEDLESS-RESEND", needs=needs(2))
def test_a_set_that_was_taken_comes_no_more(transmitter: RemoteTransmitter) -> None:
    """A 202 ends the delivery of a SET, and the next SET comes as usual."""
    with transmitter.new_push_stream() as stream:
        first = first_push(stream)
        again = times(stream.await_pushes(lambda _: False), first) - 1
        verify(
            "RFC8935-2-NO-NEEDLESS-RESEND",
            not again,
            expected="no other push of a SET that was answered 202",
            got=f"{again} more of jti {jti_of(first)}",
        )
        verify(
            "RFC8935-2.2-HANDLES-202",
            next_push(stream) is not None and again < MOST_AFTER_202,
            expected="a 202 taken as success: the next SET is pushed, and that one is not",
            got=f"{again} more of jti {jti_of(first)}, or no push of the next SET",
        )


@judges("RFC8935-2-NO-NEEDLESS-RESEND", needs=needs(1))
def test_a_set_that_is_wrong_in_itself_comes_no_more(transmitter: RemoteTransmitter) -> None:
    """A SET that the Receiver can't parse is not pushed again: it stays what it is."""
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(afterwards=refused(STRUCTURAL))
        first = first_push(stream)
        again = times(stream.await_pushes(lambda _: False), first) - 1
        verify(
            "RFC8935-2-NO-NEEDLESS-RESEND",
            not again,
            expected=f"no other push of a SET that was answered 400 with err {STRUCTURAL}",
            got=f"{again} more of jti {jti_of(first)}",
        )


@pytest.mark.parametrize(
    ("requirement", "codes"),
    [("RFC8935-2.3-HANDLES-400-ERR", REGISTERED), ("RFC8935-2.4-UNKNOWN-ERR-CODE", OTHERS)],
    ids=["registered", "not registered"],
)
@judges(
    "RFC8935-2.3-HANDLES-400-ERR",
    "RFC8935-2.4-UNKNOWN-ERR-CODE",
    needs=needs(len(REGISTERED) + 1),
)
def test_a_refused_set_does_not_hold_the_next_one_up(
    transmitter: RemoteTransmitter, requirement: str, codes: Sequence[str]
) -> None:
    """After a 400 with an error code, whichever it is, the next SET is pushed."""
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(*map(refused, codes), again=ACCEPTED)
        first_push(stream)
        for code in codes:
            verify(
                requirement,
                next_push(stream, patience_s=retries_in(stream)) is not None,
                expected=f"a push of the next SET after one that was answered 400, err {code}",
                got="none within the patience",
            )


@pytest.mark.parametrize("failure", PASSING)
@judges("RFC8935-4-RETRY-STRATEGY", needs=needs(1))
def test_a_set_outlives_a_failure_that_passes(transmitter: RemoteTransmitter, failure: str) -> None:
    """A SET whose push failed for a time is pushed again, until it is taken.

    Whether what got no answer has arrived is anybody's guess, and either guess is right
    (section 4).
    """
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(PASSING[failure])
        first = first_push(stream)
        again = times(
            stream.await_pushes(
                lambda pushes: times(pushes, first) > 1, patience_s=retries_in(stream)
            ),
            first,
        )
        if again < 2 and not transmitter.clock.movable:
            raise Blocked("no second push within the patience; raise --patience?")
        if again < 2 and transmitter.offers("read_status") and stream.status in STOPPED:
            raise Blocked("the stream was stopped for it, which other rows judge")
        verify(
            "RFC8935-4-RETRY-STRATEGY",
            again > 1,
            expected=f"another push of jti {jti_of(first)}, of which the first met with {failure}",
            got="none in all the time that it was waited for",
            at_most=Grade.NOTE if PASSING[failure].resets else None,
        )


@judges("RFC8935-4-RETRY-STRATEGY", needs=needs(len(ODD) + 1))
def test_no_answer_to_one_set_ends_the_stream(transmitter: RemoteTransmitter) -> None:
    """Whatever one push is answered, or not answered, the next SET is pushed.

    It may have to wait until the one before has been tried again.
    """
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(*ODD.values(), again=ACCEPTED)
        first_push(stream)
        for name in ODD:
            came = next_push(stream, patience_s=retries_in(stream)) is not None
            if not came and not transmitter.clock.movable:
                raise Blocked("no push of the next SET within the patience; raise --patience?")
            verify(
                "RFC8935-4-RETRY-STRATEGY",
                came,
                expected=f"a push of the next SET after one that met with {name}",
                got="none in all the time that it was waited for",
            )
            if not came:
                return


@pytest.mark.parametrize("failure", PASSING)
@judges("RFC8935-2-RESEND-DELAY", needs=needs(1))
def test_a_receiver_in_trouble_is_given_time(transmitter: RemoteTransmitter, failure: str) -> None:
    """A SET whose push fails is not pushed again and again within a moment."""
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(afterwards=PASSING[failure])
        first = first_push(stream)
        stream.await_pushes(MOST_IN_A_MOMENT + 1, patience_s=MOMENT_S)
        # A clock that can be moved may also run by itself.
        came = [one.at for one in stream.history.deliveries if one.jti == jti_of(first)]
        at_once = sum(at - came[0] <= MOMENT_S for at in came)
        verify(
            "RFC8935-2-RESEND-DELAY",
            at_once <= MOST_IN_A_MOMENT,
            expected=f"no more than {MOST_IN_A_MOMENT} pushes of one SET within some {MOMENT_S} s",
            got=f"{at_once}",
        )


@judges("RFC8935-2-RESEND-ALLOWED", needs=needs(1))
def test_a_set_may_come_again_whatever_it_was_answered(transmitter: RemoteTransmitter) -> None:
    """A SET that was refused for a reason that may pass may be pushed again."""
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(refused("access_denied"))
        first = first_push(stream)
        again = times(stream.await_pushes(lambda found: times(found, first) > 1), first) - 1
        if again:
            observe("RFC8935-2-RESEND-ALLOWED", "pushed again after 400 with err access_denied")
