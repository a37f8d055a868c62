"""The only, implicit stream: SSE Framework 1.0 ID1 (2021), section 7.1.2.

A vendor's page repeats the draft's section nearly word for word, so one case serves both: each
check names the row of one text, or the rows of both.
"""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import replacements
from conformance.generate.configurations import UNKNOWN_EVENT_TYPES
from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.judging.challenge import CHALLENGES, verify_challenge
from conformance.judging.message_shape import requirements_of, verify_shape
from conformance.receiver.remote_transmitter import GARBAGE, RemoteTransmitter
from conformance.receiver.shown_values import absent, delivery_of, differing, shows
from conformance.spec.profile import CEILING_OF_EVIDENCE
from conformance.spec.requirement import Grade
from conformance.target.credentials import Bearer

READS = Needs(model="implicit", operations=("read_stream",))
REPLACES = Needs(model="implicit", stream=True, operations=("replace_stream",))
DELETES = Needs(
    model="implicit",
    stream=True,
    operations=("delete_stream", "replace_stream"),
    destructive=True,
)
EDITABLE = ("events_requested", "delivery", "format")


@judges(
    "SSE-7.1.2.1-READ-200-OBJECT", *requirements_of("sse/stream-configuration.json"), needs=READS
)
def test_the_configuration_is_one_object_of_its_shape(transmitter: RemoteTransmitter) -> None:
    """GET answers 200 with the one stream's configuration, each member of its shape."""
    answer = transmitter.call("read_stream")
    if answer.is_in(transmitter.profile.semantics.gone_stream):
        raise Blocked("the Receiver has no stream to judge; set one up first")
    verify(
        "SSE-7.1.2.1-READ-200-OBJECT",
        answer.status == 200 and isinstance(answer.document, dict),
        expected="200 and one JSON object",
        got=answer.text,
    )
    if answer.served and isinstance(answer.document, dict):
        verify_shape(transmitter, "stream_configuration", transmitter.configuration_in(answer))


@judges("JAMF-ISS", "JAMF-EVENTS-SUPPORTED", "JAMF-DELIVERY-METHOD", needs=READS)
def test_the_members_are_as_the_page_says(transmitter: RemoteTransmitter) -> None:
    """The iss is an https URL, events_supported lists URIs, delivery names its method by URI."""
    answer = transmitter.call("read_stream")
    require(answer.served, f"the stream can't be read: {answer.text}")
    found = transmitter.configuration_in(answer)
    iss = found.get("iss")
    if "iss" in found:
        verify(
            "JAMF-ISS",
            isinstance(iss, str)
            and (iss.startswith("https://") or not transmitter.target.tls)
            and not set("?#") & set(iss),
            expected="an https URL without query and fragment",
            got=iss,
        )
    supported = found.get("events_supported")
    if "events_supported" in found:
        verify(
            "JAMF-EVENTS-SUPPORTED",
            isinstance(supported, list)
            and all(isinstance(uri, str) and ":" in uri for uri in supported),
            expected="an array of URIs",
            got=supported,
        )
    method = delivery_of(found).get("method")
    verify(
        "JAMF-DELIVERY-METHOD",
        isinstance(method, str) and ":" in method,
        expected="delivery.method, a URI",
        got=found.get("delivery"),
    )


@judges("SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION", "JAMF-DELIVERED-INTERSECTION", needs=REPLACES)
@given(properties=replacements())
def test_events_delivered_is_the_intersection(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
) -> None:
    """events_delivered holds just the types that are both supported and requested."""
    with transmitter.new_stream(**properties) as stream:
        verify_intersection(stream.configuration)
        verify_intersection(stream.read())


