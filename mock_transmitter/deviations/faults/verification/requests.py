"""Faults of the content of verification requests, and of the event's type."""

from mock_transmitter.deviations.deviation import Json, Proceed
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.domain.errors import InvalidRequest, StreamNotFound
from mock_transmitter.http.operations import Call, Outcome, Reply


@fault_at(
    "operation",
    on=("verify",),
    breaks=("SSF-8.1.4.2-NO-STATE-REQUEST",),
    also=("SSF-8.1.4.2-VERIFY-204",),
)
def verification_needs_a_state(call: Call, proceed: Proceed) -> Outcome:
    """A verification request without a state is refused with 400."""
    if target(call) is not None and call.body.get("state") is None:
        raise InvalidRequest("state is missing", "state")
    return proceed(call)


@fault_at(
    "operation",
    on=("verify",),
    breaks=("SSF-8.1.4.2-ERR-404",),
    also=("SSF-8-AUTH-BINDS-STREAMS", "SSF-8.1.1.5-DELETE-STOPS-DELIVERY"),
)
def verification_of_a_deleted_stream_is_promised(call: Call, proceed: Proceed) -> Outcome:
    """A verification request for a stream that is not there is answered with 204."""
    try:
        return proceed(call)
    except StreamNotFound:
        return Reply(status=204)


@fault_at(
    "claims",
    breaks=("SSF-8.1.4.1-TYPE-URI", "SSE-7.1.4.1-TYPE-URI"),
    also=(
        "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
        "SSF-8.1.4.2-204-MEANS-WILL-SEND",
        "SSF-8.1.4.2-NO-STATE-REQUEST",
        "SSE-7.1.4.2-STATE-ECHO",
        "CAEPIOP-2.3.8.2-VERIFY",
    ),
)
def verification_event_has_an_old_name(claims: Json) -> Json:
    """The type of a Verification Event is a URI that no text has."""
    events = {
        f"https://transmitter.example/{kind.rpartition('/')[2]}"
        if kind.endswith("/verification")
        else kind: payload
        for kind, payload in claims["events"].items()
    }
    return {**claims, "events": events}
