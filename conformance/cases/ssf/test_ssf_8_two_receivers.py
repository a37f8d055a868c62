"""Two Receivers of one Transmitter: SSF 1.0, sections 6.1.2, 8 and 8.1.1.2."""

from collections.abc import Mapping

import pytest

from conformance.judging import Blocked, Needs, judges, observe, verify
from conformance.judging.foreign_access import is_shown, request_body, status_of
from conformance.judging.poll_sequences import (
    credential_of_the_second,
    stream_of_the_second,
    verify_kept,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import MEMBERS, delivery_of, differing
from conformance.receiver.stream import EVENT_SUBJECT, Stream
from conformance.sets.contents import claims_of
from conformance.spec.requirement import Grade

# Accepted, but not done yet: sections 8.1.1.3, 8.1.1.4 and 8.1.2.2.
PENDING = 202

TWO_RECEIVERS = Needs(stream=True, model="explicit", second_receiver=True)
ON_A_STREAM = (
    "read_stream",
    "update_stream",
    "replace_stream",
    "delete_stream",
    "read_status",
    "update_status",
    "add_subject",
    "remove_subject",
)


@pytest.mark.parametrize("operation", ON_A_STREAM)
@judges("SSF-8-AUTH-BINDS-STREAMS", needs=TWO_RECEIVERS)
def test_a_stream_is_closed_to_another_receiver(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """Another Receiver neither sees nor changes a stream, whatever it asks for."""
    if not transmitter.offers(operation):
        return
    with transmitter.new_stream(description="of the first Receiver") as stream:
        before = stream.read()
        status = status_of(stream, operation)
        body = request_body(operation, before, "changed by the second Receiver")
        answer = stream.send(
            operation, body=body, credential=transmitter.target.second_receiver["management"]
        )
        if answer.status == PENDING:
            transmitter.clock.advance(transmitter.target.limits.patience_s)
        after = stream.fetch()
        shown = transmitter.configuration_in(after)
        kept = not differing(before, shown, MEMBERS) and status_of(stream, operation) == status
        apart = kept and not is_shown(before, answer, body)
        verify(
            "SSF-8-AUTH-BINDS-STREAMS",
            answer.refused and apart,
            expected=f"{operation} refused (401, 403 or 404), nothing shown and nothing changed",
            got=f"{answer.text}; the stream afterwards: {after.text}",
            at_most=Grade.WARN if apart else None,
        )


@judges(
    "SSF-8-AUTH-BINDS-STREAMS",
    needs=Needs(
        stream=True,
        model="explicit",
        second_receiver=True,
        operations=("verify",),
        sets=1,
        delivery="poll",
    ),
)
def test_another_receiver_verifies_nothing(transmitter: RemoteTransmitter) -> None:
    """Another Receiver's verification request puts no SET on a stream."""
    state = "asked by the second Receiver"
    with transmitter.new_stream() as stream:
        answer = stream.send(
            "verify",
            body={"state": state},
            credential=transmitter.target.second_receiver["management"],
        )
        came = stream.obtain_sets()
        reached = [jti for jti, token in came.items() if state in repr(claims_of(token))]
        verify(
            "SSF-8-AUTH-BINDS-STREAMS",
            answer.refused and not reached,
            expected="verification refused (401, 403 or 404), and no event with its state",
            got=f"{answer.text}; events with that state: {len(reached)}",
            at_most=None if reached else Grade.WARN,
        )


@judges(
    "SSF-8.1.2-STREAMS-INDEPENDENT",
    needs=Needs(
        stream=True,
        model="explicit",
        second_receiver=True,
        operations=("read_status", "update_status"),
    ),
)
def test_a_receiver_stops_its_own_stream_alone(transmitter: RemoteTransmitter) -> None:
    """What another Receiver does to the status of its own stream changes no other stream's."""
    with transmitter.new_stream() as stream, stream_of_the_second(transmitter) as other:
        if other is None:
            raise Blocked("the second Receiver was refused a stream")
        before = stream.status
        for status in ("paused", "disabled"):
            answer = other.update_status(status)
            shown = stream.status
            verify(
                "SSF-8.1.2-STREAMS-INDEPENDENT",
                shown == before,
                expected=f"still {before}, whatever another Receiver's stream is",
                got=f"{shown}, after the other became {status}: {answer.status}",
            )


@judges(
    "SSF-8.1.1.2-LIST-ONLY-OWN",
    needs=Needs(stream=True, model="explicit", second_receiver=True, operations=("list_streams",)),
)
def test_a_list_holds_the_callers_own_streams_alone(transmitter: RemoteTransmitter) -> None:
    """With and without streams of its own, no Receiver finds another's stream in its list."""
    second = transmitter.target.second_receiver["management"]
    with transmitter.new_stream() as own:
        lists = [("second", transmitter.list_streams(credential=second), own)]
        with stream_of_the_second(transmitter) as other:
            if other is not None:
                lists += [
                    ("second", transmitter.list_streams(credential=second), own),
                    ("first", transmitter.list_streams(), other),
                ]
    for whose, answer, foreign in lists:
        if answer.served:
            listed = [one.get("stream_id") for one in transmitter.configurations_in(answer)]
            verify(
                "SSF-8.1.1.2-LIST-ONLY-OWN",
                foreign.id not in listed,
                expected=f"the {whose} Receiver's list without the other's {foreign.id}",
                got=listed,
            )


@judges(
    "SSF-7.1.1-POLL-PROTECTED",
    "SSF-6.1.2-POLL-URL-REUSE-ACROSS-RECEIVERS",
    needs=Needs(stream=True, model="explicit", second_receiver=True, sets=1, delivery="poll"),
)
def test_the_sets_of_a_stream_do_not_come_to_another_receiver(
    transmitter: RemoteTransmitter,
) -> None:
    """A poll by another Receiver gets none of a stream's SETs, also where both share a poll URL."""
    second = credential_of_the_second(transmitter, "poll")
    with transmitter.new_stream() as own, stream_of_the_second(transmitter) as other:
        if other is not None and poll_url(own) == poll_url(other):
            observe("SSF-6.1.2-POLL-URL-REUSE-ACROSS-RECEIVERS", "one poll URL for two Receivers")
        first_set = own.obtain_sets()
        own.raise_set()
        result = own.poll(credential=second)
        strange = set(result.sets) & {*first_set, *own.await_sets()}
        verify(
            "SSF-7.1.1-POLL-PROTECTED",
            not strange,
            expected="none of this stream's SETs for another Receiver",
            got=f"{result.answer.text}; SETs of this stream in it: {sorted(strange)}",
        )


@pytest.mark.parametrize("member", ["ack", "setErrs"])
@judges(
    "SSF-7.1.1-POLL-PROTECTED",
    needs=Needs(stream=True, model="explicit", second_receiver=True, sets=1, delivery="poll"),
)
def test_another_receiver_releases_nothing(transmitter: RemoteTransmitter, member: str) -> None:
    """What another Receiver says of a stream's SETs releases none: they come again."""
    if transmitter.offers("acknowledge"):
        return  # a poll carries no acknowledgement there
    second = credential_of_the_second(transmitter, "poll")
    with transmitter.new_stream() as stream:
        jtis = list(stream.obtain_sets())
        error = {"err": "jwtAud", "description": "not for this Receiver"}
        said = {"ack": jtis, "setErrs": dict.fromkeys(jtis, error)}
        body = {"maxEvents": 0, "returnImmediately": True, member: said[member]}
        stream.send("poll", body=body, credential=second)
        verify_kept(stream, jtis, rows=("SSF-7.1.1-POLL-PROTECTED",))


@pytest.mark.parametrize("operation", ["update_status", "remove_subject"])
@judges(
    "SSF-8-AUTH-BINDS-STREAMS",
    needs=Needs(
        stream=True, model="explicit", second_receiver=True, events=True, sets=3, delivery="poll"
    ),
)
def test_another_receiver_stops_no_events(transmitter: RemoteTransmitter, operation: str) -> None:
    """Events go on after another Receiver has paused the stream, or removed their subject."""
    if not transmitter.offers(operation):
        return
    if operation == "remove_subject" and not transmitter.target.chooses_subjects:
        return  # the events of the hook need not be about the removed subject
    subject = next(iter(transmitter.target.subjects), EVENT_SUBJECT)
    with transmitter.new_stream() as stream:
        if transmitter.offers("add_subject"):
            stream.send("add_subject", body={"subject": subject})
        known: set[str] = set()
        # A SET that came twice by itself is expected to come again.
        for _ in range(2):
            new = receive_another(stream, subject, known)
            if not new:
                raise Blocked("an event about the subject did not come within the patience")
            known |= new
        body = {"status": "paused"} if operation == "update_status" else {"subject": subject}
        second = transmitter.target.second_receiver["management"]
        answer = stream.send(operation, body=body, credential=second)
        verify(
            "SSF-8-AUTH-BINDS-STREAMS",
            receive_another(stream, subject, known),
            expected="another event about the subject, as there were before",
            got=f"none after {operation} by the second Receiver was answered {answer.text}",
        )


@judges(
    "SSF-8-AUTH-BINDS-STREAMS",
    needs=Needs(
        stream=True,
        model="explicit",
        second_receiver=True,
        events=True,
        sets=2,
        delivery="poll",
        operations=("add_subject", "remove_subject"),
    ),
)
def test_another_receiver_brings_no_events_back(transmitter: RemoteTransmitter) -> None:
    """Events about a removed subject do not begin again because another Receiver adds it."""
    if not transmitter.target.chooses_subjects:
        return
    subject = next(iter(transmitter.target.subjects), EVENT_SUBJECT)
    with transmitter.new_stream() as stream:
        stream.send("remove_subject", body={"subject": subject})
        if receive_another(stream, subject, set()):
            raise Blocked("events go on for a while after their subject was removed")
        second = transmitter.target.second_receiver["management"]
        answer = stream.send("add_subject", body={"subject": subject}, credential=second)
        verify(
            "SSF-8-AUTH-BINDS-STREAMS",
            not receive_another(stream, subject, set()),
            expected="no event about a subject that the stream's own Receiver has removed",
            got=f"one, after add_subject by the second Receiver was answered {answer.text}",
        )


def receive_another(stream: Stream, subject: Mapping[str, object], known: set[str]) -> set[str]:
    """Raise one more event; return the new jtis, of which there is one, acknowledged."""
    stream.emit(subject=subject)
    new = stream.await_sets_that(lambda sets: bool(sets.keys() - known)).keys() - known
    if new:
        stream.acknowledge(list(new))
    return set(new)


def poll_url(stream: Stream) -> object:
    """Return the URL for polling a stream, from its configuration."""
    return delivery_of(stream.configuration).get("endpoint_url")
