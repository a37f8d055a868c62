"""Faults of listing streams: SSF 1.0 section 8.1.1.2."""

from dataclasses import replace
from typing import Any

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import ChangedReply, without
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.http.operations import Call, Outcome, Reply


class ListDeviation(Deviation):
    """Shows another list than the Receiver's streams."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if call.operation != "list_streams" or not isinstance(outcome, Reply):
            return outcome
        return self.listed(outcome) if isinstance(outcome.document, list) else outcome

    def listed(self, reply: Reply) -> Reply:
        """Return the other list."""
        return replace(reply, document=self.items(reply.document))

    def items(self, items: list[Json]) -> Any:  # noqa: ANN401 (JSON)
        """Return what is shown in place of the streams, oldest first."""
        return items


@fault_at(ListDeviation, "items", breaks=("SSF-8.1.1.2-LIST-ARRAY",))
def list_shows_the_newest_stream_alone(items: list[Json]) -> list[Json]:
    """The list holds the newest stream of the Receiver and no other."""
    return items[-1:]


@fault_at(ListDeviation, "items", breaks=("SSF-8.1.1.2-LIST-ARRAY", "SSF-8.1.1-STREAMID-UNIQUE"))
def list_repeats_the_newest_stream(items: list[Json]) -> list[Json]:
    """The list has an item for each stream, and each item shows the newest one."""
    return items[-1:] * len(items)


@fault_at(
    ListDeviation, "items", breaks=("SSF-8.1.1.2-LIST-ARRAY",), also=("SSF-8.1.1-DELIVERY-PRESENT",)
)
def list_leaves_the_delivery_out(items: list[Json]) -> list[Json]:
    """The items of the list lack the delivery."""
    return [without(one, "delivery") for one in items]


@fault_at(ListDeviation, "items", breaks=("SSF-8.1.1.2-LIST-ARRAY",))
def list_leaves_descriptions_out(items: list[Json]) -> list[Json]:
    """The items of the list lack the description."""
    return [without(one, "description") for one in items]


@fault_at(
    ListDeviation,
    "items",
    breaks=("SSF-8.1.1.2-LIST-ARRAY",),
)
def list_of_one_is_an_object(items: list[Json]) -> Any:  # noqa: ANN401 (JSON)
    """A Receiver that has one stream gets it as an object instead of a list."""
    return items[0] if len(items) == 1 else items


@fault_at(
    ListDeviation,
    "listed",
    breaks=("SSF-8.1.1.2-LIST-ARRAY",),
    also=("SSF-8.1.1.2-LIST-EMPTY",),
)
def list_is_forbidden(reply: Reply) -> Reply:
    """Listing the streams is answered with 403, though each of them can be read."""
    return Reply(status=403, document={"error": "access_denied"})


@fault_at(
    ListDeviation,
    "listed",
    breaks=("SSF-8.1.1.2-LIST-EMPTY",),
)
def empty_list_has_no_content(reply: Reply) -> Reply:
    """The list of a Receiver without streams is answered with 204 instead of an empty array."""
    return reply if reply.document else Reply(status=204)


@fault
class DeletedStreamIsStillListed(ListDeviation):
    """A deleted stream can't be read any more and stays in the list."""

    breaks = ("SSF-8.1.1.5-DELETE-EFFECTIVE",)
    also = ("SSF-8.1.1.2-LIST-EMPTY",)

    def __init__(self) -> None:
        self._deleted: list[tuple[str, Json]] = []
        self._asks = ""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._asks = call.audience
        stream = target(call)
        if call.operation == "delete_stream" and stream is not None:
            self._deleted.append((call.audience, call.transmitter.document(stream)))
        return super().operation(call, proceed)

    def items(self, items: list[Json]) -> list[Json]:
        return [*items, *(one for audience, one in self._deleted if audience == self._asks)]


@fault
class DeletedStreamComesBackWithTheNextCreate(ListDeviation):
    """A deleted stream is there again, as it was, once another has been created."""

    breaks = ("SSF-8.1.1.5-DELETE-EFFECTIVE",)
    also = ("SSF-8.1.1.2-LIST-EMPTY",)

    def __init__(self) -> None:
        self._deleted: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream_id = call.stream_id or ""
        if stream_id in self._deleted:
            raise StreamNotFound("no such stream")
        if call.operation == "create_stream":
            self._deleted.clear()
        if call.operation != "delete_stream" or target(call) is None:
            return super().operation(call, proceed)
        self._deleted.add(stream_id)
        return Reply(status=call.transmitter.profile.operations["delete_stream"].success[0])

    def items(self, items: list[Json]) -> list[Json]:
        return [one for one in items if one.get("stream_id") not in self._deleted]


@fault_at(
    ChangedReply,
    on=("list_streams",),
    breaks=("SSF-8.1.1.2-LIST-ARRAY",),
    also=("SSF-8.1.1.2-LIST-EMPTY",),
)
def list_is_an_object(reply: Reply) -> Outcome:
    """The list of streams is an object with the array inside."""
    return Reply(status=reply.status, document={"streams": reply.document})


@fault_at(
    "operation",
    on=("list_streams",),
    breaks=("SSF-8.1.1.2-LIST-EMPTY",),
)
def empty_list_is_not_found(call: Call, proceed: Proceed) -> Outcome:
    """The list of a Receiver without streams is answered with 404."""
    outcome = proceed(call)
    if isinstance(outcome, Reply) and not outcome.document:
        raise StreamNotFound("there are no streams")
    return outcome
