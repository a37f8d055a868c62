"""The vendor's page on events:poll and events:ack, sections Poll and Acknowledge."""

import pytest

from conformance.challenges import CHALLENGES, verify_challenge
from conformance.target import Bearer
from conformance.transmitter import GARBAGE, Transmitter
from conformance.verdicts import Needs, judges, verify

POLLS = Needs(stream=True, delivery="poll", operations=("acknowledge",))


def polls(sets: int) -> Needs:
    """Return the needs of a case that polls for that many SETs."""
    return Needs(stream=True, delivery="poll", operations=("acknowledge",), sets=sets)


@judges("VEPA-POLL-PATH", "VEPA-POLL-REQUEST-MEMBERS", "VEPA-POLL-EMPTY", needs=POLLS)
def test_a_poll_is_made_as_the_page_shows(transmitter: Transmitter) -> None:
    """A POST of max_events and return_immediately is answered with a JSON object."""
    with transmitter.new_stream() as stream:
        stream.drain()
        bare = stream.poll()
        verify(
            "VEPA-POLL-PATH",
            bare.answer.served and isinstance(bare.answer.document, dict),
            expected="a success and a JSON object",
            got=bare.answer.text,
        )
        full = stream.poll(max_events=100, return_immediately=True)
        verify(
            "VEPA-POLL-REQUEST-MEMBERS",
            full.answer.served,
            expected="max_events and return_immediately to be accepted",
            got=full.answer.text,
        )
        document = full.answer.document if isinstance(full.answer.document, dict) else {}
        verify(
            "VEPA-POLL-EMPTY",
            full.answer.served and document.get("sets", {}) == {},
            expected="an empty sets map, or none, from an empty queue",
            got=full.answer.text,
        )


@pytest.mark.parametrize("credential", [None, GARBAGE], ids=["no token", "garbage token"])
@judges("VEPA-POLL-AUTH", *CHALLENGES, needs=polls(1))
def test_polling_and_acknowledging_need_a_token(
    transmitter: Transmitter, credential: Bearer | None
) -> None:
    """Without a valid token neither events:poll nor events:ack is served."""
    with transmitter.new_stream() as stream:
        jtis = list(stream.obtain_sets())
        for answer in (
            stream.poll(credential=credential).answer,
            stream.acknowledge(jtis, credential=credential),
        ):
            verify("VEPA-POLL-AUTH", not answer.served, expected="a refusal", got=answer.text)
            verify_challenge(answer, credential)


@judges(
    "VEPA-POLL-AUTH-AUDIENCE",
    needs=Needs(
        stream=True,
        delivery="poll",
        operations=("acknowledge",),
        sets=1,
        second_receiver=True,
    ),
)
def test_polling_is_for_the_streams_own_audience(transmitter: Transmitter) -> None:
    """The token of another audience polls no SET from the stream."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        other = transmitter.target.second_receiver.get("poll")
        result = stream.poll(credential=other)
        verify(
            "VEPA-POLL-AUTH-AUDIENCE",
            result.answer.refused and not result.sets,
            expected="a 4xx without SETs for another audience's token",
            got=result.answer.text,
        )


@judges("VEPA-POLL-MAX-EVENTS", needs=polls(3))
def test_max_events_is_a_limit(transmitter: Transmitter) -> None:
    """No more SETs come in one answer than max_events allows."""
    with transmitter.new_stream() as stream:
        for _ in range(3):
            stream.raise_set()
        result = stream.poll(max_events=1)
        verify(
            "VEPA-POLL-MAX-EVENTS",
            len(result.sets) <= 1,
            expected="1 SET at most",
            got=f"{len(result.sets)} SETs",
        )


@judges("VEPA-ACK-PATH", "VEPA-ACK-IDEMPOTENT", "VEPA-ACK-UNKNOWN", needs=polls(1))
def test_acknowledging_is_a_call_of_its_own(transmitter: Transmitter) -> None:
    """A POST of acks to events:ack succeeds; repeating it, or an unknown jti, does no harm."""
    with transmitter.new_stream() as stream:
        jtis = list(stream.obtain_sets())
        answer = stream.acknowledge(jtis)
        verify("VEPA-ACK-PATH", answer.served, expected="a success", got=answer.text)
        again = stream.acknowledge(jtis)
        verify("VEPA-ACK-IDEMPOTENT", again.served, expected="a success", got=again.text)
        unknown = stream.acknowledge(["never-heard-of"])
        verify("VEPA-ACK-UNKNOWN", unknown.served, expected="a success", got=unknown.text)


@judges("VEPA-ERR-UNKNOWN-STREAM", "VEPA-ERR-MALFORMED", needs=POLLS)
def test_what_means_nothing_is_refused(transmitter: Transmitter) -> None:
    """An unknown stream and a malformed body are refused as the client's fault."""
    with transmitter.new_stream() as stream:
        for operation in ("poll", "acknowledge"):
            answer = transmitter.call(operation, body={}, stream_id="ssf_unheard_of")
            verify(
                "VEPA-ERR-UNKNOWN-STREAM",
                answer.refused,
                expected="404 (or another 4xx) for an unknown stream",
                got=answer.text,
            )
            answer = stream.send(operation, raw=b'{"max_events": 1, "acks": ["')
            verify(
                "VEPA-ERR-MALFORMED",
                answer.refused,
                expected="400 (or another 4xx) for truncated JSON",
                got=answer.text,
            )
