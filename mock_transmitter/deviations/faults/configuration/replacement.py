"""Faults of replacing: PUT in SSF 1.0 section 8.1.1.4, POST in the 2021 draft's 7.1.2.2."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import Proceed
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.faults.configuration.update import refuse_transmitter_supplied
from mock_transmitter.deviations.kinds.calls import OnStream, target
from mock_transmitter.deviations.kinds.documents import with_body, with_configurations, without
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome, Reply


@fault_at(
    OnStream,
    on=("replace_stream",),
    breaks=(
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
        "SSF-8.1.1.4-PUT-MISSING-EVENTS",
        "JAMF-FORMAT-DELETABLE",
        "JAMF-REQUIRED-NOT-MERGED",
        "SSE-7.1.2.2-MISSING-DELETES",
        "SSE-7.1.2.2-PARTIAL-NOT-MERGED",
    ),
    also=(
        "SSF-8.1.1.4-PUT-MISSING-DELIVERY",
        "JAMF-POST-UPDATES",
    ),
)
def replace_merges_instead_of_replacing(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A replacement leaves every property that it does not name as it was, as a PATCH would."""
    current = call.transmitter.document(stream)
    names = call.transmitter.profile.stream.receiver_supplied
    kept = {name: current[name] for name in names if name in current and name not in call.body}
    return proceed(with_body(call, **kept))


@fault_at(
    OnStream,
    on=("replace_stream",),
    breaks=(
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
        "JAMF-FORMAT-DELETABLE",
        "SSE-7.1.2.2-MISSING-DELETES",
    ),
    also=("JAMF-POST-UPDATES",),
)
def replace_keeps_a_missing_description_or_format(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A replacement without the optional description or format leaves it as it was."""
    return proceed(replace(call, body={**stream.configuration.others, **call.body}))


@fault_at(
    OnStream,
    on=("replace_stream",),
    breaks=("JAMF-REQUIRED-NOT-MERGED", "SSE-7.1.2.2-PARTIAL-NOT-MERGED"),
)
def replace_without_delivery_keeps_it(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A replacement without a delivery leaves the delivery as it was."""
    if "delivery" in call.body:
        return proceed(call)
    return proceed(with_body(call, delivery=stream.configuration.delivery.document()))


@fault_at(
    OnStream,
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-MISSING-EVENTS", "JAMF-POST-UPDATES"),
    also=(
        "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
        "SSE-7.1.2.2-RO-MATCH-OK",
        "SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION",
        "SSF-8.1.1.4-PUT-200",
        "JAMF-DELIVERED-INTERSECTION",
        "JAMF-READ-MODIFY-WRITE",
        "JAMF-REQUIRED-NOT-MERGED",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-7.1.2.2-PARTIAL-NOT-MERGED",
    ),
)
def replace_ignores_events_requested(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A replacement is answered with 2xx and leaves the requested events as they were."""
    requested = list(stream.configuration.events_requested)
    return proceed(with_body(call, events_requested=requested))


@fault_at(
    "operation",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-RO-MISMATCH-400",),
)
def replace_accepts_read_only_mismatch(call: Call, proceed: Proceed) -> Outcome:
    """A replacement with wrong Transmitter-Supplied values is answered with 2xx, and they stay."""
    names = call.transmitter.profile.stream.transmitter_supplied
    return proceed(replace(call, body=without(call.body, *names)))


@fault_at(
    OnStream,
    on=("replace_stream",),
    breaks=(
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
        "JAMF-AUD-READ-ONLY",
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.2.2-RO-MISMATCH",
    ),
    also=("SSF-4.1.8-AUD-MATCHES-STREAM", "SSE-7.1.2-AUD"),
)
def replace_changes_aud(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A replacement with another aud is answered with 2xx and applied."""
    if "aud" in call.body:
        stream.configuration = replace(stream.configuration, aud=call.body["aud"])
    return proceed(call)


@fault_at(
    "operation",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-RO-MATCH-OK", "JAMF-READ-MODIFY-WRITE", "SSE-7.1.2.2-RO-MATCH-OK"),
    also=(
        "JAMF-RO-MUST-MATCH",
        "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE",
        "JAMF-POST-UPDATES",
    ),
)
def replace_refuses_matching_read_only_values(call: Call, proceed: Proceed) -> Outcome:
    """A replacement that repeats Transmitter-Supplied properties as they were read is refused."""
    refuse_transmitter_supplied(call)
    return proceed(call)


@fault_at(
    "operation",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-RO-MISSING-IGNORED",),
    also=(
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
        "SSF-8.1.1.4-PUT-MISSING-EVENTS",
        "JAMF-POST-UPDATES",
    ),
)
def replacement_needs_the_transmitters_properties(call: Call, proceed: Proceed) -> Outcome:
    """A replacement without the Transmitter-Supplied iss is refused."""
    known = target(call) is not None
    if known and "iss" not in call.body:
        raise InvalidRequest("iss is missing", "iss")
    return proceed(call)


@fault_at(OnStream, on=("replace_stream",), breaks=("SSF-8.1.1.4-PUT-MISSING-DELETES",))
def replace_of_delivery_alone_keeps_the_description(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A replacement that names the delivery and nothing else leaves the description in place."""
    names = set(call.transmitter.profile.stream.receiver_supplied) & set(call.body)
    if names != {"delivery"}:
        return proceed(call)
    return proceed(replace(call, body={**stream.configuration.others, **call.body}))


@fault_at(
    "operation",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-200",),
    also=("SSF-8.1.1.4-PUT-RO-MATCH-OK",),
)
def replace_with_a_description_loses_the_events(call: Call, proceed: Proceed) -> Outcome:
    """A replacement that names a description empties events_requested, which it names too."""
    if "description" in call.body:
        call = with_body(call, events_requested=[])
    return proceed(call)


@fault_at(
    "operation",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-200",),
    also=("SSF-8.1.1.4-PUT-RO-MATCH-OK",),
)
def replace_ignores_the_description(call: Call, proceed: Proceed) -> Outcome:
    """A replacement is answered with 2xx and leaves the stream without the description it has."""
    call = replace(call, body=without(call.body, "description"))
    return proceed(call)


@fault_at(
    OnStream,
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-200",),
    also=("JAMF-POST-UPDATES",),
)
def replace_answers_the_old_configuration(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A replacement is applied and answered with the configuration before it."""
    before = call.transmitter.document(stream)
    return with_configurations(proceed(call), lambda _: before)


@fault_at(
    "operation",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-ERR-404",),
    also=("SSF-8-AUTH-BINDS-STREAMS", "SSF-8.1.1.2-LIST-EMPTY"),
)
def replace_of_an_unknown_stream_creates_one(call: Call, proceed: Proceed) -> Outcome:
    """A replacement of a stream that does not exist is answered with 200 and a new stream."""
    if target(call) is not None:
        return proceed(call)
    if not call.transmitter.explicit:
        return proceed(call)
    made = call.transmitter.create_stream(call.audience, call.body)
    return Reply(
        status=200, document=call.transmitter.document(made), message="stream_configuration"
    )