@judges("SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION", "JAMF-DELIVERED-INTERSECTION", needs=REPLACES)
def test_events_delivered_follows_each_post(transmitter: RemoteTransmitter) -> None:
    """events_delivered is the intersection anew after each POST, narrowed or widened."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        supported = before.get("events_supported")
        if not isinstance(supported, list):
            return
        full = {name: before[name] for name in EDITABLE if name in before}
        for requested in (
            supported,
            supported[:1],
            supported,
            supported[1:],
            [*UNKNOWN_EVENT_TYPES, *supported],
            supported[-1:],
            [*supported[:1], *UNKNOWN_EVENT_TYPES],
        ):
            if requested:
                answer = stream.replace({**full, "events_requested": requested})
                require(answer.served, f"the stream can't be configured: {answer.text}")
                verify_intersection(transmitter.configuration_in(answer), requested)
                verify_intersection(stream.read(), requested)


def verify_intersection(found: dict[str, Any], posted: list[str] | None = None) -> None:
    """Judge events_delivered if all three arrays are shown; `posted` was requested."""
    supported, requested, delivered = (
        found.get(f"events_{name}") for name in ("supported", "requested", "delivered")
    )
    if not isinstance(supported, list) or not isinstance(delivered, list):
        return
    if not isinstance(requested, list):
        return
    common = set(map(str, supported)) & set(map(str, requested if posted is None else posted))
    proper = set(map(str, delivered)) < common
    for requirement in ("SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION", "JAMF-DELIVERED-INTERSECTION"):
        verify(
            requirement,
            set(map(str, delivered)) == common,
            expected=f"events_delivered = {sorted(common)}",
            got=delivered,
            at_most=Grade.WARN if proper and requirement.startswith("SSE") else None,
        )


ERR_401 = {
    "read_stream": "SSE-7.1.2.1-ERR-401",
    "replace_stream": "SSE-7.1.2.2-ERR-401",
    "delete_stream": "SSE-7.1.2.3-ERR-401",
}


@pytest.mark.parametrize("credential", [None, GARBAGE], ids=["no token", "garbage token"])
@pytest.mark.parametrize("operation", ERR_401)
@judges(
    *ERR_401.values(),
    "SSE-8-OAUTH-BEARER",
    "JAMF-BEARER",
    *CHALLENGES,
    needs=REPLACES,
)
def test_the_stream_is_closed_to_the_unauthorized(
    transmitter: RemoteTransmitter, operation: str, credential: Bearer | None
) -> None:
    """Without a valid token nothing is read, replaced or deleted: 401, and the stream as it was."""
    with transmitter.new_stream(format="iss_sub") as stream:
        before = stream.read()
        body = {**before, "format": "email"} if operation == "replace_stream" else None
        answer = stream.send(operation, body=body, credential=credential)
        after = stream.fetch()
        shown = transmitter.configuration_in(after)
        closed = not answer.served and after.served and not differing(before, shown, EDITABLE)
        verify(ERR_401[operation], answer.status == 401, expected="401", got=answer.text)
        verify("SSE-8-OAUTH-BEARER", closed, expected="a refusal", got=answer.text)
        if operation == "replace_stream":
            verify("JAMF-BEARER", closed, expected="a refusal without effect", got=answer.text)
        verify_challenge(answer, credential)


@pytest.mark.last
@judges("SSE-7.1.2.3-DELETE-200", "SSE-7.1.2.1-ERR-404", "SSE-7.1.2.2-ERR-404", needs=DELETES)
def test_the_stream_can_be_deleted(transmitter: RemoteTransmitter) -> None:
    """DELETE answers 200; then there is no stream to read (404), and none to update (404)."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        answer = stream.delete()
        verify(
            "SSE-7.1.2.3-DELETE-200",
            answer.status == 200,
            expected="200",
            got=answer.text,
            at_most=Grade.NOTE if answer.status == 204 else None,
        )
        require(answer.served, f"the stream could not be deleted: {answer.text}")
        read = stream.fetch()
        verify(
            "SSE-7.1.2.1-ERR-404",
            read.status == 404,
            expected="404 on reading a deleted stream",
            got=read.text,
        )
        update = stream.replace({name: before[name] for name in EDITABLE if name in before})
        verify(
            "SSE-7.1.2.2-ERR-404",
            update.status == 404,
            expected="404 on updating a deleted stream",
            got=update.text,
            at_most=Grade.NOTE if update.served else None,
        )


@pytest.mark.last
@judges("JAMF-POST-UPDATES", needs=DELETES)
def test_a_deleted_stream_is_made_anew_from_what_is_posted(transmitter: RemoteTransmitter) -> None:
    """A POST after DELETE makes a stream of what it carries, with nothing of the one before."""
    if not transmitter.profile.stream.remade_by_replace:
        return
    with transmitter.new_stream(format="iss_sub") as stream:
        before = stream.read()
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        posted: dict[str, Any] = {
            name: before[name] for name in ("events_requested", "delivery") if name in before
        }
        answer = stream.replace(posted)
        after = transmitter.configuration_in(stream.fetch())
        verify(
            "JAMF-POST-UPDATES",
            answer.served
            and all(shows(after, name, posted[name]) for name in posted)
            and absent(after.get("format")),
            expected="a stream with what was posted, and no format",
            got=f"{answer.status}, and a read shows {after!r}",
            at_most=CEILING_OF_EVIDENCE[
                transmitter.profile.evidence_of("stream.remade_by_replace")
            ],
        )
