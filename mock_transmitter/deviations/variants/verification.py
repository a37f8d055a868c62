"""Variants of verification: SSF 1.0 section 8.1.4."""

from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation, Proceed
from mock_transmitter.http.operations import Call, Outcome


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
