"""Variants of polling and acknowledging: RFC 8936, and a dialect of its own."""

from dataclasses import replace

from mock_transmitter.deviations.documents import (
    with_body,
)
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation, Proceed
from mock_transmitter.http.operations import Call, Outcome, Reply
from mock_transmitter.keys import SigningKey
from mock_transmitter.transmitter import Batch


@variant
class MoreAvailableIsLeftOut(Deviation):
    """moreAvailable is left out where it would be false."""

    exercises = ("RFC8936-2.3-MORE-OMITTED",)

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Leave it unsaid."""
        del key
        return replace(batch, more_available=batch.more_available or None)


@variant
class PollAnswersOneSetAtATime(Deviation):
    """A poll returns one SET at most, whatever maximum it states."""

    exercises = ("RFC8936-2.2-MAXEVENTS-OMITTED", "VEPA-POLL-NO-MORE-AVAILABLE")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Ask for one."""
        if call.operation == "poll" and call.body.get("maxEvents") != 0:
            call = with_body(call, maxEvents=1)
        return proceed(call)


@variant
class PollAnswersInReverseOrder(Deviation):
    """The SETs of one answer stand in it newest first."""

    exercises = ("RFC8936-2.2-ORDER-FREE",)

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Reverse them."""
        del key
        return replace(batch, sets=dict(reversed(list(batch.sets.items()))))


@variant
class AcknowledgeAnswers204(Deviation):
    """An acknowledgement that is a call of its own is answered with an empty 204."""

    exercises = ("VEPA-ACK-PATH",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Answer so."""
        outcome = proceed(call)
        return Reply(status=204) if call.operation == "acknowledge" else outcome
