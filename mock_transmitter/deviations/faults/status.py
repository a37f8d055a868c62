"""Faults of reading and updating a status: SSF 1.0 section 8.1.2, the draft's section 7.1.1."""

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.documents import without
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.update import others, target
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
    """Shows a status otherwise than it is."""

    operations = READS

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if call.operation not in self.operations or not isinstance(outcome, Reply):
            return outcome
        if not isinstance(outcome.document, dict):
            return outcome
        return replace(outcome, document=self.shown(outcome.document))

    @abstractmethod
    def shown(self, document: Json) -> Any:  # noqa: ANN401 (JSON)
        """Return what is shown."""


@fault
class StatusIsABareText(ShownStatus):
    """A status read is answered with the status as a JSON string instead of an object."""

    breaks = STATUS_200
    also = (*STATUS_ENUM, STREAM_ID, *UPDATE_200, "SSF-8.1.2.1-INITIAL-STATUS", *INVALID, *UNPARSED)

    def shown(self, document: Json) -> Any:  # noqa: ANN401 (JSON)
        return document.get("status")


@fault
class StatusIsReadWithNoContent(Deviation):
    """A status read is answered with 204 and no body."""

    on = ("read_status",)
    breaks = STATUS_200
    also = (*STATUS_ENUM, STREAM_ID, *UPDATE_200, "SSF-8.1.2.1-INITIAL-STATUS", *INVALID, *UNPARSED)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        proceed(call)
        return Reply(status=204)


@fault
class StatusLacksTheStreamId(ShownStatus):
    """A status is shown without the id of its stream."""

    breaks = (STREAM_ID,)

    def shown(self, document: Json) -> Json:
        return without(document, "stream_id")


@fault
class StatusOfAnUpdateLacksTheStreamId(ShownStatus):
    """The answer to a status update lacks the id of the stream."""

    operations = UPDATES
    breaks = ("SSF-8.1.2.2-UPDATE-200",)

    def shown(self, document: Json) -> Json:
        return without(document, "stream_id")


@fault
class StatusIsInCapitals(ShownStatus):
    """A status is shown in capital letters."""

    breaks = STATUS_ENUM
    also = (*UPDATE_200, "SSF-8.1.2.1-INITIAL-STATUS")

    def shown(self, document: Json) -> Json:
        return {**document, "status": str(document.get("status")).upper()}


@fault
class StoppedIsAStatusOfItsOwn(ShownStatus):
    """A disabled stream is shown as inactive."""

    breaks = STATUS_ENUM
    also = UPDATE_200

    def shown(self, document: Json) -> Json:
        status = document.get("status")
        return {**document, "status": "inactive" if status == "disabled" else status}


@fault
class ReasonIsAnObject(ShownStatus):
    """The reason of a status is shown as an object with a text for each language."""

    breaks = ("SSF-8.1.2.1-REASON",)

    def shown(self, document: Json) -> Json:
        reason = document.get("reason")
        return document if reason is None else {**document, "reason": {"en": reason}}


@fault
class FreshStreamsArePausedAtFirstSight(Deviation):
    """A stream is shown as paused until its status is updated for the first time."""

    on = BOTH
    breaks = ("SSF-8.1.2.1-INITIAL-STATUS",)
    also = (
        "SSF-8.1.1-INACTIVITY-REFRESH",
        "SSF-8.1.1-INACTIVITY-STREAM-UPDATED",
        "SSF-8.1.2.2-ERR-404",
    )

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


