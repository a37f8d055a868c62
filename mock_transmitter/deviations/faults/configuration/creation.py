"""Faults of creating streams: SSF 1.0 section 8.1.1.1."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import Json, Proceed
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.kinds.documents import (
    ChangedReply,
    ShownConfiguration,
    with_configurations,
    without,
)
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.operations import Call, Outcome, Reply


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-MINIMAL-BODY",),
    also=(
        "SSF-8.1.1.1-CREATE-201",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
    ),
)
def create_needs_events_requested(call: Call, proceed: Proceed) -> Outcome:
    """A request for a stream without events_requested is refused."""
    if "events_requested" not in call.body:
        raise InvalidRequest("events_requested is missing", "events_requested")
    return proceed(call)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",),
    also=("SSF-8.1.1.1-CREATE-201",),
)
def create_with_a_description_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """A request for a stream that carries a description is refused."""
    if "description" in call.body:
        raise InvalidRequest("description can't be set", "description")
    return proceed(call)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1-DESCRIPTION",),
    also=("SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",),
)
def create_forgets_the_description_next_to_events(call: Call, proceed: Proceed) -> Outcome:
    """The description of a new stream is not kept where events_requested stands beside it."""
    if "events_requested" in call.body:
        call = replace(call, body=without(call.body, "description"))
    return proceed(call)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-DEFAULT-POLL",),
    also=("SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",),
)
def create_without_delivery_is_push(call: Call, proceed: Proceed) -> Outcome:
    """A stream that is asked for without a delivery pushes to an address of nobody's."""
    profile = call.transmitter.profile
    if "delivery" not in call.body:
        push = {"method": profile.delivery.push, "endpoint_url": "https://receiver.invalid/"}
        call = replace(call, body={**call.body, "delivery": push})
    return proceed(call)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-CREATE-201",),
    also=(
        "SSF-7.1-DELIVERY-METHODS-HONOURED",
        "SSF-8.1.1-STREAMID-PRESENT",
        "SSF-8.1.1.1-MINIMAL-BODY",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
    ),
)
def create_is_accepted(call: Call, proceed: Proceed) -> Outcome:
    """Creating a stream is answered with 202 and no configuration, though it is made."""
    proceed(call)
    return Reply(status=202)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-SECOND-REFUSED-409",),
)
def second_create_is_forbidden(call: Call, proceed: Proceed) -> Outcome:
    """A Receiver that has a stream gets 403 instead of 409 when it asks for another."""
    if call.transmitter.streams(call.audience):
        return Reply(status=403, document={"error": "access_denied"})
    return proceed(call)


@fault_at(ShownConfiguration, on=("create_stream",), breaks=("SSF-8.1.1.2-READ-200",))
def create_shows_events_delivered_empty(document: Json) -> Json:
    """The answer to a create request shows no events_delivered yet; reading the stream does."""
    return {**document, "events_delivered": []}


@fault_at(
    ShownConfiguration,
    where="delivery",
    breaks=("SSF-6.1.2-POLL-METHOD-URN",),
    also=(
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
        "SSF-7.1-DELIVERY-METHODS-HONOURED",
        "SSF-8.1.1.4-ERR-404",
        "SSF-8.1.1.4-PUT-MISSING-EVENTS",
        "SSF-8.1.1-DELIVERY-PRESENT",
        "SSF-8.1.1.1-DEFAULT-POLL",
        "SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE",
    ),
)
def poll_method_is_a_word(document: Json, call: Call) -> Json:
    """The method of a poll stream is shown as a word instead of its URN."""
    poll = call.transmitter.profile.delivery.poll
    delivery = document["delivery"]
    if delivery.get("method") != poll:
        return document
    return {**document, "delivery": {**delivery, "method": "poll"}}


@fault_at(
    ChangedReply,
    on=("create_stream",),
    breaks=(
        "SSF-8.1.1-ISS-PRESENT",
        "SSF-8.1.1-AUD-PRESENT",
        "SSF-8.1.1-EVENTS-DELIVERED-PRESENT",
        "SSF-8.1.1-DELIVERY-PRESENT",
    ),
    also=(
        "SSF-7.1-DELIVERY-METHODS-HONOURED",
        "SSF-6.1.2-POLL-METHOD-URN",
        "SSF-8.1.1-DESCRIPTION",
        "SSF-8.1.1.1-DEFAULT-POLL",
        "SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.2-READ-200",
    ),
)
def create_answers_the_id_alone(reply: Reply) -> Outcome:
    """Creating a stream answers with its stream_id and nothing else of the configuration."""
    return replace(reply, document={"stream_id": reply.document["stream_id"]})


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",),
    also=(
        "SSF-6.1.2-POLL-ENDPOINT-FROM-TRANSMITTER",
        "SSF-8.1.1.2-READ-200",
    ),
)
def create_without_delivery_shows_no_poll_url(call: Call, proceed: Proceed) -> Outcome:
    """A stream that was created without a delivery is answered without the URL to poll."""
    outcome = proceed(call)
    if "delivery" in call.body:
        return outcome
    return with_configurations(
        outcome,
        lambda document: {**document, "delivery": without(document["delivery"], "endpoint_url")},
        needs="delivery",
    )


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-SECOND-NEW-ID",),
    also=(
        "SSF-8.1.1.5-ERR-404",
        "SSF-8.1.2-STREAMS-INDEPENDENT",
        "RFC8936-2-UNACKED-KEPT",
        "SSF-8.1.1-DESCRIPTION",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.5-DELETE-EFFECTIVE",
        "SSF-8.1.3.1-MATCHED-SENT",
    ),
)
def second_create_overwrites_the_first(call: Call, proceed: Proceed) -> Outcome:
    """Creating a second stream gives the first one back, with its configuration replaced."""
    streams = call.transmitter.streams(call.audience)
    if not streams:
        return proceed(call)
    call.transmitter.replace_stream(streams[0], call.body)
    return Reply(
        status=call.transmitter.profile.operations["create_stream"].success[0],
        document=call.transmitter.document(streams[0]),
        message="stream_configuration",
    )
