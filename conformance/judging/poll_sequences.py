"""Sequences of polls and acknowledgements: which SETs must come again, and which must not.

The state machine that cases build on only records. At the end of a sequence it waits for the SETs
that are due, and the case judges.
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

# The rows that are judged wherever SETs are polled, and only in polls of RFC 8936.
KEPT = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
RELEASED = ("RFC8936-2.2-ACK-ACCEPTED", "VEPA-ACK-STOPS-REDELIVERY")
KEPT_BY_RFC, RELEASED_BY_RFC = KEPT[:1], RELEASED[:1]

TIMES_NOT_RELEASED = 3
MOST_SETS = 6

# The time in seconds that a raised SET may take to be queued.
SETTLES_S = 2.0
# More seconds than a busy server takes to answer a request that need not wait.
AT_ONCE_S = 1.5
# RFC 8936 section 2.4 leaves it to an agreement when a SET is delivered again. Where the clock can
# be moved, a day costs nothing and is longer than any reasonable interval.
DAY_S = 86_400.0


@contextmanager
def silence_breaks(requirement: str) -> Iterator[None]:
    """Judge a request in this block that gets no answer as a breach of a requirement.

    Raises NoAnswer, as the request did, so the rest of the case is not reached.
    """
    try:
        yield
    except NoAnswer as silence:
        verify(requirement, held=False, expected="an answer", got=str(silence))
        raise


def require_polls(stream: Stream) -> None:
    """Raise NotReached if the stream can't be polled."""
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

    Another request shows how long the target takes for an answer that need not wait.
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
    """Poll until the wanted SETs have come (again), and as many as were raised in all.

    SETs are acknowledged at once, because a Transmitter may deliver one at a time. Where the clock
    can be moved, this waits as long as a redelivery may take. Where it can't, and missing SETs may
    still come, it raises Blocked.
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
    """Return the seconds within which a redelivery is due; 0 if the profile has no backoff.

    After a give-up window no redelivery is due.
    """
    rules = stream.profile.poll.redelivery
    if rules.model == "give-up-window":
        return 0.0
    return (rules.cap_s or 0.0) * (1 + rules.jitter)


def verify_kept(
    stream: Stream, jtis: Collection[str], *, raised: int = 0, rows: Sequence[str] = KEPT
) -> None:
    """Judge that unacknowledged SETs come again, and that all raised SETs come."""
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
    """Judge that acknowledged SETs do not come again. Once is allowed (RFC 8936 section 2.4)."""
    times = times_returned(stream, jtis)
    verify(
        rows,
        not times,
        expected="acknowledged SETs to be released",
        got=f"{times} answers that carried them afterwards",
        at_most=loudness_of(times),
    )


def _more_than_the_gaps_so_far(stream: Stream) -> float:
    """Return the seconds after which SETs of this stream have come again, with a margin.

    That is the patience if none has come again so far.
    """
    history = stream.history
    seen = [gap.at_most_s for jti in history.jtis for gap in gaps_of(history, jti)]
    return 2 * max(seen) if seen else stream.operations.target.limits.patience_s


def times_returned(stream: Stream, jtis: Collection[str]) -> int:
    """Return how many answers in a row contain one of these SETs; a few polls at most.

    Before each poll a redelivery gets its time. Where the clock can be moved, that is the longest
    one that the profile allows.
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
    """Return the loudest grade for a released SET that came back so many times.

    It may come back once (RFC 8936 section 2.4). If it keeps coming back, it was never released.
    """
    return None if returns >= TIMES_NOT_RELEASED else Grade.WARN


def polls(sets: int) -> Needs:
    """Return the needs of a case that polls for that number of SETs."""
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
    """Make a stream for the second Receiver; yield None if it is refused.

    `members` are Receiver-Supplied properties. If the stream is implicit, it is the one that the
    Receiver already has, and it is restored at the end.
    """
    second = transmitter.target.second_receiver
    if transmitter.profile.stream.model == "implicit":
        with transmitter.borrowed_stream(members, second) as borrowed:
            yield borrowed
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
    """The state at the end of a sequence.

    `outstanding` were unacknowledged, and `came` arrived in the wait that followed.
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
        """Return how many times each released SET came back."""
        return returned_after_acknowledgement(self.history)


class FreeReceiver(RuleBasedStateMachine):
    """Raises SETs, polls, and acknowledges separately; the case implements `judge`.

    `patience_s` limits the wait for SETs that are due. `between_s` passes before each last poll.
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
        """Raise one more SET on the stream."""
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
        """Wait for what is due, acknowledge it, poll for what must not come, and judge."""
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
