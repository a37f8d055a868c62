"""Variants of the dialect that acknowledges in a call of its own."""

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.authorisation import POLLING
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.operations import Call, Outcome


@variant
class ErrorReportsAreRefused(Deviation):
    """A poll or an acknowledgement with setErrs is refused with 400."""

    on = POLLING
    exercises = ("VEPA-NO-SETERRS",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if "setErrs" in call.body:
            raise InvalidRequest("errors are not reported here", "setErrs")
        return proceed(call)
