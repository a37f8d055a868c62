"""Variants of what follows from the answer to a push: RFC 8935 sections 2 and 4."""

from dataclasses import replace

from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation
from mock_transmitter.push import Attempt, PushOutcome

_TRANSIENT = frozenset({"authentication_failed", "access_denied"})


@variant
class DeniedSetIsPushedAgain(Deviation):
    """A SET is pushed again where the Receiver may think better of its refusal."""

    exercises = ("RFC8935-2-RESEND-ALLOWED",)

    def pushed(self, outcome: PushOutcome, attempt: Attempt) -> PushOutcome:
        """Count these codes as failures that may pass."""
        del attempt
        return replace(outcome, ending="failed") if outcome.err in _TRANSIENT else outcome


@variant
class PushWithoutAnswerMayHaveArrived(Deviation):
    """A SET whose push got no answer at all is taken for delivered, for it may have been."""

    exercises = ("RFC8935-2-RESEND-ALLOWED",)

    def pushed(self, outcome: PushOutcome, attempt: Attempt) -> PushOutcome:
        """Count it so."""
        del attempt
        unknown = outcome.ending == "failed" and not outcome.reason.startswith("answered")
        return replace(outcome, ending="delivered") if unknown else outcome
