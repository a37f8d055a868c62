"""How a Receiver receives: what has to come again, what has to stay away, and in any order.

The state machine that cases build on only records; at the end of a sequence it waits for what is
due, and the case judges.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, rule

from conformance.clock import growing_steps
from conformance.judging.checks import example, verify
from conformance.judging.needs import Needs
from conformance.receiver.answer import NoAnswer
from conformance.receiver.connection import Credential
from conformance.receiver.deliveries import History, gaps_of, returned_after_acknowledgement
from conformance.receiver.polling import MOST_POLLS_AT_ONCE
from conformance.receiver.preconditions import Blocked, require
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.spec.requirement import Grade

# What is judged wherever SETs are polled, and in the polls of RFC 8936 alone.
KEPT = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
RELEASED = ("RFC8936-2.2-ACK-ACCEPTED", "VEPA-ACK-STOPS-REDELIVERY")
KEPT_BY_RFC, RELEASED_BY_RFC = KEPT[:1], RELEASED[:1]

TIMES_NOT_RELEASED = 3
MOST_SETS = 6

# How long what was raised may take to be queued, in seconds.
SETTLES_S = 2.0
# More than a busy server takes for an answer that waits for nothing, in seconds.
AT_ONCE_S = 1.5
# RFC 8936 section 2.4 leaves the time after which a SET comes again to an agreement. Where the
# clock can be moved nobody waits for it: a day is more than any that makes sense.
DAY_S = 86_400.0


@contextmanager
def silence_breaks(requirement: str) -> Iterator[None]:
    """Judge a request that gets no answer in this block as a breach of a requirement.

    Raises NoAnswer, as the request did: what follows is not reached.
    """
    try:
        yield
    except NoAnswer as silence:
        verify(requirement, held=False, expected="an answer", got=str(silence))
        raise


def require_polls(stream: Stream) -> None:
    """Go on only where the stream can be polled at all. Raises NotReached."""
    answer = stream.poll().answer
    require(answer.served, f"a poll was answered {answer.text}")


def verify_answers_at_once(
    requirement: str,
    stream: Stream,
    *,
    max_events: int | None = None,
    ack: Sequence[str] | None = None,
) -> None:
    """Judge that a poll which asks for an immediate answer gets one.

    Another request tells how long this target takes for an answer that waits for nothing.
    """
    clock = stream.operations.clock
    before = clock.now()
    stream.fetch()
    between = clock.now()
    with silence_breaks(requirement):
        stream.poll(max_events=max_events, ack=ack)
    usual = between - before
    elapsed = clock.now() - between
    asked = {"maxEvents": max_events, "ack": ack}
    named = [f"{name} {value}" for name, value in asked.items() if value is not None]
    verify(
        requirement,
        elapsed < AT_ONCE_S + 3 * usual,
        expected=f"an answer at once (another request takes {usual:.1f} s)"
        + "".join(f", with {one}" for one in named),
        got=f"an answer after {elapsed:.1f} s",
    )


def collect(
    stream: Stream,
    wanted: Collection[str],
    *,
    raised: int = 0,
    patience_s: float | None = None,
) -> frozenset[str]:
    """Poll until what is wanted has come (again), and as many SETs as were raised in all.

    What comes is acknowledged at once: a Transmitter may hand out one SET at a time. Waits as long
    as a redelivery may take where the clock can be moved; raises Blocked where it can't, and what
    is missing may still come.
    """
    transmitter = stream.operations
    cap_s = longest_gap(stream)
    patience = transmitter.target.limits.patience_s if patience_s is None else patience_s
    if transmitter.clock.movable:
        patience = max(patience, cap_s or DAY_S)
    steps = growing_steps(patience)
    came: set[str] = set()
    at_once = MOST_POLLS_AT_ONCE
    while not (raised <= len(stream.history.jtis) and set(wanted) <= came):
        result = stream.poll()
        require(result.answer.served, f"a poll was answered {result.answer.text}")
        fresh = set(result.sets) - came
        came |= set(result.sets)
        if result.sets:
            stream.acknowledge(list(result.sets))
        if fresh and at_once:
            at_once -= 1
            continue
        step = next(steps, None)
        if step is None:
            if wanted and patience < cap_s:
                raise Blocked(f"no redelivery within the {patience:.0f} s of --patience")
            break
        transmitter.clock.advance(step)
    return frozenset(came)


def longest_gap(stream: Stream) -> float:
    """Return the seconds within which a redelivery is due; 0 where the profile has no backoff.

    After a give-up window nothing is due any more.
    """
    rules = stream.profile.poll.redelivery
    if rules.model == "give-up-window":
        return 0.0
    return (rules.cap_s or 0.0) * (1 + rules.jitter)


def verify_kept(
    stream: Stream, jtis: Collection[str], *, raised: int = 0, rows: Sequence[str] = KEPT
) -> None:
    """Judge that SETs which nobody acknowledged come again, and all that were raised come."""
    came = collect(stream, jtis, raised=raised)
    missing = [jti for jti in jtis if jti not in came]
    verify(
        rows,
        not missing and raised <= len(stream.history.jtis),
        expected=f"{len(jtis)} unacknowledged SETs to come again, and {raised} in all",
        got=f"{missing} did not; {len(stream.history.jtis)} in all",
    )


def verify_released(
    stream: Stream, jtis: Collection[str], *, rows: Sequence[str] = RELEASED
) -> None:
    """Judge that acknowledged SETs stay away; one that comes back once is legal (section 2.4)."""
    times = times_returned(stream, jtis)
    verify(
        rows,
        not times,
        expected="acknowledged SETs to be released",
        got=f"{times} answers that carried them afterwards",
        at_most=loudness_of(times),
    )


def _more_than_the_gaps_so_far(stream: Stream) -> float:
    """Return a time (in seconds) after which SETs of this stream have come back, with a margin.

    Where none has so far, that is the patience.
    """
    history = stream.history
    seen = [gap.at_most_s for jti in history.jtis for gap in gaps_of(history, jti)]
    return 2 * max(seen) if seen else stream.operations.target.limits.patience_s


def times_returned(stream: Stream, jtis: Collection[str]) -> int:
    """Return how many answers in a row carry one of these SETs, looking a few times at most.

    A redelivery has had its time before each look: where the clock can be moved, the longest that
    the profile has.
    """
    pause = longest_gap(stream)
    if pause and not stream.operations.clock.movable:
        pause = _more_than_the_gaps_so_far(stream)
    for times in range(TIMES_NOT_RELEASED):
        if pause:
            stream.operations.wait(pause)
        if not set(jtis) & set(stream.poll().sets):
            return times
    return TIMES_NOT_RELEASED


def loudness_of(returns: int) -> Grade | None:
    """Return how loud it is at the most that a released SET came back so often.

    It may do so once (RFC 8936 section 2.4); one that does so time after time never was released.
    """
    return None if returns >= TIMES_NOT_RELEASED else Grade.WARN


def polls(sets: int) -> Needs:
    """Return the needs of a case that polls for that many SETs."""
    return Needs(stream=True, sets=sets, delivery="poll")


def credential_of_the_second(transmitter: RemoteTransmitter, operation: str) -> Credential:
    """Return the second Receiver's credential for an operation. Raises Blocked without one."""
    channel = transmitter.profile.operations[operation].channel
    found = transmitter.target.second_receiver.get(channel)
    if found is None:
        raise Blocked(
            f"the second Receiver has no credential for {channel};"
            f" [second_receiver.auth.{channel}] in target.toml gives it one"
        )
    return found


