"""Refused updates of the implicit stream: SSE Framework 1.0 ID1, section 7.1.2.2.

A refused update changes nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from conformance.generate import Site, sites, whole_bodies
from conformance.generate.wrong_values import wrong_value
from conformance.judging import Needs, judges, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import differing, same
from conformance.spec.requirement import Grade

REPLACES = Needs(model="implicit", stream=True, operations=("replace_stream",))
EDITABLE = ("events_requested", "delivery", "format")
LISTS = ("aud", "events_supported", "events_delivered")
READ_ONLY = ("iss", *LISTS, "min_verification_interval")
EVERY = (*EDITABLE, *READ_ONLY)
# A poll stream does not use these, so ignoring them is as good as refusing them.
OF_PUSH_ALONE = frozenset({"endpoint_url", "authorization_header"})


def edited(transmitter: RemoteTransmitter, before: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with every editable member edited, to reveal a half-applied POST."""
    wanted = {name: before[name] for name in EVERY if name in before and name != "events_delivered"}
    if isinstance(before.get("events_requested"), list):
        wanted["events_requested"] = before["events_requested"][:1]
    if not transmitter.polls:
        url = f"{transmitter.push_url}edited"
        wanted["delivery"] = {"method": transmitter.profile.delivery.push, "endpoint_url": url}
    return {**wanted, "format": "email"}


