"""Updating a stream's configuration: SSF 1.0, section 8.1.1.3."""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import EVENT_BOUNDARIES, Boundary, stream_patches, text_boundaries
from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.judging.message_shape import observe_truncation
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import (
    MEMBERS,
    changes,
    differing,
    event_types_in,
    same,
    shows,
)
from conformance.receiver.stream import Stream
from conformance.spec.requirement import Grade

UPDATES = Needs(stream=True, model="explicit", operations=("update_stream",))
RECEIVER_SUPPLIED = ("events_requested", "delivery", "description")
IMMUTABLE = ("stream_id", "iss", "aud")
TRANSMITTER_SUPPLIED = (
    "iss",
    "aud",
    "events_supported",
    "min_verification_interval",
    "inactivity_timeout",
)


@pytest.mark.parametrize("boundary", [*text_boundaries("description"), *EVENT_BOUNDARIES], ids=str)
@judges(
    "SSF-8.1.1.3-PATCH-APPLIES",
    "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    "SSF-8.1.1-DESCRIPTION-TRUNCATED",
    needs=UPDATES,
)
def test_patch_keeps_an_unusual_value(transmitter: RemoteTransmitter, boundary: Boundary) -> None:
    """What a PATCH sets is shown, and stays when the next one sets something else."""
    value = boundary.value_for(transmitter)
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        answer = stream.update({boundary.member: value})
        after = stream.read()
        if boundary.refusable and answer.refused:
            verify_unchanged(before, after, boundary.member)
            return
        verify(
            "SSF-8.1.1.3-PATCH-APPLIES",
            answer.served and shows(after, boundary.member, value),
            expected=f"{boundary.member} = {value!r}",
            got=after.get(boundary.member) if answer.served else answer.text,
        )
        observe_truncation(value, after.get(boundary.member))
        other: dict[str, Any] = {"events_requested": list(transmitter.known_event_types[:1])}
        if boundary.member in other:
            other = {"description": "after"}
        require(stream.update(other).served, "the second update was refused")
        verify_unchanged(after, stream.read(), boundary.member)


