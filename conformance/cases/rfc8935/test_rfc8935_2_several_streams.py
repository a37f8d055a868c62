"""Pushes on several streams, and on one whose delivery changes: RFC 8935, section 2.

No text says what happens to SETs that wait while a stream changes from push to poll, so only SETs
raised afterwards are judged.
"""

from typing import Any

from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.receiver.push_replies import Push, answered
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

TWO = Needs(stream=True, sets=4, delivery="push", model="explicit")
CHANGES = Needs(
    stream=True,
    sets=3,
    delivery="push",
    model="explicit",
    operations=("update_stream", "poll"),
)
DELETES = Needs(
    stream=True, sets=1, delivery="push", model="explicit", operations=("delete_stream",)
)

HEADERS = ("Bearer b25lLXN0cmVhbQ==", "Bearer YW5vdGhlci1zdHJlYW0=")

NOTHING_CAME = "no SET was pushed within the patience; does the target reach --push-url?"


def one_more(stream: Stream) -> tuple[Push, ...]:
    """Raise one more SET, and return all pushes so far. Raises Blocked."""
    before = len(stream.pushes)
    stream.raise_set()
    pushes = stream.await_pushes(before + 1)
    if len(pushes) == before:
        raise Blocked(NOTHING_CAME)
    return pushes


@judges("SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT", "SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER", needs=TWO)
def test_streams_beside_each_other_keep_to_their_own(transmitter: RemoteTransmitter) -> None:
    """Each of two streams pushes to its own URL, with its own authorization_header."""
    with (
        transmitter.new_push_stream(authorization_header=HEADERS[0]) as one,
        transmitter.new_push_stream(authorization_header=HEADERS[1]) as another,
    ):
        for stream, other in ((one, another), (another, one), (one, another), (another, one)):
            before, elsewhere = len(stream.pushes), len(other.pushes)
            stream.raise_set()
            came = len(stream.await_pushes(before + 1)) > before
            if not came and len(other.pushes) == elsewhere:
                raise Blocked(NOTHING_CAME)
            verify(
                "SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER",
                came,
                expected=f"a push to {stream.endpoint_url()}, the stream's own",
                got=f"a push to {other.endpoint_url()}, another stream's",
            )
        for stream, header in ((one, HEADERS[0]), (another, HEADERS[1])):
            for push in stream.pushes:
                verify(
                    "SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT",
                    push.headers.get("authorization") == header,
                    expected="the authorization_header of the stream",
                    got="another Authorization, or none",
                )


@judges("SSF-8.1.1.3-PATCH-APPLIES", needs=CHANGES)
def test_delivery_changes_from_push_to_poll_and_back(transmitter: RemoteTransmitter) -> None:
    """Once a PATCH has changed the delivery method, what is raised comes by the new one alone."""
    if not transmitter.polls:
        return
    with transmitter.new_push_stream() as stream:
        before = len(one_more(stream))
        change(stream, {"method": stream.profile.delivery.poll})
        stream.raise_set()
        stream.await_pushes(before + 1, patience_s=1.0)
        polled = stream.poll()
        verify(
            "SSF-8.1.1.3-PATCH-APPLIES",
            polled.sets and len(stream.pushes) == before,
            expected="the next SET by poll, and no push",
            got=f"{len(polled.sets)} SETs polled, {len(stream.pushes) - before} pushed",
        )
        push = stream.profile.delivery.push
        change(stream, {"method": push, "endpoint_url": stream.endpoint_url()})
        stream.raise_set()
        verify(
            "SSF-8.1.1.3-PATCH-APPLIES",
            len(stream.await_pushes(before + 1)) > before,
            expected="the next SET by push, as it was at first",
            got="no push within the patience",
        )


@judges("SSF-8.1.1.5-DELETE-STOPS-DELIVERY", needs=DELETES)
def test_a_deleted_stream_is_pushed_to_no_more(transmitter: RemoteTransmitter) -> None:
    """Nothing is pushed for a stream that was deleted, not even what waits for another try."""
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(afterwards=answered(503))
        one_more(stream)
        require(stream.delete().served, "the stream could not be deleted")
        before = len(stream.pushes)
        pushes = stream.await_pushes(before + 1)
        verify(
            "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
            len(pushes) == before,
            expected="no push after the stream was deleted",
            got=f"{len(pushes) - before} pushes",
        )


def change(stream: Stream, delivery: dict[str, Any]) -> None:
    """Update the delivery. Raises NotReached if that is refused."""
    answer = stream.update({"delivery": delivery})
    require(answer.served, f"the delivery could not be changed: {answer.text}")
    stream.read()
