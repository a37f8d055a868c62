"""Deleting a stream: SSF 1.0, section 8.1.1.5."""

from conformance.transmitter import Transmitter
from conformance.verdicts import Needs, judges, require, verify

DELETES = Needs(stream=True, model="explicit", operations=("delete_stream",))


@judges(
    "SSF-8.1.1.5-DELETE-204", "SSF-8.1.1.5-DELETE-EFFECTIVE", "SSF-8.1.1.5-ERR-404", needs=DELETES
)
def test_a_deleted_stream_is_gone(transmitter: Transmitter) -> None:
    """DELETE answers 204, empty; then the stream is not read, listed or deleted again."""
    with transmitter.new_stream() as stream:
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
        again = stream.delete()
        verify("SSF-8.1.1.5-ERR-404", again.status == 404, expected="404", got=again.text)


@judges(
    "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
    needs=Needs(
        stream=True, model="explicit", operations=("delete_stream",), sets=1, delivery="poll"
    ),
)
def test_a_deleted_stream_delivers_nothing(transmitter: Transmitter) -> None:
    """The poll URL of a deleted stream gives no SET any more, whatever was waiting there."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        result = stream.poll()
        verify(
            "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
            not result.sets,
            expected="no SET from a deleted stream",
            got=f"{len(result.sets)} SETs",
        )
