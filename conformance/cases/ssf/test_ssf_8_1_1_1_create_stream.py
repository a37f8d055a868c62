"""Creating a stream: SSF 1.0, section 8.1.1.1, and the stream configuration of section 8.1.1."""

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given

from conformance.generate import (
    EVENT_BOUNDARIES,
    Boundary,
    Site,
    sites,
    stream_properties,
    text_boundaries,
    whole_bodies,
)
from conformance.generate.configurations import UNKNOWN_EVENT_TYPES
from conformance.judging import Blocked, Needs, judges, observe, verify
from conformance.judging.message_shape import (
    observe_truncation,
    requirements_of,
    verify_delivered_subset,
    verify_shape,
)
from conformance.receiver.remote_transmitter import CONFLICT, RemoteTransmitter
from conformance.receiver.shown_values import (
    absent,
    changes,
    delivery_of,
    event_types_in,
    same,
    shows,
)
from conformance.spec.requirement import Grade

# As many more streams as show that the second is no exception.
MORE_STREAMS = 3

CREATES = Needs(stream=True, model="explicit")


@judges(
    "SSF-8.1.1.1-CREATE-201",
    "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
    "SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",
    needs=CREATES,
)
@given(properties=stream_properties())
def test_any_subset_of_the_receiver_supplied_properties_is_accepted(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
) -> None:
    """A valid POST gives 201 and the configuration; unknown event types are ignored."""
    with transmitter.creating(properties) as (answer, stream):
        if answer.status == CONFLICT:
            raise Blocked("the Receiver has its only stream already")
        unknown = set(UNKNOWN_EVENT_TYPES) & set(properties.get("events_requested", ()))
        if unknown and not answer.served:
            verify(
                "SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",
                held=False,
                expected="unknown event types to be ignored",
                got=answer.text,
            )
            return
        verify(
            "SSF-8.1.1.1-CREATE-201",
            answer.status == 201 and stream is not None,
            expected="201 and the stream's configuration",
            got=answer.text,
            at_most=Grade.WARN if stream is not None else None,
        )
        if stream is None:
            verify(
                "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
                held=False,
                expected="the stream to be created",
                got=answer.text,
            )
            return
        if unknown:
            verify(
                "SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",
                unknown.isdisjoint(event_types_in(stream.configuration)),
                expected="events_delivered without the unknown types",
                got=stream.configuration.get("events_delivered"),
            )
        after = stream.read()
        for name, value in properties.items():
            verify(
                "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
                shows(after, name, value),
                expected=f"{name} = {value!r}",
                got=f"{name} = {after.get(name)!r}",
            )


@judges(*requirements_of("ssf/stream-configuration.json"), needs=CREATES)
@given(properties=stream_properties())
def test_a_stream_configuration_has_its_shape(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
) -> None:
    """Wherever a stream configuration is shown, each member has its shape."""
    with transmitter.creating(properties) as (answer, stream):
        if stream is None:
            if answer.served:
                verify_shape(transmitter, "stream_configuration", stream_of(transmitter, answer))
            return
        again = transmitter.usual_properties()
        edits = {"update_stream": stream.update, "replace_stream": stream.replace}
        answers = [answer, stream.fetch()]
        answers += [edit(again) for name, edit in edits.items() if transmitter.offers(name)]
        shown = [transmitter.configuration_in(one) for one in answers if one.served and one.body]
        if transmitter.offers("list_streams"):
            listed = transmitter.configurations_in(transmitter.list_streams())
            shown += [one for one in listed if one.get("stream_id") == stream.id]
        for configuration in shown:
            verify_shape(transmitter, "stream_configuration", configuration)


def stream_of(transmitter: RemoteTransmitter, answer: Any) -> Any:  # noqa: ANN401 (whatever came)
    """Return the document of an answer, canonical if it is an object."""
    return transmitter.configuration_in(answer) or answer.document


@judges(
    "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
    "SSF-8.1.1-ISS-EQUALS-METADATA",
    "SSF-8.1.1-DESCRIPTION",
    needs=CREATES,
)
@given(properties=stream_properties())
def test_a_configuration_keeps_what_its_members_say_of_each_other(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
) -> None:
    """The members agree: events_delivered, iss with the issuer, a description that is kept."""
    with transmitter.creating(properties) as (_, stream):
        if stream is None:
            return
        configuration = stream.read()
        verify_delivered_subset(configuration, properties.get("events_requested"))
        verify(
            "SSF-8.1.1-ISS-EQUALS-METADATA",
            configuration.get("iss") == transmitter.metadata.get("issuer"),
            expected=f"iss {transmitter.metadata.get('issuer')!r}",
            got=configuration.get("iss"),
        )
        if "description" in properties:
            verify(
                "SSF-8.1.1-DESCRIPTION",
                shows(configuration, "description", properties["description"]),
                expected=f"description {properties['description']!r}, or a beginning of it",
                got=configuration.get("description"),
            )


