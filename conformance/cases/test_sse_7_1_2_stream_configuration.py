"""The one implicit stream: SSE Framework 1.0 ID1 (2021), section 7.1.2, and a vendor page.

The vendor's page is the draft's section nearly word for word, so one story serves both; each check
names the row of one text.
"""

from typing import Any

import pytest
from hypothesis import given

from conformance.challenges import CHALLENGES, verify_challenge
from conformance.configuration import absent, differing, same, shows
from conformance.generate import replacements
from conformance.generate.wrong import wrong_value
from conformance.shapes import requirements_of, verify_shape
from conformance.spec.requirement import Grade
from conformance.target import Bearer
from conformance.transmitter import GARBAGE, Transmitter
from conformance.verdicts import Blocked, Needs, judges, require, verify

READS = Needs(model="implicit", operations=("read_stream",))
REPLACES = Needs(model="implicit", stream=True, operations=("replace_stream",))
EDITABLE = ("events_requested", "delivery", "format")
READ_ONLY = ("iss", "aud", "events_supported", "events_delivered", "min_verification_interval")


@judges(
    "SSE-7.1.2.1-READ-200-OBJECT", *requirements_of("sse/stream-configuration.json"), needs=READS
)
def test_the_configuration_is_one_object_of_its_shape(transmitter: Transmitter) -> None:
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
def test_the_members_are_as_the_page_says(transmitter: Transmitter) -> None:
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
    delivery = found.get("delivery")
    method = delivery.get("method") if isinstance(delivery, dict) else None
    verify(
        "JAMF-DELIVERY-METHOD",
        isinstance(method, str) and ":" in method,
        expected="delivery.method, a URI",
        got=delivery,
    )


@judges("SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION", "JAMF-DELIVERED-INTERSECTION", needs=REPLACES)
@given(properties=replacements())
def test_events_delivered_is_the_intersection(
    transmitter: Transmitter, properties: dict[str, Any]
) -> None:
    """events_delivered holds just the types that are both supported and requested."""
    with transmitter.new_stream(**properties):
        found = transmitter.configuration_in(transmitter.call("read_stream"))
    supported, requested, delivered = (
        found.get(f"events_{name}") for name in ("supported", "requested", "delivered")
    )
    if not isinstance(supported, list) or not isinstance(delivered, list):
        return
    if not isinstance(requested, list):
        return
    common = set(map(str, supported)) & set(map(str, requested))
    proper = set(map(str, delivered)) < common
    for requirement in ("SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION", "JAMF-DELIVERED-INTERSECTION"):
        verify(
            requirement,
            set(map(str, delivered)) == common,
            expected=f"events_delivered = {sorted(common)}",
            got=delivered,
            at_most=Grade.WARN if proper and requirement.startswith("SSE") else None,
        )


@judges(
    "SSE-7.1.2.2-POST-UPDATES-200",
    "JAMF-POST-UPDATES",
    "SSE-7.1.2.2-ERR-400",
    needs=REPLACES,
)
@given(properties=replacements())
def test_a_post_updates_the_stream(transmitter: Transmitter, properties: dict[str, Any]) -> None:
    """A POST of the full editable set gives 200 and the new configuration; a read agrees."""
    with transmitter.new_stream() as stream:
        answer = stream.replace(properties)
        after = stream.read()
        returned = transmitter.configuration_in(answer)
        wrong = [
            name
            for name in properties
            if not shows(after, name, properties[name])
            or (answer.status == 200 and not shows(returned, name, properties[name]))
        ]
        if answer.status == 200:
            wrong += differing(after, returned, after.keys())
        verify(
            "SSE-7.1.2.2-POST-UPDATES-200",
            answer.status in {200, 202} and not wrong,
            expected="200, and what was posted",
            got=f"{', '.join(wrong)} differ: {after!r}" if wrong else answer.text,
            at_most=Grade.WARN if answer.served and not wrong else None,
        )
        verify(
            "JAMF-POST-UPDATES",
            answer.served and not wrong,
            expected="a success, and what was posted",
            got=f"{', '.join(wrong)} differ: {after!r}" if wrong else answer.text,
        )
        refused = stream.send("replace_stream", raw=b'{"events_requested": ["cut sho')
        verify(
            "SSE-7.1.2.2-ERR-400",
            refused.status == 400 and not differing(after, stream.read(), after.keys()),
            expected="400 for truncated JSON, and nothing changed",
            got=refused.text,
        )


