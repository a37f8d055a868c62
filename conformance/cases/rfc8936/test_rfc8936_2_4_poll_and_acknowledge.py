"""Polling and acknowledging in any order: RFC 8936, section 2.4, as a state machine."""

from hypothesis.stateful import MultipleResults, multiple, rule

from conformance.generate import explore
from conformance.judging import Needs, judges, verify
from conformance.judging.poll_sequences import MOST_SETS, FreeReceiver, Settled, loudness_of
from conformance.receiver.remote_transmitter import RemoteTransmitter


class PollAndAcknowledge(FreeReceiver):
    """A Receiver that also acknowledges, and reports errors, in the poll itself."""

    @rule(target=FreeReceiver.jtis, jti=FreeReceiver.jtis)
    def poll_and_acknowledge(self, jti: str) -> MultipleResults[str]:
        """Acknowledge one SET and poll for more in the same request."""
        return multiple(*self.stream.poll(ack=[jti]).sets)

    @rule(jti=FreeReceiver.jtis)
    def report_error(self, jti: str) -> None:
        """Report a SET as invalid, which also releases it."""
        self.stream.poll(
            max_events=0,
            set_errors={jti: {"err": "invalid_request", "description": "a test"}},
        )


def judge_sequence(settled: Settled) -> None:
    """Judge SETs that never came, that did not come again, or that came back when released."""
    verify(
        "RFC8936-2-UNACKED-KEPT",
        len(settled.history.jtis) >= settled.raised,
        expected=f"the {settled.raised} SETs that were raised",
        got=f"{len(settled.history.jtis)} SETs",
    )
    if settled.outstanding:
        verify(
            "RFC8936-2-UNACKED-KEPT",
            not settled.lost,
            expected="every SET that was not acknowledged to come again",
            got=f"{settled.lost} did not, within the patience",
        )
    if settled.history.acknowledgements:
        most = max(settled.returned.values(), default=0)
        verify(
            "RFC8936-2.2-ACK-ACCEPTED",
            not settled.returned,
            expected="an acknowledged SET to be released",
            got=f"answers that carried it afterwards: {settled.returned}",
            at_most=loudness_of(most),
        )


@judges(
    "RFC8936-2.2-ACK-ACCEPTED",
    "RFC8936-2-UNACKED-KEPT",
    needs=Needs(stream=True, sets=MOST_SETS, delivery="poll"),
)
def test_sets_come_until_they_are_acknowledged_and_then_no_more(
    transmitter: RemoteTransmitter,
) -> None:
    """In any order of polls and acks, an unacknowledged SET stays and a released one goes."""
    explore(lambda: PollAndAcknowledge(transmitter, judge_sequence))
