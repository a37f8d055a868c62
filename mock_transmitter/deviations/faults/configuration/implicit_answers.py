"""Faults of how the one implicit stream is shown and answered: the 2021 draft, section 7.1.2."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault_at, fault_row
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import (
    ShownConfiguration,
    with_body,
    with_configurations,
)
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply

_SHOWN_ALIKE = ("JAMF-READ-MODIFY-WRITE", "SSE-7.1.2.2-RO-MATCH-OK")


class _ShownOtherwise(Deviation, ABC):
    """Shows another value for a member of an implicit stream, and accepts that value back."""

    member: ClassVar[str]

    @abstractmethod
    def edit(self, value: object) -> object:
        """Return the value to show."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if call.transmitter.explicit or stream is None:
            return proceed(call)
        true = call.transmitter.document(stream).get(self.member)
        if self.member in call.body and call.body[self.member] == self.edit(true):
            call = with_body(call, **{self.member: true})
        return with_configurations(
            proceed(call),
            lambda document: {**document, self.member: self.edit(document[self.member])},
            needs=self.member,
        )


@fault_at(
    _ShownOtherwise,
    member="delivery",
    breaks=("JAMF-DELIVERY-METHOD", "SSE-7.1.2-DELIVERY"),
    also=(
        *_SHOWN_ALIKE,
        "JAMF-POST-UPDATES",
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-11.2.1.1-PUSH-METHOD-URI",
    ),
)
def implicit_delivery_method_is_a_short_name(value: object) -> object:
    """The delivery method of an implicit stream is a short name instead of a URI."""
    return {**value, "method": "set"} if isinstance(value, dict) else value


@fault_at(
    _ShownOtherwise,
    member="events_supported",
    breaks=("JAMF-EVENTS-SUPPORTED", "SSE-7.1.2-EVENTS-SUPPORTED"),
    also=(*_SHOWN_ALIKE, "JAMF-DELIVERED-INTERSECTION", "SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION"),
)
def implicit_events_supported_are_short_names(value: object) -> object:
    """The events_supported of an implicit stream are short names instead of URIs."""
    return [str(one).rpartition("/")[2] for one in value] if isinstance(value, list) else value


@fault_at(_ShownOtherwise, member="aud", breaks=("SSE-7.1.2-AUD",), also=_SHOWN_ALIKE)
def implicit_aud_is_an_object(value: object) -> object:
    """The aud of an implicit stream is an object."""
    return {"audience": value}


class _AnsweredOtherwise(Deviation):
    """Answers successful requests with another code."""

    status: ClassVar[int]

    def response(self, response: Response, at: At) -> Response:
        return replace(response, status=self.status) if response.status == 200 else response


fault_row(
    "implicit-read-is-answered-203",
    "The configuration of an implicit stream is answered with 203 instead of 200.",
    _AnsweredOtherwise,
    status=203,
    on=("read_stream",),
    breaks=("SSE-7.1.2.1-READ-200-OBJECT",),
)
fault_row(
    "implicit-delete-is-answered-202",
    "A deletion is answered with 202 instead of 200.",
    _AnsweredOtherwise,
    status=202,
    on=("delete_stream",),
    breaks=("SSE-7.1.2.3-DELETE-200",),
)


@fault_at("operation", on=("replace_stream",), breaks=("SSE-7.1.2.2-ERR-404",))
def update_of_a_deleted_implicit_stream_is_forbidden(call: Call, proceed: Proceed) -> Outcome:
    """An update where there is no implicit stream is answered with 403."""
    try:
        return proceed(call)
    except StreamNotFound:
        if call.transmitter.explicit:
            raise
        return Reply(status=403, document={"error": "access_denied"})


@fault_at(
    ShownConfiguration,
    where="iss",
    on=("read_stream",),
    breaks=("JAMF-ISS", "SSE-7.1.2-ISS"),
    also=(
        "JAMF-POST-UPDATES",
        "JAMF-READ-MODIFY-WRITE",
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-7.1.2.2-RO-MATCH-OK",
        "SSF-4.1.6-ISS-MATCHES-STREAM",
    ),
)
def issuer_of_the_stream_has_a_query(document: Json) -> Json:
    """A read shows an issuer with a query, which is not the issuer of the SETs."""
    return {**document, "iss": f"{document['iss']}?v=1"}


@fault_at(
    ShownConfiguration,
    where="delivery",
    on=("read_stream",),
    breaks=("SSE-11.2.1.2-POLL-METHOD-URI",),
    also=(
        "RFC8936-4.3-CONFIDENTIAL",
        "SSE-7.1.2.2-ERR-404",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-7.1.2.2-RO-MATCH-OK",
    ),
)
def poll_url_of_the_stream_is_none(document: Json) -> Json:
    """A read shows a stream that is polled with a path where the URL to poll should be."""
    return {**document, "delivery": {**document["delivery"], "endpoint_url": "/poll"}}
