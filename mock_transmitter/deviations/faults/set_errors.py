"""Faults of setErrs: RFC 8936, sections 2.2, 2.4.4 and 2.6."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.documents import with_body
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.acknowledge_lists import LOSSES
from mock_transmitter.deviations.faults.update import target
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


@fault
class SetErrorsAreRefused(SetErrorsDeviation):
    """A poll that reports an error of a SET is refused with 400."""

    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        raise InvalidRequest("setErrs is not supported", "setErrs")


@fault
class SetErrorsAreIgnored(SetErrorsDeviation):
    """Error reports are taken, and release nothing."""

    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        return {}


@fault
class OneOfSeveralSetErrorsCounts(SetErrorsDeviation):
    """Of several error reports in one poll, the first one counts."""

    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        return dict(list(errors.items())[:1])


@fault
class SetErrorsInOtherAlphabetsAreRefused(SetErrorsDeviation):
    """An error report with a description beyond ASCII is refused with 400."""

    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        if any(not str(one.get("description")).isascii() for one in errors.values()):
            raise InvalidRequest("a description is not ASCII", "setErrs")
        return errors


@fault
class SetErrorsBesideAnAckAreIgnored(SetErrorsDeviation):
    """Error reports release nothing where the same poll also acknowledges."""

    breaks = ("RFC8936-2.4.4-ACK-AND-ERRORS",)

    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        return {} if call.body.get("ack") else errors


@fault
class AckBesideSetErrorsIsRefused(SetErrorsDeviation):
    """A poll that acknowledges and reports errors is refused with 400."""

    breaks = ("RFC8936-2.4.4-ACK-AND-ERRORS",)

    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        if call.body.get("ack"):
            raise InvalidRequest("one of ack and setErrs, please", "setErrs")
        return errors


@fault
class SetErrorsReleaseEverything(SetErrorsDeviation):
    """An error report releases every SET of the stream."""

    breaks = ("RFC8936-2-UNACKED-KEPT",)
    also = LOSSES

    def edit(self, errors: Mapping[str, Any], call: Call) -> Mapping[str, Any]:
        stream = target(call)
        pending = () if stream is None else stream.queue
        return {**errors, **{one.jti: {} for one in pending}}


@fault
class EmptySetErrorsAreRefused(Deviation):
    """A poll with an empty setErrs is refused with 400."""

    on = ("poll",)
    breaks = ("RFC8936-2.2-SETERRS-EMPTY",)
    also = ("RFC8936-2.5-STATUS-200", "RFC8936-2.5-SETS-PRESENT")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.body.get("setErrs") == {}:
            raise InvalidRequest("setErrs is empty", "setErrs")
        return proceed(call)
