"""Faults of setErrs: RFC 8936, sections 2.2, 2.4.4 and 2.6."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.faults.poll.acknowledgement import LOSSES
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import with_body
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.operations import Call, Outcome

FOLLOWS = ("RFC8936-2.2-ACK-ACCEPTED", "RFC8936-2.4.4-ACK-AND-ERRORS")


class SetErrorsDeviation(ABC, Deviation):
    """Changes which errors a poll reports."""

    on = ("poll",)
    breaks = ("RFC8936-2.2-SETERRS-ACCEPTED",)
    also: ClassVar[tuple[str, ...]] = FOLLOWS

    @abstractmethod
    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        """Return the errors that count."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        errors = call.body.get("setErrs")
        if errors:
            call = with_body(call, setErrs=self.edit(errors, call))
        return proceed(call)


@fault_at(SetErrorsDeviation)
def set_errors_are_refused(errors: Mapping[str, Any]) -> Mapping[str, Any]:
    """A poll that reports an error of a SET is refused with 400."""
    raise InvalidRequest("setErrs is not supported", "setErrs")


@fault_at(SetErrorsDeviation)
def set_errors_are_ignored(errors: Mapping[str, Any]) -> Mapping[str, Any]:
    """Error reports are taken, and release nothing."""
    return {}


@fault_at(SetErrorsDeviation)
def one_of_several_set_errors_counts(errors: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of several error reports in one poll, the first one counts."""
    return dict(list(errors.items())[:1])


@fault_at(SetErrorsDeviation)
def set_errors_in_other_alphabets_are_refused(errors: Mapping[str, Any]) -> Mapping[str, Any]:
    """An error report with a description beyond ASCII is refused with 400."""
    if any(not str(one.get("description")).isascii() for one in errors.values()):
        raise InvalidRequest("a description is not ASCII", "setErrs")
    return errors


@fault_at(SetErrorsDeviation, breaks=("RFC8936-2.4.4-ACK-AND-ERRORS",))
def set_errors_beside_an_ack_are_ignored(
    errors: Mapping[str, Any], call: Call
) -> Mapping[str, Any]:
    """Error reports release nothing where the same poll also acknowledges."""
    return {} if call.body.get("ack") else errors


@fault_at(SetErrorsDeviation, breaks=("RFC8936-2.4.4-ACK-AND-ERRORS",))
def ack_beside_set_errors_is_refused(errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
    """A poll that acknowledges and reports errors is refused with 400."""
    if call.body.get("ack"):
        raise InvalidRequest("one of ack and setErrs, please", "setErrs")
    return errors


@fault_at(SetErrorsDeviation, breaks=("RFC8936-2-UNACKED-KEPT",), also=LOSSES)
def set_errors_release_everything(errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
    """An error report releases every SET of the stream."""
    stream = target(call)
    pending = () if stream is None else stream.queue
    return {**errors, **{one.jti: {} for one in pending}}


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.2-SETERRS-EMPTY",),
    also=("RFC8936-2.5-STATUS-200",),
)
def empty_set_errors_are_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll with an empty setErrs is refused with 400."""
    if call.body.get("setErrs") == {}:
        raise InvalidRequest("setErrs is empty", "setErrs")
    return proceed(call)
