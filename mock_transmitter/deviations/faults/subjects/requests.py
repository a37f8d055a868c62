"""Faults of the answers to adding and removing a subject: SSF 1.0 sections 8.1.3 and 9.1.

The 2021 draft has the same in its section 7.1.3.
"""

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.kinds.calls import OnStream, target
from mock_transmitter.deviations.kinds.documents import with_document
from mock_transmitter.domain.errors import InvalidRequest, StreamNotFound
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.subjects import Subject
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

SUBJECT_OPERATIONS = frozenset({"add_subject", "remove_subject"})


def succeed(call: Call) -> Reply:
    """Return the success that the profile has for a call."""
    return Reply(status=call.transmitter.profile.operations[call.operation].success[0])


class _Crash(Deviation, ABC):
    """Answers some valid requests with 500, and does nothing."""

    on: ClassVar[tuple[str, ...]] = ("add_subject",)
    needs = ("add_subject", "remove_subject")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        subject = call.body.get("subject")
        if isinstance(subject, dict) and self.fails_on(call, subject):
            return Reply(status=500, document={"error": "server_error"})
        return proceed(call)

    @abstractmethod
    def fails_on(self, call: Call, subject: Subject) -> bool:
        """Return whether this subject causes the 500."""


@fault_at(_Crash, breaks=("SSF-8.1.3.2-ADD-200-EMPTY", "SSE-7.1.3.1-ADD-200"))
def complex_subjects_crash_the_add(call: Call, subject: Subject) -> bool:
    """Adding a complex subject is answered with 500."""
    return bool(subject.get("format", "complex") == "complex")


@fault_at(
    _Crash,
    breaks=("SSF-8.1.3.2-ADD-200-EMPTY", "SSE-7.1.3.1-ADD-200"),
)
def decentralized_identifiers_crash_the_add(call: Call, subject: Subject) -> bool:
    """Adding a subject that is a decentralized identifier (DID) is answered with 500."""
    return subject.get("format") == "did"


@fault_at(_Crash, breaks=("SSF-8.1.3.2-ADD-200-EMPTY", "SSE-7.1.3.1-ADD-200"))
def unverified_subjects_crash_the_add(call: Call) -> bool:
    """Adding a subject that the Receiver has not verified is answered with 500."""
    return call.body.get("verified") is False


@fault_at(
    _Crash,
    on=("remove_subject",),
    breaks=("SSF-8.1.3.3-REMOVE-204", "SSE-7.1.3.2-REMOVE-204"),
    also=("SSF-8.1.3.3-ERR-400-INVALID",),
)
def removing_what_is_not_there_crashes(call: Call, subject: Subject) -> bool:
    """Removing a subject that was never added is answered with 500."""
    stream = target(call)
    return stream is not None and stream.subjects.status_of(subject) != "enabled"


