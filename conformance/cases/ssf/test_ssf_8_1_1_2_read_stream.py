"""Reading a stream's configuration: SSF 1.0, section 8.1.1.2."""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import stream_patches, stream_properties
from conformance.judging import Needs, judges, require, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import MEMBERS, differing


@judges("SSF-8.1.1.2-READ-200", needs=Needs(stream=True, model="explicit"))
@given(properties=stream_properties())
def test_a_read_shows_the_stream_that_was_created(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
) -> None:
    """GET with a stream_id answers 200 and shows what the create request was answered with."""
    with transmitter.creating(properties) as (_, stream):
        if stream is None:
            return
        answer = stream.fetch()
        found = transmitter.configuration_in(answer)
        other = differing(stream.configuration, found, MEMBERS)
        verify(
            "SSF-8.1.1.2-READ-200",
            answer.status == 200 and not other,
            expected="200 and the configuration that creating it was answered with",
            got=f"{', '.join(other)} differ: {answer.text}" if other else answer.text,
        )


@judges("SSF-8.1.1.2-READ-200", needs=Needs(stream=True, model="explicit"))
def test_reading_changes_nothing(transmitter: RemoteTransmitter) -> None:
    """A stream that nobody changes reads the same each time."""
    with transmitter.new_stream(description="read often") as stream:
        first = stream.read()
        for _ in range(5):
            other = differing(first, stream.read(), MEMBERS)
            verify(
                "SSF-8.1.1.2-READ-200",
                not other,
                expected="what the first read showed",
                got=f"{', '.join(other)} differ: {stream.configuration!r}",
            )


@judges(
    "SSF-8.1.1.2-LIST-ARRAY",
    needs=Needs(stream=True, model="explicit", operations=("list_streams",)),
)
def test_the_list_holds_the_stream_that_was_created(transmitter: RemoteTransmitter) -> None:
    """GET without a stream_id answers an array of the Receiver's streams, even of one."""
    with transmitter.new_stream() as stream:
        answer = transmitter.list_streams()
        found = stream.read()
        listed = [
            one
            for one in transmitter.configurations_in(answer)
            if one.get("stream_id") == stream.id
        ]
        verify(
            "SSF-8.1.1.2-LIST-ARRAY",
            answer.status == 200 and len(listed) == 1 and not differing(found, listed[0], MEMBERS),
            expected=f"200 and an array that holds {stream.id} once, as reading it shows it",
            got=answer.text,
        )


LISTS = Needs(stream=True, model="explicit", operations=("list_streams",))


@judges("SSF-8.1.1.2-LIST-ARRAY", needs=LISTS)
@given(first=stream_properties(), patch=stream_patches())
def test_the_list_follows_every_change(
    transmitter: RemoteTransmitter, first: dict[str, Any], patch: dict[str, Any]
) -> None:
    """The list shows each stream once and as reading it does: made, updated, beside another."""
    with (
        transmitter.new_stream(description="the one") as stream,
        transmitter.creating(first) as (_, other),
    ):
        if transmitter.offers("update_stream"):
            require(stream.update(patch).served, "the update was refused")
        answer = transmitter.list_streams()
        listed = transmitter.configurations_in(answer)
        for one in filter(None, (stream, other)):
            found = one.read()
            shown = [item for item in listed if item.get("stream_id") == one.id]
            verify(
                "SSF-8.1.1.2-LIST-ARRAY",
                len(shown) == 1 and not differing(found, shown[0], MEMBERS),
                expected=f"{one.id} once in the list, as reading it shows it: {found!r}",
                got=shown,
            )


@pytest.mark.last
@judges("SSF-8.1.1.2-LIST-EMPTY", needs=Needs(model="explicit", operations=("list_streams",)))
def test_the_list_without_a_stream_is_empty(transmitter: RemoteTransmitter) -> None:
    """With no stream left GET without a stream_id answers 200 and an empty array."""
    answer = transmitter.list_streams()
    if transmitter.configurations_in(answer):
        return
    verify(
        "SSF-8.1.1.2-LIST-EMPTY",
        answer.status == 200 and answer.document == [],
        expected="200 and []",
        got=answer.text,
    )


@judges(
    "SSF-8.1.1.2-ERR-404",
    needs=Needs(stream=True, model="explicit", operations=("delete_stream",)),
)
def test_a_deleted_stream_cannot_be_read(transmitter: RemoteTransmitter) -> None:
    """Reading a stream that is no more is answered 404, however many others there are."""
    with transmitter.new_stream() as stream, transmitter.another_stream():
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        answer = stream.fetch()
        verify("SSF-8.1.1.2-ERR-404", answer.status == 404, expected="404", got=answer.text)
