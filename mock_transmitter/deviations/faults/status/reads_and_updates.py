"""Faults of reading and updating a status: SSF 1.0 section 8.1.2, the draft's section 7.1.1."""

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import others, target
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

STATUSES = ("enabled", "paused", "disabled")
READS = frozenset({"read_status"})
UPDATES = frozenset({"update_status"})
BOTH = READS | UPDATES

STATUS_200 = ("SSF-8.1.2.1-STATUS-200", "SSE-7.1.1.1-STATUS-200")
STATUS_ENUM = ("SSF-8.1.2.1-STATUS-ENUM", "SSE-7.1.1.1-STATUS-ENUM")
STREAM_ID = "SSF-8.1.2.1-STATUS-STREAMID"
UPDATE_200 = ("SSF-8.1.2.2-UPDATE-200", "SSE-7.1.1.2-UPDATE-200")
INVALID = ("SSF-8.1.2.2-ERR-400-INVALID",)
UNPARSED = ("SSF-8.1.2.2-ERR-400", "SSE-7.1.1.2-ERR-400")


class ShownStatus(Deviation, ABC):
    """Shows another status than the true one."""

    on = READS

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Reply):
            return outcome
        if not isinstance(outcome.document, dict):
            return outcome
        return replace(outcome, document=self.shown(outcome.document))

    @abstractmethod
    def shown(self, document: Json) -> Any:  # noqa: ANN401 (JSON)
        """Return what is shown."""


@fault_at(
    ShownStatus,
    breaks=STATUS_200,
    also=(*STATUS_ENUM, STREAM_ID, *UPDATE_200, *INVALID, *UNPARSED),
)
def status_is_a_bare_text(document: Json) -> Any:  # noqa: ANN401 (JSON)
    """A status read is answered with the status as a JSON string instead of an object."""
    return document.get("status")


@fault_at(
    "operation",
    on=("read_status",),
    breaks=STATUS_200,
    also=(*STATUS_ENUM, STREAM_ID, *UPDATE_200, *INVALID, *UNPARSED),
)
def status_is_read_with_no_content(call: Call, proceed: Proceed) -> Outcome:
    """A status read is answered with 204 and no body."""
    proceed(call)
    return Reply(status=204)


@fault_at(ShownStatus, breaks=(STREAM_ID,))
def status_lacks_the_stream_id(document: Json) -> Json:
    """A status is shown without the id of its stream."""
    return without(document, "stream_id")


@fault_at(ShownStatus, on=UPDATES, breaks=("SSF-8.1.2.2-UPDATE-200",))
def status_of_an_update_lacks_the_stream_id(document: Json) -> Json:
    """The answer to a status update lacks the id of the stream."""
    return without(document, "stream_id")


@fault_at(ShownStatus, breaks=STATUS_ENUM, also=(*UPDATE_200, "SSF-8.1.2.1-INITIAL-STATUS"))
def status_is_in_capitals(document: Json) -> Json:
    """A status is shown in capital letters."""
    return {**document, "status": str(document.get("status")).upper()}


@fault_at(ShownStatus, breaks=STATUS_ENUM, also=UPDATE_200)
def stopped_is_a_status_of_its_own(document: Json) -> Json:
    """A disabled stream is shown as inactive."""
    status = document.get("status")
    return {**document, "status": "inactive" if status == "disabled" else status}


@fault_at(ShownStatus, breaks=("SSF-8.1.2.1-REASON",))
def reason_is_an_object(document: Json) -> Json:
    """The reason of a status is shown as an object with a text for each language."""
    reason = document.get("reason")
    return document if reason is None else {**document, "reason": {"en": reason}}


@fault
class FreshStreamsArePausedAtFirstSight(Deviation):
    """A stream is shown as paused until its status is updated for the first time."""

    on = BOTH
    breaks = ("SSF-8.1.2.1-INITIAL-STATUS",)
    also = ("SSF-8.1.1-INACTIVITY-REFRESH",)

    def __init__(self) -> None:
        self._touched: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        outcome = proceed(call)
        if stream is None or not isinstance(outcome, Reply):
            return outcome
        if call.operation == "update_status" or stream.status != "enabled":
            self._touched.add(stream.stream_id)
        if stream.stream_id in self._touched:
            return outcome
        return replace(outcome, document={**outcome.document, "status": "paused"})


