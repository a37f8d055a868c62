"""Poll requests and their answers: RFC 8936, sections 2 to 2.5.1."""

import pytest

from conformance.transmitter import Transmitter
from conformance.verdicts import Needs, judges, observe, require, verify

POLLS = Needs(stream=True, delivery="poll")


def polls(sets: int) -> Needs:
    """Return the needs of a case that polls for that many SETs."""
    return Needs(stream=True, sets=sets, delivery="poll")


@judges(
    "RFC8936-2.1-POST",
    "RFC8936-2.5-STATUS-200",
    "RFC8936-2-JSON-MEDIA",
    "RFC8936-2.5-SETS-PRESENT",
    "RFC8936-2.3-SETS-EMPTY",
    "RFC8936-2.3-MORE-OMITTED",
    needs=POLLS,
)
def test_a_poll_of_an_empty_queue_is_answered_with_no_sets(transmitter: Transmitter) -> None:
    """A poll with returnImmediately true is answered 200, as JSON, with an empty sets object."""
    with transmitter.new_stream() as stream:
        stream.drain()
        result = stream.poll()
        answer = result.answer
        document = answer.document if isinstance(answer.document, dict) else {}
        verify(
            "RFC8936-2.1-POST", answer.status not in {405, 501}, expected="POST", got=answer.text
        )
        verify(
            "RFC8936-2.5-STATUS-200",
            answer.status == 200 and answer.is_json,
            expected="200 and JSON",
            got=answer.text,
        )
        verify(
            "RFC8936-2-JSON-MEDIA",
            answer.media_type == "application/json",
            expected="Content-Type: application/json",
            got=answer.headers.get("content-type", "none"),
        )
        verify(
            "RFC8936-2.5-SETS-PRESENT",
            isinstance(document.get("sets"), dict),
            expected="a sets object",
            got=answer.text,
        )
        verify(
            "RFC8936-2.3-SETS-EMPTY",
            document.get("sets") == {},
            expected="sets to be an empty object",
            got=answer.text,
        )
        if "moreAvailable" not in document:
            observe("RFC8936-2.3-MORE-OMITTED", "moreAvailable is left out where nothing waits")


@judges("RFC8936-2.2-RETURN-IMMEDIATELY", needs=POLLS)
def test_return_immediately_is_kept(transmitter: Transmitter) -> None:
    """A poll with returnImmediately true is answered at once, also where nothing waits."""
    with transmitter.new_stream() as stream:
        stream.drain()
        before = transmitter.clock.now()
        stream.poll(return_immediately=True)
        elapsed = transmitter.clock.now() - before
        verify(
            "RFC8936-2.2-RETURN-IMMEDIATELY",
            elapsed < 5,
            expected="an answer at once",
            got=f"an answer after {elapsed:.1f} s",
        )


