"""Replacing a stream's configuration: SSF 1.0, section 8.1.1.4."""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import EVENT_BOUNDARIES, Boundary, replacements, text_boundaries
from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.judging.message_shape import observe_truncation, verify_delivered_subset
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import MEMBERS, changes, differing, same, shows
from conformance.spec.requirement import Grade

REPLACES = Needs(stream=True, operations=("replace_stream",), model="explicit")
RECEIVER_SUPPLIED = ("events_requested", "delivery", "description")
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
    transmitter: RemoteTransmitter, first: dict[str, Any], second: dict[str, Any]
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


@pytest.mark.parametrize("boundary", [*text_boundaries("description"), *EVENT_BOUNDARIES], ids=str)
@judges("SSF-8.1.1.4-PUT-200", "SSF-8.1.1-DESCRIPTION-TRUNCATED", needs=REPLACES)
def test_put_keeps_an_unusual_value(transmitter: RemoteTransmitter, boundary: Boundary) -> None:
    """What a PUT sets is shown by the next read, whatever it is."""
    value = boundary.value_for(transmitter)
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        full = {
            "events_requested": list(transmitter.known_event_types[:1]),
            "delivery": before.get("delivery"),
        }
        answer = stream.replace({**full, boundary.member: value})
        after = stream.read()
        if boundary.refusable and answer.refused:
            value = before.get(boundary.member)
        verify(
            "SSF-8.1.1.4-PUT-200",
            (answer.served or boundary.refusable) and shows(after, boundary.member, value),
            expected=f"{boundary.member} = {value!r}",
            got=after.get(boundary.member) if answer.served else answer.text,
        )
        observe_truncation(value, after.get(boundary.member))


@judges(
    "SSF-8.1.1.4-PUT-200",
    "RFC8936-2-UNACKED-KEPT",
    needs=Needs(
        stream=True, model="explicit", operations=("replace_stream",), sets=1, delivery="poll"
    ),
)
def test_a_stream_still_delivers_after_replacements(transmitter: RemoteTransmitter) -> None:
    """PUTs that change only the description leave a stream that can be polled for its SETs."""
    with transmitter.new_stream() as stream:
        waiting = set(stream.obtain_sets())
        for description in ("one", "two", "three"):
            shown = {**stream.read(), "description": description}
            answer = stream.replace(
                {name: shown[name] for name in RECEIVER_SUPPLIED if name in shown}
            )
            require(answer.served, f"the replacement was refused: {answer.text}")
        stream.read()
        result = stream.poll()
        verify(
            "SSF-8.1.1.4-PUT-200",
            result.answer.served,
            expected="the stream to deliver by poll as before",
            got=result.answer.text,
        )
        again = set(result.sets) if waiting <= set(result.sets) else stream.await_again(waiting)
        verify(
            "RFC8936-2-UNACKED-KEPT",
            waiting <= again,
            expected=f"{sorted(waiting)}, which waited before the replacements",
            got=sorted(again) or "no SET within the patience",
        )


@judges(
    "SSF-8.1.1.4-PUT-200",
    needs=Needs(
        stream=True, model="explicit", operations=("replace_stream",), sets=1, delivery="poll"
    ),
)
@given(properties=replacements())
def test_a_stream_delivers_what_comes_after_a_replacement(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
) -> None:
    """A PUT leaves a stream on which what is raised afterwards arrives."""
    with transmitter.new_stream() as stream:
        require(stream.replace(properties).served, "the replacement was refused")
        stream.read()
        if not stream.can_carry:
            return
        stream.raise_set()
        came = stream.await_sets_that(bool)
        verify(
            "SSF-8.1.1.4-PUT-200",
            came,
            expected="a SET that is raised after the replacement",
            got="no SET within the patience",
        )


