"""Creating a stream: SSF 1.0, section 8.1.1.1, and the stream configuration of section 8.1.1."""

from typing import Any

from hypothesis import given

from conformance.configuration import absent, shows
from conformance.generate import stream_properties
from conformance.generate.configurations import UNKNOWN_EVENT_TYPES
from conformance.shapes import requirements_of, verify_shape
from conformance.spec.requirement import Grade
from conformance.transmitter import CONFLICT, Transmitter
from conformance.verdicts import Blocked, Needs, judges, verify

CREATES = Needs(stream=True, model="explicit")


@judges(
    "SSF-8.1.1.1-CREATE-201",
    "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
    "SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",
    needs=CREATES,
)
@given(properties=stream_properties())
def test_any_subset_of_the_receiver_supplied_properties_is_accepted(
    transmitter: Transmitter, properties: dict[str, Any]
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
                not unknown & set(map(str, stream.configuration.get("events_delivered") or ())),
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
    transmitter: Transmitter, properties: dict[str, Any]
) -> None:
    """The answers to create and to read hold a stream configuration, each member of its shape."""
    with transmitter.creating(properties) as (answer, stream):
        if stream is None:
            if answer.served:
                verify_shape(transmitter, "stream_configuration", stream_of(transmitter, answer))
            return
        verify_shape(transmitter, "stream_configuration", stream.configuration)
        verify_shape(
            transmitter,
            "stream_configuration",
            transmitter.configuration_in(stream.fetch()),
        )


def stream_of(transmitter: Transmitter, answer: Any) -> Any:  # noqa: ANN401 (whatever came)
    """Return what an answer holds, canonical if it is an object."""
    return transmitter.configuration_in(answer) or answer.document


@judges(
    "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
    "SSF-8.1.1-ISS-EQUALS-METADATA",
    "SSF-8.1.1-DESCRIPTION",
    needs=CREATES,
)
@given(properties=stream_properties())
def test_a_configuration_keeps_what_its_members_say_of_each_other(
    transmitter: Transmitter, properties: dict[str, Any]
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


def verify_delivered_subset(configuration: dict[str, Any], requested: Any) -> None:  # noqa: ANN401 (JSON)
    """Judge events_delivered against what is shown as supported and was requested."""
    delivered = configuration.get("events_delivered")
    if not isinstance(delivered, list):
        return
    shown = configuration.get("events_requested")
    for bound in (configuration.get("events_supported"), shown if requested is None else requested):
        if isinstance(bound, list):
            verify(
                "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
                set(map(str, delivered)) <= set(map(str, bound)),
                expected=f"events_delivered inside {bound!r}",
                got=delivered,
            )


@judges(
    "SSF-8.1.1.1-MINIMAL-BODY",
    "SSF-8.1.1.1-DEFAULT-POLL",
    "SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",
    "SSF-6.1.2-POLL-METHOD-URN",
    needs=Needs(stream=True, model="explicit", delivery="poll"),
)
def test_an_empty_request_makes_a_poll_stream(transmitter: Transmitter) -> None:
    """An empty object is a valid request: a poll stream whose URL the Transmitter gives."""
    with transmitter.creating({}) as (answer, stream):
        if answer.status == CONFLICT:
            raise Blocked("the Receiver has its only stream already")
        verify("SSF-8.1.1.1-MINIMAL-BODY", stream, expected="a stream", got=answer.text)
        if stream is None:
            return
        delivery = stream.configuration.get("delivery")
        method = delivery.get("method") if isinstance(delivery, dict) else None
        url = delivery.get("endpoint_url") if isinstance(delivery, dict) else None
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
def test_a_second_stream_is_another_one_or_is_refused(transmitter: Transmitter) -> None:
    """Creating again gives a new id and another poll URL, or is refused with 409."""
    with transmitter.new_stream(description="the first") as first:
        before = first.read()
        request = {
            "description": "the second",
            "delivery": {"method": transmitter.profile.delivery.poll},
        }
        with transmitter.creating(request) as (answer, second):
            verify(
                "SSF-8.1.1.1-SECOND-REFUSED-409",
                answer.status in {201, CONFLICT},
                expected="201 with a new stream_id, or 409",
                got=answer.text,
                at_most=Grade.WARN if second is not None and second.id != first.id else None,
            )
            if second is None:
                return
            verify(
                "SSF-8.1.1.1-SECOND-NEW-ID",
                second.id != first.id
                and first.read().get("description") == before.get("description"),
                expected=f"another stream_id than {first.id}, and the first stream as it was",
                got=f"{second.id}; the first is now {first.configuration.get('description')!r}",
            )
            ids = [
                one.get("stream_id")
                for one in transmitter.configurations_in(transmitter.list_streams())
            ]
            verify(
                "SSF-8.1.1-STREAMID-UNIQUE",
                len(ids) == len(set(map(str, ids))),
                expected="no stream_id twice in the list",
                got=ids,
            )
            verify(
                "SSF-6.1.2-POLL-URL-UNIQUE-PER-STREAM",
                poll_url(second.configuration) != poll_url(before),
                expected="another endpoint_url for each stream",
                got=f"{poll_url(second.configuration)} for both",
            )


def poll_url(configuration: dict[str, Any]) -> object:
    """Return the endpoint_url of a configuration."""
    delivery = configuration.get("delivery")
    return delivery.get("endpoint_url") if isinstance(delivery, dict) else None


@judges("SSF-8.1.1.1-ERR-400", needs=CREATES)
def test_a_request_that_cannot_be_parsed_makes_no_stream(transmitter: Transmitter) -> None:
    """Truncated JSON is answered 400."""
    answer = transmitter.call("create_stream", raw=b'{"description": "cut sho')
    made = transmitter.configuration_in(answer).get("stream_id")
    if answer.served and isinstance(made, str):
        transmitter.call("delete_stream", stream_id=made)
    verify("SSF-8.1.1.1-ERR-400", answer.status == 400, expected="400", got=answer.text)
