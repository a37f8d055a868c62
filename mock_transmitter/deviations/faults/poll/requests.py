"""Faults of polling: RFC 8936, and events:poll."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.documents import ChangedReply, with_body, with_header
from mock_transmitter.domain.errors import InvalidRequest, StreamNotFound
from mock_transmitter.domain.transmitter import Batch
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

_MEMBERS = frozenset({"maxEvents", "returnImmediately", "ack", "setErrs"})


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.2-MAXEVENTS-LIMIT", "VEPA-POLL-MAX-EVENTS"),
)
def poll_ignores_max_events(call: Call, proceed: Proceed) -> Outcome:
    """A poll returns every SET that is due, whatever maximum it states."""
    if call.body.get("maxEvents"):
        call = with_body(call, maxEvents=None)
    return proceed(call)


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.4.2-ACKONLY-NO-SETS",),
)
def poll_with_max_events_zero_returns_sets(call: Call, proceed: Proceed) -> Outcome:
    """A poll that only acknowledges, with maxEvents 0, gets a SET all the same."""
    if call.body.get("maxEvents") == 0:
        call = with_body(call, maxEvents=1)
    return proceed(call)


@fault_at(
    "batch",
    breaks=("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS"),
    also=(
        "RFC8936-2.2-ACK-ACCEPTED",
        "RFC8936-2.4.3-COMBINED",
        "RFC8417-2.2-JTI-UNIQUE",
        "RFC8936-2.2-SETERRS-ACCEPTED",
        "RFC8936-2.4.2-ACKONLY-LONGPOLL",
        "RFC8936-2.4.4-ACK-AND-ERRORS",
        "SSF-8.1.2-INDEPENDENT-CHANGE-ANNOUNCED",
        "SSF-8.1.2-STREAMS-INDEPENDENT",
        "SSF-8.1.2.1-ENABLED-TRANSMITS",
        "SSF-8.1.2.1-PAUSED-HOLDS",
        "SSF-8.1.5-SENT-ON-REENABLE",
        "VEPA-ACK-STOPS-REDELIVERY",
        "VEPA-BACKOFF-INDEPENDENT",
        "VEPA-BACKOFF-NEW-NOT-HELD-UP",
        "SSE-7.1.1.1-ENABLED",
        "SSE-7.1.1.1-PAUSED-HOLDS",
        "SSE-7.1.5-SENT",
        "SSE-7.1-SUBJECT-CHANGE-ENABLED",
    ),
)
def poll_keys_are_not_the_jtis(batch: Batch) -> Batch:
    """The keys of the sets in a poll's answer are positions instead of the jtis."""
    numbered = {f"set-{number}": token for number, token in enumerate(batch.sets.values())}
    return replace(batch, sets=numbered)


@fault_at("batch", breaks=("RFC8936-2.3-MORE-AVAILABLE",))
def poll_says_there_is_no_more(batch: Batch) -> Batch:
    """moreAvailable is false although more SETs are due."""
    return replace(batch, more_available=False)


@fault_at(ChangedReply, breaks=("RFC8936-2.3-MORE-AVAILABLE",))
def poll_says_more_is_available_in_a_string(reply: Reply) -> Outcome:
    """moreAvailable is a string instead of a boolean."""
    if reply.message != "poll_response":
        return reply
    document = reply.document
    if "moreAvailable" not in document:
        return reply
    more = str(document["moreAvailable"]).lower()
    return replace(reply, document={**document, "moreAvailable": more})


@fault_at(
    "response",
    on=("poll",),
    breaks=("RFC8936-2.3-SETS-EMPTY",),
    also=(
        "RFC8936-2.5-SETS-PRESENT",
        "RFC8936-2.3-SETS-OBJECT",
        "VEPA-POLL-RESPONSE-SETS",
    ),
)
def poll_answers_null_where_there_is_no_set(response: Response) -> Response:
    """sets is null where there is nothing to deliver."""
    return replace(response, body=response.body.replace(b'"sets":{}', b'"sets":null'))


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.5-LONGPOLL-HOLDS", "VEPA-POLL-RETURN-IMMEDIATELY"),
    also=("RFC8936-2.2-LONGPOLL-DEFAULT", "RFC8936-2.4.2-ACKONLY-LONGPOLL"),
)
def poll_never_waits(call: Call, proceed: Proceed) -> Outcome:
    """A long poll is answered at once, with or without a SET."""
    call = with_body(call, returnImmediately=True)
    return proceed(call)


@fault_at("operation", on=("poll",), breaks=("RFC8936-2.2-UNKNOWN-MEMBERS",))
def poll_refuses_unknown_members(call: Call, proceed: Proceed) -> Outcome:
    """A poll with a member that is not known is refused with 400."""
    unknown = set(call.body) - _MEMBERS
    if unknown:
        raise InvalidRequest(f"unknown member {min(unknown)}")
    return proceed(call)


@fault_at(
    "response",
    on=("poll",),
    breaks=("RFC8936-2-JSON-MEDIA", "RFC9110-8.3-CONTENT-TYPE"),
    needs=("poll",),
)
def poll_answer_is_plain_text(response: Response) -> Response:
    """The answer to a poll is labelled text/plain."""
    return with_header(response, "content-type", "text/plain; charset=utf-8")


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.4.1-EMPTY-OBJECT",),
    also=("RFC8936-2.2-LONGPOLL-DEFAULT", "RFC8936-2.5-LONGPOLL-HOLDS", "RFC8936-2.5-STATUS-200"),
)
def poll_without_members_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll that states nothing, an empty object, is refused with 400."""
    if not call.body:
        raise InvalidRequest("maxEvents or returnImmediately is needed")
    return proceed(call)


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
    also=("RFC8936-2.4.2-ACKONLY-LONGPOLL", "RFC8936-2.5-LONGPOLL-HOLDS"),
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
    return with_header(replace(response, status=405), "allow", "GET")


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
        if not self._odd or response.status != 405:
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
    ),
)
def refused_polls_have_no_challenge(response: Response) -> Response:
    """A poll without a valid token is answered with 401 and no WWW-Authenticate."""
    if response.status != 401:
        return response
    return with_header(response, "www-authenticate", None)


@fault_at("operation", on=("poll",), breaks=("VEPA-ERR-UNKNOWN-STREAM",))
def poll_of_an_unknown_stream_is_served(call: Call, proceed: Proceed) -> Outcome:
    """A poll of a stream that is not there is answered with no SETs."""
    try:
        return proceed(call)
    except StreamNotFound:
        return Reply(status=200, document={"sets": {}}, message="poll_response")
