"""Faults of updating a stream: SSF 1.0 section 8.1.1.3 and what 8.1.1.4 shares with it."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import UPDATES, OnStream, target
from mock_transmitter.deviations.kinds.documents import (
    ShownConfiguration,
    with_configurations,
    without,
)
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome, Reply


@fault_at(
    OnStream,
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",),
)
def patch_resets_missing_properties(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A PATCH resets every property that it does not name, as a PUT would."""
    call.transmitter.replace_stream(stream, call.body)
    return proceed(replace(call, body={"stream_id": stream.stream_id}))


@fault_at(
    "operation",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-APPLIES",),
    also=(
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT",
        "SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER",
    ),
)
def patch_is_answered_and_ignored(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH is answered with 200 and changes nothing."""
    stream = target(call)
    before = stream.configuration if stream else None
    outcome = proceed(call)
    if stream is None or before is None:
        return outcome
    stream.configuration = before
    return with_configurations(outcome, lambda _: call.transmitter.document(stream))


@fault_at(
    "operation",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",),
)
def patch_loses_the_delivery_method(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH that does not name delivery leaves the stream without a delivery method."""
    outcome = proceed(call)
    stream = target(call)
    if stream is None or "delivery" in call.body:
        return outcome
    stream.configuration = replace(
        stream.configuration, delivery=replace(stream.configuration.delivery, method="")
    )
    return with_configurations(outcome, lambda _: call.transmitter.document(stream))


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",))
def patch_accepts_another_iss(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH with a wrong iss is answered with 200; the iss stays as it was."""
    call = replace(call, body=without(call.body, "iss"))
    return proceed(call)


@fault_at(
    OnStream,
    on=("update_stream",),
    breaks=("SSF-8.1.1-AUD-IMMUTABLE", "SSF-8.1.1.3-PATCH-RO-MISMATCH-400"),
    also=("SSF-4.1.8-AUD-MATCHES-STREAM",),
)
def patch_changes_aud(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A PATCH with another aud is answered with 200 and applied."""
    if "aud" in call.body:
        stream.configuration = replace(stream.configuration, aud=call.body["aud"])
    return proceed(call)


@fault_at(
    "operation",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-RO-MATCH-OK",),
    also=("SSF-8.1.1.3-PATCH-DELIVERED-PRE-VALUE",),
)
def patch_refuses_matching_read_only_values(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH with a Transmitter-Supplied property besides stream_id is refused, right or not."""
    refuse_transmitter_supplied(call)
    return proceed(call)


@fault_at(
    ShownConfiguration,
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-200-FULL",),
    also=(
        "SSF-6.1.2-POLL-ENDPOINT-FROM-TRANSMITTER",
        "SSF-8.1.1-AUD-PRESENT",
        "SSF-8.1.1-EVENTS-DELIVERED-PRESENT",
        "SSF-8.1.1-ISS-PRESENT",
    ),
)
def patch_answers_only_what_it_was_given(document: Json, call: Call) -> Json:
    """A PATCH is answered with the properties of the request instead of the whole configuration."""
    return dict(call.body)


@fault_at(
    "operation",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-ERR-404",),
    also=("SSF-8-AUTH-BINDS-STREAMS",),
)
def patch_of_an_unknown_stream_is_answered_200(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH of a stream that does not exist is answered with 200 and the properties it names."""
    if target(call) is not None:
        return proceed(call)
    return Reply(status=200, document=dict(call.body), message="stream_configuration")


@fault_at(
    OnStream,
    on=UPDATES,
    breaks=("SSF-8.1.1.3-PATCH-DELIVERED-PRE-VALUE", "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE"),
    also=("JAMF-POST-UPDATES",),
)
def events_delivered_is_compared_after_the_update(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """events_delivered in a PATCH or PUT must have the value that it gets, not the one it had."""
    given = call.body.get("events_delivered")
    if given is None:
        return proceed(call)
    requested = call.body.get("events_requested", stream.configuration.events_requested)
    if set(given) != set(requested) & set(call.transmitter.supported):
        raise InvalidRequest("events_delivered does not match", "events_delivered")
    return proceed(replace(call, body=without(call.body, "events_delivered")))


@fault
class EventsDeliveredIsNotRecomputed(Deviation):
    """events_delivered keeps its first value, whatever is requested later."""

    breaks = ("SSF-8.1.1.3-DELIVERED-RECOMPUTED",)
    also = (
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
        "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
        "SSF-8.1.1.4-PUT-200",
    )

    def __init__(self) -> None:
        self._first: dict[str, list[str]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show the first value, and don't hold it against the true one when it comes back."""
        if call.operation in UPDATES:
            call = replace(call, body=without(call.body, "events_delivered"))
        return with_configurations(proceed(call), self._edit, needs="events_delivered")

    def _edit(self, document: Json) -> Json:
        stream_id = document.get("stream_id", "")
        first = self._first.setdefault(stream_id, document["events_delivered"])
        return {**document, "events_delivered": first}


@fault_at(
    "operation",
    on=UPDATES,
    breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400", "SSF-8.1.1.4-PUT-RO-MISMATCH-400"),
    also=(
        "SSF-8.1.1.3-ERR-400-INVALID",
        "SSF-8.1.1.4-ERR-400-INVALID",
    ),
)
def refused_update_empties_events_requested(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH or PUT that is refused with 400 has nevertheless taken all requested events away."""
    try:
        return proceed(call)
    except InvalidRequest:
        stream = target(call)
        if stream is not None:
            stream.configuration = replace(stream.configuration, events_requested=())
        raise


def refuse_transmitter_supplied(call: Call) -> None:
    """Refuse a request with any Transmitter-Supplied property but stream_id."""
    for member in call.transmitter.profile.stream.transmitter_supplied:
        if member in call.body:
            raise InvalidRequest(f"{member} can't be set", member)
