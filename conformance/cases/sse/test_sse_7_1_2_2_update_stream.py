"""Updating the only, implicit stream: SSE Framework 1.0 ID1 (2021), section 7.1.2.2.

A vendor's page repeats the draft's section nearly word for word, so one case serves both: each
check names the row of one text, or the rows of both.
"""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import (
    EVENT_BOUNDARIES,
    Boundary,
    replacements,
    text_boundaries,
    whole_bodies,
)
from conformance.generate.wrong_values import wrong_value
from conformance.judging import Needs, judges, observe, require, verify
from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import absent, differing, same, shows
from conformance.spec.requirement import Grade

REPLACES = Needs(model="implicit", stream=True, operations=("replace_stream",))
UPDATES = ("SSE-7.1.2.2-POST-UPDATES-200", "JAMF-POST-UPDATES")
EDITABLE = ("events_requested", "delivery", "format")
READ_ONLY = ("iss", "aud", "events_supported", "events_delivered", "min_verification_interval")
EVERY = (*EDITABLE, *READ_ONLY)
# A POST with other events changes these too. No POST changes the rest.
FOLLOWING = {"events_requested": ("events_requested", "events_delivered")}


def pushed_to(transmitter: RemoteTransmitter, tail: str) -> dict[str, Any]:
    """Return a push delivery to a path of the suite's own listener."""
    return {
        "method": transmitter.profile.delivery.push,
        "endpoint_url": f"{transmitter.push_url}{tail}",
    }


def push_boundary(name: str, tail: str) -> Boundary:
    """Return an unusual push delivery."""
    return Boundary("delivery", name, lambda transmitter: pushed_to(transmitter, tail))


DELIVERY_BOUNDARIES = (
    push_boundary("with a query", "events?stream=1&from=a%20b"),
    push_boundary("with escapes", "events/%C3%A9%2F%25"),
    push_boundary("with an upper-case path", "Events/ABC"),
    push_boundary("with a slash at the end", "events/"),
    push_boundary("of 300 characters", f"events/{'a' * 300}"),
    push_boundary("of 1,000 characters", f"events/{'b' * 1000}"),
)


