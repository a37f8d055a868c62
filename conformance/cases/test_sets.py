"""Every SET that a run has seen: RFC 8417, 7519, 7515, 9493, 8935, and SSF's and SSE's profiles."""

import pytest

from conformance.judging import (
    Blocked,
    Needs,
    Nonconformance,
    current,
    example,
    judges,
    observe,
    verify,
)
from conformance.receiver.connection import SeenSet
from conformance.receiver.exchange import Recorder
from conformance.receiver.push_replies import ACCEPTED
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.sets import validator
from conformance.sets.freedoms import FREEDOMS, freedoms, shared_txns
from conformance.sets.validator import Context, Finding


@pytest.mark.last
@judges(
    *validator.REQUIREMENTS,
    "RFC8417-2.2-JTI-UNIQUE",
    needs=Needs(stream=True, sets=1),
)
def test_every_set_that_was_seen_is_valid(transmitter: RemoteTransmitter) -> None:
    """Each distinct token is what a SET has to be, and no jti names two SETs of a stream."""
    seen_sets = transmitter.connection.seen_sets
    if not seen_sets:
        with transmitter.new_stream() as stream:
            stream.obtain_sets()
    if not seen_sets:
        raise Blocked("no SET was seen in the whole run")
    for seen in {(id(one.connection), one.key, one.token): one for one in seen_sets}.values():
        judge_alone(seen, validator.judge_set(seen.token, context_of(transmitter, seen)))
    feeds: dict[tuple[int, str], list[SeenSet]] = {}
    for seen in seen_sets:
        feeds.setdefault((id(seen.connection), seen.stream), []).append(seen)
    for feed in feeds.values():
        judge_alone(feed[-1], validator.judge_uniqueness([one.token for one in feed]))


@pytest.mark.last
@judges("RFC8935-2-NO-NEEDLESS-RESEND", needs=Needs(stream=True, sets=1, delivery="push"))
def test_no_set_is_pushed_again_after_it_was_taken(transmitter: RemoteTransmitter) -> None:
    """What was answered 202, and at once, was not pushed again in the whole run."""
    pushed = [seen for seen in transmitter.connection.seen_sets if seen.pushed]
    if not pushed:
        raise Blocked("no SET was pushed in the whole run")
    taken: set[tuple[int, str, str]] = set()
    for seen in pushed:
        one = (id(seen.connection), seen.stream, seen.token)
        finding = Finding(
            "RFC8935-2-NO-NEEDLESS-RESEND",
            one not in taken,
            "no other push of a SET that was answered 202",
            "one more" if one in taken else "none",
        )
        judge_alone(seen, [finding])
        push = seen.exchanges[-1]
        # The suite may have given up before an answer came.
        if push.status == ACCEPTED.status and not push.duration_s:
            taken.add(one)


@pytest.mark.last
@judges(*FREEDOMS, needs=Needs(stream=True, sets=1))
def test_what_sets_are_free_to_do_is_noted(transmitter: RemoteTransmitter) -> None:
    """What the texts leave free and SETs make use of is no breach."""
    seen_sets = transmitter.connection.seen_sets
    for seen in {one.token: one for one in seen_sets}.values():
        for requirement, how in freedoms(seen.token, context_of(transmitter, seen)):
            observe(requirement, how)
    for requirement, how in shared_txns([one.token for one in seen_sets]):
        observe(requirement, how)


def judge_alone(seen: SeenSet, findings: list[Finding]) -> None:
    """Judge one token as an example of its own, with the exchanges that brought it."""
    try:
        with example():
            current().recorder.exchanges = list(seen.exchanges)
            for finding in findings:
                verify(
                    finding.requirement,
                    finding.held,
                    expected=finding.expected,
                    got=f"{finding.got} (in the SET {seen.key})",
                    at_most=finding.at_most,
                )
    except Nonconformance:
        return


def context_of(transmitter: RemoteTransmitter, seen: SeenSet) -> Context:
    """Return the validator's context for the Transmitter that sent a SET."""
    return Context(
        profile=transmitter.profile,
        metadata=seen.connection.metadata,
        issuer=str(seen.connection.metadata.get("issuer", transmitter.issuer)),
        stream=seen.configuration,
        key_set=RemoteTransmitter(seen.connection, Recorder()).key_set_for(seen.token),
        key=None if seen.pushed else seen.key,
        received_at=seen.at,
        tls=all(one.url.startswith("https:") for one in seen.exchanges[-1:]),
    )