@judges(
    "SSE-7.1.2.2-RO-MATCH-OK",
    "JAMF-READ-MODIFY-WRITE",
    needs=REPLACES,
)
def test_what_was_read_can_be_edited_and_posted_back(transmitter: Transmitter) -> None:
    """Read, edit one member, POST it all back: the edit is there, and nothing else changed."""
    with transmitter.new_stream(format="iss_sub") as stream:
        before = stream.read()
        answer = stream.replace({**before, "format": "email"})
        after = stream.read()
        other = differing(before, after, [name for name in before if name != "format"])
        for requirement in ("SSE-7.1.2.2-RO-MATCH-OK", "JAMF-READ-MODIFY-WRITE"):
            verify(
                requirement,
                answer.served and shows(after, "format", "email") and not other,
                expected="the whole configuration accepted back with format = 'email'",
                got=f"{answer.text}; {', '.join(other) or 'nothing'} else differs",
            )


@judges("SSE-7.1.2.2-MISSING-DELETES", "JAMF-FORMAT-DELETABLE", needs=REPLACES)
@given(properties=replacements())
def test_an_editable_member_left_out_is_deleted(
    transmitter: Transmitter, properties: dict[str, Any]
) -> None:
    """A POST without format deletes the format that was set."""
    with transmitter.new_stream(format="iss_sub") as stream:
        require(shows(stream.read(), "format", "iss_sub"), "the target keeps no format")
        answer = stream.replace(
            {name: value for name, value in properties.items() if name != "format"}
        )
        after = stream.read()
        for requirement in ("SSE-7.1.2.2-MISSING-DELETES", "JAMF-FORMAT-DELETABLE"):
            verify(
                requirement,
                answer.served and absent(after.get("format")),
                expected="format gone, for the POST has none",
                got=after.get("format") if answer.served else answer.text,
            )


@pytest.mark.parametrize("name", ["events_requested", "delivery"])
@judges("SSE-7.1.2.2-PARTIAL-NOT-MERGED", "JAMF-REQUIRED-NOT-MERGED", needs=REPLACES)
def test_a_partial_post_is_not_merged(transmitter: Transmitter, name: str) -> None:
    """A POST without events_requested or delivery is refused, or deletes it."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        full = {member: before[member] for member in EDITABLE if member in before}
        answer = stream.replace({member: full[member] for member in full if member != name})
        after = stream.read()
        merged = answer.served and same(name, before.get(name), after.get(name))
        for requirement in ("SSE-7.1.2.2-PARTIAL-NOT-MERGED", "JAMF-REQUIRED-NOT-MERGED"):
            verify(
                requirement,
                not merged,
                expected=f"a refusal, or {name} deleted",
                got=f"{answer.status} and {name} = {after.get(name)!r}",
            )


@pytest.mark.parametrize("name", READ_ONLY)
@judges(
    "SSE-7.1.2.2-RO-MISMATCH",
    "JAMF-RO-MUST-MATCH",
    "SSE-7.1.2-AUD",
    "JAMF-AUD-READ-ONLY",
    needs=REPLACES,
)
def test_another_read_only_value_is_refused(transmitter: Transmitter, name: str) -> None:
    """A POST that differs in a read-only member is refused, and the member does not change."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        if name not in before:
            return
        wrong = wrong_value(name, before[name])
        answer = stream.replace({**before, name: wrong})
        after = stream.read()
        kept = same(name, before[name], after.get(name))
        got = f"{answer.text}; {name} is now {after.get(name)!r}"
        verify(
            "SSE-7.1.2.2-RO-MISMATCH",
            answer.status in {400, 202} and kept,
            expected=f"400 for {name} = {wrong!r}, and no change",
            got=got,
        )
        verify(
            "JAMF-RO-MUST-MATCH",
            answer.refused and kept,
            expected=f"a refusal for {name} = {wrong!r}, and no change",
            got=got,
            at_most=Grade.WARN if kept else None,
        )
        if name == "aud":
            for requirement in ("SSE-7.1.2-AUD", "JAMF-AUD-READ-ONLY"):
                verify(requirement, kept, expected=f"aud {before['aud']!r}", got=got)


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
    transmitter: Transmitter, operation: str, credential: Bearer | None
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
@judges(
    "SSE-7.1.2.3-DELETE-200",
    "SSE-7.1.2.1-ERR-404",
    "SSE-7.1.2.2-ERR-404",
    needs=Needs(model="implicit", stream=True, operations=("delete_stream",), destructive=True),
)
def test_the_stream_can_be_deleted(transmitter: Transmitter) -> None:
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
