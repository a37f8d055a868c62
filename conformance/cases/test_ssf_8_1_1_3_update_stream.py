"""Updating a stream's configuration: SSF 1.0, section 8.1.1.3."""

from typing import Any

import pytest
from hypothesis import given

from conformance.configuration import MEMBERS, differing, same, shows
from conformance.generate import stream_patches
from conformance.generate.wrong import wrong_value
from conformance.spec.requirement import Grade
from conformance.stream import Stream
from conformance.transmitter import Transmitter
from conformance.verdicts import Needs, judges, require, verify

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


@judges(
    "SSF-8.1.1.3-PATCH-APPLIES",
    "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    "SSF-8.1.1.3-PATCH-200-FULL",
    needs=UPDATES,
)
@given(first=stream_patches(), second=stream_patches())
def test_patch_changes_only_the_properties_it_names(
    transmitter: Transmitter, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """A PATCH updates what it carries and leaves every other property alone, each time."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        for patch in (first, second):
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


def verify_unchanged(before: dict[str, Any], after: dict[str, Any], name: str) -> None:
    """Judge that a PATCH left a property alone that it does not name."""
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
    transmitter: Transmitter, patch: dict[str, Any]
) -> None:
    """A PATCH of anything but the delivery leaves a stream that can be polled for its SETs."""
    patch = {name: value for name, value in patch.items() if name == "description"} or {
        "description": "after"
    }
    with transmitter.new_stream() as stream:
        waiting = set(stream.obtain_sets())
        require(stream.update(patch).served, "the update was refused")
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
    "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
    "SSF-8.1.1.3-PATCH-RO-MISSING-IGNORED",
    needs=UPDATES,
)
@given(patch=stream_patches())
def test_patch_keeps_what_the_transmitter_supplies(
    transmitter: Transmitter, patch: dict[str, Any]
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
        requested = patch.get("events_requested", after.get("events_requested"))
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


@pytest.mark.parametrize("name", TRANSMITTER_SUPPLIED)
@judges("SSF-8.1.1.3-PATCH-RO-MISMATCH-400", "SSF-8.1.1-AUD-IMMUTABLE", needs=UPDATES)
def test_patch_refuses_another_transmitter_supplied_value(
    transmitter: Transmitter, name: str
) -> None:
    """A PATCH with another Transmitter-Supplied value gets 400 and changes nothing."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        if name not in before:
            return
        wrong = wrong_value(name, before[name])
        answer = stream.update({"description": "after", name: wrong})
        after = stream.read()
        verify(
            "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
            answer.status in {400, 202} and not differing(before, after, MEMBERS),
            expected=f"400 for {name} = {wrong!r}, and nothing changed",
            got=f"{answer.text}; description is {after.get('description')!r}",
        )
        if name == "aud":
            verify(
                "SSF-8.1.1-AUD-IMMUTABLE",
                same("aud", before["aud"], after.get("aud")),
                expected=f"aud {before['aud']!r}",
                got=after.get("aud"),
            )


@judges(
    "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
    "SSF-8.1.1.3-PATCH-DELIVERED-PRE-VALUE",
    needs=UPDATES,
)
def test_patch_accepts_the_values_that_were_read(transmitter: Transmitter) -> None:
    """Read, modify, PATCH back is a valid update, with events_delivered as it was before."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        answer = stream.update({**own(stream, before), "description": "after"})
        verify(
            "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
            answer.served and shows(stream.read(), "description", "after"),
            expected="the whole configuration accepted back",
            got=answer.text,
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
    """Return a configuration without what the operation carries elsewhere than in the body."""
    if stream.profile.operations["update_stream"].stream_id == "body":
        return configuration
    return {name: value for name, value in configuration.items() if name != "stream_id"}


def fewer_events(configuration: dict[str, Any]) -> list[str] | None:
    """Return another events_requested than the one in force, if enough is supported to make one."""
    delivered = configuration.get("events_delivered")
    return delivered[:1] if isinstance(delivered, list) and len(delivered) > 1 else None


@judges(
    "SSF-8.1.1.3-PATCH-STREAMID-REQUIRED",
    "SSF-8.1.1.3-ERR-400",
    needs=UPDATES,
)
def test_patch_refuses_what_it_cannot_apply(transmitter: Transmitter) -> None:
    """A PATCH that names no stream, or that can't be parsed, is refused and changes nothing."""
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        if stream.profile.operations["update_stream"].stream_id == "body":
            answer = transmitter.call("update_stream", body={"description": "after"})
            verify(
                "SSF-8.1.1.3-PATCH-STREAMID-REQUIRED",
                answer.status in {400, 404} and not differing(before, stream.read(), MEMBERS),
                expected="400 (or 404) and nothing changed",
                got=answer.text,
            )
        answer = stream.send("update_stream", raw=b'{"stream_id": "x", "description": "cut sho')
        verify(
            "SSF-8.1.1.3-ERR-400",
            answer.status == 400 and not differing(before, stream.read(), MEMBERS),
            expected="400 and nothing changed",
            got=answer.text,
        )


@judges(
    "SSF-8.1.1.3-ERR-404",
    needs=Needs(stream=True, model="explicit", operations=("update_stream", "delete_stream")),
)
def test_a_deleted_stream_cannot_be_updated(transmitter: Transmitter) -> None:
    """Updating a stream that is no more is answered 404."""
    with transmitter.new_stream() as stream:
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        answer = stream.update({"description": "after"})
        verify("SSF-8.1.1.3-ERR-404", answer.status == 404, expected="404", got=answer.text)