@judges(
    "SSF-8.1.1.1-MINIMAL-BODY",
    "SSF-8.1.1.1-DEFAULT-POLL",
    "SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",
    "SSF-6.1.2-POLL-METHOD-URN",
    needs=Needs(stream=True, model="explicit", delivery="poll"),
)
def test_an_empty_request_makes_a_poll_stream(transmitter: RemoteTransmitter) -> None:
    """An empty object is a valid request: a poll stream whose URL the Transmitter gives."""
    with transmitter.creating({}) as (answer, stream):
        if answer.status == CONFLICT:
            raise Blocked("the Receiver has its only stream already")
        verify("SSF-8.1.1.1-MINIMAL-BODY", stream, expected="a stream", got=answer.text)
        if stream is None:
            return
        delivery = delivery_of(stream.configuration)
        method, url = delivery.get("method"), delivery.get("endpoint_url")
        poll = transmitter.profile.delivery.poll
        verify("SSF-8.1.1.1-DEFAULT-POLL", method == poll, expected=f"method {poll}", got=delivery)
        verify(
            "SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",
            method == poll and not absent(url),
            expected="delivery with method and endpoint_url",
            got=delivery,
        )
    with transmitter.new_stream() as asked:
        shown = asked.configuration.get("delivery")
        verify(
            "SSF-6.1.2-POLL-METHOD-URN",
            isinstance(shown, dict) and shown.get("method") == poll,
            expected=f"method {poll} on a poll stream",
            got=shown,
        )


@judges(
    "SSF-8.1.1.1-SECOND-REFUSED-409",
    "SSF-8.1.1.1-SECOND-NEW-ID",
    "SSF-8.1.1-STREAMID-UNIQUE",
    "SSF-6.1.2-POLL-URL-UNIQUE-PER-STREAM",
    needs=Needs(stream=True, model="explicit", delivery="poll"),
)
def test_a_second_stream_is_another_one_or_is_refused(transmitter: RemoteTransmitter) -> None:
    """Creating again, in the same words, gives a new id and another poll URL, or 409."""
    request = {**transmitter.usual_properties(), "description": "of each"}
    with ExitStack() as streams:
        answer, first = streams.enter_context(transmitter.creating(request))
        if first is None:
            transmitter.explain_no_stream(answer)
        if transmitter.offers("update_stream"):
            first.update({"description": "updated before the next is made"})
        for _ in range(MORE_STREAMS):
            before = transmitter.survey()
            answer, another = streams.enter_context(transmitter.creating(request))
            is_new = another is not None and another.id not in before
            verify(
                "SSF-8.1.1.1-SECOND-REFUSED-409",
                answer.status in {201, CONFLICT},
                expected="201 with a new stream_id, or 409",
                got=answer.text,
                at_most=Grade.WARN if is_new else None,
            )
            changed = changes(before, transmitter.survey())
            if another is None:
                return
            verify(
                "SSF-8.1.1.1-SECOND-NEW-ID",
                is_new and not changed,
                expected=f"another stream_id than {sorted(before)}, and those streams as they were",
                got=f"{another.id}; {'; '.join(changed) or 'nothing changed'}",
            )
            listed = transmitter.configurations_in(transmitter.list_streams())
            ids = [one.get("stream_id") for one in listed]
            verify(
                "SSF-8.1.1-STREAMID-UNIQUE",
                len(ids) == len(set(map(str, ids))),
                expected="no stream_id twice in the list",
                got=ids,
            )
            urls = [delivery_of(one).get("endpoint_url") for one in transmitter.survey().values()]
            verify(
                "SSF-6.1.2-POLL-URL-UNIQUE-PER-STREAM",
                len(urls) == len(set(map(str, urls))),
                expected="another endpoint_url for each stream",
                got=urls,
            )