def editable(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the full set of editable properties."""
    return {name: configuration[name] for name in EDITABLE if name in configuration}


def departures(
    transmitter: RemoteTransmitter, answer: Answer, after: dict[str, Any], posted: dict[str, Any]
) -> list[str]:
    """Return how a read differs from what was posted and from the answer to the POST."""
    wrong = [name for name in EDITABLE if name in posted and not shows(after, name, posted[name])]
    accepted = transmitter.profile.operations["replace_stream"].accepted
    if answer.served and not answer.is_in(accepted):
        returned = transmitter.configuration_in(answer)
        wrong += [f"{name} in the answer" for name in differing(after, returned, EVERY)]
    return wrong


def verify_updated(
    transmitter: RemoteTransmitter,
    answer: Answer,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    posted: dict[str, Any],
) -> None:
    """Judge that a POST took effect, and that read-only members stayed."""
    fixed = [name for name in READ_ONLY if name != "events_delivered"]
    wrong = departures(transmitter, answer, after, posted) + differing(before, after, fixed)
    got = f"{answer.status}, and {', '.join(wrong)} not so: {after!r}" if wrong else answer.text
    # A target that does not know the requested format may refuse it as invalid.
    unknown_format = answer.refused and "format" in posted
    verify(
        "SSE-7.1.2.2-POST-UPDATES-200",
        answer.status in {200, 202} and not wrong,
        expected="200, and what was posted",
        got=got,
        at_most=Grade.WARN if unknown_format or (answer.served and not wrong) else None,
    )
    verify(
        "JAMF-POST-UPDATES",
        answer.served and not wrong,
        expected="a success, and what was posted",
        got=got,
        at_most=Grade.WARN if unknown_format else None,
    )


@judges(*UPDATES, needs=REPLACES)
@given(first=replacements(), second=replacements())
def test_a_post_leaves_what_it_carries_whatever_was_posted_before(
    transmitter: RemoteTransmitter, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Each POST of the full editable set is the configuration then, also again and once more."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        for posted in (first, second, second, first):
            answer = stream.replace(posted)
            after = stream.read()
            verify_updated(transmitter, answer, before=before, after=after, posted=posted)
            before = after


@judges(*UPDATES, "SSE-7.1.2.2-RO-MISMATCH", needs=REPLACES)
@given(refused=whole_bodies("replace_stream_request"), posted=replacements())
def test_a_refused_post_shows_in_none_that_follows(
    transmitter: RemoteTransmitter, refused: dict[str, Any], posted: dict[str, Any]
) -> None:
    """Nothing of a POST with a wrong read-only value is there after it, or after the next one."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        if "iss" not in before:
            return
        answer = stream.replace({**refused, "iss": wrong_value("iss", before["iss"])})
        between = stream.read()
        changed = differing(before, between, EVERY)
        verify(
            "SSE-7.1.2.2-RO-MISMATCH",
            answer.status in {400, 202} and not changed,
            expected="400 for another iss, and nothing changed",
            got=f"{answer.text}; changed: {', '.join(changed) or 'nothing'}",
        )
        answer = stream.replace(posted)
        after = stream.read()
        verify_updated(transmitter, answer, before=between, after=after, posted=posted)


@pytest.mark.parametrize("boundary", [*EVENT_BOUNDARIES, *DELIVERY_BOUNDARIES], ids=str)
@judges(*UPDATES, needs=REPLACES)
def test_an_unusual_value_is_kept(transmitter: RemoteTransmitter, boundary: Boundary) -> None:
    """An unusual value of a property is shown as it was posted, and by the next POST again."""
    if boundary.member == "delivery" and transmitter.polls:
        return
    with transmitter.new_stream() as stream:
        before = stream.read()
        posted = {**editable(before), boundary.member: boundary.value_for(transmitter)}
        for _ in range(2):
            answer = stream.replace(posted)
            after = stream.read()
            if boundary.refusable and answer.refused and not differing(before, after, EVERY):
                return
            verify_updated(transmitter, answer, before=before, after=after, posted=posted)
            before = after


@pytest.mark.parametrize("boundary", text_boundaries("format"), ids=str)
@judges(*UPDATES, "SSE-7.1.2-FORMAT", needs=REPLACES)
def test_a_format_that_nobody_knows_is_kept_or_refused(
    transmitter: RemoteTransmitter, boundary: Boundary
) -> None:
    """A format of any text is kept as it is, or not at all: never as another text."""
    wish = boundary.value_for(transmitter)
    with transmitter.new_stream() as stream:
        before = stream.read()
        answer = stream.replace({**editable(before), "format": wish})
        after = stream.read()
        shown = after.get("format")
        kept = answer.served and shown == wish
        refused = answer.refused and not differing(before, after, EVERY)
        verify(
            UPDATES,
            kept or refused or (answer.served and absent(shown)),
            expected=f"format = {wish!r}, or a refusal that changes nothing",
            got=f"{answer.status}, and a read shows format = {shown!r}",
        )
        observe(
            "SSE-7.1.2-FORMAT",
            f"a format {boundary.name} is {'kept' if kept else 'refused or left out'}",
        )


@judges(*UPDATES, needs=REPLACES)
def test_an_authorization_header_goes_with_its_delivery(transmitter: RemoteTransmitter) -> None:
    """A delivery that is replaced shows no authorization_header of an earlier one."""
    if transmitter.polls:
        return
    earlier: set[object] = set()
    with transmitter.new_stream() as stream:
        before = stream.read()
        for header in ("Bearer of-the-first", "Bearer of-the-second", None):
            secret = {} if header is None else {"authorization_header": header}
            delivery = pushed_to(transmitter, "ssf-conformance") | secret
            answer = stream.replace({**editable(before), "delivery": delivery})
            if not answer.served:
                return
            shown = stream.read().get("delivery")
            echoed = shown.get("authorization_header") if isinstance(shown, dict) else None
            verify(
                UPDATES,
                echoed not in earlier,
                expected="no authorization_header but the one that was posted",
                got="the one that an earlier POST carried",
            )
            earlier.add(header)


@pytest.mark.parametrize("name", EDITABLE)
@judges("SSE-7.1.2.2-RO-MATCH-OK", "JAMF-READ-MODIFY-WRITE", needs=REPLACES)
@given(first=whole_bodies("replace_stream_request"), second=whole_bodies("replace_stream_request"))
def test_what_was_read_can_be_edited_and_posted_back(
    transmitter: RemoteTransmitter, name: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Read, edit one member, POST it all back: the edit is there, and nothing else changed."""
    with transmitter.new_stream(format="iss_sub") as stream:
        for edit in (first[name], second[name]):
            before = stream.read()
            answer = stream.replace({**before, name: edit})
            after = stream.read()
            rest = [one for one in EVERY if one not in FOLLOWING.get(name, (name,))]
            other = differing(before, after, rest)
            # No text says whether events_delivered has to be the old one or the new one.
            stale = name == "events_requested" and answer.refused and not other
            verify(
                ("SSE-7.1.2.2-RO-MATCH-OK", "JAMF-READ-MODIFY-WRITE"),
                answer.served and shows(after, name, edit) and not other,
                expected=f"the whole configuration accepted back with {name} = {edit!r}",
                got=f"{answer.text}; {', '.join(other) or 'nothing'} else differs",
                at_most=Grade.WARN if stale else None,
            )


@pytest.mark.parametrize("name", READ_ONLY)
@judges("SSE-7.1.2.2-RO-MATCH-OK", "JAMF-RO-MUST-MATCH", needs=REPLACES)
def test_a_read_only_value_may_come_along(transmitter: RemoteTransmitter, name: str) -> None:
    """A POST with one read-only member as it was read is taken, and changes nothing."""
    with transmitter.new_stream() as stream:
        before = stream.read()
        if name not in before:
            return
        answer = stream.replace({**editable(before), name: before[name]})
        changed = differing(before, stream.read(), EVERY)
        verify(
            ("SSE-7.1.2.2-RO-MATCH-OK", "JAMF-RO-MUST-MATCH"),
            answer.served and not changed,
            expected=f"{name} = {before[name]!r} accepted, and nothing changed",
            got=f"{answer.text}; changed: {', '.join(changed) or 'nothing'}",
        )


@judges("SSE-7.1.2.2-MISSING-DELETES", "JAMF-FORMAT-DELETABLE", needs=REPLACES)
@given(properties=replacements())
def test_an_editable_member_left_out_is_deleted(
    transmitter: RemoteTransmitter, properties: dict[str, Any]
) -> None:
    """A POST without format deletes the format that was set, each time, and for good."""
    without = {name: value for name, value in properties.items() if name != "format"}
    with transmitter.new_stream(format="iss_sub") as stream:
        for wish in ("iss_sub", "email"):
            kept = stream.replace({**without, "format": wish})
            require(
                kept.served and shows(stream.read(), "format", wish), "the target keeps no format"
            )
            for _ in range(2):
                answer = stream.replace(without)
                shown = stream.read().get("format")
                verify(
                    ("SSE-7.1.2.2-MISSING-DELETES", "JAMF-FORMAT-DELETABLE"),
                    answer.served and absent(shown),
                    expected="format gone, for the POST has none",
                    got=shown if answer.served else answer.text,
                )


@judges(*UPDATES, needs=REPLACES)
def test_of_two_clients_that_read_and_write_one_is_shown_whole(
    transmitter: RemoteTransmitter,
) -> None:
    """Two clients read, edit, POST: the second is refused or shown whole, never mixed."""
    with transmitter.new_stream(format="iss_sub") as stream:
        read = stream.read()
        require(stream.replace({**read, "format": "email"}).served, "the first was refused")
        between = stream.read()
        requested = read.get("events_requested")
        fewer = requested[:1] if isinstance(requested, list) else []
        posted = {**read, "events_requested": fewer}
        answer = stream.replace(posted)
        after = stream.read()
        stood = answer.refused and not differing(between, after, EVERY)
        verify(
            UPDATES,
            stood or (answer.served and not departures(transmitter, answer, after, posted)),
            expected="the second refused without effect, or what it posted and nothing else",
            got=f"{answer.status}, and a read shows {after!r}",
        )
        observe(
            UPDATES,
            "of two clients that read before either wrote, the second was refused"
            if stood
            else "of two clients that read before either wrote, the second undid the first",
        )


@judges(
    *UPDATES,
    needs=Needs(
        model="implicit", stream=True, operations=("replace_stream",), second_receiver=True
    ),
)
def test_a_post_leaves_another_receivers_stream_alone(transmitter: RemoteTransmitter) -> None:
    """What one Receiver posts does not show in the stream of another."""
    other = transmitter.target.second_receiver.get("management")
    before = transmitter.configuration_in(transmitter.call("read_stream", credential=other))
    with transmitter.new_stream(format="iss_sub") as stream:
        if not before or same("aud", before.get("aud"), stream.read().get("aud")):
            return
        read = transmitter.call("read_stream", credential=other)
        changed = differing(before, transmitter.configuration_in(read), EVERY)
        verify(
            UPDATES,
            not changed,
            expected="the other Receiver's stream as it was",
            got=f"{', '.join(changed)} changed: {read.text}",
        )


@judges(
    *UPDATES,
    "RFC8936-2-UNACKED-KEPT",
    needs=Needs(
        model="implicit", stream=True, operations=("replace_stream",), sets=2, delivery="poll"
    ),
)
def test_the_stream_still_delivers_after_several_posts(transmitter: RemoteTransmitter) -> None:
    """After three POSTs the stream gives what had waited before them, and what comes then."""
    with transmitter.new_stream() as stream:
        waiting = set(stream.obtain_sets())
        full = editable(stream.read())
        for wish in ("email", "iss_sub", "email"):
            answer = stream.replace({**full, "format": wish})
            require(answer.served, f"the stream can't be configured: {answer.text}")
            stream.read()
        again = stream.await_again(waiting)
        verify(
            "RFC8936-2-UNACKED-KEPT",
            waiting <= again,
            expected=f"{sorted(waiting)}, which waited before the POSTs",
            got=sorted(again) or "no SET within the patience",
        )
        stream.acknowledge(sorted(again))
        stream.raise_set()
        came = stream.await_sets_that(bool)
        verify(
            UPDATES,
            came,
            expected="a SET that is raised after the POSTs",
            got="no SET within the patience",
        )
