"""Faults of creating, reading and listing streams: SSF 1.0 sections 8.1.1, 8.1.1.1 and 8.1.1.2."""

from dataclasses import replace
from itertools import islice

from mock_transmitter.deviations.deviation import Json, Proceed
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.kinds.calls import CONFIGURES
from mock_transmitter.deviations.kinds.documents import with_body, with_configurations, without
from mock_transmitter.domain.errors import InvalidRequest, StreamNotFound
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply


@fault_at(
    "operation",
    breaks=("SSF-6.1.2-POLL-URL-UNIQUE-PER-STREAM",),
    also=(
        "SSF-8.1.1.5-DELETE-EFFECTIVE",
        "SSF-8.1.1.5-ERR-404",
        "RFC8417-2.2-JTI-UNIQUE",
        "RFC8936-2-UNACKED-KEPT",
    ),
)
def poll_url_is_shared_by_streams(call: Call, proceed: Proceed) -> Outcome:
    """All streams of one Receiver show the poll URL of its first stream."""
    delivery = call.body.get("delivery")
    if call.operation in CONFIGURES and isinstance(delivery, dict):
        poll = call.transmitter.profile.delivery.poll
        if delivery.get("method") == poll:
            call = with_body(call, delivery=without(delivery, "endpoint_url"))
    outcome = proceed(call)
    first = next(islice(call.transmitter.streams(call.audience), 1), None)
    if first is None:
        return outcome
    shared = first.configuration.delivery

    def edit(document: Json) -> Json:
        if document["delivery"]["method"] != shared.method:
            return document
        return {
            **document,
            "delivery": {**document["delivery"], "endpoint_url": shared.endpoint_url},
        }

    return with_configurations(outcome, edit, needs="delivery")


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1-DESCRIPTION",),
    also=("SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",),
)
def description_is_forgotten(call: Call, proceed: Proceed) -> Outcome:
    """The description that a Receiver gives a new stream is not kept."""
    call = replace(call, body=without(call.body, "description"))
    return proceed(call)


@fault_at(
    "operation",
    on=CONFIGURES,
    breaks=("SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",),
    also=(
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-200-FULL",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
        "JAMF-POST-UPDATES",
        "SSF-8.1.1.3-PATCH-RO-MISSING-IGNORED",
        "SSF-8.1.1.4-PUT-RO-MISSING-IGNORED",
    ),
)
def unknown_event_types_are_refused(call: Call, proceed: Proceed) -> Outcome:
    """Asking for an event type that the Transmitter does not know is refused with 400."""
    supported = call.transmitter.supported
    for uri in call.body.get("events_requested", ()):
        if uri not in supported:
            raise InvalidRequest(f"the event type {uri} is not supported")
    return proceed(call)


@fault_at(
    "operation",
    breaks=(
        "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
        "JAMF-DELIVERED-INTERSECTION",
        "SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION",
    ),
    also=(
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",
        "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.2.2-RO-MISMATCH",
        "JAMF-POST-UPDATES",
        "SSE-7.1.2.2-POST-UPDATES-200",
    ),
)
def events_delivered_echoes_events_requested(call: Call, proceed: Proceed) -> Outcome:
    """events_delivered shows whatever was requested, supported or not."""
    if call.operation in CONFIGURES:
        call = replace(call, body=without(call.body, "events_delivered"))
    return with_configurations(
        proceed(call),
        lambda document: {**document, "events_delivered": document["events_requested"]},
        needs="events_requested",
    )


@fault_at(
    "operation",
    on=("read_stream",),
    breaks=("SSF-8.1.1.2-ERR-404", "SSE-7.1.2.1-ERR-404"),
    also=(
        "SSF-8-AUTH-BINDS-STREAMS",
        "SSF-8.1.1.5-DELETE-EFFECTIVE",
        "SSE-7.1.2-ISS",
        "SSE-7.1.2.3-DELETE-200",
    ),
)
def unknown_stream_reads_as_another(call: Call, proceed: Proceed) -> Outcome:
    """Reading a stream that does not exist answers 200, with another stream if there is one."""
    try:
        return proceed(call)
    except StreamNotFound:
        streams = call.transmitter.streams(call.audience)
        document = call.transmitter.document(streams[0]) if streams else {}
        return Reply(status=200, document=document, message="stream_configuration")


@fault_at(
    "response",
    breaks=(
        "SSF-8.1.1.1-ERR-400",
        "SSF-8.1.1.3-ERR-400",
        "SSF-8.1.1.4-ERR-400",
        "SSF-8.1.4.2-ERR-400",
        "SSE-7.1.2.2-ERR-400",
        "SSE-7.1.4.2-ERR-400",
        "RFC8936-2.5.1-400-DEFAULT",
        "VEPA-ERR-MALFORMED",
    ),
    also=(
        "JAMF-RO-MUST-MATCH",
        "RFC8936-2.2-SETERRS-ACCEPTED",
        "RFC8936-2.5-STATUS-200",
        "SSE-7.1.2.2-RO-MISMATCH",
        "SSF-8.1.1.3-ERR-400-INVALID",
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.3-PATCH-STREAMID-REQUIRED",
        "SSF-8.1.1.4-ERR-400-INVALID",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-STREAMID-REQUIRED",
        "SSF-8.1.1.5-DELETE-STREAMID-QUERY",
        "SSF-8.1.4.2-ERR-400-INVALID",
        "SSE-7.1.3.1-ERR-400",
        "SSE-7.1.3.2-ERR-400",
        "SSF-8.1.3.2-ERR-400-INVALID",
        "SSF-8.1.3.3-ERR-400-INVALID",
    ),
)
def invalid_requests_are_server_errors(response: Response) -> Response:
    """Whatever is wrong with a request is answered with 500."""
    return replace(response, status=500) if response.status == 400 else response
