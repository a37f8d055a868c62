"""Variants of verification: SSF 1.0 section 8.1.4."""

from mock_transmitter.deviations.documents import with_configurations, with_header, without
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.deviations.seams import Deviation, Proceed
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome

_TOO_MANY_REQUESTS = 429

TOO_SOON = (
    "SSF-8.1.1-MIN-VERIF-429",
    "SSF-8.1.4.2-ERR-429",
    "SSE-7.1.2-MIN-VERIF-429",
    "SSE-7.1.4.2-ERR-429",
    "JAMF-429-RULE",
)


@variant
class UnsolicitedVerification(Deviation):
    """A new poll stream begins with a Verification Event that nobody asked for."""

    exercises = ("SSF-8.1.4-UNSOLICITED-VERIFICATION", "SSF-8.1.4.2-ASYNC")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Send it; it does not count against the interval."""
        outcome = proceed(call)
        if call.operation == "create_stream" and call.transmitter.profile.offers("verify"):
            stream = call.transmitter.streams(call.audience)[-1]
            call.transmitter.verify(stream, None)
            stream.verified_at = None
        return outcome


@variant
class VerificationMayBeRequestedAnyTime(Deviation):
    """A verification request that comes too soon is served all the same."""

    exercises = TOO_SOON

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Forget the one before."""
        stream = target(call)
        if call.operation == "verify" and stream is not None:
            stream.verified_at = None
        return proceed(call)


@variant
class NoIntervalIsShown(Deviation):
    """The interval between verification requests is kept and not shown."""

    exercises = TOO_SOON

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Leave it out."""
        return with_configurations(
            proceed(call), lambda document: without(document, "min_verification_interval")
        )


@variant
class TooSoonHasNoRetryAfter(Deviation):
    """A verification request that comes too soon is answered with 429 and no Retry-After."""

    exercises = TOO_SOON

    def response(self, response: Response, operation: str | None) -> Response:
        """Take it away."""
        if operation != "verify" or response.status != _TOO_MANY_REQUESTS:
            return response
        return with_header(response, "retry-after", None)
