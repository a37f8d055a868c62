"""Faults of updates that later requests show: SSF 1.0 section 8.1.1.3."""

from collections import Counter
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.kinds.calls import (
    CONFIGURES,
    UPDATES,
    OnStream,
    as_it_is,
    describe,
    target,
)
from mock_transmitter.deviations.kinds.documents import with_body, with_configurations, without
from mock_transmitter.domain.delivery_queue import DeliveryQueue
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.domain.stream import Stream, StreamConfiguration
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome


class NthPatch(Deviation):
    """Spoils a member that the nth PATCH of a stream does not name."""

    on = ("update_stream",)
    nth: ClassVar[int]
    member: ClassVar[str]
    breaks = ("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",)

    def __init__(self) -> None:
        self._patches: Counter[str] = Counter()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        if stream is None:
            return outcome
        self._patches[stream.stream_id] += 1
        if self._patches[stream.stream_id] != self.nth or self.member in call.body:
            return outcome
        self.spoil(stream)
        return as_it_is(outcome, call, stream)

    def spoil(self, stream: Stream) -> None:
        """Take the member away."""
        describe(stream, None)


fault_row(
    "second-patch-loses-the-description",
    "The second PATCH of a stream removes the description, unless it names one.",
    NthPatch,
    nth=2,
    member="description",
)


@fault
class ThirdPatchLosesEventsRequested(NthPatch):
    """The third PATCH of a stream empties events_requested, unless it names them."""

    nth = 3
    member = "events_requested"

    def spoil(self, stream: Stream) -> None:
        stream.configuration = replace(stream.configuration, events_requested=())


class UndonePatch(Deviation):
    """Undoes PATCHes after another operation was answered."""

    undone_by: ClassVar[str]
    also = (
        "SSF-8.1.1-UNDELIVERED-NOT-SENT",
        "SSF-8.1.1.1-SECOND-NEW-ID",
        "SSF-8.1.1.3-PATCH-APPLIES",
    )

    def __init__(self) -> None:
        self._patched: list[tuple[Stream, StreamConfiguration]] = []

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        earlier = stream.configuration if stream is not None else None
        outcome = proceed(call)
        if call.operation == "update_stream" and stream is not None and earlier is not None:
            self._patched.append((stream, earlier))
        elif call.operation == "replace_stream":
            self._patched = [one for one in self._patched if one[0] is not stream]
        elif call.operation == self.undone_by:
            for patched, configuration in reversed(self._patched):
                patched.configuration = configuration
            self._patched.clear()
        return outcome


fault_row(
    "patch-is-lost-with-the-next-create",
    "Creating a stream takes back the PATCHes of the streams that are there.",
    UndonePatch,
    undone_by="create_stream",
    breaks=("SSF-8.1.1.1-SECOND-NEW-ID",),
)
fault_row(
    "patch-is-lost-with-the-next-list",
    "Listing the streams takes back their PATCHes, once they have been shown.",
    UndonePatch,
    undone_by="list_streams",
    breaks=("SSF-8.1.1.2-LIST-ARRAY",),
)
fault_row(
    "patch-is-lost-with-the-next-read",
    "Reading a stream takes back its PATCHes, once they have been shown.",
    UndonePatch,
    undone_by="read_stream",
    breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",),
)


