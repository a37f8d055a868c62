"""The vendor's page on events:poll and events:ack, sections Poll and Acknowledge."""

import pytest

from conformance.generate import Site, sites
from conformance.generate.polls import BODIES, LIMITS, Body, PollRequest, whole_poll
from conformance.judging import Needs, judges, observe, verify
from conformance.judging.challenge import CHALLENGES, verify_challenge
from conformance.judging.poll_sequences import (
    SETTLES_S,
    collect,
    credential_of_the_second,
    silence_breaks,
    verify_answers_at_once,
)
from conformance.receiver.remote_transmitter import GARBAGE, RemoteTransmitter
from conformance.spec.requirement import Grade
from conformance.target.credentials import Bearer

ACK_SITES = sites("vendor/events-ack-request.json", leave_out=frozenset())

POLLS = Needs(stream=True, delivery="poll", operations=("acknowledge",))


def polls(sets: int) -> Needs:
    """Return the needs of a case that polls for that number of SETs."""
    return Needs(stream=True, delivery="poll", operations=("acknowledge",), sets=sets)


@judges("VEPA-POLL-PATH", "VEPA-POLL-REQUEST-MEMBERS", "VEPA-POLL-EMPTY", needs=POLLS)
def test_a_poll_is_made_as_the_page_shows(transmitter: RemoteTransmitter) -> None:
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
    transmitter: RemoteTransmitter, credential: Bearer | None
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
def test_polling_is_for_the_streams_own_audience(transmitter: RemoteTransmitter) -> None:
    """The token of another audience polls no SET from the stream."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        other = credential_of_the_second(transmitter, "poll")
        result = stream.poll(credential=other)
        verify(
            "VEPA-POLL-AUTH-AUDIENCE",
            result.answer.refused and not result.sets,
            expected="a 4xx without SETs for another audience's token",
            got=result.answer.text,
        )


@judges(
    "VEPA-POLL-AUTH-AUDIENCE",
    "VEPA-UNACKED-REDELIVERED",
    needs=Needs(
        stream=True,
        delivery="poll",
        operations=("acknowledge",),
        sets=1,
        second_receiver=True,
    ),
)
def test_acknowledging_is_for_the_streams_own_audience(transmitter: RemoteTransmitter) -> None:
    """The token of another audience acknowledges nothing: the SET still comes to its own."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets())
        answer = stream.send(
            "acknowledge",
            body={"acks": found},
            credential=credential_of_the_second(transmitter, "acknowledge"),
        )
        came = collect(stream, found)
        verify(
            "VEPA-POLL-AUTH-AUDIENCE",
            answer.refused,
            expected="a 4xx for another audience's token",
            got=answer.text,
            at_most=Grade.WARN,  # the page says so only about the poll
        )
        verify(
            "VEPA-UNACKED-REDELIVERED",
            set(found) <= came,
            expected="the SET to come again, for its own audience did not acknowledge it",
            got=f"no SET; the other's acknowledgement was answered {answer.text}",
        )


@pytest.mark.parametrize("limit", [1, 2])
@judges("VEPA-POLL-MAX-EVENTS", "VEPA-UNACKED-REDELIVERED", needs=polls(3))
def test_max_events_is_a_limit(transmitter: RemoteTransmitter, limit: int) -> None:
    """No more SETs come in one answer than max_events allows, and the rest comes later."""
    with transmitter.new_stream() as stream:
        for _ in range(3):
            stream.raise_set()
        result = stream.poll(max_events=limit)
        verify(
            "VEPA-POLL-MAX-EVENTS",
            len(result.sets) <= limit,
            expected=f"{limit} SETs at most",
            got=f"{len(result.sets)} SETs",
        )
        collect(stream, list(result.sets), raised=3)
        verify(
            "VEPA-UNACKED-REDELIVERED",
            len(stream.history.jtis) >= 3,
            expected="3 SETs in all",
            got=f"{len(stream.history.jtis)} SETs",
        )


