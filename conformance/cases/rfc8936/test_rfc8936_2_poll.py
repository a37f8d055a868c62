"""Poll requests and their answers: RFC 8936, sections 2 to 2.5.1."""

import pytest

from conformance.generate.polls import (
    LABELS,
    UNHEARD_OF,
    VALID_POLLS,
    Body,
    PollRequest,
    whole_poll,
)
from conformance.judging import Needs, judges, observe, require, verify
from conformance.judging.message_shape import requirements_of
from conformance.judging.poll_answers import fetched_with_an_empty_object, verify_200, verify_answer
from conformance.judging.poll_sequences import (
    KEPT_BY_RFC,
    RELEASED_BY_RFC,
    SETTLES_S,
    collect,
    polls,
    require_polls,
    silence_breaks,
    verify_answers_at_once,
    verify_kept,
    verify_released,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.sets import jws
from conformance.sets.contents import claims_of
from conformance.spec.requirement import Grade

POLLS = Needs(stream=True, delivery="poll")
# More SETs than a Transmitter with small batches puts into one answer.
MANY = 12


@judges(
    "RFC8936-2.1-POST",
    "RFC8936-2.5-STATUS-200",
    "RFC8936-2-JSON-MEDIA",
    "RFC8936-2.5-SETS-PRESENT",
    "RFC8936-2.3-SETS-EMPTY",
    "RFC8936-2.3-MORE-OMITTED",
    needs=POLLS,
)
def test_a_poll_of_an_empty_queue_is_answered_with_no_sets(transmitter: RemoteTransmitter) -> None:
    """A poll with returnImmediately true is answered 200, as JSON, with an empty sets object."""
    with transmitter.new_stream() as stream:
        stream.drain()
        with silence_breaks("RFC8936-2.5-STATUS-200"):
            answer = stream.poll().answer
        document = answer.document if isinstance(answer.document, dict) else {}
        verify(
            "RFC8936-2.1-POST", answer.status not in {405, 501}, expected="POST", got=answer.text
        )
        verify_200(answer)
        if not answer.served:
            return
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


@judges(
    "RFC8936-2.5-STATUS-200",
    "RFC8936-2-JSON-MEDIA",
    *requirements_of("rfc8936/poll-response.json"),
    needs=polls(3),
)
def test_each_answer_has_its_shape(transmitter: RemoteTransmitter) -> None:
    """With SETs and without, acknowledging or not, an answer is 200, JSON, and of its shape."""
    with transmitter.new_stream() as stream:
        stream.drain()
        for _ in range(3):
            stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        limited = stream.poll(max_events=1)
        others = stream.poll()
        first, *rest = dict.fromkeys([*limited.sets, *others.sets]) or [UNHEARD_OF[0]]
        answers = {
            "a poll with a limit": limited,
            "a poll without one": others,
            "a poll that acknowledges alone": stream.poll(max_events=0, ack=[first]),
            "a poll that acknowledges the rest": stream.poll(ack=rest),
            "a poll after that": stream.poll(),
        }
        for what, one in answers.items():
            verify_answer(transmitter, one, what)


@pytest.mark.parametrize("request_", VALID_POLLS, ids=str)
@judges("RFC8936-2.5-STATUS-200", "RFC8936-2.5-SETS-PRESENT", needs=POLLS)
def test_every_valid_poll_is_answered_with_200(
    transmitter: RemoteTransmitter, request_: PollRequest
) -> None:
    """Whatever a valid poll limits, acknowledges or reports, its answer is 200 with sets."""
    with transmitter.new_stream() as stream:
        with silence_breaks("RFC8936-2.5-STATUS-200"):
            answer = stream.send("poll", body=whole_poll(**request_.members))
        if request_.refusable and answer.refused:
            observe("RFC8936-2.5-STATUS-200", f"{request_.name}: answered {answer.status}")
            return
        verify_200(answer, request_.name)
        if answer.served:
            document = answer.document if isinstance(answer.document, dict) else {}
            verify(
                "RFC8936-2.5-SETS-PRESENT",
                isinstance(document.get("sets"), dict),
                expected="a sets object",
                got=answer.text,
            )


@pytest.mark.parametrize("label", LABELS, ids=str)
@judges("RFC8936-2.5-STATUS-200", needs=POLLS)
def test_the_label_of_a_poll_is_read_as_http_has_it(
    transmitter: RemoteTransmitter, label: Body
) -> None:
    """A Content-Type with a charset, or in capitals, is application/json all the same."""
    with transmitter.new_stream() as stream:
        answer = stream.send("poll", raw=label.raw, headers=label.headers)
        verify(
            "RFC8936-2.5-STATUS-200",
            answer.status == 200,
            expected=f"200 for a Content-Type {label.name}",
            got=answer.text,
            at_most=None if answer.status >= 500 else Grade.WARN,
        )


@judges("RFC8936-2.2-RETURN-IMMEDIATELY", needs=polls(1))
def test_return_immediately_is_kept(transmitter: RemoteTransmitter) -> None:
    """A poll with returnImmediately true is answered at once, whatever else it asks for."""
    with transmitter.new_stream() as stream:
        stream.drain()
        verify_answers_at_once("RFC8936-2.2-RETURN-IMMEDIATELY", stream)
        verify_answers_at_once("RFC8936-2.2-RETURN-IMMEDIATELY", stream, max_events=5)
        found = list(stream.obtain_sets())
        for limit, ack in ((0, found), (None, found), (0, None)):
            verify_answers_at_once(
                "RFC8936-2.2-RETURN-IMMEDIATELY", stream, max_events=limit, ack=ack
            )


@judges(
    "RFC8936-2.4.1-EMPTY-OBJECT",
    "RFC8936-2-UNACKED-KEPT",
    "RFC8936-2.2-UNKNOWN-MEMBERS",
    "RFC8936-2.5-IMMEDIATE-WHEN-AVAILABLE",
    needs=polls(1),
)
def test_a_set_waits_until_it_is_acknowledged(transmitter: RemoteTransmitter) -> None:
    """An empty object fetches what waits; without an acknowledgement the same SET comes again."""
    with transmitter.new_stream() as stream:
        require_polls(stream)
        first = fetched_with_an_empty_object(stream)
        # A SET may be queued just after one poll has ended, but not every time.
        late = {} if first.sets else stream.poll().sets
        if late:
            first = fetched_with_an_empty_object(stream)
            late = {} if first.sets else stream.poll().sets
        verify(
            "RFC8936-2.4.1-EMPTY-OBJECT",
            first.answer.served and not late,
            expected="{} to be a complete poll request, and to bring the SET that waits",
            got=first.answer.text,
        )
        if first.sets:
            observe("RFC8936-2.5-IMMEDIATE-WHEN-AVAILABLE", "a SET that waits is answered at once")
        jtis = set(first.sets or stream.await_sets())
        again = collect(stream, jtis)
        verify(
            "RFC8936-2-UNACKED-KEPT",
            jtis <= again,
            expected=f"{sorted(jtis)} to come again",
            got=sorted(again) or "no SET within the patience",
        )
        odd = stream.poll(extra={"x-unheard-of": True, "x-more": {"maxEvents": [0]}})
        verify(
            "RFC8936-2.2-UNKNOWN-MEMBERS",
            odd.answer.served,
            expected="an unknown member to be ignored",
            got=odd.answer.text,
        )


@pytest.mark.parametrize("limit", [1, 2, 3])
@judges(
    "RFC8936-2.2-MAXEVENTS-LIMIT",
    "RFC8936-2.3-MORE-AVAILABLE",
    *KEPT_BY_RFC,
    needs=polls(5),
)
def test_max_events_is_a_limit(transmitter: RemoteTransmitter, limit: int) -> None:
    """No more SETs come than maxEvents allows; moreAvailable tells of the rest, which comes."""
    with transmitter.new_stream() as stream:
        stream.drain()
        for _ in range(limit + 2):
            stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        limited = stream.poll(max_events=limit)
        require(limited.answer.served, f"a poll was answered {limited.answer.text}")
        verify(
            "RFC8936-2.2-MAXEVENTS-LIMIT",
            len(limited.sets) <= limit,
            expected=f"{limit} SETs at most",
            got=f"{len(limited.sets)} SETs",
        )
        others = set(stream.poll().sets) - set(limited.sets)
        if others and limited.sets:
            verify(
                "RFC8936-2.3-MORE-AVAILABLE",
                limited.more_available is True,
                expected=f"moreAvailable true while {len(others)} more waited",
                got=f"moreAvailable {limited.more_available!r}",
            )
        verify_kept(stream, list(limited.sets), raised=limit + 2, rows=KEPT_BY_RFC)


@judges("RFC8936-2.2-MAXEVENTS-LIMIT", "RFC8936-2.3-MORE-AVAILABLE", needs=polls(3))
def test_a_limit_counts_beside_an_acknowledgement(transmitter: RemoteTransmitter) -> None:
    """A poll that acknowledges and limits brings one SET of two, and says that there is more."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets())
        for _ in range(2):
            stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        limited = stream.poll(max_events=1, ack=found)
        verify(
            "RFC8936-2.2-MAXEVENTS-LIMIT",
            len(limited.sets) <= 1,
            expected="one SET at most",
            got=f"{len(limited.sets)} SETs",
        )
        others = set(stream.poll().sets) - {*limited.sets, *found}
        if others and limited.sets:
            verify(
                "RFC8936-2.3-MORE-AVAILABLE",
                limited.more_available is True,
                expected=f"moreAvailable true while {len(others)} more waited",
                got=f"moreAvailable {limited.more_available!r}",
            )


@judges("RFC8936-2.3-MORE-AVAILABLE", *KEPT_BY_RFC, needs=polls(MANY))
def test_an_answer_that_leaves_some_out_says_so(transmitter: RemoteTransmitter) -> None:
    """Polls with a limit that is never reached bring all; each that is not the last says so."""
    with transmitter.new_stream() as stream:
        stream.drain()
        for _ in range(MANY):
            stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        before = stream.poll(max_events=1000)
        while before.sets:
            known = stream.history.jtis
            following = stream.poll(max_events=1000, ack=list(before.sets))
            if stream.history.jtis > known:
                verify(
                    "RFC8936-2.3-MORE-AVAILABLE",
                    before.more_available is True,
                    expected=f"moreAvailable true: {len(known)} of {MANY} SETs had come",
                    got=f"moreAvailable {before.more_available!r}, and others in the next answer",
                )
            before = following if stream.history.jtis > known else stream.poll(max_events=0)
        came = len(stream.history.jtis)
        left = 0 if came >= MANY else len(stream.poll().sets)
        verify(
            KEPT_BY_RFC,
            not left,
            expected=f"{MANY} SETs from polls with maxEvents 1000",
            got=f"{came} SETs, and {left} from a poll without maxEvents",
        )


@judges("RFC8936-2.3-MORE-AVAILABLE", "RFC8936-2.2-MAXEVENTS-OMITTED", needs=polls(4))
def test_there_is_no_more_than_what_came(transmitter: RemoteTransmitter) -> None:
    """Where one answer has brought all that waited, moreAvailable is false, or absent."""
    with transmitter.new_stream() as stream:
        answers = []
        for limit in (None, 2):
            stream.drain()
            for _ in range(2):
                stream.raise_set()
            transmitter.clock.advance(SETTLES_S)
            answers.append(stream.poll(max_events=limit))
            if limit is None:
                # Otherwise these SETs may be due again later, and wait beside the new ones.
                stream.acknowledge(list(answers[0].sets))
        whole, exact = answers
        if len(whole.sets) == 1:
            observe("RFC8936-2.2-MAXEVENTS-OMITTED", "one SET where no limit was set and two wait")
        drained = stream.poll(ack=list(exact.sets))
        if drained.sets.keys() - exact.sets.keys():
            return  # more SETs waited than were raised, or fewer came than waited
        for result in answers:
            if len(result.sets) == 2:
                # A Transmitter that counts unacknowledged SETs does so with any maxEvents.
                verify(
                    "RFC8936-2.3-MORE-AVAILABLE",
                    not result.more_available,
                    expected="moreAvailable false, or absent: both SETs that waited are here",
                    got=f"moreAvailable {result.more_available!r} with maxEvents"
                    f" {'absent' if result is whole else 2}",
                    at_most=Grade.NOTE if whole.more_available else None,
                )
        if len(exact.sets) == 2 and not drained.sets:
            verify(
                "RFC8936-2.3-MORE-AVAILABLE",
                drained.more_available in (None, False),
                expected="moreAvailable false, or absent, where nothing waits",
                got=drained.more_available,
            )


@judges(
    "RFC8936-2.2-MAXEVENTS-ZERO",
    "RFC8936-2.4.2-ACKONLY-NO-SETS",
    "RFC8936-2.3-MORE-AVAILABLE",
    *KEPT_BY_RFC,
    needs=polls(2),
)
def test_max_events_zero_only_acknowledges(transmitter: RemoteTransmitter) -> None:
    """A request with maxEvents 0 acknowledges, and brings no SET even where some wait."""
    with transmitter.new_stream() as stream:
        first = stream.obtain_sets()
        stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        with silence_breaks("RFC8936-2.2-MAXEVENTS-ZERO"):
            result = stream.poll(max_events=0, ack=list(first))
        verify(
            "RFC8936-2.2-MAXEVENTS-ZERO",
            result.answer.served,
            expected="maxEvents 0 to be valid",
            got=result.answer.text,
        )
        bare = stream.poll(max_events=0)
        for one in (result, bare):
            verify(
                "RFC8936-2.4.2-ACKONLY-NO-SETS",
                not one.sets,
                expected="no SETs",
                got=f"{len(one.sets)} SETs",
            )
        next_ones = set(stream.poll().sets) - set(first)
        if next_ones and result.answer.served:
            verify(
                "RFC8936-2.3-MORE-AVAILABLE",
                result.more_available is True,
                expected="moreAvailable true: a SET waited that maxEvents 0 kept back",
                got=f"moreAvailable {result.more_available!r}",
                at_most=Grade.NOTE,  # the text does not say how an empty answer counts
            )
        verify_kept(stream, [], raised=2, rows=KEPT_BY_RFC)


@judges(
    "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
    "RFC8936-2.2-ACK-UNKNOWN-JTI",
    "RFC8936-2.4.3-COMBINED",
    *RELEASED_BY_RFC,
    needs=polls(2),
)
def test_acknowledging_rides_on_the_poll(transmitter: RemoteTransmitter) -> None:
    """One request acknowledges and fetches; an empty, an unknown and a repeated ack do no harm."""
    with transmitter.new_stream() as stream:
        first = stream.obtain_sets()
        empty = stream.poll(ack=[])
        verify(
            "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
            empty.answer.served,
            expected="an empty ack to be as good as none",
            got=empty.answer.text,
        )
        stream.raise_set()
        both = stream.poll(ack=list(first))
        fresh = set(both.sets) or set(stream.await_sets())
        verify(
            "RFC8936-2.4.3-COMBINED",
            both.answer.served and fresh - set(first),
            expected="the next SET from the request that acknowledges the first",
            got=both.answer.text,
        )
        verify_released(stream, list(first), rows=RELEASED_BY_RFC)
        odd = stream.poll(ack=[*first, "never-heard-of"])
        verify(
            "RFC8936-2.2-ACK-UNKNOWN-JTI",
            odd.answer.served,
            expected="an unknown and a repeated jti to do no harm",
            got=odd.answer.text,
        )


@pytest.mark.parametrize("limit", [None, 1])
@pytest.mark.parametrize("at_once", [True, False])
@judges(*RELEASED_BY_RFC, needs=polls(3))
def test_an_acknowledgement_counts_whatever_else_is_asked(
    transmitter: RemoteTransmitter,
    limit: int | None,
    at_once: bool,  # noqa: FBT001 (as the wire has it)
) -> None:
    """Two SETs that a poll acknowledges are released, whatever it limits and however it waits."""
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets(2))
        stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        answer = stream.poll(max_events=limit, return_immediately=at_once, ack=found).answer
        if answer.served:
            verify_released(stream, found, rows=RELEASED_BY_RFC)


@judges("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS", needs=polls(3))
def test_each_set_stands_under_its_own_jti(transmitter: RemoteTransmitter) -> None:
    """In an answer of several SETs each key is the jti of the SET that it names."""
    with transmitter.new_stream() as stream:
        for _ in range(3):
            stream.raise_set()
        transmitter.clock.advance(SETTLES_S)
        sets = {
            key: token for key, token in stream.poll().sets.items() if not jws.is_encrypted(token)
        }
        if not sets:
            return
        jtis = {key: claims_of(token).get("jti") for key, token in sets.items()}
        wrong = {key: jti for key, jti in jtis.items() if jti != key}
        verify(
            ("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS"),
            not wrong,
            expected="each key to be the jti of its SET",
            got=f"keys and the jtis under them: {wrong}",
        )