@fault_at(
    OnStream,
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-APPLIES",),
    also=(
        "SSF-8.1.1.3-PATCH-200-FULL",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER",
        "SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT",
    ),
)
def patch_is_shown_and_not_kept(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A PATCH is answered with the updated configuration, and nothing of it is kept."""
    earlier = stream.configuration
    outcome = proceed(call)
    stream.configuration = earlier
    return outcome


class StaleView(Deviation):
    """Shows streams in one operation as they were before the last PATCH."""

    stale_in: ClassVar[str]

    def __init__(self) -> None:
        self._stale: dict[str, Json] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        earlier = call.transmitter.document(stream) if stream is not None else {}
        outcome = proceed(call)
        if stream is not None and call.operation == "update_stream":
            self._stale.setdefault(stream.stream_id, earlier)
        if stream is not None and call.operation == "replace_stream":
            self._stale.pop(stream.stream_id, None)
        if call.operation != self.stale_in:
            return outcome
        return with_configurations(
            outcome,
            lambda document: self._stale.get(document["stream_id"], document),
            needs="stream_id",
        )


fault_row(
    "patch-is-seen-by-the-list-alone",
    "Reading a stream shows it as it was before it was patched; the list shows it as it is.",
    StaleView,
    stale_in="read_stream",
    breaks=("SSF-8.1.1.3-PATCH-APPLIES",),
    also=(
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.2-LIST-ARRAY",
        "SSF-8.1.1.3-PATCH-200-FULL",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
    ),
)
fault_row(
    "patch-is-seen-by-the-read-alone",
    "The list shows a stream as it was before it was patched; reading it shows it as it is.",
    StaleView,
    stale_in="list_streams",
    breaks=("SSF-8.1.1.2-LIST-ARRAY",),
)


@fault_at(
    "operation",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-APPLIES",),
)
def repeated_description_is_removed(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH that names the description in force removes it."""
    stream = target(call)
    earlier = stream.configuration.others.get("description") if stream is not None else None
    outcome = proceed(call)
    repeated = earlier is not None and call.body.get("description") == earlier
    if stream is None or not repeated:
        return outcome
    describe(stream, None)
    return as_it_is(outcome, call, stream)


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",))
def patch_of_the_delivery_drops_the_description(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH that names the delivery and no description removes the description."""
    outcome = proceed(call)
    stream = target(call)
    named = "delivery" in call.body and "description" not in call.body
    if stream is None or not named:
        return outcome
    describe(stream, None)
    return as_it_is(outcome, call, stream)


@fault_at(
    "operation",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",),
)
def patch_of_the_description_narrows_the_events(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH that names the description alone leaves one event type requested at most."""
    outcome = proceed(call)
    stream = target(call)
    alone = set(call.body) - {"stream_id"} == {"description"}
    if stream is None or not alone:
        return outcome
    first = stream.configuration.events_requested[:1]
    stream.configuration = replace(stream.configuration, events_requested=first)
    return as_it_is(outcome, call, stream)


@fault_at("operation", needs=("update_stream",), breaks=("RFC8936-2-UNACKED-KEPT",))
def patch_drops_waiting_sets(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH drops the SETs that wait on the stream."""
    return _emptied(call, proceed(call), "update_stream")


@fault_at("operation", breaks=("RFC8936-2-UNACKED-KEPT",))
def replace_drops_waiting_sets(call: Call, proceed: Proceed) -> Outcome:
    """A PUT drops the SETs that wait on the stream."""
    return _emptied(call, proceed(call), "replace_stream")


def _emptied(call: Call, outcome: Outcome, operation: str) -> Outcome:
    stream = target(call)
    if call.operation == operation and stream is not None:
        stream.queue = DeliveryQueue()
    return outcome


@fault
class PollUrlChangesWithEachUpdate(Deviation):
    """Each PATCH or PUT gives a stream another poll URL, and the one before is gone."""

    breaks = ("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",)
    also = (
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-RO-MATCH-OK",
    )

    def __init__(self) -> None:
        self._updates: Counter[str] = Counter()
        self._query = ""

    def request(self, request: Request, at: At) -> Request:
        self._query = request.query
        return request

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show the new URL, and find nothing at the old one."""
        stream_id = call.stream_id or ""
        delivery = call.body.get("delivery")
        if call.operation == "poll" and self._query != self._suffix(stream_id).removeprefix("?"):
            raise StreamNotFound("there is no such poll URL any more")
        if call.operation in CONFIGURES and isinstance(delivery, dict):
            url = str(delivery.get("endpoint_url", "")).partition("?update=")[0]
            plain = {"endpoint_url": url} if url else {}
            call = with_body(call, delivery={**without(delivery, "endpoint_url"), **plain})
        outcome = proceed(call)
        if call.operation in UPDATES:
            self._updates[stream_id] += 1
        return with_configurations(outcome, self._edit, needs="delivery")

    def _suffix(self, stream_id: str) -> str:
        updates = self._updates[stream_id]
        return f"?update={updates}" if updates else ""

    def _edit(self, document: Json) -> Json:
        delivery = document["delivery"]
        if "endpoint_url" not in delivery:
            return document
        url = delivery["endpoint_url"] + self._suffix(document.get("stream_id", ""))
        return {**document, "delivery": {**delivery, "endpoint_url": url}}
