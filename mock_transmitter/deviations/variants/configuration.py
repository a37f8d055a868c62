"""Variants of stream configuration: SSF 1.0 section 8.1.1."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at, variant_row
from mock_transmitter.deviations.kinds.calls import UPDATES, target
from mock_transmitter.deviations.kinds.documents import (
    ChangedReply,
    ShownConfiguration,
    with_body,
    with_configurations,
    without,
)
from mock_transmitter.deviations.kinds.streams import RenamedStreams
from mock_transmitter.domain.errors import InvalidRequest, StreamExists
from mock_transmitter.domain.stream import Stream, StreamConfiguration
from mock_transmitter.http.operations import Call, Outcome, Reply


@variant
class OneStreamPerReceiver(Deviation):
    """A Receiver may have one stream; creating another is refused with 409."""

    on = ("create_stream",)
    exercises = ("SSF-8.1.1.1-SECOND-REFUSED-409",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.transmitter.streams(call.audience):
            raise StreamExists("there may be one stream for each Receiver")
        return proceed(call)


@variant_at("operation", exercises=("SSF-8.1.1-DESCRIPTION-TRUNCATED",))
def long_descriptions_are_truncated(call: Call, proceed: Proceed) -> Outcome:
    """A description is cut to 40 characters."""
    description = call.body.get("description")
    if isinstance(description, str):
        call = with_body(call, description=description[:40])
    return proceed(call)


@variant_at("operation", exercises=("SSF-8.1.1-DESCRIPTION-TRUNCATED",))
def descriptions_end_at_255_characters(call: Call, proceed: Proceed) -> Outcome:
    """A description is cut to 255 characters."""
    description = call.body.get("description")
    if isinstance(description, str):
        call = with_body(call, description=description[:255])
    return proceed(call)


@variant_at("operation", exercises=("SSF-8.1.1-DESCRIPTION-TRUNCATED",))
def descriptions_end_at_64_bytes(call: Call, proceed: Proceed) -> Outcome:
    """A description is cut to 64 bytes of UTF-8, and never inside a character."""
    description = call.body.get("description")
    if isinstance(description, str):
        cut = description.encode()[:64].decode(errors="ignore")
        call = with_body(call, description=cut)
    return proceed(call)


@variant
class AbsentPropertiesAreNull(Deviation):
    """A Receiver-Supplied property that a stream does not have is shown as null."""

    exercises = ("SSF-8.1.1.4-PUT-MISSING-DELETES", "SSF-8.1.1.4-PUT-MISSING-EVENTS")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        given = {name: value for name, value in call.body.items() if value is not None}
        return with_configurations(
            proceed(replace(call, body=given)), self._edit, needs="stream_id"
        )

    def _edit(self, document: Json) -> Json:
        shown = {"description": None, **document}
        return {**shown, "events_requested": shown.get("events_requested") or None}


@variant_at(ShownConfiguration, where="stream_id", exercises=("SSF-8.1.1.4-PUT-MISSING-DELETES",))
def absent_descriptions_are_empty(document: Json) -> Json:
    """A stream without a description shows an empty one."""
    return {"description": "", **document}


@variant_at(ShownConfiguration, where="description", exercises=("SSF-8.1.1-DESCRIPTION",))
def empty_descriptions_are_not_shown(document: Json) -> Json:
    """A stream with an empty description shows none."""
    return document if document["description"] else without(document, "description")


@variant_at(
    ShownConfiguration,
    exercises=("SSF-8.1.1-EVENTS-REQUESTED-ECHO", "SSF-8.1.1-EVENTS-DELIVERED-SUBSET"),
)
def events_are_shown_in_another_order(document: Json) -> Json:
    """The arrays of event types are shown in an order that nobody chose."""
    return {
        name: sorted(value, key=lambda uri: str(uri)[::-1])
        if name.startswith("events_") and isinstance(value, list)
        else value
        for name, value in document.items()
    }


@variant_at(ShownConfiguration, where="stream_id", exercises=("SSF-8.1.1-EVENTS-REQUESTED-ECHO",))
def events_requested_is_not_shown(document: Json) -> Json:
    """The configuration does not show events_requested."""
    return without(document, "events_requested")


@variant
class FewerEventsAreDeliveredThanRequested(Deviation):
    """A stream delivers the first of the event types that are requested and supported."""

    exercises: ClassVar[tuple[str, ...]] = (
        "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
        "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show that one, and hold it against what comes back."""
        stream = target(call)
        given = call.body.get("events_delivered")
        if call.operation in UPDATES and stream is not None and given is not None:
            true = list(stream.configuration.events_delivered)
            same = given == self._first(call, true)
            call = with_body(call, events_delivered=true if same else [*true, "urn:example:no"])
        return with_configurations(
            proceed(call),
            lambda document: {
                **document,
                "events_delivered": self._first(call, document["events_delivered"]),
            },
            needs="events_delivered",
        )

    def schedule(self, gap: float, at: At) -> float | None:
        others = set(at.stream.configuration.events_delivered[1:])
        return None if others & set(at.pending.claims["events"]) else gap

    def _first(self, call: Call, delivered: list[str]) -> list[str]:
        return delivered[:1] if call.transmitter.explicit else delivered