@judges("SSF-8.1.1.4-PUT-200", needs=REPLACES)
def test_put_leaves_other_streams_alone(transmitter: RemoteTransmitter) -> None:
    """A PUT of one stream changes no other stream of the same Receiver."""
    types = list(transmitter.known_event_types)
    with (
        transmitter.new_stream(description="the one", events_requested=types) as stream,
        transmitter.another_stream(description="the other", events_requested=types) as other,
    ):
        if other is None:
            raise Blocked("the Receiver may have one stream only")
        beside = {other.id or "": other.read()}
        full = transmitter.usual_properties()
        for part in ({"description": "changed"}, {"events_requested": types[:1]}):
            require(stream.replace(full | part).served, "the replacement was refused")
            changed = changes(beside, transmitter.survey())
            verify(
                "SSF-8.1.1.4-PUT-200",
                not changed,
                expected="the other stream as it was",
                got="; ".join(changed),
            )


@judges("SSF-8.1.1.4-PUT-MISSING-EVENTS", "SSF-8.1.1.4-PUT-MISSING-DELETES", needs=REPLACES)
def test_put_of_the_delivery_alone_takes_the_rest_back(transmitter: RemoteTransmitter) -> None:
    """A PUT of the delivery keeps neither the events_requested nor the description from before."""
    types = transmitter.known_event_types
    with transmitter.new_stream(events_requested=[types[0]], description="before") as stream:
        before = stream.read()
        answer = stream.replace({"delivery": before.get("delivery")})
        after = stream.read()
        requested, shown = before.get("events_requested"), after.get("events_requested")
        # A default counts as absent. All supported events may be the default.
        kept = requested and same("events_requested", requested, shown)
        kept = kept and not same("events_requested", shown, after.get("events_supported"))
        verify(
            "SSF-8.1.1.4-PUT-MISSING-EVENTS",
            answer.served and not kept,
            expected="the old events_requested gone, for the PUT has none",
            got=shown if answer.served else answer.text,
            at_most=None if answer.served else Grade.WARN,
        )
        if before.get("description"):
            verify(
                "SSF-8.1.1.4-PUT-MISSING-DELETES",
                answer.served
                and not same("description", after.get("description"), before["description"]),
                expected="the description gone, for the PUT has none",
                got=after.get("description") if answer.served else answer.text,
                at_most=None if answer.served else Grade.WARN,
            )


@judges("SSF-8.1.1.4-PUT-MISSING-DELETES", needs=REPLACES)
def test_put_deletes_what_it_lacks_each_time(transmitter: RemoteTransmitter) -> None:
    """A PUT that is what was read less the description deletes it, the second time as well."""
    with transmitter.new_stream(description="before") as stream:
        for description in ("before", "again"):
            shown = stream.read()
            full = {name: shown[name] for name in RECEIVER_SUPPLIED if name in shown}
            answer = stream.replace(full | {"description": description})
            require(answer.served, f"the replacement was refused: {answer.text}")
            full.pop("description", None)
            answer = stream.replace(full)
            after = stream.read().get("description")
            verify(
                "SSF-8.1.1.4-PUT-MISSING-DELETES",
                answer.served and not same("description", after, description),
                expected="the description gone, for the PUT has none",
                got=after if answer.served else answer.text,
                at_most=None if answer.served else Grade.WARN,
            )


@judges("SSF-8.1.1.4-PUT-RO-MISSING-IGNORED", "SSF-8.1.1-EVENTS-DELIVERED-SUBSET", needs=REPLACES)
@given(properties=replacements())
def test_put_keeps_what_the_transmitter_supplies(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
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
        if answer.served:
            verify_delivered_subset(after, properties.get("events_requested"))


@judges("SSF-8.1.1.4-PUT-RO-MATCH-OK", "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE", needs=REPLACES)
def test_put_accepts_the_values_that_were_read(transmitter: RemoteTransmitter) -> None:
    """Read, modify, PUT back is a valid replacement, with events_delivered as it was before."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        answer = stream.replace({**before, "description": "after"})
        after = stream.read()
        # A member that is not shown can't be restored, nor can what depends on it.
        free = {"description"} | (
            {"events_delivered"} if "events_requested" not in before else set()
        )
        other = differing(before, after, [name for name in MEMBERS if name not in free])
        verify(
            "SSF-8.1.1.4-PUT-RO-MATCH-OK",
            answer.served and shows(after, "description", "after") and not other,
            expected="the whole configuration accepted back, and the description alone changed",
            got=f"{answer.text}; {', '.join(other) or 'nothing'} else differs",
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
