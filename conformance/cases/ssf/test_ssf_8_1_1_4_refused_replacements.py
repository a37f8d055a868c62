"""Refused replacements: SSF 1.0, section 8.1.1.4. A refused replacement changes nothing."""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import Site, sites, whole_bodies
from conformance.generate.wrong_values import wrong_values
from conformance.judging import Needs, judges, observe, require, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import changes

REPLACES = Needs(stream=True, operations=("replace_stream",), model="explicit")
MUST_MATCH = (
    "iss",
    "aud",
    "events_supported",
    "events_delivered",
    "min_verification_interval",
    "inactivity_timeout",
)
# A poll stream does not use these, so ignoring them is as good as refusing them.
OF_PUSH_ALONE = frozenset({"endpoint_url", "authorization_header"})


@pytest.mark.parametrize("name", MUST_MATCH)
@judges("SSF-8.1.1.4-PUT-RO-MISMATCH-400", needs=REPLACES)
def test_put_refuses_another_transmitter_supplied_value(
    transmitter: RemoteTransmitter, name: str
) -> None:
    """A PUT with another Transmitter-Supplied value gets 400 and changes nothing."""
    with (
        transmitter.new_stream(description="before") as stream,
        transmitter.another_stream(description="beside"),
    ):
        before = stream.read()
        if name not in before:
            return
        everything = transmitter.survey()
        for wrong in wrong_values(name, before[name]):
            answer = stream.replace({**before, "description": "after", name: wrong})
            after = transmitter.survey()
            changed = changes(everything, after)
            verify(
                "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
                answer.status in {400, 202} and not changed,
                expected=f"400 for {name} = {wrong!r}, and nothing changed",
                got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
            )


@pytest.mark.parametrize("site", sites("ssf/replace-stream-request.json"), ids=str)
@judges("SSF-8.1.1.4-ERR-400-INVALID", needs=REPLACES)
@given(body=whole_bodies("replace_stream_request"))
def test_put_refuses_what_is_invalid(
    transmitter: RemoteTransmitter, site: Site, body: dict[str, Any]
) -> None:
    """A PUT that is wrong in one place gets 400 and changes nothing, or is at least no crash."""
    with (
        transmitter.new_stream(description="before") as stream,
        transmitter.another_stream(description="beside"),
    ):
        before = transmitter.survey()
        for wrong in site.broken(body):
            answer = stream.send("replace_stream", body=wrong)
            after = transmitter.survey()
            changed = changes(before, after)
            before = after
            free = site.requirement is None or not OF_PUSH_ALONE.isdisjoint(site.path)
            if free and (answer.served or (answer.refused and not changed)):
                observe("SSF-8.1.1.4-ERR-400-INVALID", f"{site}: answered {answer.status}")
                continue
            verify(
                "SSF-8.1.1.4-ERR-400-INVALID",
                answer.status == 400 and not changed,
                expected=f"400 for what is wrong at {site}, and nothing changed",
                got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
            )


@pytest.mark.parametrize("name", ["events_requested", "delivery", "description"])
@judges("SSF-8.1.1.4-ERR-400-INVALID", needs=REPLACES)
def test_put_of_null_is_answered(transmitter: RemoteTransmitter, name: str) -> None:
    """null, of which the text says nothing, is taken or refused: no crash, and no half change."""
    with transmitter.new_stream(description="before") as stream:
        before = transmitter.survey()
        shown = before.get(stream.id or "", {})
        full = {one: shown[one] for one in ("events_requested", "delivery") if one in shown}
        answer = stream.send("replace_stream", body=full | {"description": "after"} | {name: None})
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.4-ERR-400-INVALID",
            answer.served or (answer.refused and not changed),
            expected=f"an answer to {name} = null; nothing changed where it is refused",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )


@judges("SSF-8.1.1.4-ERR-400-INVALID", needs=REPLACES)
def test_put_refuses_a_delivery_method_that_nobody_has(transmitter: RemoteTransmitter) -> None:
    """A PUT with a delivery method that does not exist is refused and changes nothing."""
    with transmitter.new_stream(description="before") as stream:
        before = transmitter.survey()
        answer = stream.replace(
            {
                "events_requested": list(transmitter.known_event_types[:1]),
                "delivery": {"method": "urn:example:delivery:none"},
            }
        )
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.4-ERR-400-INVALID",
            answer.status == 400 and not changed,
            expected="400, and nothing changed",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )


@judges("SSF-8.1.1.4-PUT-STREAMID-REQUIRED", "SSF-8.1.1.4-ERR-400", needs=REPLACES)
def test_put_refuses_what_it_cannot_apply(transmitter: RemoteTransmitter) -> None:
    """A PUT that names no stream, or that can't be parsed, is refused and changes nothing."""
    with (
        transmitter.new_stream(description="before") as stream,
        transmitter.another_stream(description="beside"),
    ):
        before = transmitter.survey()
        if stream.profile.operations["replace_stream"].stream_id == "body":
            answer = transmitter.call("replace_stream", body=transmitter.usual_properties())
            changed = changes(before, transmitter.survey())
            verify(
                "SSF-8.1.1.4-PUT-STREAMID-REQUIRED",
                answer.status in {400, 404} and not changed,
                expected="400 (or 404) and nothing changed",
                got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
            )
        answer = stream.send("replace_stream", raw=b'{"stream_id": "x", "description": "cut sho')
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.4-ERR-400",
            answer.status == 400 and not changed,
            expected="400 and nothing changed",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )


@judges(
    "SSF-8.1.1.4-ERR-404",
    needs=Needs(stream=True, operations=("replace_stream", "delete_stream"), model="explicit"),
)
def test_a_deleted_stream_cannot_be_replaced(transmitter: RemoteTransmitter) -> None:
    """Replacing a stream that is no more is answered 404, and changes no other stream."""
    with (
        transmitter.new_stream() as stream,
        transmitter.another_stream(description="beside"),
    ):
        shown = stream.read()
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        before = transmitter.survey()
        answer = stream.replace(
            {name: shown[name] for name in ("events_requested", "delivery") if name in shown}
        )
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.4-ERR-404",
            answer.status == 404 and not changed,
            expected="404, and nothing changed",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )
