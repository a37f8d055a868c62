"""Faults of deleting a stream: SSF 1.0 section 8.1.1.5, the 2021 draft's section 7.1.2.3."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import ChangedReply
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome, Reply

UNKNOWN = (
    "SSF-8.1.1.2-ERR-404",
    "SSF-8.1.1.3-ERR-404",
    "SSF-8.1.1.4-ERR-404",
    "SSF-8.1.1.5-ERR-404",
    "SSF-8.1.2.1-ERR-404",
    "SSF-8.1.2.2-ERR-404",
    "SSF-8.1.4.2-ERR-404",
)


@fault_at(
    "operation",
    on=("delete_stream",),
    breaks=("SSF-8.1.1.5-DELETE-EFFECTIVE", "SSE-7.1.2.1-ERR-404"),
    also=(
        *UNKNOWN,
        "SSF-8.1.1.2-LIST-EMPTY",
        "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
        "SSE-7.1.2.3-DELETE-200",
        "SSE-7.1.1.1-ERR-404-NO-STREAM",
        "SSE-7.1.1.2-ERR-404",
        "SSF-8.1.3.2-ERR-404-STREAM",
        "SSF-8.1.3.3-ERR-404-STREAM",
    ),
)
def delete_does_nothing(call: Call, proceed: Proceed) -> Outcome:
    """Deleting a stream is answered as success, and the stream is still there."""
    if target(call) is None:
        return proceed(call)
    return Reply(status=call.transmitter.profile.operations["delete_stream"].success[0])


@fault_at(
    "operation",
    on=("delete_stream",),
    breaks=("SSE-7.1.2.1-ERR-404",),
    also=(
        *UNKNOWN,
        "SSF-8.1.1.2-LIST-EMPTY",
        "SSE-7.1.1.1-ERR-404-NO-STREAM",
        "SSE-7.1.1.2-ERR-404",
        "SSE-7.1.2.3-DELETE-200",
        "SSE-7.1.2.2-ERR-404",
    ),
)
def delete_resets_to_the_default(call: Call, proceed: Proceed) -> Outcome:
    """Deleting the configuration sets it back to what it was at first, instead of removing it."""
    outcome = proceed(call)
    if not call.transmitter.explicit:
        call.transmitter.configure_implicit(call.audience)
    return outcome


@fault
class DeletedStreamStillDelivers(Deviation):
    """The poll URL of a deleted stream goes on handing out what was queued on it."""

    breaks = ("SSF-8.1.1.5-DELETE-STOPS-DELIVERY",)

    def __init__(self) -> None:
        self._deleted: dict[str, Stream] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if call.operation == "delete_stream" and stream is not None:
            self._deleted[stream.stream_id] = stream
        try:
            return proceed(call)
        except StreamNotFound:
            gone = self._deleted.get(call.stream_id or "")
            if call.operation != "poll" or gone is None:
                raise
            call.transmitter.acknowledge(gone, call.body.get("ack", ()))
            batch = call.transmitter.poll(gone, call.body.get("maxEvents"))
            return Reply(status=200, document={"sets": dict(batch.sets)}, message="poll_response")


@fault_at(
    ChangedReply,
    on=("delete_stream",),
    breaks=("SSF-8.1.1.5-DELETE-204",),
)
def delete_answers_200(reply: Reply) -> Outcome:
    """Deleting a stream is answered with 200 and a body instead of an empty 204."""
    return replace(reply, status=200, document={"deleted": True})


@fault_at(
    "operation",
    on=("delete_stream",),
    breaks=("SSF-8.1.1.5-ERR-404",),
    also=("SSF-8-AUTH-BINDS-STREAMS",),
)
def deleting_an_unknown_stream_succeeds(call: Call, proceed: Proceed) -> Outcome:
    """Deleting a stream that does not exist, or no longer, is answered as success."""
    if target(call) is None:
        return Reply(status=call.transmitter.profile.operations["delete_stream"].success[0])
    return proceed(call)
