"""Variants of verification: SSF 1.0 section 8.1.4, the 2021 draft's section 7.1.4."""

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.kinds.calls import target, verify_unasked
from mock_transmitter.deviations.kinds.documents import ShownConfiguration, with_header, without
from mock_transmitter.domain.push import PushOutcome
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome

TOO_SOON = (
    "SSF-8.1.1-MIN-VERIF-429",
    "SSF-8.1.4.2-ERR-429",
    "SSE-7.1.2-MIN-VERIF-429",
    "SSE-7.1.4.2-ERR-429",
    "JAMF-429-RULE",
)


@variant_at(
    "operation",
    exercises=(
        "SSF-8.1.4-UNSOLICITED-VERIFICATION",
        "SSF-8.1.4.2-ASYNC",
        "SSE-7.1.4-UNSOLICITED",
        "SSE-7.1.4.2-ASYNC",
    ),
)
def unsolicited_verification(call: Call, proceed: Proceed) -> Outcome:
    """A stream that was made, or an implicit one that was replaced, is verified unasked."""
    outcome = proceed(call)
    verify_unasked(call, None)
    return outcome


@variant
class FailedVerificationPausesTheStream(Deviation):
    """A stream is paused, and says so, when the push of its Verification Event is refused."""

    exercises = ("SSF-8.1.4.1-MAY-DISABLE-UNVERIFIED", "SSE-7.1.4.1-MAY-DISABLE")

    def __init__(self) -> None:
        self._transmitter: Transmitter | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._transmitter = call.transmitter
        return proceed(call)

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        if outcome.ending != "refused" or self._transmitter is None:
            return outcome
        if self._transmitter.profile.sets.verification_event in at.attempt.pending.claims["events"]:
            self._transmitter.act(at.attempt.stream, "paused", reason="verification failed")
        return outcome


@variant_at("operation", on=("verify",), exercises=TOO_SOON)
def verification_may_be_requested_any_time(call: Call, proceed: Proceed) -> Outcome:
    """A verification request that comes too soon is served all the same."""
    stream = target(call)
    if stream is not None:
        stream.verified_at = None
    return proceed(call)


@variant_at(ShownConfiguration, exercises=TOO_SOON)
def no_interval_is_shown(document: Json) -> Json:
    """The interval between verification requests is kept and not shown."""
    return without(document, "min_verification_interval")


@variant_at("response", on=("verify",), exercises=TOO_SOON)
def too_soon_has_no_retry_after(response: Response) -> Response:
    """A verification request that comes too soon is answered with 429 and no Retry-After."""
    if response.status != 429:
        return response
    return with_header(response, "retry-after", None)