@pytest.mark.parametrize("boundary", [*text_boundaries("description"), *EVENT_BOUNDARIES], ids=str)
@judges(
    "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
    "SSF-8.1.1-DESCRIPTION",
    "SSF-8.1.1-DESCRIPTION-TRUNCATED",
    needs=CREATES,
)
def test_a_new_stream_keeps_an_unusual_value(
    transmitter: RemoteTransmitter, boundary: Boundary
) -> None:
    """What the create request carries is shown by the answer and by a read, whatever it is."""
    value = boundary.value_for(transmitter)
    request = {**transmitter.usual_properties(), boundary.member: value}
    with transmitter.creating(request) as (answer, stream):
        if answer.status == CONFLICT:
            raise Blocked("the Receiver has its only stream already")
        if stream is None:
            verify(
                "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
                boundary.refusable and answer.refused,
                expected=f"a stream with {boundary.member} = {value!r}",
                got=answer.text,
            )
            return
        in_answer = stream.configuration.get(boundary.member)
        found = stream.read()
        kept = "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED"
        verify(
            "SSF-8.1.1-DESCRIPTION" if boundary.member == "description" else kept,
            shows(found, boundary.member, value)
            and same(boundary.member, in_answer, found.get(boundary.member)),
            expected=f"{boundary.member} = {value!r} in the answer and on reading it",
            got=f"{in_answer!r}, then {found.get(boundary.member)!r}",
        )
        observe_truncation(value, found.get(boundary.member))


@judges("SSF-8.1.1-DESCRIPTION", needs=CREATES)
def test_a_new_stream_has_no_description_but_its_own(transmitter: RemoteTransmitter) -> None:
    """A stream made without a description does not show that of another stream."""
    with (
        transmitter.new_stream(description="of the first") as first,
        transmitter.another_stream() as second,
    ):
        if second is None:
            raise Blocked("the Receiver may have one stream only")
        found = second.read().get("description")
        verify(
            "SSF-8.1.1-DESCRIPTION",
            found != "of the first" and first.read().get("description") == "of the first",
            expected="the first stream's description on the first stream alone",
            got=f"{found!r} on the second, {first.configuration.get('description')!r} on the first",
        )


@pytest.mark.parametrize("site", sites("ssf/create-stream-request.json"), ids=str)
@judges("SSF-8.1.1.1-ERR-400", needs=CREATES)
@given(body=whole_bodies("create_stream_request"))
def test_an_invalid_request_is_answered(
    transmitter: RemoteTransmitter, site: Site, body: dict[str, Any]
) -> None:
    """A create request that is wrong in one place is refused or taken, and is no server error."""
    for wrong in site.broken(body):
        with transmitter.creating(wrong) as (answer, _):
            verify(
                "SSF-8.1.1.1-ERR-400",
                answer.status < 500,
                expected=f"an answer to what is wrong at {site}, 400 where it is refused",
                got=answer.text,
                at_most=Grade.WARN,
            )


@judges("SSF-8.1.1.1-UNSUPPORTED-METHOD-400", "SSF-8.1.1-DELIVERY-PRESENT", needs=CREATES)
def test_a_delivery_method_that_nobody_has_is_not_shown(transmitter: RemoteTransmitter) -> None:
    """A delivery method that does not exist is refused, or at least not shown as the stream's."""
    method = "urn:example:delivery:none"
    request = {**transmitter.usual_properties(), "delivery": {"method": method}}
    with transmitter.creating(request) as (answer, stream):
        if stream is None:
            observe("SSF-8.1.1.1-UNSUPPORTED-METHOD-400", f"refused with {answer.status}")
            return
        observe("SSF-8.1.1.1-UNSUPPORTED-METHOD-400", f"answered with {answer.status}")
        shown = stream.read().get("delivery")
        verify(
            "SSF-8.1.1-DELIVERY-PRESENT",
            isinstance(shown, dict) and shown.get("method") != method,
            expected="a delivery method that the Transmitter has",
            got=shown,
            at_most=Grade.WARN,
        )


@judges("SSF-8.1.1.1-ERR-400", needs=CREATES)
def test_a_request_that_cannot_be_parsed_makes_no_stream(transmitter: RemoteTransmitter) -> None:
    """Truncated JSON is answered 400."""
    answer = transmitter.call("create_stream", raw=b'{"description": "cut sho')
    made = transmitter.configuration_in(answer).get("stream_id")
    if answer.served and isinstance(made, str):
        transmitter.call("delete_stream", stream_id=made)
    verify("SSF-8.1.1.1-ERR-400", answer.status == 400, expected="400", got=answer.text)
