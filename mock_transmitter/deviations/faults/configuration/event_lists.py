"""Faults of events_requested and events_delivered: SSF 1.0 sections 8.1.1, 8.1.1.3 and 8.1.1.4."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.kinds.calls import CONFIGURES, UPDATES, target
from mock_transmitter.deviations.kinds.documents import with_body, with_configurations, without
from mock_transmitter.http.operations import Call, Outcome

_MOST = 2


class RequestedEvents(Deviation):
    """Stores other event types as requested than the Receiver named."""

    on: ClassVar[Collection[str]] = CONFIGURES

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        requested = call.body.get("events_requested")
        if not isinstance(requested, list):
            return proceed(call)
        return proceed(with_body(call, events_requested=self.taken(requested, call)))

    def taken(self, requested: list[str], call: Call) -> list[str]:
        """Return the event types to store."""
        return requested


def before(call: Call) -> Iterable[str]:
    """Return the event types that a stream has requested so far."""
    stream = target(call)
    return () if stream is None else stream.configuration.events_requested


@fault_at(
    RequestedEvents,
    "taken",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-APPLIES",),
)
def patch_adds_to_events_requested(requested: list[str], call: Call) -> list[str]:
    """A PATCH adds its event types to those requested before, and takes none back."""
    return [*before(call), *requested]


@fault_at(
    RequestedEvents,
    "taken",
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-200", "JAMF-POST-UPDATES", "SSE-7.1.2.2-POST-UPDATES-200"),
    also=(
        "SSE-7.1.2.2-RO-MATCH-OK",
        "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
        "JAMF-DELIVERED-INTERSECTION",
        "JAMF-READ-MODIFY-WRITE",
        "SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION",
    ),
)
def replace_adds_to_events_requested(requested: list[str], call: Call) -> list[str]:
    """A PUT adds its event types to those requested before, and takes none back."""
    return [*before(call), *requested]


@fault_at(
    RequestedEvents,
    "taken",
    breaks=("SSF-8.1.1.3-PATCH-APPLIES",),
    also=(
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.4-PUT-200",
    ),
)
def third_event_type_is_dropped(requested: list[str], call: Call) -> list[str]:
    """Of the event types that are requested and supported, two are kept at most."""
    known = [uri for uri in requested if uri in call.transmitter.supported]
    return [uri for uri in requested if uri not in known[_MOST:]]


@fault_at(
    RequestedEvents,
    "taken",
    breaks=("SSF-8.1.1.3-PATCH-APPLIES",),
    also=(
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.4-PUT-200",
    ),
)
def unknown_event_types_hide_the_known(requested: list[str], call: Call) -> list[str]:
    """An event type that is not supported has those next to it ignored as well."""
    return requested if set(requested) <= set(call.transmitter.supported) else []


class StaleEventsDelivered(Deviation):
    """Shows events_delivered as it was before the last update by one operation."""

    stale_after: ClassVar[str]

    def __init__(self) -> None:
        self._stale: dict[str, list[str]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show it so, and don't hold it against the true value when it comes back."""
        stream = target(call)
        if call.operation in UPDATES and stream is not None:
            call = replace(call, body=without(call.body, "events_delivered"))
            delivered = list(stream.configuration.events_delivered)
            outcome = proceed(call)
            if call.operation == self.stale_after:
                self._stale.setdefault(stream.stream_id, delivered)
            else:
                self._stale.pop(stream.stream_id, None)
        else:
            outcome = proceed(call)
        return with_configurations(outcome, self._edit, needs="events_delivered")

    def _edit(self, document: Json) -> Json:
        stale = self._stale.get(document.get("stream_id", ""))
        return document if stale is None else {**document, "events_delivered": stale}


fault_row(
    "events-delivered-follows-put-alone",
    "A PATCH of events_requested leaves events_delivered as it was; a PUT computes it anew.",
    StaleEventsDelivered,
    stale_after="update_stream",
    breaks=("SSF-8.1.1.3-DELIVERED-RECOMPUTED",),
    also=(
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
    ),
)
fault_row(
    "events-delivered-follows-patch-alone",
    "A PUT of events_requested leaves events_delivered as it was; a PATCH computes it anew.",
    StaleEventsDelivered,
    stale_after="replace_stream",
    breaks=("SSF-8.1.1-EVENTS-DELIVERED-SUBSET",),
    also=(
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
    ),
)


@fault
class AddedEventTypesAreNotSent(Deviation):
    """An event type that the last update has added to events_delivered is not sent."""

    on = UPDATES
    breaks = ("SSF-8.1.1-EVENTS-DELIVERED-SENT",)

    def __init__(self) -> None:
        self._added: dict[str, frozenset[str]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None or "events_requested" not in call.body:
            return proceed(call)
        earlier = stream.configuration.events_delivered
        outcome = proceed(call)
        added = frozenset(stream.configuration.events_delivered) - frozenset(earlier)
        self._added[stream.stream_id] = added
        return outcome

    def schedule(self, gap: float, at: At) -> float | None:
        added = self._added.get(at.stream.stream_id, frozenset())
        return None if added & set(at.pending.claims["events"]) else gap


@fault
class RemovedEventTypesAreStillSent(Deviation):
    """An event type that an update takes back from events_requested goes on being sent."""

    breaks = ("SSF-8.1.1-UNDELIVERED-NOT-SENT",)

    def __init__(self) -> None:
        self._shown: dict[str, tuple[str, ...]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show the new event types, and keep the old ones with them."""
        stream = target(call)
        if call.operation not in UPDATES or stream is None:
            return with_configurations(proceed(call), self._edit, needs="events_delivered")
        kept = stream.configuration
        shown = self._shown.get(stream.stream_id, kept.events_requested)
        stream.configuration = replace(kept, events_requested=shown)
        try:
            outcome = proceed(call)
        finally:
            shown = stream.configuration.events_requested
            self._shown[stream.stream_id] = shown
            wide = (*shown, *(uri for uri in kept.events_requested if uri not in shown))
            stream.configuration = replace(stream.configuration, events_requested=wide)
        return outcome

    def _edit(self, document: Json) -> Json:
        shown = self._shown.get(document.get("stream_id", ""))
        if shown is None:
            return document
        delivered = [uri for uri in document["events_delivered"] if uri in shown]
        return {**document, "events_requested": list(shown), "events_delivered": delivered}