@fault
class StatusWithoutAStreamIdIsThatOfTheNewest(Deviation):
    """A status read that names no stream is answered with the status of the newest one."""

    on = ("read_status",)
    breaks = ("SSF-8.1.2.1-STATUS-PARAM-REQUIRED",)

    def request(self, request: Request, at: At) -> Request:
        if request.method == "GET" and request.target.endswith("/status"):
            return replace(request, target=f"{request.target}?stream_id=newest")
        return request

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        streams = call.transmitter.streams(call.audience)
        if call.stream_id == "newest" and streams:
            call = replace(call, stream_id=streams[-1].stream_id)
        return proceed(call)


@fault_at(
    "operation",
    on=("read_status",),
    breaks=("SSF-8.1.2.1-ERR-404", "SSE-7.1.1.1-ERR-404-NO-STREAM"),
    also=("SSF-8-AUTH-BINDS-STREAMS",),
)
def unknown_streams_are_disabled(call: Call, proceed: Proceed) -> Outcome:
    """The status of a stream that does not exist is read as disabled."""
    if target(call) is not None:
        return proceed(call)
    named = {} if call.stream_id is None else {"stream_id": call.stream_id}
    document = {**named, "status": "disabled"}
    return Reply(status=200, document=document, message="stream_status")


@fault_at(
    "operation",
    on=("update_status",),
    breaks=("SSF-8.1.2.2-ERR-404", "SSE-7.1.1.2-ERR-404"),
    also=("SSF-8-AUTH-BINDS-STREAMS",),
)
def update_of_an_unknown_stream_is_answered(call: Call, proceed: Proceed) -> Outcome:
    """A status update of a stream that does not exist is answered with 200 and that status."""
    if target(call) is not None:
        return proceed(call)
    named = {} if call.stream_id is None else {"stream_id": call.stream_id}
    document = {**named, "status": call.body["status"]}
    return Reply(status=200, document=document, message="stream_status")


@fault_at(
    "operation",
    on=("update_status",),
    breaks=("SSF-8.1.2.2-ERR-404",),
)
def update_of_an_unknown_stream_reaches_the_newest(call: Call, proceed: Proceed) -> Outcome:
    """A status update of a stream that does not exist gets 404, and is done to the newest one."""
    streams = call.transmitter.streams(call.audience)
    if target(call) is None and streams:
        call.transmitter.set_status(streams[-1], call.body["status"])
    return proceed(call)


