"""SETs for each Receiver, and a name for each subject: SSF 1.0, sections 4.1.8 and 10.1."""

from collections.abc import Mapping
from typing import Any

from conformance.judging import Blocked, Needs, judges, verify
from conformance.judging.poll_sequences import stream_of_the_second
from conformance.judging.subject_matching import subject_of
from conformance.receiver.pushes import sets_in
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import event_types_in
from conformance.receiver.stream import EVENT_SUBJECT, Stream
from conformance.sets.contents import claims_of, events_in

# Twin sentences of the final text and the draft of 2021.
DISTINCT = ("SSF-4.1.8-DISTINCT-SETS-PER-RECEIVER", "SSE-11.1.6-DISTINCT-SETS")
CONSISTENT = ("SSF-10.1-CONSISTENT-SUBJECT", "SSE-10.1-CONSISTENT-SUBJECT")


@judges(
    *DISTINCT,
    needs=Needs(stream=True, sets=2, events=True, second_receiver=True, delivery="push"),
)
def test_receivers_with_one_push_url_get_sets_of_their_own(transmitter: RemoteTransmitter) -> None:
    """Where the streams of two Receivers push to one URL, no SET is for both of them."""
    with transmitter.new_endpoint() as endpoint:
        delivery = {"method": transmitter.profile.delivery.push, "endpoint_url": endpoint.url}
        with (
            transmitter.new_stream(delivery=delivery) as own,
            stream_of_the_second(transmitter, delivery=delivery) as other,
        ):
            if other is None:
                raise Blocked("the second Receiver is refused a stream")
            first, second = audiences_of(own.configuration), audiences_of(other.configuration)
            if not first or not second or first & second:
                return  # nothing distinguishes them, so they may be one entity

            def came() -> list[frozenset[str]]:
                tokens = {token for push in endpoint.pushes for _, token in sets_in(push)}
                return [audiences_of(claims_of(token)) for token in sorted(tokens)]

            for stream in (own, other):
                stream.emit()
            own.await_pushes(
                lambda _: any(one & first for one in came()) and any(one & second for one in came())
            )
            shared = [sorted(one) for one in came() if one & first and one & second]
            apart = any(one & first for one in came()) and any(one & second for one in came())
            if not shared and not apart:
                raise Blocked("no SET came for each of the Receivers within the patience")
            verify(
                DISTINCT,
                not shared,
                expected="a SET of its own for each Receiver, and its aud alone in it",
                got=f"SETs with the aud {shared}",
            )


def audiences_of(members: Mapping[str, Any]) -> frozenset[str]:
    """Return the audiences in a configuration or in the claims of a SET."""
    found = members.get("aud")
    return frozenset(map(str, found if isinstance(found, list) else [found] if found else []))


@judges(*CONSISTENT, needs=Needs(stream=True, sets=2, events=True))
def test_a_subject_is_named_the_same_way_each_time(transmitter: RemoteTransmitter) -> None:
    """Events about one subject name it by the same identifier."""
    if not transmitter.target.chooses_subjects:
        return  # the events of the hook need not have the same subject
    subject = next(iter(transmitter.target.subjects), EVENT_SUBJECT)
    with transmitter.new_stream() as stream:
        if transmitter.offers("add_subject"):
            stream.send("add_subject", body={"subject": subject})
        types = event_types_in(stream.configuration)[:2]
        for place in (0, -1):
            stream.emit(types[place] if types else None, subject=subject)
        sets = stream.await_sets_that(lambda seen: len(about_others(stream, seen)) > 1)
        named = [subject_of(claims) for claims in about_others(stream, sets)]
        if len(named) < 2:
            raise Blocked(f"{len(named)} of 2 SETs came within the patience; raise --patience?")
        if None in named:
            raise Blocked("a SET came whose subject can't be read")
        verify(
            CONSISTENT,
            all(one == named[0] for one in named),
            expected="one identifier for one subject",
            got=named,
        )


def about_others(stream: Stream, sets: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Return the claims of the SETs that are about something other than the stream itself."""
    own = stream.profile.sets.own_event_types
    found = [claims_of(token) for token in sets.values()]
    return [claims for claims in found if own.isdisjoint(events_in(claims))]
