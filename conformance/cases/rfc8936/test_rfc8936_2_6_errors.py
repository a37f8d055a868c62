"""Reporting invalid SETs in a poll: RFC 8936, sections 2.2, 2.4.4 and 2.6."""

import pytest

from conformance.judging import judges, observe, verify
from conformance.judging.poll_sequences import (
    KEPT_BY_RFC,
    loudness_of,
    polls,
    times_returned,
    verify_kept,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

TROUBLE = {"err": "invalid_request", "description": "a test of the error path"}
SHAPES = {
    "with a description": TROUBLE,
    "with a description beyond ASCII": {"err": "invalid_key", "description": "clé périmée 🔑"},
    "of another code": {"err": "authentication_failed", "description": "not by us"},
    "with a member besides": {**TROUBLE, "x-more": {"a": ["member"]}},
}


@pytest.mark.parametrize("shape", SHAPES)
@judges("RFC8936-2.2-SETERRS-ACCEPTED", needs=polls(1))
def test_an_error_report_releases_its_set(transmitter: RemoteTransmitter, shape: str) -> None:
    """A SET that is reported in setErrs is taken off the stream, which goes on polling."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets())
        answer = stream.poll(max_events=0, set_errors=dict.fromkeys(found, SHAPES[shape])).answer
        verify(
            "RFC8936-2.2-SETERRS-ACCEPTED",
            answer.served and stream.poll().answer.served,
            expected=f"a report {shape} to be accepted, and a stream that still polls",
            got=answer.text,
        )
        if answer.served:
            verify_reported(stream, found)


def verify_reported(stream: Stream, jtis: list[str]) -> None:
    """Judge that reported SETs don't come again: setErrs acknowledge as ack does (section 2.4)."""
    times = times_returned(stream, jtis)
    verify(
        "RFC8936-2.2-SETERRS-ACCEPTED",
        not times,
        expected="reported SETs to be released",
        got=f"{times} answers that carried them afterwards",
        at_most=loudness_of(times),
    )


@judges("RFC8936-2.2-SETERRS-ACCEPTED", *KEPT_BY_RFC, needs=polls(5))
def test_an_error_report_is_of_the_sets_that_it_names(transmitter: RemoteTransmitter) -> None:
    """Of four SETs three are reported in two polls that bring more: the other comes again."""
    with transmitter.new_stream() as stream:
        first, second, third, fourth = list(stream.obtain_sets(4))[:4]
        answer = stream.poll(set_errors={first: TROUBLE, third: TROUBLE}).answer
        verify(
            "RFC8936-2.2-SETERRS-ACCEPTED",
            answer.served,
            expected="two reports in one request to be accepted",
            got=answer.text,
        )
        if answer.served:
            stream.poll(set_errors={fourth: TROUBLE})
            verify_reported(stream, [first, third, fourth])
        stream.raise_set()
        verify_kept(stream, [second], raised=5, rows=KEPT_BY_RFC)


@judges("RFC8936-2.2-SETERRS-EMPTY", "RFC8936-2.4.4-ACK-AND-ERRORS", *KEPT_BY_RFC, needs=polls(4))
def test_errors_ride_on_the_poll_beside_an_ack(transmitter: RemoteTransmitter) -> None:
    """An empty setErrs is as good as none, and one request may acknowledge and report."""
    with transmitter.new_stream() as stream:
        first, second, third, fourth = list(stream.obtain_sets(4))[:4]
        empty = stream.poll(set_errors={})
        verify(
            "RFC8936-2.2-SETERRS-EMPTY",
            empty.answer.served,
            expected="an empty setErrs to be as good as none",
            got=empty.answer.text,
        )
        both = stream.poll(max_events=0, ack=[first], set_errors={second: TROUBLE})
        verify(
            "RFC8936-2.4.4-ACK-AND-ERRORS",
            both.answer.served,
            expected="an ack and an error in one request",
            got=both.answer.text,
        )
        times = times_returned(stream, [first, second]) if both.answer.served else 0
        verify(
            "RFC8936-2.4.4-ACK-AND-ERRORS",
            not times,
            expected="what was acknowledged and what was reported to be released",
            got=f"{times} answers that carried them afterwards",
            at_most=loudness_of(times),
        )
        # The text does not say which of the two prevails.
        odd = stream.poll(max_events=0, ack=[third], set_errors={third: TROUBLE})
        observe("RFC8936-2.4.4-ACK-AND-ERRORS", f"one jti in both: {odd.answer.status}")
        verify_kept(stream, [fourth], rows=KEPT_BY_RFC)


@judges("RFC8936-2.2-SETERRS-ACCEPTED", needs=polls(1))
def test_an_error_report_of_an_unknown_set_does_no_harm(transmitter: RemoteTransmitter) -> None:
    """What is answered to a report of no SET, of no known code or without description is noted."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets())
        unknown = stream.poll(max_events=0, set_errors={"never-heard-of": TROUBLE}).answer
        odd_code = {"err": "x_unheard_of", "description": "of no registry"}
        odd = stream.poll(max_events=0, set_errors=dict.fromkeys(found, odd_code)).answer
        no_description = {jti: {"err": "invalid_request"} for jti in found}
        bare = stream.poll(max_events=0, set_errors=no_description).answer
        answers = {"an unknown jti": unknown, "an unregistered code": odd, "no description": bare}
        for name, answer in answers.items():
            if answer.served or answer.refused:
                observe("RFC8936-2.2-SETERRS-ACCEPTED", f"{name}: answered {answer.status}")
                continue
            verify(
                "RFC8936-2.2-SETERRS-ACCEPTED",
                held=False,
                expected=f"a success, or a refusal, of a report with {name}",
                got=answer.text,
            )
