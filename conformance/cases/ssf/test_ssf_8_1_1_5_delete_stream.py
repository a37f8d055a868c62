"""Deleting a stream: SSF 1.0, section 8.1.1.5."""

import pytest

from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import changes
from conformance.spec.requirement import Grade

DELETES = Needs(stream=True, model="explicit", operations=("delete_stream",))


@judges(
    "SSF-8.1.1.5-DELETE-204", "SSF-8.1.1.5-DELETE-EFFECTIVE", "SSF-8.1.1.5-ERR-404", needs=DELETES
)
def test_a_deleted_stream_is_gone(transmitter: RemoteTransmitter) -> None:
    """DELETE answers 204, empty; then the stream, and it alone, is not read or listed any more."""
    with (
        transmitter.new_stream() as stream,
        transmitter.another_stream(description="beside") as other,
    ):
        beside = {} if other is None else {other.id or "": other.read()}
        answer = stream.delete()
        verify(
            "SSF-8.1.1.5-DELETE-204",
            answer.status == 204 and not answer.body,
            expected="204 and an empty body",
            got=answer.text,
        )
        require(answer.served, f"the stream could not be deleted: {answer.text}")
        read = stream.fetch()
        listed = transmitter.configurations_in(transmitter.list_streams())
        verify(
            "SSF-8.1.1.5-DELETE-EFFECTIVE",
            read.status == 404 and stream.id not in [one.get("stream_id") for one in listed],
            expected="404 on reading it, and a list without it",
            got=f"{read.text}; listed: {[one.get('stream_id') for one in listed]}",
        )
        changed = changes(beside, transmitter.survey())
        verify(
            "SSF-8.1.1.5-DELETE-EFFECTIVE",
            not changed,
            expected="no other stream touched",
            got="; ".join(changed),
        )
        again = stream.delete()
        changed = changes(beside, transmitter.survey())
        verify(
            "SSF-8.1.1.5-ERR-404",
            again.status == 404 and not changed,
            expected="404, and nothing changed",
            got=f"{again.text}; {'; '.join(changed) or 'nothing changed'}",
        )


@pytest.mark.last
@judges("SSF-8.1.1.5-DELETE-STREAMID-QUERY", "SSF-8.1.1.5-ERR-404", needs=DELETES)
def test_a_delete_has_to_say_which_stream(transmitter: RemoteTransmitter) -> None:
    """DELETE without a stream_id, or with one that never was, is refused and deletes nothing."""
    with transmitter.new_stream(description="to be kept") as stream:
        answer = transmitter.list_streams()
        listed = [one.get("stream_id") for one in transmitter.configurations_in(answer)]
        if listed != [stream.id]:
            raise Blocked("the list shows streams that are not the suite's, so none is put at risk")
        before = transmitter.survey()
        answer = transmitter.call("delete_stream")
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.5-DELETE-STREAMID-QUERY",
            answer.refused and not changed,
            expected="a refusal, for the request names no stream",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )
        if changed:
            return
        answer = transmitter.call("delete_stream", stream_id="ssf-conformance-no-such-stream")
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.5-ERR-404",
            answer.status == 404 and not changed,
            expected="404, and nothing changed",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
            at_most=Grade.NOTE if answer.status == 400 and not changed else None,
        )


@judges(
    "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
    needs=Needs(
        stream=True, model="explicit", operations=("delete_stream",), sets=1, delivery="poll"
    ),
)
def test_a_deleted_stream_delivers_nothing(transmitter: RemoteTransmitter) -> None:
    """A deleted stream is not verified, and its poll URL gives nothing, whatever waited there."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        if transmitter.offers("verify"):
            asked = stream.send("verify", body={})
            verify(
                "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
                not asked.served,
                expected="no verification of a deleted stream",
                got=asked.text,
            )
        result = stream.poll()
        verify(
            "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
            not result.sets,
            expected="no SET from a deleted stream",
            got=f"{len(result.sets)} SETs",
        )
