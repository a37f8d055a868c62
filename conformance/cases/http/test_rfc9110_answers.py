"""Requirements of HTTP on every answer of the run: RFC 9110, sections 8.3 and 15.5.6."""

import contextlib

import pytest

from conformance.judging import Nonconformance, current, example, judges, verify
from conformance.receiver.answer import NoAnswer
from conformance.receiver.connection import SeenAnswer
from conformance.receiver.exchange import Exchange
from conformance.receiver.remote_transmitter import RemoteTransmitter

ALLOW = "RFC9110-15.5.6-405-ALLOW"
LABEL = "RFC9110-8.3-CONTENT-TYPE"
# On a management endpoint every method may have an effect, so no other is tried there.
PROBED = ("read_key_set", "verify")
SPARE = ("PATCH", "PUT")


@pytest.mark.last
@judges(ALLOW, LABEL)
def test_every_answer_that_was_seen_is_labelled(transmitter: RemoteTransmitter) -> None:
    """Each 405 of the run has an Allow header, and each JSON body a media type for JSON."""
    probe(transmitter)
    for kind, exchange in dict(transmitter.connection.seen_answers).items():
        judge_alone(kind, exchange)


def probe(transmitter: RemoteTransmitter) -> None:
    """Try an unsupported method on endpoints where no case does so."""
    operations = transmitter.profile.operations
    for name in PROBED:
        if transmitter.offers(name):
            endpoint = operations[name].endpoint
            taken = {one.method for one in operations.values() if one.endpoint == endpoint}
            with contextlib.suppress(NoAnswer):
                transmitter.call(name, method=next(one for one in SPARE if one not in taken))


def judge_alone(kind: SeenAnswer, exchange: Exchange) -> None:
    """Judge one kind of answer as an example of its own, with the exchange that brought it."""
    try:
        with example():
            current().recorder.exchanges = [exchange]
            if kind.status == 405:
                verify(
                    ALLOW,
                    kind.allow is not None,
                    expected=f"Allow with the 405 to {kind.method} of {kind.operation}",
                    got="none",
                )
            if kind.holds_json:
                verify(
                    LABEL,
                    is_json(kind.media_type),
                    expected="a Content-Type of JSON with a JSON body",
                    got=kind.media_type or "none",
                )
    except Nonconformance:
        return


def is_json(media_type: str) -> bool:
    """Return whether a media type is application/json or ends in +json (RFC 6839)."""
    return media_type == "application/json" or media_type.endswith("+json")