@judges(
    "RFC8936-2.4.1-EMPTY-OBJECT",
    "RFC8936-2-UNACKED-KEPT",
    "RFC8936-2.2-UNKNOWN-MEMBERS",
    needs=polls(1),
)
def test_a_set_waits_until_it_is_acknowledged(transmitter: Transmitter) -> None:
    """An empty object fetches what waits; without an acknowledgement the same SET comes again."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        first = stream.poll(return_immediately=None)
        verify(
            "RFC8936-2.4.1-EMPTY-OBJECT",
            first.answer.served,
            expected="{} to be a complete poll request",
            got=first.answer.text,
        )
        jtis = set(first.sets or stream.await_sets())
        again = stream.await_again(jtis)
        verify(
            "RFC8936-2-UNACKED-KEPT",
            jtis <= again,
            expected=f"{sorted(jtis)} to come again",
            got=sorted(again) or "no SET within the patience",
        )
        odd = stream.poll(extra={"x-unheard-of": True})
        verify(
            "RFC8936-2.2-UNKNOWN-MEMBERS",
            odd.answer.served,
            expected="an unknown member to be ignored",
            got=odd.answer.text,
        )


@judges(
    "RFC8936-2.2-MAXEVENTS-LIMIT",
    "RFC8936-2.3-MORE-AVAILABLE",
    needs=polls(3),
)
def test_max_events_is_a_limit(transmitter: Transmitter) -> None:
    """No more SETs come than maxEvents allows, and moreAvailable tells of those that still wait."""
    with transmitter.new_stream() as stream:
        stream.drain()
        for _ in range(3):
            stream.raise_set()
        limited = stream.poll(max_events=1)
        verify(
            "RFC8936-2.2-MAXEVENTS-LIMIT",
            len(limited.sets) <= 1,
            expected="1 SET at most",
            got=f"{len(limited.sets)} SETs",
        )
        if len(limited.sets) == 1:
            rest = stream.poll()
            others = set(rest.sets) - set(limited.sets)
            if others:
                verify(
                    "RFC8936-2.3-MORE-AVAILABLE",
                    limited.more_available is True,
                    expected=f"moreAvailable true while {len(others)} more waited",
                    got=f"moreAvailable {limited.more_available!r}",
                )
        two = stream.poll(max_events=2)
        verify(
            "RFC8936-2.2-MAXEVENTS-LIMIT",
            len(two.sets) <= 2,
            expected="2 SETs at most",
            got=f"{len(two.sets)} SETs",
        )
        stream.drain()
        drained = stream.poll()
        if not drained.sets:
            verify(
                "RFC8936-2.3-MORE-AVAILABLE",
                drained.more_available in (None, False),
                expected="moreAvailable false, or absent, where nothing waits",
                got=drained.more_available,
            )


@judges(
    "RFC8936-2.2-MAXEVENTS-ZERO",
    "RFC8936-2.4.2-ACKONLY-NO-SETS",
    needs=polls(2),
)
def test_max_events_zero_only_acknowledges(transmitter: Transmitter) -> None:
    """A request with maxEvents 0 acknowledges, and brings no SET even where some wait."""
    with transmitter.new_stream() as stream:
        first = stream.obtain_sets()
        stream.raise_set()
        result = stream.poll(max_events=0, ack=list(first))
        verify(
            "RFC8936-2.2-MAXEVENTS-ZERO",
            result.answer.served,
            expected="maxEvents 0 to be valid",
            got=result.answer.text,
        )
        verify(
            "RFC8936-2.4.2-ACKONLY-NO-SETS",
            not result.sets,
            expected="no SETs",
            got=f"{len(result.sets)} SETs",
        )


@judges(
    "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
    "RFC8936-2.2-ACK-UNKNOWN-JTI",
    "RFC8936-2.4.3-COMBINED",
    needs=polls(2),
)
def test_acknowledging_rides_on_the_poll(transmitter: Transmitter) -> None:
    """One request acknowledges and fetches; an empty, an unknown and a repeated ack do no harm."""
    with transmitter.new_stream() as stream:
        empty = stream.poll(ack=[])
        verify(
            "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
            empty.answer.served,
            expected="an empty ack to be as good as none",
            got=empty.answer.text,
        )
        first = stream.obtain_sets()
        stream.raise_set()
        both = stream.poll(ack=list(first))
        fresh = set(both.sets) or set(stream.await_sets())
        verify(
            "RFC8936-2.4.3-COMBINED",
            both.answer.served and fresh - set(first),
            expected="the next SET from the request that acknowledges the first",
            got=both.answer.text,
        )
        odd = stream.poll(ack=[*first, "never-heard-of"])
        verify(
            "RFC8936-2.2-ACK-UNKNOWN-JTI",
            odd.answer.served,
            expected="an unknown and a repeated jti to do no harm",
            got=odd.answer.text,
        )


@judges(
    "RFC8936-2.2-SETERRS-ACCEPTED",
    "RFC8936-2.2-SETERRS-EMPTY",
    "RFC8936-2.4.4-ACK-AND-ERRORS",
    needs=polls(3),
)
def test_errors_ride_on_the_poll(transmitter: Transmitter) -> None:
    """A SET is reported by setErrs, alone or beside an ack; the stream still polls."""
    trouble = {"err": "invalid_request", "description": "a test of the error path"}
    with transmitter.new_stream() as stream:
        empty = stream.poll(set_errors={})
        verify(
            "RFC8936-2.2-SETERRS-EMPTY",
            empty.answer.served,
            expected="an empty setErrs to be as good as none",
            got=empty.answer.text,
        )
        found = list(stream.obtain_sets(3))
        one = stream.poll(max_events=0, set_errors={found[0]: trouble})
        verify(
            "RFC8936-2.2-SETERRS-ACCEPTED",
            one.answer.served and stream.poll().answer.served,
            expected="the report accepted, and a stream that still polls",
            got=one.answer.text,
        )
        both = stream.poll(max_events=0, ack=[found[1]], set_errors={found[2]: trouble})
        verify(
            "RFC8936-2.4.4-ACK-AND-ERRORS",
            both.answer.served,
            expected="an ack and an error in one request",
            got=both.answer.text,
        )


@pytest.mark.parametrize(
    "raw", [b'{"maxEvents": 1, "returnImme', b'["maxEvents"]'], ids=["truncated", "array"]
)
@judges("RFC8936-2.5.1-400-DEFAULT", needs=POLLS)
def test_a_poll_that_is_no_json_object_is_refused(transmitter: Transmitter, raw: bytes) -> None:
    """A body that can't be parsed, or that is no object, is refused as the client's fault."""
    with transmitter.new_stream() as stream:
        answer = stream.send("poll", raw=raw)
        verify(
            "RFC8936-2.5.1-400-DEFAULT",
            answer.refused,
            expected="400, or a more specific 4xx",
            got=answer.text,
        )


@judges("RFC8936-2.5.1-GENERAL-ERRORS", needs=POLLS)
def test_a_wrong_method_is_a_client_error(transmitter: Transmitter) -> None:
    """An HTTP method that polling does not have is answered with a 4xx."""
    with transmitter.new_stream() as stream:
        answer = stream.probe("DELETE", "poll")
        require(answer.status != 501, "the target knows no DELETE at all")
        verify("RFC8936-2.5.1-GENERAL-ERRORS", answer.refused, expected="a 4xx", got=answer.text)