@variant_at(
    "operation",
    on=("create_stream", "replace_stream"),
    exercises=("SSF-8.1.1.4-PUT-MISSING-EVENTS",),
)
def replace_without_events_asks_for_all(call: Call, proceed: Proceed) -> Outcome:
    """A PUT, or a new stream, without events_requested asks for all that is supported."""
    if call.transmitter.explicit and "events_requested" not in call.body:
        call = with_body(call, events_requested=list(call.transmitter.supported))
    return proceed(call)


@variant_at("operation", exercises=("SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",))
def unknown_event_types_are_not_shown(call: Call, proceed: Proceed) -> Outcome:
    """events_requested shows only those of the requested types that the Transmitter knows."""
    requested = call.body.get("events_requested")
    if requested is not None and call.transmitter.explicit:
        known = [uri for uri in requested if uri in call.transmitter.supported]
        call = with_body(call, events_requested=known)
    return proceed(call)


@variant_at(
    ShownConfiguration, exercises=("SSF-8.1.1-EVENTS-SUPPORTED-ELSEWHERE", "JAMF-EVENTS-SUPPORTED")
)
def events_supported_is_not_shown(document: Json) -> Json:
    """The configuration does not show events_supported; it is published elsewhere."""
    return without(document, "events_supported")


@variant
class AudIsAnArrayOfOne(Deviation):
    """aud is an array with one audience, in configurations and SETs."""

    exercises = ("SSF-4.1.8-AUD-VALUE-FREE", "SSF-8.1.1.1.1-AUD-OUT-OF-BAND")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return with_configurations(
            proceed(call), lambda document: {**document, "aud": [document["aud"]]}, needs="aud"
        )

    def claims(self, claims: Json, at: At) -> Json:
        return {**claims, "aud": [claims["aud"]]}


@variant
class AudNamesTwo(Deviation):
    """aud is an array with the names that one Receiver has, in configurations and SETs."""

    exercises = ("SSF-4.1.8-AUD-VALUE-FREE", "SSF-8.1.1.1.1-AUD-OUT-OF-BAND")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.operation in UPDATES and "aud" in call.body:
            given = call.body["aud"]
            if not isinstance(given, list) or {*map(str, given)} != {
                str(call.audience),
                self._other(call.audience),
            }:
                raise InvalidRequest("aud has another value", "aud")
            call = replace(call, body=without(call.body, "aud"))
        return with_configurations(
            proceed(call),
            lambda document: {**document, "aud": [document["aud"], self._other(document["aud"])]},
            needs="aud",
        )

    def claims(self, claims: Json, at: At) -> Json:
        return {**claims, "aud": [claims["aud"], self._other(claims["aud"])]}

    def _other(self, audience: object) -> str:
        return f"{audience}/another-name"


@variant_at("operation", exercises=("SSF-8.1.1-INACTIVITY-ACTION",))
def no_inactivity_timeout(call: Call, proceed: Proceed) -> Outcome:
    """A configuration shows no inactivity_timeout, and there is none."""
    outcome = proceed(call)
    for stream in call.transmitter.streams():
        stream.configuration = replace(stream.configuration, inactivity_timeout=None)
    return with_configurations(outcome, lambda document: without(document, "inactivity_timeout"))


