"""Faults of reading polls: bodies that are not polls, content types, and the path."""

import json
from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.poll.acknowledgement import LOSSES
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import with_header
from mock_transmitter.http.authorisation import Decision, Granted
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome

_POLL = b'{"returnImmediately": true, "return_immediately": true, "acks": []}'
_POLLED = ("poll", "acknowledge")


def _object_in(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


class MalformedBodies(Deviation, ABC):
    """Reads a body that is not a JSON object as something else."""

    breaks = ("RFC8936-2.5.1-400-DEFAULT", "VEPA-ERR-MALFORMED")

    @abstractmethod
    def mended(self, body: bytes) -> bytes:
        """Return the body that is read instead."""

    def request(self, request: Request, at: At) -> Request:
        polled = "poll" in request.path or "events:ack" in request.path
        if request.method != "POST" or not polled or not request.body.strip():
            return request
        if _object_in(request.body):
            return request
        return replace(request, body=self.mended(request.body))


@fault_at(MalformedBodies)
def malformed_poll_is_served(body: bytes) -> bytes:
    """A body that is no JSON object is taken for a poll that states nothing of note."""
    return _POLL


@fault_at(MalformedBodies)
def malformed_poll_is_held(body: bytes) -> bytes:
    """A body that is no JSON object is taken for a long poll, and held."""
    return b'{"return_immediately": false, "acks": []}'


@fault_at(MalformedBodies)
def array_is_served_as_a_poll(body: bytes) -> bytes:
    """A JSON array is served as if it were a poll."""
    return _POLL if body.lstrip().startswith(b"[") else body


@fault
class MalformedPollTakesASetWithIt(Deviation):
    """After a poll whose body can't be read, the oldest SET of the next stream polled is lost."""

    breaks = ("RFC8936-2-UNACKED-KEPT",)
    also = LOSSES

    def __init__(self) -> None:
        self._took = False

    def response(self, response: Response, at: At) -> Response:
        if at.operation == "poll" and response.status == 400:
            self._took = True
        return response

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if self._took and call.operation == "poll" and stream is not None:
            self._took = False
            stream.queue.acknowledge([one.jti for one in stream.queue][:1])
        return proceed(call)


class CrashingReader(ABC, Deviation):
    """Answers 500 to requests that it cannot read."""

    on = _POLLED

    def __init__(self) -> None:
        self._crashes = False

    @abstractmethod
    def chokes_on(self, request: Request) -> bool:
        """Return whether the request causes the 500."""

    def request(self, request: Request, at: At) -> Request:
        self._crashes = self.chokes_on(request)
        return request

    def response(self, response: Response, at: At) -> Response:
        return replace(response, status=500) if self._crashes else response


@fault_at(CrashingReader, breaks=("RFC8936-2.5.1-400-DEFAULT", "VEPA-ERR-MALFORMED"))
def malformed_poll_is_a_crash(request: Request) -> bool:
    """A body that is no JSON object is answered with 500."""
    return bool(request.body.strip()) and not _object_in(request.body)


@fault_at(CrashingReader, breaks=("RFC8936-2.5-STATUS-200",))
def poll_with_a_charset_is_a_crash(request: Request) -> bool:
    """A Content-Type with a parameter is answered with 500."""
    return ";" in (request.header("content-type") or "")


@fault_at(
    "response",
    on=_POLLED,
    breaks=("RFC8936-2.5.1-400-DEFAULT",),
    also=("RFC8936-2.2-SETERRS-ACCEPTED", "RFC8936-2.5-STATUS-200"),
)
def poll_of_a_wrong_type_is_a_crash(response: Response) -> Response:
    """A poll that is a JSON object with a value of a wrong type is answered with 500."""
    invalid = response.status == 400 and b'"/' in response.body
    return replace(response, status=500) if invalid else response


@fault_at("response", breaks=("RFC9110-15.5.6-405-ALLOW",))
def wrong_method_has_no_allow(response: Response) -> Response:
    """A 405 has no Allow header."""
    return with_header(response, "allow", None)


class EncodedColon(Deviation):
    """Recognises requests whose path has a percent-encoded colon."""

    needs = ("acknowledge",)

    def __init__(self) -> None:
        self.encoded = False

    def request(self, request: Request, at: At) -> Request:
        self.encoded = "%3a" in request.path.lower()
        return request


@fault
class EncodedColonIsACrash(EncodedColon):
    """A path with a percent-encoded colon is answered with 500."""

    breaks = ("VEPA-ACK-PATH", "VEPA-POLL-PATH")

    def response(self, response: Response, at: At) -> Response:
        return replace(response, status=500) if self.encoded else response


@fault
class EncodedColonNeedsNoToken(EncodedColon):
    """A path with a percent-encoded colon is served to anybody."""

    breaks = ("VEPA-POLL-AUTH",)

    def authorisation(self, decision: Decision, at: At) -> Decision:
        return (
            Granted(at.access.owner) if self.encoded and at.access.owner is not None else decision
        )
