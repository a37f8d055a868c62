"""Variants of the dialect that acknowledges in a call of its own."""

from mock_transmitter.deviations.deviation import Proceed
from mock_transmitter.deviations.entry import variant_at
from mock_transmitter.deviations.faults.authorisation import POLLING
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.operations import Call, Outcome


@variant_at("operation", on=POLLING, exercises=("VEPA-NO-SETERRS",))
def error_reports_are_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll or an acknowledgement with setErrs is refused with 400."""
    if "setErrs" in call.body:
        raise InvalidRequest("errors are not reported here", "setErrs")
    return proceed(call)