@contextmanager
def stream_of_the_second(
    transmitter: RemoteTransmitter,
    **members: Any,  # noqa: ANN401 (JSON)
) -> Iterator[Stream | None]:
    """Give a stream of the second Receiver's, or None where it is refused one.

    `members` are Receiver-Supplied properties. Where the stream is implicit it is the one that the
    Receiver has, put back at the end.
    """
    second = transmitter.target.second_receiver
    if transmitter.profile.stream.model == "implicit":
        with transmitter.borrowed_stream(members, second) as lent:
            yield lent
        return
    answer = transmitter.create_stream(
        {**transmitter.usual_properties(), **members}, credential=second["management"]
    )
    configuration = transmitter.configuration_in(answer)
    made = answer.served and isinstance(configuration.get("stream_id"), str)
    stream = Stream(transmitter, configuration, receiver=second) if made else None
    try:
        yield stream
    finally:
        if stream is not None:
            stream.discard()


@dataclass(frozen=True, slots=True)
class Settled:
    """What a sequence came to.

    `outstanding` were unacknowledged at its end, `came` arrived in the wait that followed.
    """

    history: History
    raised: int
    outstanding: tuple[str, ...]
    came: frozenset[str]

    @property
    def lost(self) -> tuple[str, ...]:
        """Return the unacknowledged SETs that did not come again."""
        return tuple(jti for jti in self.outstanding if jti not in self.came)

    @property
    def returned(self) -> dict[str, int]:
        """Return how often each released SET came back."""
        return returned_after_acknowledgement(self.history)


class FreeReceiver(RuleBasedStateMachine):
    """Raises SETs, polls, and acknowledges on a call of its own; the case says how to `judge`.

    `patience_s` bounds the wait for what is due; `between_s` passes before each last look.
    """

    jtis = Bundle("jtis")
    patience_s: float | None = None
    between_s = 0.0

    def __init__(self, transmitter: RemoteTransmitter, judge: Callable[[Settled], None]) -> None:
        super().__init__()
        self._judge = judge
        self._closing = ExitStack()
        self._closing.enter_context(example())
        self.stream = self._closing.enter_context(transmitter.new_stream())
        self.raised = 0

    @rule()
    def raise_set(self) -> None:
        """Have one more SET put on the stream."""
        if self.raised < MOST_SETS:
            self.stream.raise_set()
            self.raised += 1

    @rule(target=jtis, max_events=st.sampled_from([None, 1, 2, 1000]))
    def poll(self, max_events: int | None) -> MultipleResults[str]:
        """Poll without acknowledging."""
        return multiple(*self.stream.poll(max_events=max_events).sets)

    @rule(first=jtis, second=jtis, third=jtis)
    def acknowledge(self, first: str, second: str, third: str) -> None:
        """Acknowledge up to three SETs, without polling."""
        self.stream.acknowledge(list(dict.fromkeys([first, second, third])))

    def teardown(self) -> None:
        """Wait for what is due, acknowledge it, look for what should stay away, and judge."""
        with self._closing:
            self._judge(self._settle())

    def _settle(self) -> Settled:
        history = self.stream.history
        outstanding = tuple(history.outstanding)
        came = collect(self.stream, outstanding, raised=self.raised, patience_s=self.patience_s)
        if history.outstanding:
            self.stream.acknowledge(history.outstanding)
        for _ in range(TIMES_NOT_RELEASED if history.acknowledgements else 0):
            if self.between_s:
                self.stream.operations.wait(self.between_s)
            if not self.stream.poll().sets and not self.between_s:
                break
        return Settled(history, self.raised, outstanding, came)
