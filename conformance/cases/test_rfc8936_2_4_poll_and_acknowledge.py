"""Polling and acknowledging in any order: RFC 8936, section 2.4, as a state machine.

The machine only records; `history` judges at the end of each sequence.
"""

from contextlib import ExitStack, suppress

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, rule

from conformance.client import Transmitter
from conformance.generate import explore
from conformance.history import History, returned_after_acknowledgement
from conformance.spec.requirement import Grade
from conformance.verdicts import Blocked, Needs, example, judges, verify

# An acknowledged SET may come back once (section 2.4); one that comes back this often was never
# released.
TIMES_NOT_RELEASED = 3
MOST_SETS = 6


class PollAndAcknowledge(RuleBasedStateMachine):
    """A Receiver that polls and acknowledges as it pleases."""

    jtis = Bundle("jtis")

    def __init__(self, transmitter: Transmitter) -> None:
        super().__init__()
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

    @rule(target=jtis, jti=jtis)
    def poll_and_acknowledge(self, jti: str) -> MultipleResults[str]:
        """Acknowledge one SET and poll for more in the same request."""
        return multiple(*self.stream.poll(ack=[jti]).sets)

    @rule(first=jtis, second=jtis)
    def acknowledge(self, first: str, second: str) -> None:
        """Acknowledge without polling."""
        self.stream.acknowledge(list(dict.fromkeys([first, second])))

    def teardown(self) -> None:
        """Wait for what was raised, acknowledge it, and judge the whole history."""
        with self._closing:
            outstanding = self.stream.history.outstanding
            settled = self._settle(outstanding)
            verify_history(self.stream.history, self.raised, outstanding, settled)

    def _settle(self, outstanding: list[str]) -> set[str]:
        """Poll until what was raised or is unacknowledged has come; return what came."""
        history = self.stream.history
        begin = len(history.deliveries)
        missing = max(0, self.raised - len(history.jtis))
        if missing or outstanding:
            with suppress(Blocked):
                self.stream.await_sets(missing + len(outstanding))
        came = {one.jti for one in history.deliveries[begin:]}
        if history.outstanding:
            self.stream.acknowledge(history.outstanding)
        for _ in range(TIMES_NOT_RELEASED):
            if not self.stream.poll().sets:
                break
        return came


class PollAcknowledgeAndReport(PollAndAcknowledge):
    """The same Receiver, which also finds fault with SETs."""

    @rule(jti=PollAndAcknowledge.jtis)
    def report_error(self, jti: str) -> None:
        """Report a SET as invalid, which releases it as well."""
        self.stream.poll(
            max_events=0,
            set_errors={jti: {"err": "invalid_request", "description": "a test"}},
        )


def verify_history(history: History, raised: int, outstanding: list[str], came: set[str]) -> None:
    """Judge what never came, what did not come again, and what came back when released."""
    verify(
        "RFC8936-2-UNACKED-KEPT",
        len(history.jtis) >= raised,
        expected=f"the {raised} SETs that were raised",
        got=f"{len(history.jtis)} SETs",
    )
    lost = [jti for jti in outstanding if jti not in came]
    if outstanding:
        verify(
            "RFC8936-2-UNACKED-KEPT",
            not lost,
            expected="every SET that was not acknowledged to come again",
            got=f"{lost} did not, within the patience",
        )
    if history.acknowledgements:
        returned = returned_after_acknowledgement(history)
        most = max(returned.values(), default=0)
        verify(
            "RFC8936-2.2-ACK-ACCEPTED",
            not returned,
            expected="an acknowledged SET to be released",
            got=f"answers that carried it afterwards: {returned}",
            at_most=None if most >= TIMES_NOT_RELEASED else Grade.WARN,
        )


@judges(
    "RFC8936-2.2-ACK-ACCEPTED",
    "RFC8936-2-UNACKED-KEPT",
    needs=Needs(stream=True, sets=MOST_SETS, delivery="poll"),
)
def test_sets_come_until_they_are_acknowledged_and_then_no_more(transmitter: Transmitter) -> None:
    """In any order of polls and acks, an unacknowledged SET stays and a released one goes."""
    if transmitter.profile.poll.set_errors:
        explore(lambda: PollAcknowledgeAndReport(transmitter))
    else:
        explore(lambda: PollAndAcknowledge(transmitter))