@pytest.mark.parametrize("asked", LIMITS, ids=str)
@judges("VEPA-POLL-REQUEST-MEMBERS", needs=POLLS)
def test_max_events_takes_any_number(transmitter: RemoteTransmitter, asked: PollRequest) -> None:
    """Whatever max_events says, the poll is served; of 0 and of huge numbers it is noted."""
    with transmitter.new_stream() as stream:
        with silence_breaks("VEPA-POLL-REQUEST-MEMBERS"):
            answer = stream.send("poll", body=whole_poll(**asked.members))
        free = asked.refusable or asked.members["maxEvents"] == 0
        if free and (answer.served or answer.refused):
            observe("VEPA-POLL-REQUEST-MEMBERS", f"{asked.name}: answered {answer.status}")
            return
        verify(
            "VEPA-POLL-REQUEST-MEMBERS",
            answer.served,
            expected=f"a success with {asked.name}",
            got=answer.text,
        )


@judges("VEPA-POLL-RETURN-IMMEDIATELY", needs=polls(1))
def test_return_immediately_is_kept(transmitter: RemoteTransmitter) -> None:
    """A poll with return_immediately true is answered at once, also while a SET backs off."""
    with transmitter.new_stream() as stream:
        stream.drain()
        verify_answers_at_once("VEPA-POLL-RETURN-IMMEDIATELY", stream)
        verify_answers_at_once("VEPA-POLL-RETURN-IMMEDIATELY", stream, max_events=5)
        stream.obtain_sets()
        for _ in range(3 if transmitter.clock.movable else 0):
            # Each redelivery lengthens the wait for the next one.
            transmitter.clock.advance(10.0)
            stream.poll()
        verify_answers_at_once("VEPA-POLL-RETURN-IMMEDIATELY", stream)


@judges(
    "VEPA-POLL-PATH",
    "VEPA-POLL-REQUEST-MEMBERS",
    "VEPA-POLL-RESPONSE-SETS",
    "VEPA-POLL-EMPTY",
    needs=polls(3),
)
def test_each_answer_has_its_shape(transmitter: RemoteTransmitter) -> None:
    """An answer with SETs maps each jti to a text; one that has none, for now, is empty."""
    with transmitter.new_stream() as stream:
        stream.drain()
        for _ in range(3):
            stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        brought = stream.poll(max_events=100)
        # A SET delivered just now backs off, or comes again.
        after = stream.poll()
        for answer in (brought.answer, after.answer):
            verify("VEPA-POLL-PATH", answer.served, expected="a success", got=answer.text)
            sets = answer.document.get("sets", {}) if isinstance(answer.document, dict) else {}
            verify(
                "VEPA-POLL-RESPONSE-SETS" if sets else "VEPA-POLL-EMPTY",
                isinstance(sets, dict) and all(isinstance(one, str) for one in sets.values()),
                expected="sets, an object whose values are compact SETs",
                got=answer.text,
            )
        verify(
            "VEPA-POLL-REQUEST-MEMBERS",
            brought.sets or not after.sets,
            expected="the SETs that wait, with max_events 100",
            got=f"none; a poll without max_events brings {len(after.sets)}",
        )


@pytest.mark.parametrize("operation", ["poll", "acknowledge"])
@judges("VEPA-POLL-PATH", "VEPA-ACK-PATH", "VEPA-POLL-AUTH", needs=POLLS)
def test_the_colon_may_be_written_otherwise(transmitter: RemoteTransmitter, operation: str) -> None:
    """A percent-encoded colon is no crash, and no way round the token; the rest is noted."""
    row = "VEPA-POLL-PATH" if operation == "poll" else "VEPA-ACK-PATH"
    with transmitter.new_stream() as stream:
        usual = transmitter.url_of(operation, stream_id=stream.id, stream=stream.configuration)
        path, colon, verb = usual.rpartition(":")
        for credential in ("own", None):
            answer = transmitter.connection.send(
                transmitter.recorder,
                operation,
                "POST",
                f"{path}%3A{verb}" if colon else usual,
                channel=transmitter.profile.operations[operation].channel,
                credential=credential,
                content=b'{"return_immediately": true}' if operation == "poll" else b'{"acks": []}',
                headers={"content-type": "application/json"},
            )
            if credential is None:
                verify("VEPA-POLL-AUTH", not answer.served, expected="a refusal", got=answer.text)
            elif answer.served or answer.refused:
                observe(row, f"%3A for the colon: answered {answer.status}")
            else:
                verify(row, held=False, expected="a success or a 4xx", got=answer.text)


