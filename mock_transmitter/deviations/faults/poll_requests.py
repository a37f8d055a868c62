"""Faults of which polls are taken, and which wait: RFC 8936 sections 2.1 to 2.5."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.documents import with_body, with_header
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.domain.errors import InvalidRequest, StreamNotFound
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

_NOT_ALLOWED = 405
_UNAUTHORIZED = 401


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.2-ACK-EMPTY-OR-ABSENT",),
    also=("RFC8936-2.5-STATUS-200",),
)
def empty_ack_list_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll with an empty ack list is refused with 400."""
    if call.body.get("ack") == []:
        raise InvalidRequest("ack names no SET", "ack")
    return proceed(call)


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.2-MAXEVENTS-ZERO",),
    also=(
        "RFC8936-2.2-ACK-ACCEPTED",
        "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
        "RFC8936-2.2-ACK-UNKNOWN-JTI",
        "RFC8936-2.2-SETERRS-ACCEPTED",
        "RFC8936-2.4.4-ACK-AND-ERRORS",
        "RFC8936-2.5-STATUS-200",
        "RFC8936-2.3-MORE-AVAILABLE",
        "RFC8936-2.4.2-ACKONLY-LONGPOLL",
        "SSF-8.1.1-UNDELIVERED-NOT-SENT",
    ),
)
def max_events_of_zero_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll that only acknowledges, with maxEvents 0, is refused with 400."""
    if call.body.get("maxEvents") == 0:
        raise InvalidRequest("maxEvents has to be 1 or more", "maxEvents")
    return proceed(call)


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.4.3-COMBINED",),
    also=(
        "RFC8936-2.2-ACK-ACCEPTED",
        "RFC8936-2.2-ACK-UNKNOWN-JTI",
        "RFC8936-2.2-SETERRS-ACCEPTED",
        "RFC8936-2.3-MORE-AVAILABLE",
        "RFC8936-2.4.4-ACK-AND-ERRORS",
        "RFC8936-2.5-STATUS-200",
    ),
)
def poll_that_acknowledges_and_fetches_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll that acknowledges is refused with 400, unless its maxEvents is 0."""
    if call.body.get("ack") and call.body.get("maxEvents") != 0:
        raise InvalidRequest("acknowledge with maxEvents 0", "ack")
    return proceed(call)


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.2-LONGPOLL-DEFAULT",),
    also=(
        "RFC8936-2.4.2-ACKONLY-LONGPOLL",
        "RFC8936-2.5-LONGPOLL-HOLDS",
    ),
)
def poll_waits_only_where_it_says_so(call: Call, proceed: Proceed) -> Outcome:
    """A poll that leaves returnImmediately out is answered at once; one with false waits."""
    if call.body.get("returnImmediately") is None:
        call = with_body(call, returnImmediately=True)
    return proceed(call)


@fault_at("operation", on=("poll",), breaks=("RFC8936-2.4.2-ACKONLY-LONGPOLL",))
def acknowledgement_alone_never_waits(call: Call, proceed: Proceed) -> Outcome:
    """A poll with maxEvents 0 is answered at once, though it may wait."""
    if call.body.get("maxEvents") == 0:
        call = with_body(call, returnImmediately=True)
    return proceed(call)


@fault_at(
    "response",
    on=("poll",),
    breaks=("RFC8936-2.1-POST",),
    also=(
        "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
        "RFC8936-2.2-MAXEVENTS-ZERO",
        "RFC8936-2.2-ACK-UNKNOWN-JTI",
        "RFC8936-2.2-SETERRS-ACCEPTED",
        "RFC8936-2.4.4-ACK-AND-ERRORS",
        "RFC8936-2.5-STATUS-200",
    ),
)
def poll_of_nothing_is_not_allowed(response: Response) -> Response:
    """A poll that finds no SET is answered with 405."""
    if not response.body.startswith(b'{"sets":{}'):
        return response
    return with_header(replace(response, status=_NOT_ALLOWED), "allow", "GET")


@fault
class PollByAnotherMethodIsServed(Deviation):
    """DELETE and PUT at a poll URL are answered as a POST is."""

    breaks = ("RFC8936-2.5.1-GENERAL-ERRORS",)

    def __init__(self) -> None:
        self._odd = False

    def request(self, request: Request, at: At) -> Request:
        self._odd = "/poll" in request.target and request.method in {"DELETE", "PUT"}
        return request

    def response(self, response: Response, at: At) -> Response:
        if not self._odd or response.status != _NOT_ALLOWED:
            return response
        served = with_header(response, "allow", None)
        return replace(served, status=200, body=b'{"sets":{}}')


@fault_at(
    "response",
    on=("poll",),
    breaks=("RFC8936-3-WWW-AUTHENTICATE",),
    also=(
        "RFC6750-3-BEARER-CHALLENGE",
        "RFC6750-3.1-INVALID-TOKEN",
        "RFC9110-15.5.2-401-CHALLENGE",
        "VEPA-POLL-AUTH-AUDIENCE",
    ),
)
def refused_polls_have_no_challenge(response: Response) -> Response:
    """A poll without a valid token is answered with 401 and no WWW-Authenticate."""
    if response.status != _UNAUTHORIZED:
        return response
    return with_header(response, "www-authenticate", None)


@fault_at("operation", breaks=("VEPA-ERR-UNKNOWN-STREAM",))
def poll_of_an_unknown_stream_is_served(call: Call, proceed: Proceed) -> Outcome:
    """A poll of a stream that is not there is answered with no SETs."""
    try:
        return proceed(call)
    except StreamNotFound:
        if call.operation != "poll":
            raise
        return Reply(status=200, document={"sets": {}}, message="poll_response")
