"""Refused polls: RFC 8936, section 2.5.1. Where a lenient reader is allowed, it is noted."""

import pytest

from conformance.generate import Site
from conformance.generate.polls import (
    BODIES,
    POLL_SITES,
    UNHEARD_OF,
    Body,
    broken_polls,
    whole_poll,
)
from conformance.judging import Needs, judges, observe, require, verify
from conformance.judging.poll_sequences import (
    KEPT_BY_RFC,
    collect,
    require_polls,
    silence_breaks,
    verify_kept,
)
from conformance.receiver.answer import Answer, NoAnswer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

REFUSED = "RFC8936-2.5.1-400-DEFAULT"
KEPT = "RFC8936-2-UNACKED-KEPT"
POLLS = Needs(stream=True, sets=1, delivery="poll")


@pytest.mark.parametrize("site", POLL_SITES, ids=str)
@judges(REFUSED, KEPT, "RFC8936-2.5.1-ERROR-BODY-FREE", needs=POLLS)
def test_a_poll_that_is_wrong_in_one_place(transmitter: RemoteTransmitter, site: Site) -> None:
    """A poll with one wrong value is refused, or read leniently; it loses nothing."""
    with transmitter.new_stream() as stream:
        require_polls(stream)
        stream.raise_set()
        for body in broken_polls(site):
            answer = ask(stream, site, body)
            if answer is None:
                break
            judge_refusal(answer, f"what is wrong at {site}", free=site.requirement is None)
        verify_still_comes(stream)


def ask(stream: Stream, site: Site, body: object) -> Answer | None:
    """Send a poll; None if the target ignores an invalid returnImmediately and holds the poll."""
    if "returnImmediately" not in site.path:
        with silence_breaks(REFUSED):
            return stream.send("poll", body=body)
    try:
        return stream.send("poll", body=body)
    except NoAnswer:
        observe(REFUSED, f"{site}: taken for a long poll")
        return None


@pytest.mark.parametrize("body", BODIES, ids=str)
@judges(REFUSED, KEPT, "RFC8936-2.5.1-400-ANY", "RFC8936-2.5.1-ERROR-BODY-FREE", needs=POLLS)
def test_a_body_that_is_no_poll(transmitter: RemoteTransmitter, body: Body) -> None:
    """What can't be read as a JSON object is refused at once, and takes no SET with it."""
    with transmitter.new_stream() as stream:
        require_polls(stream)
        stream.raise_set()
        with silence_breaks(REFUSED):
            answer = stream.send("poll", raw=body.raw, headers=body.headers)
        judge_refusal(answer, body.name, free=body.free)
        if answer.status == 400 and "json" not in (body.content_type or "").lower():
            observe("RFC8936-2.5.1-400-ANY", "400 for a Content-Type that 415 is about")
        verify_still_comes(stream)


def judge_refusal(answer: Answer, what: str, *, free: bool) -> None:
    """Judge the answer to a poll; where the text is `free`, a success is only noted."""
    if answer.refused and not answer.body:
        observe("RFC8936-2.5.1-ERROR-BODY-FREE", "a refusal without a body")
    if free and (answer.served or answer.refused):
        observe(REFUSED, f"{what}: answered {answer.status}")
        return
    verify(
        REFUSED,
        answer.refused,
        expected=f"400, or a more specific 4xx, for {what}",
        got=answer.text,
    )


def verify_still_comes(stream: Stream) -> None:
    """Judge that a SET that waited during a refused poll still comes.

    SETs polled before don't count: an unsolicited one may have come by then.
    """
    known = frozenset(stream.history.jtis)
    came = collect(stream, [], raised=len(known) + 1)
    verify(
        KEPT,
        came - known,
        expected="the SET that waited all the while",
        got="no SET within the patience",
    )


@judges(REFUSED, KEPT, needs=POLLS)
def test_a_refused_poll_acknowledges_nothing(transmitter: RemoteTransmitter) -> None:
    """Where a poll is refused for one of its members, its acknowledgement has no effect either."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets())
        for wrong in ({"maxEvents": "many"}, {"maxEvents": -1}, {"setErrs": [UNHEARD_OF[0]]}):
            with silence_breaks(REFUSED):
                answer = stream.send("poll", body=whole_poll(ack=found, **wrong))
            if not answer.refused:
                return  # a lenient reader has accepted the poll, and the acknowledgement with it
        verify_kept(stream, found, rows=KEPT_BY_RFC)


@judges("RFC8936-2.5.1-GENERAL-ERRORS", needs=Needs(stream=True, delivery="poll"))
def test_a_wrong_method_is_a_client_error(transmitter: RemoteTransmitter) -> None:
    """An HTTP method that polling does not have is answered with a 4xx."""
    with transmitter.new_stream() as stream:
        require_polls(stream)
        for method in ("DELETE", "PUT"):
            with silence_breaks("RFC8936-2.5.1-GENERAL-ERRORS"):
                answer = stream.send("poll", method=method)
            require(answer.status != 501, f"the target knows no {method} at all")
            verify(
                "RFC8936-2.5.1-GENERAL-ERRORS", answer.refused, expected="a 4xx", got=answer.text
            )
