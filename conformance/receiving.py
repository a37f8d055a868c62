"""A Receiver that polls and acknowledges as it pleases: the state machine that cases build on.

The machine only records; at the end of a sequence it waits for what is due, and the case judges.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, rule

from conformance.history import History, returned_after_acknowledgement
from conformance.transmitter import Transmitter
from conformance.verdicts import example

# A released SET may come back once (RFC 8936 section 2.4); one that does so this often never was.
TIMES_NOT_RELEASED = 3
MOST_SETS = 6


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

    def __init__(self, transmitter: Transmitter, judge: Callable[[Settled], None]) -> None:
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

    @rule(target=jtis, max_events=st.sampled_from([None, 1, 2]))
    def poll(self, max_events: int | None) -> MultipleResults[str]:
        """Poll without acknowledging."""
        return multiple(*self.stream.poll(max_events=max_events).sets)

    @rule(first=jtis, second=jtis)
    def acknowledge(self, first: str, second: str) -> None:
        """Acknowledge one SET or two, without polling."""
        self.stream.acknowledge(list(dict.fromkeys([first, second])))

    def teardown(self) -> None:
        """Wait for what is due, acknowledge it, look for what should stay away, and judge."""
        with self._closing:
            self._judge(self._settle())

    def _settle(self) -> Settled:
        history = self.stream.history
        outstanding = tuple(history.outstanding)
        came = self._collect(outstanding)
        if history.outstanding:
            self.stream.acknowledge(history.outstanding)
        for _ in range(TIMES_NOT_RELEASED if history.acknowledgements else 0):
            if self.between_s:
                self.stream.transmitter.wait(self.between_s)
            if not self.stream.poll().sets and not self.between_s:
                break
        return Settled(history, self.raised, outstanding, came)

    def _collect(self, outstanding: tuple[str, ...]) -> frozenset[str]:
        """Poll until all that was raised has come, and all that is outstanding has come again.

        What comes is acknowledged at once: a Transmitter may hand out one SET at a time.
        """
        history = self.stream.history
        limits = self.stream.transmitter.target.limits
        patience = limits.patience_s if self.patience_s is None else self.patience_s
        came: set[str] = set()
        waited = 0.0
        step = 0.25
        while waited <= patience:
            if self.raised <= len(history.jtis) and set(outstanding) <= came:
                break
            sets = self.stream.poll().sets
            fresh = set(sets) - came
            came |= set(sets)
            if sets:
                self.stream.acknowledge(list(sets))
            if not fresh:
                self.stream.transmitter.clock.advance(step)
                waited += step
                step = min(step * 2, max(5.0, waited / 5))
        return frozenset(came)