class Update(Deviation, ABC):
    """Does something else with a valid status update."""

    on = ("update_status",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None or "status" not in call.body:
            return proceed(call)
        return self.updated(call, stream, proceed)

    @abstractmethod
    def updated(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        """Return the answer."""


@fault_at(Update, breaks=UPDATE_200)
def status_update_is_answered_and_ignored(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A status update is answered with 200 and the new status, and nothing is done."""
    before, reason = stream.status, stream.reason
    outcome = proceed(call)
    call.transmitter.set_status(stream, before, reason=reason)
    return outcome


@fault_at(Update, breaks=UPDATE_200)
def status_update_shows_the_old_status(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A status update is answered with the status from before."""
    before = call.transmitter.status_document(stream)
    outcome = proceed(call)
    return replace(outcome, document=before) if isinstance(outcome, Reply) else outcome


@fault_at(Update, breaks=UPDATE_200)
def status_update_has_an_empty_answer(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A status update is answered with 204 and no body."""
    proceed(call)
    return Reply(status=204)


@fault_at(
    Update,
    breaks=(*UPDATE_200, "SSF-8.1.2.1-ENABLED-TRANSMITS", "SSE-7.1.1.1-ENABLED"),
)
def a_disabled_stream_stays_so(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Enabling a disabled stream is answered with 200, and it stays disabled."""
    was_disabled = stream.status == "disabled" and "subject" not in call.body
    outcome = proceed(call)
    if was_disabled and stream.status == "enabled":
        call.transmitter.set_status(stream, "disabled")
    return outcome


@fault_at(Update, breaks=UPDATE_200)
def update_to_the_same_status_is_a_conflict(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """Enabling a stream that is enabled is answered with 409."""
    if call.body["status"] == stream.status == "enabled" and "subject" not in call.body:
        return Reply(status=409, document={"error": "conflict"})
    return proceed(call)


@fault_at(Update, breaks=UPDATE_200)
def refused_pause_is_done(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Pausing a stream is answered with 409, and it is paused."""
    outcome = proceed(call)
    if call.body["status"] != "paused":
        return outcome
    return Reply(status=409, document={"error": "conflict"})


@fault_at(Update, breaks=("SSF-8.1.2-STREAMS-INDEPENDENT",))
def a_stop_is_for_all_streams(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Pausing or disabling a stream does the same to all streams of the Receiver."""
    outcome = proceed(call)
    for other in others(call):
        call.transmitter.set_status(other, call.body["status"])
    return outcome


class StatusRequest(Deviation, ABC):
    """Changes the body of a status update."""

    def request(self, request: Request, at: At) -> Request:
        if request.method != "POST" or not request.target.endswith("/status"):
            return request
        try:
            body = json.loads(request.body)
        except ValueError:
            return replace(request, body=self.unparsed(request.body))
        if not isinstance(body, dict):
            return request
        return replace(request, body=json.dumps(self.parsed(body)).encode())

    def unparsed(self, body: bytes) -> bytes:
        """Return the body to read instead of one that is not JSON."""
        return body

    def parsed(self, body: Json) -> Json:
        """Return the JSON object to read instead."""
        return body


@fault_at(StatusRequest, "unparsed", breaks=UNPARSED)
def truncated_status_update_is_mended(body: bytes) -> bytes:
    """A status update that ends too early is done as far as it came."""
    return body + b"}"


@fault_at(StatusRequest, "parsed", breaks=INVALID, also=UNPARSED)
def unknown_status_means_enabled(body: Json) -> Json:
    """A status that is none of the three is taken for enabled."""
    known = body.get("status") in STATUSES
    return body if known or "status" not in body else {**body, "status": "enabled"}


@fault_at(StatusRequest, "parsed", breaks=INVALID, also=UNPARSED)
def missing_status_means_disabled(body: Json) -> Json:
    """A status update without a status disables the stream."""
    return {"status": "disabled", **body}


@fault
class RefusedStatusUpdatePauses(StatusRequest):
    """A status update that is refused as invalid has paused the stream all the same."""

    on = ("update_status",)
    breaks = INVALID
    also = UNPARSED

    def __init__(self) -> None:
        self._invalid = False

    def request(self, request: Request, at: At) -> Request:
        self._invalid = False
        return super().request(request, at)

    def parsed(self, body: Json) -> Json:
        self._invalid = body.get("status") not in STATUSES
        return {**body, "status": "paused"} if self._invalid else body

    def response(self, response: Response, at: At) -> Response:
        if not self._invalid:
            return response
        return Response.json(400, {"error": "invalid_request"})


@fault_at("response", on=("update_status",), breaks=(*INVALID, *UNPARSED))
def invalid_status_update_is_a_server_error(response: Response) -> Response:
    """A status update that is not valid, or can't be parsed, is answered with 500."""
    if response.status != 400:
        return response
    return Response.json(500, {"error": "server_error"})


@fault
class StatusUpdateWithoutAStreamIdReachesTheNewest(StatusRequest):
    """A status update that names no stream is done to the newest one."""

    on = ("update_status",)
    breaks = ("SSF-8.1.2.2-ERR-400-INVALID",)

    def parsed(self, body: Json) -> Json:
        return {"stream_id": "newest", **body}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        streams = call.transmitter.streams(call.audience)
        if call.stream_id == "newest" and streams:
            call = replace(call, stream_id=streams[-1].stream_id)
        return proceed(call)


@fault_at("response", on=("read_status",), breaks=("SSE-7.1.1.1-ERR-404-SUBJECT",))
def status_of_no_subject_is_enabled(response: Response) -> Response:
    """The status of what is no subject is read as enabled."""
    if response.status != 404:
        return response
    if b"subject" not in response.body:
        return response
    return Response.json(200, {"status": "enabled"})


@fault_at(StatusRequest, "parsed", breaks=("SSE-7.1.1.2-ERR-404",), needs=("subject_status",))
def update_for_no_subject_is_for_the_stream(body: Json) -> Json:
    """A status update for what is no subject is done to the whole stream."""
    subject = body.get("subject")
    is_one = isinstance(subject, dict) and "format" in subject
    return body if is_one else without(body, "subject")
