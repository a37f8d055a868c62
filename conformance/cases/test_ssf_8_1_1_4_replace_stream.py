"""Replacing a stream's configuration: SSF 1.0, section 8.1.1.4."""

from typing import Any

import pytest
from hypothesis import given

from conformance.configuration import MEMBERS, differing, same, shows
from conformance.generate import replacements
from conformance.generate.wrong import wrong_value
from conformance.spec.requirement import Grade
from conformance.transmitter import CAEP_EVENT_TYPES, Transmitter
from conformance.verdicts import Needs, judges, require, verify

REPLACES = Needs(stream=True, operations=("replace_stream",), model="explicit")
TRANSMITTER_SUPPLIED = (
    "iss",
    "aud",
    "events_supported",
    "min_verification_interval",
    "inactivity_timeout",
)


@judges("SSF-8.1.1.4-PUT-200", "SSF-8.1.1.4-PUT-MISSING-DELETES", needs=REPLACES)
@given(first=replacements(), second=replacements())
def test_put_leaves_what_it_carries_and_nothing_else(
    transmitter: Transmitter, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """After a PUT the properties are those that it carried; a missing one is deleted."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        for properties in (first, second):
            answer = stream.replace(properties)
            after = stream.read()
            wrong = [name for name in properties if not shows(after, name, properties[name])]
            if answer.status == 200:
                wrong += differing(after, transmitter.configuration_in(answer), MEMBERS)
            verify(
                "SSF-8.1.1.4-PUT-200",
                answer.status in {200, 202} and not wrong,
                expected="200, and the configuration that was put, in the answer and on reading it",
                got=f"{', '.join(wrong)} differ: {answer.text}" if wrong else answer.text,
                at_most=Grade.WARN if answer.served and not wrong else None,
            )
            old = before.get("description")
            if "description" not in properties and old:
                kept = same("description", after.get("description"), old)
                verify(
                    "SSF-8.1.1.4-PUT-MISSING-DELETES",
                    answer.served and not kept,
                    expected="the description gone, for the PUT has none",
                    got=after.get("description") if answer.served else answer.text,
                    at_most=None if answer.served else Grade.WARN,
                )
            before = after


@judges("SSF-8.1.1.4-PUT-MISSING-EVENTS", needs=REPLACES)
def test_put_without_events_requested_takes_them_back(transmitter: Transmitter) -> None:
    """A PUT without events_requested does not keep what was requested before."""
    types = transmitter.target.event_types or CAEP_EVENT_TYPES
    with transmitter.new_stream(events_requested=[types[0]]) as stream:
        before = stream.read()
        answer = stream.replace({"delivery": before.get("delivery")})
        after = stream.read()
        requested, shown = before.get("events_requested"), after.get("events_requested")
        # A default is as good as nothing; all that is supported is one.
        kept = requested and same("events_requested", requested, shown)
        kept = kept and not same("events_requested", shown, after.get("events_supported"))
        verify(
            "SSF-8.1.1.4-PUT-MISSING-EVENTS",
            answer.served and not kept,
            expected="the old events_requested gone, for the PUT has none",
            got=shown if answer.served else answer.text,
            at_most=None if answer.served else Grade.WARN,
        )


@judges("SSF-8.1.1.4-PUT-RO-MISSING-IGNORED", needs=REPLACES)
@given(properties=replacements())
def test_put_keeps_what_the_transmitter_supplies(
    transmitter: Transmitter, properties: dict[str, Any]
) -> None:
    """Transmitter-Supplied properties that a PUT leaves out stay as they were."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        answer = stream.replace(properties)
        after = stream.read()
        lost = differing(before, after, ("stream_id", *TRANSMITTER_SUPPLIED))
        verify(
            "SSF-8.1.1.4-PUT-RO-MISSING-IGNORED",
            answer.served and not lost and "events_delivered" in after,
            expected="a success, and the Transmitter-Supplied properties as they were",
            got=f"{answer.status}, and these differ: {', '.join(lost) or 'none'}",
        )


@pytest.mark.parametrize("name", TRANSMITTER_SUPPLIED)
@judges("SSF-8.1.1.4-PUT-RO-MISMATCH-400", needs=REPLACES)
def test_put_refuses_another_transmitter_supplied_value(
    transmitter: Transmitter, name: str
) -> None:
    """A PUT with another Transmitter-Supplied value gets 400 and changes nothing."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        if name not in before:
            return
        wrong = wrong_value(name, before[name])
        answer = stream.replace({**before, "description": "after", name: wrong})
        after = stream.read()
        changed = differing(before, after, MEMBERS)
        verify(
            "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
            answer.status in {400, 202} and not changed,
            expected=f"400 for {name} = {wrong!r}, and nothing changed",
            got=f"{answer.text}; changed: {', '.join(changed) or 'nothing'}",
        )


@judges("SSF-8.1.1.4-PUT-RO-MATCH-OK", "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE", needs=REPLACES)
def test_put_accepts_the_values_that_were_read(transmitter: Transmitter) -> None:
    """Read, modify, PUT back is a valid replacement, with events_delivered as it was before."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        answer = stream.replace({**before, "description": "after"})
        after = stream.read()
        verify(
            "SSF-8.1.1.4-PUT-RO-MATCH-OK",
            answer.served and shows(after, "description", "after"),
            expected="the whole configuration accepted back",
            got=answer.text,
        )
        delivered = after.get("events_delivered")
        if not isinstance(delivered, list) or len(delivered) <= 1:
            return
        answer = stream.replace({**after, "events_requested": delivered[:1]})
        verify(
            "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE",
            answer.served,
            expected="events_delivered compared with its value before the replacement",
            got=answer.text,
        )


@judges("SSF-8.1.1.4-PUT-STREAMID-REQUIRED", "SSF-8.1.1.4-ERR-400", needs=REPLACES)
def test_put_refuses_what_it_cannot_apply(transmitter: Transmitter) -> None:
    """A PUT that names no stream, or that can't be parsed, is refused and changes nothing."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        properties = {
            name: value
            for name, value in before.items()
            if name not in {"stream_id", "description"}
        }
        if stream.profile.operations["replace_stream"].stream_id == "body":
            answer = transmitter.call("replace_stream", body=properties)
            verify(
                "SSF-8.1.1.4-PUT-STREAMID-REQUIRED",
                answer.status in {400, 404} and not differing(before, stream.read(), MEMBERS),
                expected="400 (or 404) and nothing changed",
                got=answer.text,
            )
        answer = stream.send("replace_stream", raw=b'{"stream_id": "x", "description": "cut sho')
        verify(
            "SSF-8.1.1.4-ERR-400",
            answer.status == 400 and not differing(before, stream.read(), MEMBERS),
            expected="400 and nothing changed",
            got=answer.text,
        )


@judges(
    "SSF-8.1.1.4-ERR-404",
    needs=Needs(stream=True, operations=("replace_stream", "delete_stream"), model="explicit"),
)
def test_a_deleted_stream_cannot_be_replaced(transmitter: Transmitter) -> None:
    """Replacing a stream that is no more is answered 404."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        answer = stream.replace(
            {
                name: value
                for name, value in before.items()
                if name in {"events_requested", "delivery"}
            }
        )
        verify("SSF-8.1.1.4-ERR-404", answer.status == 404, expected="404", got=answer.text)