@variant_at("operation", exercises=("SSF-8.1.1-MIN-VERIF-429",))
def verification_interval_is_not_shown(call: Call, proceed: Proceed) -> Outcome:
    """A configuration shows no min_verification_interval, and there is none."""
    outcome = proceed(call)
    for stream in call.transmitter.streams():
        stream.configuration = replace(stream.configuration, min_verification_interval=None)
    return with_configurations(
        outcome, lambda document: without(document, "min_verification_interval")
    )


variant_row(
    "stream-ids-have-dots-and-tildes",
    "A stream_id has each kind of unreserved character.",
    RenamedStreams,
    before="~receiver-1.example_",
    after=".0~",
    exercises=("SSF-8.1.1-STREAMID-CHARSET", "SSF-8.1.1.2-STREAMID-QUERY"),
)


@variant
class PollUrlHasAQuery(Deviation):
    """The poll URL of a stream has a query."""

    exercises = ("SSF-6.1.2-POLL-ENDPOINT-FROM-TRANSMITTER",)

    QUERY = "?tenant=a%2Fb&version=1"

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        delivery = call.body.get("delivery")
        if isinstance(delivery, dict) and isinstance(delivery.get("endpoint_url"), str):
            plain = delivery["endpoint_url"].removesuffix(self.QUERY)
            call = with_body(call, delivery={**delivery, "endpoint_url": plain})
        poll = call.transmitter.profile.delivery.poll

        def edit(document: Json) -> Json:
            shown = document["delivery"]
            if shown.get("method") != poll or "endpoint_url" not in shown:
                return document
            url = f"{shown['endpoint_url']}{self.QUERY}"
            return {**document, "delivery": {**shown, "endpoint_url": url}}

        return with_configurations(proceed(call), edit, needs="delivery")


@variant_at(ChangedReply, on=("list_streams",), exercises=("SSF-8.1.1.2-LIST-ARRAY",))
def list_begins_with_the_newest(reply: Reply) -> Outcome:
    """The list of streams begins with the newest."""
    return replace(reply, document=list(reversed(reply.document)))


@variant_at("operation", on=("create_stream",), exercises=("SSF-8.1.1.1-UNSUPPORTED-METHOD-400",))
def unknown_delivery_methods_mean_poll(call: Call, proceed: Proceed) -> Outcome:
    """A stream that is asked for with a delivery method that is not known polls."""
    rules = call.transmitter.profile.delivery
    delivery = call.body.get("delivery")
    method = delivery.get("method") if isinstance(delivery, dict) else rules.poll
    if method not in {rules.poll, rules.push}:
        call = replace(call, body=without(call.body, "delivery"))
    return proceed(call)


class _Accepts(Deviation):
    """Answers updates with 202 before applying them, and repeated ones with the result."""

    operations: ClassVar[frozenset[str]] = UPDATES

    def __init__(self) -> None:
        self._accepted: list[tuple[Stream, StreamConfiguration]] = []
        self._last: Call | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Take the change back, and apply it when the next call comes."""
        for accepted, configuration in self._accepted:
            accepted.configuration = configuration
        self._accepted.clear()
        stream = target(call)
        if call.operation not in self.operations or stream is None:
            return proceed(call)
        if call == self._last:
            # Tables 3 and 4: the same request, tried again later, gets the result.
            self._last = None
            return Reply(
                status=200,
                document=call.transmitter.document(stream),
                message="stream_configuration",
            )
        before = stream.configuration
        proceed(call)
        self._accepted.append((stream, stream.configuration))
        stream.configuration = before
        self._last = call
        return Reply(status=202)


variant_row(
    "updates-are-answered-202",
    "An update is answered with 202 before it is applied, and its repetition with the result.",
    _Accepts,
    exercises=("SSF-8.1.1.3-PATCH-202", "SSF-8.1.1.4-PUT-202", "SSE-7.1.2.2-202"),
)
variant_row(
    "patch-is-answered-202",
    "A PATCH is answered with 202 before it is applied; a PUT is applied at once.",
    _Accepts,
    operations=frozenset({"update_stream"}),
    exercises=("SSF-8.1.1.3-PATCH-202",),
)
variant_row(
    "replace-is-answered-202",
    "A PUT is answered with 202 before it is applied; a PATCH is applied at once.",
    _Accepts,
    operations=frozenset({"replace_stream"}),
    exercises=("SSF-8.1.1.4-PUT-202",),
)