@fault
class UnknownStreamsAreDisabled(Deviation):
    """The status of a stream that does not exist is read as disabled."""

    on = ("read_status",)
    breaks = ("SSF-8.1.2.1-ERR-404", "SSE-7.1.1.1-ERR-404-NO-STREAM")
    also = ("SSF-8-AUTH-BINDS-STREAMS",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if target(call) is not None:
            return proceed(call)
        named = {} if call.stream_id is None else {"stream_id": call.stream_id}
        document = {**named, "status": "disabled"}
        return Reply(status=200, document=document, message="stream_status")


@fault
class UpdateOfAnUnknownStreamIsAnswered(Deviation):
    """A status update of a stream that does not exist is answered with 200 and that status."""

    on = ("update_status",)
    breaks = ("SSF-8.1.2.2-ERR-404", "SSE-7.1.1.2-ERR-404")
    also = ("SSF-8-AUTH-BINDS-STREAMS",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if target(call) is not None:
            return proceed(call)
        named = {} if call.stream_id is None else {"stream_id": call.stream_id}
        document = {**named, "status": call.body["status"]}
        return Reply(status=200, document=document, message="stream_status")


@fault
class UpdateOfAnUnknownStreamReachesTheNewest(Deviation):
    """A status update of a stream that does not exist gets 404, and is done to the newest one."""

    on = ("update_status",)
    breaks = ("SSF-8.1.2.2-ERR-404",)
    also = ("SSF-8-AUTH-BINDS-STREAMS",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
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
        return self.updated(stream, call, proceed)

    @abstractmethod
    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        """Return the answer."""


@fault
class StatusUpdateIsAnsweredAndIgnored(Update):
    """A status update is answered with 200 and the new status, and nothing is done."""

    breaks = UPDATE_200
    also = ("SSE-7.1-SUBJECT-CHANGE-ENABLED",)

    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        before, reason = stream.status, stream.reason
        outcome = proceed(call)
        call.transmitter.set_status(stream, before, reason=reason)
        return outcome


@fault
class StatusUpdateShowsTheOldStatus(Update):
    """A status update is answered with the status from before."""

    breaks = UPDATE_200

    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        before = call.transmitter.status_document(stream)
        outcome = proceed(call)
        return replace(outcome, document=before) if isinstance(outcome, Reply) else outcome


@fault
class StatusUpdateHasAnEmptyAnswer(Update):
    """A status update is answered with 204 and no body."""

    breaks = UPDATE_200

    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        proceed(call)
        return Reply(status=204)


@fault
class ADisabledStreamStaysSo(Update):
    """Enabling a disabled stream is answered with 200, and it stays disabled."""

    breaks = (*UPDATE_200, "SSF-8.1.2.1-ENABLED-TRANSMITS", "SSE-7.1.1.1-ENABLED")
    also = ("SSF-8.1.5-RECEIVER-CHANGE-NO-EVENT-NEEDED",)

    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        was_disabled = stream.status == "disabled" and "subject" not in call.body
        outcome = proceed(call)
        if was_disabled and stream.status == "enabled":
            call.transmitter.set_status(stream, "disabled")
        return outcome


@fault
class UpdateToTheSameStatusIsAConflict(Update):
    """Enabling a stream that is enabled is answered with 409."""

    breaks = UPDATE_200

    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        if call.body["status"] == stream.status == "enabled" and "subject" not in call.body:
            return Reply(status=409, document={"error": "conflict"})
        return proceed(call)


@fault
class RefusedPauseIsDone(Update):
    """Pausing a stream is answered with 409, and it is paused."""

    breaks = UPDATE_200

    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if call.body["status"] != "paused":
            return outcome
        return Reply(status=409, document={"error": "conflict"})


@fault
class AStopIsForAllStreams(Update):
    """Pausing or disabling a stream does the same to all streams of the Receiver."""

    breaks = ("SSF-8.1.2-STREAMS-INDEPENDENT",)

    def updated(self, stream: Stream, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        for other in others(call):
            call.transmitter.set_status(other, call.body["status"])
        return outcome


class StatusRequest(Deviation, ABC):
    """Makes something else of the body of a status update."""

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
        """Return what is made of a body that can't be parsed."""
        return body

    def parsed(self, body: Json) -> Json:
        """Return what is made of a JSON object."""
        return body


@fault
class TruncatedStatusUpdateIsMended(StatusRequest):
    """A status update that ends too early is done as far as it came."""

    breaks = UNPARSED

    def unparsed(self, body: bytes) -> bytes:
        return body + b"}"


@fault
class UnknownStatusMeansEnabled(StatusRequest):
    """A status that is none of the three is taken for enabled."""

    breaks = INVALID
    also = UNPARSED

    def parsed(self, body: Json) -> Json:
        known = body.get("status") in STATUSES
        return body if known or "status" not in body else {**body, "status": "enabled"}


@fault
class MissingStatusMeansDisabled(StatusRequest):
    """A status update without a status disables the stream."""

    breaks = INVALID
    also = UNPARSED

    def parsed(self, body: Json) -> Json:
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


@fault
class InvalidStatusUpdateIsAServerError(Deviation):
    """A status update that is not valid, or can't be parsed, is answered with 500."""

    on = ("update_status",)
    breaks = (*INVALID, *UNPARSED)

    def response(self, response: Response, at: At) -> Response:
        bad_request = 400
        if response.status != bad_request:
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


@fault
class StatusOfNoSubjectIsEnabled(Deviation):
    """The status of what is no subject is read as enabled."""

    on = ("read_status",)
    breaks = ("SSE-7.1.1.1-ERR-404-SUBJECT",)

    def response(self, response: Response, at: At) -> Response:
        not_found = 404
        if response.status != not_found:
            return response
        if b"subject" not in response.body:
            return response
        return Response.json(200, {"status": "enabled"})


@fault
class UpdateForNoSubjectIsForTheStream(StatusRequest):
    """A status update for what is no subject is done to the whole stream."""

    breaks = ("SSE-7.1.1.2-ERR-404",)

    def parsed(self, body: Json) -> Json:
        subject = body.get("subject")
        is_one = isinstance(subject, dict) and "format" in subject
        return body if is_one else without(body, "subject")