@fault_at(
    OnStream, on=("add_subject",), needs=("add_subject",), breaks=("SSF-8.1.3.2-ADD-IDEMPOTENT",)
)
def second_add_is_a_conflict(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Adding a subject that was added already is answered with 409."""
    subject = call.body.get("subject")
    if not isinstance(subject, dict):
        return proceed(call)
    if stream.subjects.status_of(subject) != "enabled":
        return proceed(call)
    return Reply(status=409, document={"error": "already_added"})


class _OfRequests(Deviation, ABC):
    """Answers some unusual requests about subjects with 500."""

    needs = ("add_subject", "remove_subject")

    def __init__(self) -> None:
        self._crashes = False

    def request(self, request: Request, at: At) -> Request:
        try:
            self._crashes = self.fails_on(json.loads(request.body))
        except (ValueError, RecursionError):
            self._crashes = self.fails_on(None)
        return request

    def response(self, response: Response, at: At) -> Response:
        """Turn the refusal, or what else it was, into a failure."""
        if not self._crashes or at.operation not in SUBJECT_OPERATIONS:
            return response
        if response.status != 400:
            return response
        return Response.json(500, {"error": "server_error"})

    @abstractmethod
    def fails_on(self, body: Any) -> bool:  # noqa: ANN401 (JSON)
        """Return whether this body causes the 500; None if it is not JSON."""


@fault_at(
    _OfRequests,
    breaks=("SSF-8.1.3.2-ERR-400", "SSF-8.1.3.3-ERR-400", "SSE-7.1.3.1-ERR-400"),
    also=("SSE-7.1.3.2-ERR-400",),
)
def subject_request_that_is_no_json_crashes(body: Any) -> bool:  # noqa: ANN401 (JSON)
    """A request about a subject that can't be parsed is answered with 500."""
    return body is None


@fault_at(
    _OfRequests,
    breaks=(
        "SSF-8.1.3.2-ERR-400-INVALID",
        "SSF-8.1.3.3-ERR-400-INVALID",
        "SSE-7.1.3.1-ERR-400",
        "SSE-7.1.3.2-ERR-400",
    ),
)
def subject_that_is_no_object_crashes(body: Any) -> bool:  # noqa: ANN401 (JSON)
    """A request whose subject is a text, a number or an array is answered with 500."""
    return isinstance(body, dict) and "subject" in body and not isinstance(body["subject"], dict)


@fault_at(
    _OfRequests,
    breaks=(
        "SSF-8.1.3.2-ERR-400-INVALID",
        "SSF-8.1.3.3-ERR-400-INVALID",
        "SSE-7.1.3.1-ERR-400",
        "SSE-7.1.3.2-ERR-400",
    ),
)
def subject_without_what_its_format_asks_for_crashes(body: Any) -> bool:  # noqa: ANN401 (JSON)
    """A subject that lacks a member of its format is answered with 500."""
    subject = body.get("subject") if isinstance(body, dict) else None
    return isinstance(subject, dict) and set(subject) == {"format"}


@fault_at(
    "operation",
    on=SUBJECT_OPERATIONS,
    needs=("add_subject", "remove_subject"),
    breaks=("SSF-8.1.3.2-ERR-400-INVALID", "SSF-8.1.3.3-ERR-400-INVALID"),
)
def subjects_may_be_missing(call: Call, proceed: Proceed) -> Outcome:
    """A request that names no subject is answered as a success."""
    missing = "subject" not in call.body
    return succeed(call) if missing else proceed(call)


@fault_at("request", needs=("add_subject",), breaks=("SSF-8.1.3.2-ERR-400-INVALID",))
def subjects_need_no_format(request: Request) -> Request:
    """A subject without a format is added."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return request
    subject = body.get("subject") if isinstance(body, dict) else None
    if not isinstance(subject, dict) or "format" in subject or "stream_id" not in body:
        return request
    given = {"format": "opaque", "id": json.dumps(subject)}
    return with_document(request, {**body, "subject": given})


@fault_at(
    "operation",
    on=SUBJECT_OPERATIONS,
    needs=("add_subject", "remove_subject"),
    breaks=("SSF-8.1.3.2-ERR-404-STREAM", "SSF-8.1.3.3-ERR-404-STREAM"),
    also=("SSF-8-AUTH-BINDS-STREAMS",),
)
def streams_that_are_no_more_take_subjects(call: Call, proceed: Proceed) -> Outcome:
    """A subject is added to a stream that is no more, and removed from it."""
    try:
        return proceed(call)
    except StreamNotFound:
        return succeed(call)


@fault_at(
    "operation",
    on=SUBJECT_OPERATIONS,
    needs=("add_subject", "remove_subject"),
    breaks=("SSF-8.1.3.2-ERR-404-STREAM", "SSF-8.1.3.3-ERR-404-STREAM"),
)
def subjects_of_an_unknown_stream_are_invalid(call: Call, proceed: Proceed) -> Outcome:
    """Adding a subject to a stream that is no more, or removing it, is answered with 400."""
    try:
        return proceed(call)
    except StreamNotFound as error:
        raise InvalidRequest(str(error), "stream_id") from None


@fault_at(
    "operation",
    on=("add_subject",),
    needs=("add_subject",),
    breaks=("SSF-9.1-CAREFUL-ERRORS", "SSE-9.1-CAREFUL-ERRORS"),
    also=("SSF-8.1.3.2-ADD-200-EMPTY", "SSE-7.1.3.1-ADD-200"),
)
def add_tells_who_is_unknown(call: Call, proceed: Proceed) -> Outcome:
    """Adding a subject that nobody knows is a success, whose body says that nobody knows it."""
    outcome = proceed(call)
    subject = call.body.get("subject")
    known = isinstance(subject, dict) and subject.get("format") == "email"
    if known or not isinstance(outcome, Reply):
        return outcome
    return replace(outcome, document={"matched": 0})
