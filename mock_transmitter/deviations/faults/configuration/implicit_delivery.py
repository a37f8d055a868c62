"""Faults of what one implicit stream delivers, and where: the 2021 draft's section 7.1.2."""

from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.configuration.implicit_stream import (
    EDITS,
    INTERSECTION,
    MISMATCH,
    NOT_MERGED,
    UPDATES,
)
from mock_transmitter.deviations.kinds.calls import OnStream
from mock_transmitter.deviations.kinds.documents import with_body, with_configurations, without
from mock_transmitter.deviations.kinds.streams import PostDeviation
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome


@fault_at(PostDeviation, breaks=EDITS, also=UPDATES)
def whole_configurations_keep_their_events(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A POST that carries read-only members too leaves the requested events as they were."""
    if "iss" in call.body:
        requested = list(stream.configuration.events_requested)
        call = with_body(call, events_requested=requested)
    return proceed(call)


@fault_at(
    PostDeviation,
    breaks=(*UPDATES, "JAMF-DELIVERED-INTERSECTION"),
    also=(*EDITS, *MISMATCH, *INTERSECTION),
)
def requested_events_can_only_be_narrowed(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A POST takes requested event types away and adds none to those that are there."""
    current = stream.configuration.events_requested
    kept = [uri for uri in call.body.get("events_requested", ()) if uri in current]
    return proceed(with_body(call, events_requested=kept) if kept else call)


@fault_at(
    PostDeviation,
    breaks=UPDATES,
    also=("JAMF-DELIVERED-INTERSECTION", "SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION"),
)
def more_than_ten_event_types_are_cut(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Of more than ten event types in events_requested the first ten are kept."""
    if "events_requested" in call.body:
        call = with_body(call, events_requested=call.body["events_requested"][:10])
    return proceed(call)


class DeliveredDeviation(Deviation, ABC):
    """Shows another events_delivered, and accepts it in a later request."""

    def __init__(self) -> None:
        self._shown: dict[str, list[str]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.body.get("events_delivered") == self._shown.get(call.audience, ()):
            call = replace(call, body=without(call.body, "events_delivered"))
        outcome = proceed(call)

        def edit(document: Json) -> Json:
            delivered = self.delivered(call, document["events_delivered"])
            self._shown[call.audience] = delivered
            return {**document, "events_delivered": delivered}

        return with_configurations(outcome, edit, needs="events_delivered")

    @abstractmethod
    def delivered(self, call: Call, true: list[str]) -> list[str]:
        """Return what is shown for the true events_delivered."""


@fault_at(DeliveredDeviation, breaks=("JAMF-DELIVERED-INTERSECTION",), also=INTERSECTION)
def events_delivered_holds_two_at_most(call: Call, true: list[str]) -> list[str]:
    """Where three or more event types are supported and requested, events_delivered shows two."""
    return true[:2]


@fault
class EventsDeliveredIsOnePostLate(DeliveredDeviation):
    """After a POST events_delivered shows what it should have shown before it."""

    breaks = INTERSECTION
    also = (*EDITS, "JAMF-RO-MUST-MATCH")

    def __init__(self) -> None:
        super().__init__()
        self._true: dict[str, list[list[str]]] = {}

    def delivered(self, call: Call, true: list[str]) -> list[str]:
        """Show the one before, until the next POST."""
        seen = self._true.setdefault(call.audience, [true])
        if call.operation == "replace_stream":
            seen.append(true)
        return seen[-2] if len(seen) > 1 else true


class PushUrlDeviation(PostDeviation, ABC):
    """Stores another endpoint_url than the push URL that was posted."""

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        """Put it into the request."""
        delivery = call.body.get("delivery")
        if isinstance(delivery, dict) and delivery.get("method") != self._poll(call):
            url = self.kept(delivery.get("endpoint_url", ""))
            call = with_body(call, delivery={**delivery, "endpoint_url": url})
        return proceed(call)

    def _poll(self, call: Call) -> str | None:
        return call.transmitter.profile.delivery.poll

    @abstractmethod
    def kept(self, url: str) -> str:
        """Return what is kept."""


@fault_at(PushUrlDeviation, breaks=("JAMF-POST-UPDATES",), also=UPDATES)
def push_url_is_cut_at_255_characters(url: str) -> str:
    """An endpoint_url of more than 255 characters is cut there."""
    return url[:255]


@fault
class EarlierAuthorizationHeaderIsShown(OnStream):
    """The first authorization_header that was posted is shown with every later delivery."""

    breaks = ("JAMF-POST-UPDATES",)
    also = UPDATES

    def __init__(self) -> None:
        self._first: str | None = None

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if call.operation == "replace_stream":
            self._first = self._first or stream.configuration.delivery.authorization_header
        if self._first is None:
            return outcome
        header = {"authorization_header": self._first}
        return with_configurations(
            outcome,
            lambda document: {**document, "delivery": {**document["delivery"], **header}},
            needs="delivery",
        )


@fault_at(PostDeviation, breaks=("SSE-7.1.2.2-ERR-400",), also=NOT_MERGED)
def post_refused_for_its_delivery_has_taken_its_events(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A POST that is refused for its delivery has nevertheless set events_requested."""
    before = stream.configuration
    try:
        return proceed(call)
    except InvalidRequest:
        own = before.delivery.document()
        try:
            proceed(with_body(call, delivery=own))
        except InvalidRequest:
            stream.configuration = before
        else:
            stream.configuration = replace(stream.configuration, delivery=before.delivery)
        raise


@fault_at(PostDeviation, breaks=("RFC8936-2-UNACKED-KEPT",))
def post_drops_what_waits(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A POST drops the SETs that wait on the stream."""
    outcome = proceed(call)
    stream.queue.acknowledge([pending.jti for pending in stream.queue])
    return outcome


@fault
class ThreePostsInARowStopTheDelivery(OnStream):
    """After three POSTs with no poll between them nothing is delivered any more."""

    on = ("replace_stream", "poll")
    breaks = ("RFC8936-2-UNACKED-KEPT",)
    also = ("SSE-7.1.2.2-POST-UPDATES-200",)

    def __init__(self) -> None:
        self._posts = 0
        self._stopped = False

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        self._posts = 0 if call.operation == "poll" else self._posts + 1
        if self._posts == 3:
            self._stopped = True
            stream.queue.acknowledge([pending.jti for pending in stream.queue])
        return outcome

    def schedule(self, gap: float, at: At) -> float | None:
        return None if self._stopped else gap
