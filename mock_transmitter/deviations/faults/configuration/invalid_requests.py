"""Faults of accepting invalid updates: SSF 1.0 sections 8.1.1.3, 8.1.1.4 and 8.1.1.5."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import UPDATES, OnStream, as_it_is, describe, target
from mock_transmitter.deviations.kinds.documents import sent, with_document, without
from mock_transmitter.deviations.kinds.streams import UNNAMED, UnnamedStream
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import DeliveryConfiguration, Stream
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

# No stream has this id; it leads a request that names none past the check for it.


class Crash(ABC, Deviation):
    """Answers some updates with 500, and applies nothing of them."""

    on = UPDATES
    breaks: ClassVar[tuple[str, ...]] = ("SSF-8.1.1.3-ERR-400-INVALID",)

    def __init__(self) -> None:
        self._crashed = False

    def request(self, request: Request, at: At) -> Request:
        self._crashed = self.fails_on(sent(request))
        return replace(request, body=b"") if self._crashed else request

    def response(self, response: Response, at: At) -> Response:
        if not self._crashed or response.status != 400:
            return response
        return Response.json(500, {"error": "server_error"})

    @abstractmethod
    def fails_on(self, body: Any) -> bool:  # noqa: ANN401 (JSON)
        """Return whether this body causes the 500."""


@fault_at(Crash, breaks=("SSF-8.1.1.3-ERR-400-INVALID", "SSF-8.1.1.4-ERR-400-INVALID"))
def update_that_is_an_array_crashes(body: Any) -> bool:  # noqa: ANN401 (JSON)
    """A PATCH or PUT whose body is an array is answered with 500."""
    return isinstance(body, list)


@fault_at(Crash, also=("SSF-8.1.1.4-ERR-400-INVALID",))
def null_description_crashes(body: Any) -> bool:  # noqa: ANN401 (JSON)
    """A PATCH or PUT whose description is null is answered with 500."""
    return isinstance(body, dict) and "description" in body and body["description"] is None


@fault_at(Crash, also=("SSF-8.1.1.4-ERR-400-INVALID",))
def delivery_that_is_text_crashes(body: Any) -> bool:  # noqa: ANN401 (JSON)
    """A PATCH or PUT whose delivery is a text is answered with 500."""
    return isinstance(body, dict) and isinstance(body.get("delivery"), str)


@fault_at(
    Crash,
    breaks=("SSF-8.1.1.3-ERR-400-INVALID", "SSF-8.1.1.4-ERR-400-INVALID"),
)
def repeated_event_types_crash(body: Any) -> bool:  # noqa: ANN401 (JSON)
    """A PATCH or PUT that names an event type twice in events_requested is answered with 500."""
    requested = body.get("events_requested") if isinstance(body, dict) else None
    return isinstance(requested, list) and len(set(map(str, requested))) < len(requested)


@fault
class NumberIsTakenForADescription(Deviation):
    """A PATCH whose description is a number is applied, and the number is shown."""

    on = ("update_stream",)
    breaks = ("SSF-8.1.1.3-ERR-400-INVALID",)

    def __init__(self) -> None:
        self._number: float | None = None

    def request(self, request: Request, at: At) -> Request:
        body = sent(request)
        given = body.get("description") if isinstance(body, dict) else None
        number = isinstance(given, int | float) and request.method == "PATCH"
        self._number = given if number else None
        return with_document(request, without(body, "description")) if number else request

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        if self._number is None or stream is None:
            return outcome
        describe(stream, self._number)
        return as_it_is(outcome, call, stream)


@fault_at("request", breaks=("SSF-8.1.1.3-ERR-400-INVALID", "SSF-8.1.1.4-ERR-400-INVALID"))
def events_requested_text_is_split(request: Request) -> Request:
    """A PATCH or PUT whose events_requested is a text is applied, split at its commas."""
    body = sent(request)
    if not isinstance(body, dict) or not isinstance(body.get("events_requested"), str):
        return request
    return with_document(request, {**body, "events_requested": body["events_requested"].split(",")})


@fault_at("request", breaks=("SSF-8.1.1.3-ERR-400-INVALID", "SSF-8.1.1.4-ERR-400-INVALID"))
def delivery_without_a_method_is_passed_over(request: Request) -> Request:
    """A PATCH or PUT whose delivery has no method is applied as if it named no delivery."""
    body = sent(request)
    delivery = body.get("delivery") if isinstance(body, dict) else None
    if not isinstance(delivery, dict) or "method" in delivery:
        return request
    return with_document(request, without(body, "delivery"))


@fault_at(
    OnStream,
    on=UPDATES,
    breaks=("SSF-8.1.1.3-ERR-400-INVALID", "SSF-8.1.1.4-ERR-400-INVALID"),
)
def unknown_delivery_method_is_kept(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A PATCH or PUT with a delivery method that nobody knows is applied."""
    delivery = call.body.get("delivery")
    rules = call.transmitter.profile.delivery
    if not isinstance(delivery, dict):
        return proceed(call)
    method = delivery.get("method")
    if not isinstance(method, str) or method in {rules.push, rules.poll}:
        return proceed(call)
    outcome = proceed(replace(call, body=without(call.body, "delivery")))
    kept = DeliveryConfiguration(method=method, endpoint_url=str(delivery.get("endpoint_url", "")))
    stream.configuration = replace(stream.configuration, delivery=kept)
    return as_it_is(outcome, call, stream)