def a_part(name: str, value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return an array without its last item; None if nothing would be left."""
    del name
    return value[:-1] or None if isinstance(value, list) else None


@pytest.mark.parametrize(
    ("name", "wrong_one"),
    [
        *(pytest.param(name, wrong_value, id=f"another {name}") for name in READ_ONLY),
        *(pytest.param(name, a_part, id=f"a part of {name}") for name in LISTS),
    ],
)
@judges(
    "SSE-7.1.2.2-RO-MISMATCH",
    "JAMF-RO-MUST-MATCH",
    "SSE-7.1.2-AUD",
    "JAMF-AUD-READ-ONLY",
    needs=REPLACES,
)
def test_another_read_only_value_is_refused(
    transmitter: RemoteTransmitter, name: str, wrong_one: Callable[[str, Any], Any]
) -> None:
    """A POST that differs in a read-only member is refused, and nothing at all changes."""
    with transmitter.new_stream(format="iss_sub") as stream:
        before = stream.read()
        wrong = wrong_one(name, before.get(name))
        if name not in before or wrong is None:
            return
        wanted = edited(transmitter, before)
        if name == "events_delivered":
            wanted["events_requested"] = before.get("events_requested")
        answer = stream.replace({**wanted, name: wrong})
        after = stream.read()
        changed = differing(before, after, EVERY)
        kept = same(name, before[name], after.get(name)) or name == "events_delivered"
        got = f"{answer.text}; changed: {', '.join(changed) or 'nothing'}"
        verify(
            "SSE-7.1.2.2-RO-MISMATCH",
            answer.status in {400, 202} and not changed,
            expected=f"400 for {name} = {wrong!r}, and nothing changed",
            got=got,
        )
        verify(
            "JAMF-RO-MUST-MATCH",
            answer.refused and not changed,
            expected=f"a refusal for {name} = {wrong!r}, and nothing changed",
            got=got,
            # A target that ignores the value has not changed it.
            at_most=Grade.WARN if not changed or (answer.served and kept) else None,
        )
        if name == "aud":
            verify(
                ("SSE-7.1.2-AUD", "JAMF-AUD-READ-ONLY"),
                kept,
                expected=f"aud {before['aud']!r}",
                got=got,
            )


@pytest.mark.parametrize(
    "missing",
    [("events_requested",), ("delivery",), ("events_requested", "delivery")],
    ids=" and ".join,
)
@judges("SSE-7.1.2.2-PARTIAL-NOT-MERGED", "JAMF-REQUIRED-NOT-MERGED", needs=REPLACES)
def test_a_partial_post_is_not_merged(
    transmitter: RemoteTransmitter, missing: tuple[str, ...]
) -> None:
    """A POST without events_requested or delivery deletes it, or is refused and does nothing."""
    types = list(transmitter.known_event_types[:1])
    with transmitter.new_stream(format="iss_sub", events_requested=types) as stream:
        before = stream.read()
        wanted = edited(transmitter, before)
        answer = stream.replace({name: wanted[name] for name in EDITABLE if name not in missing})
        after = stream.read()
        merged = [name for name in missing if same(name, before.get(name), after.get(name))]
        changed = differing(before, after, EVERY)
        verify(
            ("SSE-7.1.2.2-PARTIAL-NOT-MERGED", "JAMF-REQUIRED-NOT-MERGED"),
            not merged if answer.served else not changed,
            expected=f"{' and '.join(missing)} deleted, or a refusal that changes nothing",
            got=f"{answer.status}; as before: {', '.join(merged) or 'none of them'};"
            f" changed: {', '.join(changed) or 'nothing'}",
        )


@pytest.mark.parametrize(
    "raw",
    [b'{"events_requested": ["cut sho', b"", b'{"format": "\xff"}'],
    ids=["cut short", "empty", "not UTF-8"],
)
@judges("SSE-7.1.2.2-ERR-400", needs=REPLACES)
def test_a_post_that_can_not_be_parsed_is_refused(
    transmitter: RemoteTransmitter, raw: bytes
) -> None:
    """A body that is no JSON gets 400 and changes nothing."""
    with transmitter.new_stream(format="iss_sub") as stream:
        before = stream.read()
        answer = stream.send("replace_stream", raw=raw)
        changed = differing(before, stream.read(), EVERY)
        verify(
            "SSE-7.1.2.2-ERR-400",
            answer.status == 400 and not changed,
            expected="400, and nothing changed",
            got=f"{answer.text}; changed: {', '.join(changed) or 'nothing'}",
        )


@pytest.mark.parametrize("site", sites("sse/replace-stream-request.json"), ids=str)
@judges("SSE-7.1.2.2-ERR-400", needs=REPLACES)
@given(body=whole_bodies("replace_stream_request"))
def test_a_post_that_is_invalid_is_refused(
    transmitter: RemoteTransmitter, site: Site, body: dict[str, Any]
) -> None:
    """A POST that is wrong in one place gets 400 and changes nothing, or is at least no crash."""
    silent = site.requirement is None or not OF_PUSH_ALONE.isdisjoint(site.path)
    with transmitter.new_stream(format="iss_sub") as stream:
        before = stream.read()
        for wrong in site.broken(body):
            answer = stream.send("replace_stream", body=wrong)
            after = stream.read()
            changed = differing(before, after, EVERY)
            before = after
            harmless = answer.refused and not changed
            verify(
                "SSE-7.1.2.2-ERR-400",
                answer.status == 400 and not changed,
                expected=f"400 for what is wrong at {site}, and nothing changed",
                got=f"{answer.text}; changed: {', '.join(changed) or 'nothing'}",
                at_most=leniency(silent=silent) if answer.served or harmless else None,
            )


def leniency(*, silent: bool) -> Grade:
    """Return the loudest grade for a success, or another refusal, where 400 is due."""
    return Grade.NOTE if silent else Grade.WARN


@judges("SSE-7.1.2.2-ERR-400", needs=REPLACES)
def test_a_delivery_method_that_nobody_has_is_refused(transmitter: RemoteTransmitter) -> None:
    """A POST of a delivery method that does not exist gets 400 and leaves the stream alone."""
    with transmitter.new_stream(format="iss_sub") as stream:
        before = stream.read()
        delivery = {"method": "urn:example:delivery:none"}
        answer = stream.replace({**edited(transmitter, before), "delivery": delivery})
        changed = differing(before, stream.read(), EVERY)
        verify(
            "SSE-7.1.2.2-ERR-400",
            answer.status == 400 and not changed,
            expected="400, and nothing changed",
            got=f"{answer.text}; changed: {', '.join(changed) or 'nothing'}",
            at_most=Grade.WARN if answer.refused and not changed else None,
        )
