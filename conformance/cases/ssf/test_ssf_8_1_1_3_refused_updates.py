"""Refused updates: SSF 1.0, section 8.1.1.3. A refused update changes nothing."""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import Site, sites, whole_bodies
from conformance.generate.wrong_values import wrong_values
from conformance.judging import Needs, judges, observe, require, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import changes, same

UPDATES = Needs(stream=True, model="explicit", operations=("update_stream",))
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
@judges("SSF-8.1.1.3-PATCH-RO-MISMATCH-400", "SSF-8.1.1-AUD-IMMUTABLE", needs=UPDATES)
def test_patch_refuses_another_transmitter_supplied_value(
    transmitter: RemoteTransmitter, name: str
) -> None:
    """A PATCH with another Transmitter-Supplied value gets 400 and changes nothing."""
    with (
        transmitter.new_stream(description="before") as stream,
        transmitter.another_stream(description="beside"),
    ):
        before = stream.read()
        if name not in before:
            return
        everything = transmitter.survey()
        for wrong in wrong_values(name, before[name]):
            answer = stream.update({"description": "after", name: wrong})
            after = transmitter.survey()
            changed = changes(everything, after)
            verify(
                "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
                answer.status in {400, 202} and not changed,
                expected=f"400 for {name} = {wrong!r}, and nothing changed",
                got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
            )
            if name == "aud":
                shown = after.get(stream.id or "", {}).get("aud")
                verify(
                    "SSF-8.1.1-AUD-IMMUTABLE",
                    same("aud", before["aud"], shown),
                    expected=f"aud {before['aud']!r}",
                    got=shown,
                )


@pytest.mark.parametrize("site", sites("ssf/update-stream-request.json"), ids=str)
@judges("SSF-8.1.1.3-ERR-400-INVALID", needs=UPDATES)
@given(body=whole_bodies("update_stream_request"))
def test_patch_refuses_what_is_invalid(
    transmitter: RemoteTransmitter, site: Site, body: dict[str, Any]
) -> None:
    """A PATCH that is wrong in one place gets 400 and changes nothing, or is at least no crash."""
    with (
        transmitter.new_stream(description="before") as stream,
        transmitter.another_stream(description="beside"),
    ):
        before = transmitter.survey()
        for wrong in site.broken(body):
            answer = stream.send("update_stream", body=wrong)
            after = transmitter.survey()
            changed = changes(before, after)
            before = after
            free = site.requirement is None or not OF_PUSH_ALONE.isdisjoint(site.path)
            if free and (answer.served or (answer.refused and not changed)):
                observe("SSF-8.1.1.3-ERR-400-INVALID", f"{site}: answered {answer.status}")
                continue
            verify(
                "SSF-8.1.1.3-ERR-400-INVALID",
                answer.status == 400 and not changed,
                expected=f"400 for what is wrong at {site}, and nothing changed",
                got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
            )


@pytest.mark.parametrize("name", ["events_requested", "delivery", "description"])
@judges("SSF-8.1.1.3-ERR-400-INVALID", needs=UPDATES)
def test_patch_of_null_is_answered(transmitter: RemoteTransmitter, name: str) -> None:
    """null, of which the text says nothing, is taken or refused: no crash, and no half change."""
    with transmitter.new_stream(description="before") as stream:
        before = transmitter.survey()
        shown = before.get(stream.id or "", {})
        full = {one: shown[one] for one in ("events_requested", "delivery") if one in shown}
        answer = stream.send("update_stream", body=full | {"description": "after"} | {name: None})
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.3-ERR-400-INVALID",
            answer.served or (answer.refused and not changed),
            expected=f"an answer to {name} = null; nothing changed where it is refused",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )


@judges("SSF-8.1.1.3-ERR-400-INVALID", needs=UPDATES)
def test_patch_refuses_a_delivery_method_that_nobody_has(transmitter: RemoteTransmitter) -> None:
    """A PATCH to a delivery method that does not exist is refused and leaves the delivery alone."""
    with transmitter.new_stream(description="before") as stream:
        before = transmitter.survey()
        answer = stream.update({"delivery": {"method": "urn:example:delivery:none"}})
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.3-ERR-400-INVALID",
            answer.status == 400 and not changed,
            expected="400, and the delivery as it was",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )


@judges("SSF-8.1.1.3-PATCH-STREAMID-REQUIRED", "SSF-8.1.1.3-ERR-400", needs=UPDATES)
def test_patch_refuses_what_it_cannot_apply(transmitter: RemoteTransmitter) -> None:
    """A PATCH that names no stream, or that can't be parsed, is refused and changes nothing."""
    with (
        transmitter.new_stream(description="before") as stream,
        transmitter.another_stream(description="beside"),
    ):
        before = transmitter.survey()
        if stream.profile.operations["update_stream"].stream_id == "body":
            answer = transmitter.call("update_stream", body={"description": "after"})
            changed = changes(before, transmitter.survey())
            verify(
                "SSF-8.1.1.3-PATCH-STREAMID-REQUIRED",
                answer.status in {400, 404} and not changed,
                expected="400 (or 404) and nothing changed",
                got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
            )
        answer = stream.send("update_stream", raw=b'{"stream_id": "x", "description": "cut sho')
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.3-ERR-400",
            answer.status == 400 and not changed,
            expected="400 and nothing changed",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )


@judges(
    "SSF-8.1.1.3-ERR-404",
    needs=Needs(stream=True, model="explicit", operations=("update_stream", "delete_stream")),
)
def test_a_deleted_stream_cannot_be_updated(transmitter: RemoteTransmitter) -> None:
    """Updating a stream that is no more is answered 404, and changes no other stream."""
    with (
        transmitter.new_stream() as stream,
        transmitter.another_stream(description="beside"),
    ):
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        before = transmitter.survey()
        answer = stream.update({"description": "after"})
        changed = changes(before, transmitter.survey())
        verify(
            "SSF-8.1.1.3-ERR-404",
            answer.status == 404 and not changed,
            expected="404, and nothing changed",
            got=f"{answer.text}; {'; '.join(changed) or 'nothing changed'}",
        )