@judges(
    "SSF-8.1.1.3-PATCH-APPLIES",
    "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    "SSF-8.1.1.3-PATCH-200-FULL",
    needs=UPDATES,
)
@given(first=stream_patches(), second=stream_patches())
def test_patch_changes_only_the_properties_it_names(
    transmitter: RemoteTransmitter, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """A PATCH updates what it carries and leaves every other property alone, each time."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        # The last one repeats the current values.
        for patch in (first, second, {"description": "the third"}, {"description": "the third"}):
            answer = stream.update(patch)
            after = stream.read()
            verify(
                "SSF-8.1.1.3-PATCH-200-FULL",
                answer.status == 202
                or (
                    answer.status == 200
                    and not differing(after, transmitter.configuration_in(answer), MEMBERS)
                ),
                expected="200 and the whole updated configuration",
                got=answer.text,
                at_most=Grade.WARN if answer.served and answer.status != 200 else None,
            )
            for name in RECEIVER_SUPPLIED:
                if name in patch:
                    verify(
                        "SSF-8.1.1.3-PATCH-APPLIES",
                        shows(after, name, patch[name]),
                        expected=f"{name} = {patch[name]!r}",
                        got=after.get(name),
                    )
                else:
                    verify_unchanged(before, after, name)
            for name in IMMUTABLE:
                verify_unchanged(before, after, name)
            before = after


@judges("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED", "SSF-8.1.1.3-PATCH-APPLIES", needs=UPDATES)
def test_patch_leaves_other_streams_alone(transmitter: RemoteTransmitter) -> None:
    """A PATCH of one stream changes that one, and no other stream of the same Receiver."""
    types = list(transmitter.known_event_types)
    with (
        transmitter.new_stream(description="the one", events_requested=types) as stream,
        transmitter.another_stream(description="the other", events_requested=types) as other,
    ):
        if other is None:
            raise Blocked("the Receiver may have one stream only")
        beside = {other.id or "": other.read()}
        for patch in ({"description": "changed"}, {"events_requested": types[:1]}):
            require(stream.update(patch).served, "the update was refused")
            changed = changes(beside, transmitter.survey())
            verify(
                "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
                not changed,
                expected="the other stream as it was",
                got="; ".join(changed),
            )
            after = stream.read()
            verify(
                "SSF-8.1.1.3-PATCH-APPLIES",
                all(shows(after, name, value) for name, value in patch.items()),
                expected=f"{patch!r} on the stream that the PATCH names",
                got=after,
            )


def verify_unchanged(before: dict[str, Any], after: dict[str, Any], name: str) -> None:
    """Judge that a PATCH did not change a property that it does not name."""
    verify(
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        same(name, before.get(name), after.get(name)),
        expected=f"{name} unchanged: {before.get(name)!r}",
        got=after.get(name),
    )


@judges(
    "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    "RFC8936-2-UNACKED-KEPT",
    needs=Needs(
        stream=True, model="explicit", operations=("update_stream",), sets=1, delivery="poll"
    ),
)
@given(patch=stream_patches())
def test_a_stream_still_delivers_after_an_update(
    transmitter: RemoteTransmitter, patch: dict[str, Any]
) -> None:
    """A PATCH of anything but the delivery leaves a stream that can be polled for its SETs."""
    patch = {name: value for name, value in patch.items() if name == "description"} or {
        "description": "after"
    }
    with transmitter.new_stream() as stream:
        waiting = set(stream.obtain_sets())
        for one in (patch, {"description": "and again"}, patch):
            require(stream.update(one).served, "the update was refused")
        stream.read()
        result = stream.poll()
        verify(
            "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
            result.answer.served,
            expected="the stream to deliver by poll as before",
            got=result.answer.text,
        )
        again = set(result.sets) if waiting <= set(result.sets) else stream.await_again(waiting)
        verify(
            "RFC8936-2-UNACKED-KEPT",
            waiting <= again,
            expected=f"{sorted(waiting)}, which waited before the update",
            got=sorted(again) or "no SET within the patience",
        )


@judges(
    "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    needs=Needs(
        stream=True, model="explicit", operations=("update_stream",), sets=1, delivery="poll"
    ),
)
@given(patch=stream_patches())
def test_a_stream_delivers_what_comes_after_an_update(
    transmitter: RemoteTransmitter, patch: dict[str, Any]
) -> None:
    """A PATCH leaves a stream on which what is raised afterwards arrives."""
    with transmitter.new_stream() as stream:
        require(stream.update(patch).served, "the update was refused")
        stream.read()
        if not stream.can_carry:
            return
        stream.raise_set()
        came = stream.await_sets_that(bool)
        verify(
            "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
            came,
            expected="a SET that is raised after the update",
            got="no SET within the patience",
        )


@judges(
    "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
    "SSF-8.1.1.3-PATCH-RO-MISSING-IGNORED",
    needs=UPDATES,
)
@given(patch=stream_patches())
def test_patch_keeps_what_the_transmitter_supplies(
    transmitter: RemoteTransmitter, patch: dict[str, Any]
) -> None:
    """Transmitter-Supplied properties left out stay; events_delivered follows the request."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        answer = stream.update(patch)
        after = stream.read()
        lost = differing(before, after, TRANSMITTER_SUPPLIED)
        verify(
            "SSF-8.1.1.3-PATCH-RO-MISSING-IGNORED",
            answer.served and not lost and "events_delivered" in after,
            expected="a success, and the Transmitter-Supplied properties as they were",
            got=f"{answer.status}, and these differ: {', '.join(lost) or 'none'}",
        )
        require(answer.served, f"the update was refused: {answer.text}")
        delivered = after.get("events_delivered")
        requested = after.get("events_requested") or patch.get("events_requested")
        supported = after.get("events_supported")
        if isinstance(delivered, list):
            for bound in (requested, supported):
                if isinstance(bound, list):
                    verify(
                        "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
                        set(map(str, delivered)) <= set(map(str, bound)),
                        expected=f"events_delivered inside {bound!r}",
                        got=delivered,
                    )


@judges(
    "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
    "SSF-8.1.1.3-PATCH-DELIVERED-PRE-VALUE",
    needs=UPDATES,
)
def test_patch_accepts_the_values_that_were_read(transmitter: RemoteTransmitter) -> None:
    """Read, modify, PATCH back is a valid update, with events_delivered as it was before."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        answer = stream.update({**own(stream, before), "description": "after"})
        after = stream.read()
        other = differing(before, after, [name for name in MEMBERS if name != "description"])
        verify(
            "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
            answer.served and shows(after, "description", "after") and not other,
            expected="the whole configuration accepted back, and the description alone changed",
            got=f"{answer.text}; {', '.join(other) or 'nothing'} else differs",
        )
        wider = fewer_events(before)
        if wider is None:
            return
        answer = stream.update(
            {"events_requested": wider, "events_delivered": before["events_delivered"]}
        )
        verify(
            "SSF-8.1.1.3-PATCH-DELIVERED-PRE-VALUE",
            answer.served,
            expected="events_delivered compared with its value before the update",
            got=answer.text,
        )


def own(stream: Stream, configuration: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration without the members that the operation carries outside the body."""
    if stream.profile.operations["update_stream"].stream_id == "body":
        return configuration
    return {name: value for name, value in configuration.items() if name != "stream_id"}


def fewer_events(configuration: dict[str, Any]) -> list[str] | None:
    """Return events_requested with one type fewer, if enough types are supported."""
    delivered = event_types_in(configuration)
    return delivered[:1] if len(delivered) > 1 else None