@judges("VEPA-ACK-PATH", "VEPA-ACK-IDEMPOTENT", "VEPA-ACK-UNKNOWN", needs=polls(1))
def test_acknowledging_is_a_call_of_its_own(transmitter: RemoteTransmitter) -> None:
    """A POST of acks to events:ack succeeds; repeating it, or an unknown jti, does no harm."""
    with transmitter.new_stream() as stream:
        jtis = list(stream.obtain_sets())
        answer = stream.acknowledge(jtis)
        verify("VEPA-ACK-PATH", answer.served, expected="a success", got=answer.text)
        again = stream.acknowledge(jtis)
        verify("VEPA-ACK-IDEMPOTENT", again.served, expected="a success", got=again.text)
        unknown = stream.acknowledge(["never-heard-of"])
        verify("VEPA-ACK-UNKNOWN", unknown.served, expected="a success", got=unknown.text)


@judges("VEPA-ERR-UNKNOWN-STREAM", needs=POLLS)
def test_a_stream_that_does_not_exist_is_not_served(transmitter: RemoteTransmitter) -> None:
    """A stream that does not exist can be neither polled nor acknowledged."""
    bodies = {"poll": whole_poll(), "acknowledge": {"acks": []}}
    with transmitter.new_stream():
        for operation, body in bodies.items():
            answer = transmitter.call(operation, body=body, stream_id="ssf_unheard_of")
            verify(
                "VEPA-ERR-UNKNOWN-STREAM",
                answer.refused,
                expected="404 (or another 4xx) for an unknown stream",
                got=answer.text,
            )


@pytest.mark.parametrize("body", [one for one in BODIES if not one.free], ids=str)
@judges("VEPA-ERR-MALFORMED", needs=POLLS)
def test_a_body_that_is_no_json_object_is_refused(
    transmitter: RemoteTransmitter, body: Body
) -> None:
    """What can't be read as a JSON object is refused at once by both calls."""
    with transmitter.new_stream() as stream:
        for operation in ("poll", "acknowledge"):
            with silence_breaks("VEPA-ERR-MALFORMED"):
                answer = stream.send(operation, raw=body.raw)
            verify(
                "VEPA-ERR-MALFORMED",
                answer.refused,
                expected=f"400 (or another 4xx) for {body.name}",
                got=answer.text,
            )


@pytest.mark.parametrize("site", ACK_SITES, ids=str)
@judges("VEPA-ERR-MALFORMED", "VEPA-UNACKED-REDELIVERED", needs=polls(1))
def test_an_acknowledgement_that_is_wrong_in_one_place(
    transmitter: RemoteTransmitter, site: Site
) -> None:
    """Whatever is wrong in an acknowledgement, it is no crash, and releases no SET."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        for body in site.broken({"acks": ["never-heard-of"]}):
            with silence_breaks("VEPA-ERR-MALFORMED"):
                answer = stream.send("acknowledge", body=body)
            if answer.served or answer.refused:
                observe("VEPA-ERR-MALFORMED", f"{site}: answered {answer.status}")
                continue
            verify(
                "VEPA-ERR-MALFORMED",
                held=False,
                expected=f"a success or a 4xx for what is wrong at {site}",
                got=answer.text,
            )
        verify(
            "VEPA-UNACKED-REDELIVERED",
            stream.await_sets_that(bool),
            expected="the SET that no acknowledgement has named",
            got="no SET within the patience",
        )
