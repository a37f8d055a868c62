"""Faults that mix up the streams of one Receiver: SSF 1.0 section 8.1.1."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.entry import fault_at, fault_row
from mock_transmitter.deviations.faults.configuration.deletion import UNKNOWN
from mock_transmitter.deviations.kinds.calls import OnStream, as_it_is, describe, others, target
from mock_transmitter.deviations.kinds.documents import with_body
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",))
def patch_describes_each_stream(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH with a description changes that of each stream of the Receiver."""
    outcome = proceed(call)
    if "description" in call.body:
        for other in others(call):
            describe(other, call.body["description"])
    return outcome


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",))
def patch_gives_each_stream_its_events(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH with events_requested changes those of each stream of the Receiver."""
    outcome = proceed(call)
    own = target(call)
    if "events_requested" in call.body and own is not None:
        for other in others(call):
            requested = own.configuration.events_requested
            other.configuration = replace(other.configuration, events_requested=requested)
    return outcome


@fault_at(
    OnStream,
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED", "SSF-8.1.1.3-PATCH-APPLIES"),
)
def patch_reaches_the_newest_stream(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A PATCH changes the newest stream of the Receiver, whichever it names."""
    newest = call.transmitter.streams(call.audience)[-1]
    moved = replace(call, stream_id=newest.stream_id)
    return as_it_is(proceed(moved), call, stream)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1-DESCRIPTION",),
)
def new_stream_takes_the_description_of_the_last(call: Call, proceed: Proceed) -> Outcome:
    """A stream that is created without a description begins with that of the newest stream."""
    streams = call.transmitter.streams(call.audience)
    if streams and "description" not in call.body:
        description = streams[-1].configuration.others.get("description")
        if description is not None:
            call = with_body(call, description=description)
    return proceed(call)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-SECOND-NEW-ID",),
    also=("SSF-8.1.1-DESCRIPTION",),
)
def create_clears_other_descriptions(call: Call, proceed: Proceed) -> Outcome:
    """Creating a stream removes the descriptions of the Receiver's other streams."""
    for stream in call.transmitter.streams(call.audience):
        describe(stream, None)
    return proceed(call)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("SSF-8.1.1.1-SECOND-NEW-ID",),
    also=("RFC8936-2-UNACKED-KEPT",),
)
def create_takes_events_from_other_streams(call: Call, proceed: Proceed) -> Outcome:
    """Creating a stream takes its event types away from the Receiver's other streams."""
    taken = call.body.get("events_requested") or ()
    for stream in call.transmitter.streams(call.audience):
        kept = [uri for uri in stream.configuration.events_requested if uri not in taken]
        stream.configuration = replace(stream.configuration, events_requested=tuple(kept))
    return proceed(call)


@fault_at("operation", on=("replace_stream",), breaks=("SSF-8.1.1.4-PUT-200",))
def replace_resets_other_streams(call: Call, proceed: Proceed) -> Outcome:
    """A PUT of one stream resets the Receiver-Supplied properties of the Receiver's others."""
    outcome = proceed(call)
    if call.transmitter.explicit:
        for other in others(call):
            call.transmitter.replace_stream(other, {})
    return outcome


class RefusalThatDamages(Deviation):
    """Refuses an update rightly, and removes the descriptions of other streams."""

    refused: ClassVar[str]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        try:
            return proceed(call)
        except InvalidRequest:
            if call.operation == self.refused:
                for other in others(call):
                    describe(other, None)
            raise


fault_row(
    "refused-patch-damages-other-streams",
    "A PATCH that is refused for a wrong value removes the descriptions of other streams.",
    RefusalThatDamages,
    refused="update_stream",
    breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",),
    also=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",),
)
fault_row(
    "refused-replace-damages-other-streams",
    "A PUT that is refused for a wrong value removes the descriptions of other streams.",
    RefusalThatDamages,
    refused="replace_stream",
    breaks=("SSF-8.1.1.4-PUT-RO-MISMATCH-400",),
)


@fault_at(
    "operation",
    on=("delete_stream",),
    breaks=("SSF-8.1.1.5-DELETE-EFFECTIVE",),
    also=("SSF-8.1.1.5-ERR-404",),
)
def delete_removes_the_oldest_stream_too(call: Call, proceed: Proceed) -> Outcome:
    """Deleting a stream removes the oldest other stream of the Receiver with it."""
    left = others(call)
    outcome = proceed(call)
    if left:
        call.transmitter.delete_stream(left[0])
    return outcome


@fault_at(
    "operation",
    on=("delete_stream",),
    breaks=("SSF-8.1.1.5-DELETE-EFFECTIVE",),
    also=UNKNOWN,
)
def delete_removes_the_newest_stream(call: Call, proceed: Proceed) -> Outcome:
    """Deleting a stream removes the newest one of the Receiver, whichever is named."""
    if target(call) is not None:
        call = replace(call, stream_id=_newest(call).stream_id)
    return proceed(call)


@fault_at(
    "operation",
    on=("delete_stream",),
    breaks=("SSF-8.1.1.5-ERR-404",),
)
def deleting_an_unknown_stream_removes_another(call: Call, proceed: Proceed) -> Outcome:
    """Deleting a stream that does not exist is answered with 404 and removes the newest one."""
    known = target(call) is not None
    if not known and others(call):
        call.transmitter.delete_stream(_newest(call))
    return proceed(call)


def _newest(call: Call) -> Stream:
    return call.transmitter.streams(call.audience)[-1]