@fault
class InvalidPatchEmptiesTheDescription(Deviation):
    """A PATCH with a value of the wrong type is refused with 400 and empties the description."""

    on = ("update_stream",)
    breaks = ("SSF-8.1.1.3-ERR-400-INVALID",)

    _TYPES = (("description", str), ("events_requested", list), ("delivery", dict))

    def __init__(self) -> None:
        self._refused = False

    def request(self, request: Request, at: At) -> Request:
        """Make an update of it that empties the description."""
        body = sent(request)
        self._refused = (
            request.method == "PATCH"
            and isinstance(body, dict)
            and not all(isinstance(body.get(name, kind()), kind) for name, kind in self._TYPES)
        )
        if not self._refused:
            return request
        return with_document(request, {"stream_id": body.get("stream_id"), "description": ""})

    def response(self, response: Response, at: At) -> Response:
        if not self._refused or response.status != 200:
            return response
        return Response.json(400, {"error": "invalid_request"})


@fault_at(
    UnnamedStream,
    "operation",
    breaks=("SSF-8.1.1.3-PATCH-STREAMID-REQUIRED", "SSF-8.1.1.4-PUT-STREAMID-REQUIRED"),
    also=("SSF-8.1.1.3-ERR-400", "SSF-8.1.1.4-ERR-400"),
)
def unnamed_update_reaches_the_newest_stream(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH or PUT that names no stream is refused with 400, and applied to the newest one."""
    if call.stream_id != UNNAMED:
        return proceed(call)
    streams = call.transmitter.streams(call.audience)
    if streams:
        proceed(replace(call, stream_id=streams[-1].stream_id))
    raise InvalidRequest("stream_id is missing", "stream_id")


@fault
class DeleteWithoutStreamIdRemovesAll(Deviation):
    """A DELETE that names no stream removes all streams of the Receiver."""

    on = ("delete_stream",)
    breaks = ("SSF-8.1.1.5-DELETE-STREAMID-QUERY",)

    def request(self, request: Request, at: At) -> Request:
        if request.method != "DELETE" or request.query:
            return request
        return replace(request, target=f"{request.path}?stream_id={UNNAMED}")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.stream_id != UNNAMED:
            return proceed(call)
        for stream in call.transmitter.streams(call.audience):
            call.transmitter.delete_stream(stream)
        return Reply(status=call.transmitter.profile.operations["delete_stream"].success[0])
