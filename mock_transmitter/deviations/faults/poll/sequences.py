"""Faults that show only in combinations of requests: RFC 8936, section 2, and events:poll."""

import json
from dataclasses import replace
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.faults.poll.acknowledgement import (
    EFFECT,
    FOLLOWS,
    KEPT,
    LOSSES,
    AckDeviation,
)
from mock_transmitter.deviations.faults.poll.set_errors import SetErrorsDeviation
from mock_transmitter.deviations.kinds.backoff import DAY_S, HOUR_S, BackoffDeviation
from mock_transmitter.deviations.kinds.calls import OnStream, target
from mock_transmitter.deviations.kinds.documents import sets_in, with_body, without
from mock_transmitter.domain.delivery_queue import PendingSet
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Batch, Transmitter
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply, Waiting

_PAGE = 5
_DELIVERIES = 17


class PollDeviation(OnStream):
    """Changes polls, and leaves every other operation alone."""

    on = ("poll",)


# -- what an answer looks like


@fault_at(
    "batch",
    breaks=("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS"),
    also=(
        *KEPT,
        *EFFECT,
        *LOSSES,
        *FOLLOWS,
    ),
)
def second_set_of_a_batch_is_an_object(batch: Batch) -> Batch:
    """The second of several SETs in one answer is an object that holds the token."""
    wrapped: dict[str, Any] = dict(batch.sets)
    for jti in list(wrapped)[1:2]:
        wrapped[jti] = {"set": wrapped[jti]}
    return replace(batch, sets=wrapped)


@fault_at(
    PollDeviation,
    breaks=("RFC8936-2.5-STATUS-200",),
    also=("RFC8936-2.5-SETS-PRESENT",),
)
def acknowledging_alone_is_answered_204(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A poll that acknowledges and asks for no SET is answered with an empty 204."""
    outcome = proceed(call)
    alone = call.body.get("ack") and call.body.get("maxEvents") == 0
    return Reply(status=204) if alone and isinstance(outcome, Reply) else outcome


@fault_at(
    "response",
    on=("poll",),
    breaks=("RFC8936-2-JSON-MEDIA", "RFC9110-8.3-CONTENT-TYPE"),
    needs=("poll",),
)
def answers_with_sets_are_plain_text(response: Response) -> Response:
    """An answer that holds SETs is labelled text/plain, and others are labelled as they should."""
    if b'"sets":{"' not in response.body:
        return response
    others = tuple(one for one in response.headers if one[0] != "content-type")
    return replace(response, headers=(*others, ("content-type", "text/plain")))


@fault_at(PollDeviation, breaks=("RFC8936-2.3-MORE-AVAILABLE",))
def no_more_is_null(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """moreAvailable is null where it should be false."""
    outcome = proceed(call)
    if not isinstance(outcome, Reply) or outcome.document.get("moreAvailable") is not False:
        return outcome
    return replace(outcome, document={**outcome.document, "moreAvailable": None})


@fault_at(PollDeviation, breaks=("RFC8936-2.3-MORE-AVAILABLE",))
def full_page_says_there_is_no_more(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """An answer holds five SETs at most, and says that there are no more."""
    limit = call.body.get("maxEvents")
    if limit is not None and limit <= _PAGE:
        return proceed(call)
    outcome = proceed(with_body(call, maxEvents=_PAGE))
    if not isinstance(outcome, Reply) or len(sets_in(outcome) or ()) < _PAGE:
        return outcome
    return replace(outcome, document={**outcome.document, "moreAvailable": False})


@fault_at(
    PollDeviation, breaks=("RFC8936-2-UNACKED-KEPT", "VEPA-POLL-REQUEST-MEMBERS"), also=LOSSES
)
def large_limits_bring_nothing(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A poll with a maxEvents of 100 or more gets no SET, whatever waits."""
    limit = call.body.get("maxEvents")
    return proceed(with_body(call, maxEvents=0) if limit and limit >= 20 * _PAGE else call)


# -- what waits, and how long


@fault_at(PollDeviation, breaks=("RFC8936-2.2-RETURN-IMMEDIATELY",))
def immediate_answers_are_late_beside_an_ack(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A poll that acknowledges may be held although it asks for an immediate answer."""
    return proceed(with_body(call, returnImmediately=False) if call.body.get("ack") else call)


@fault_at(
    PollDeviation,
    breaks=("VEPA-POLL-RETURN-IMMEDIATELY",),
)
def immediate_answers_are_late_while_sets_wait(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A poll that asks for an immediate answer is held while a SET waits for its redelivery."""
    waits = len(stream.queue) and not stream.queue.is_due(call.transmitter.clock.now())
    return proceed(with_body(call, returnImmediately=False) if waits else call)


class AskingAgain(PollDeviation):
    """Answers a held poll, once it ends, as if another poll had been sent."""

    breaks = ("RFC8936-2.5-LONGPOLL-HOLDS", "VEPA-POLL-RETURN-IMMEDIATELY")

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        """Answer it with the other."""
        waiting = proceed(call)
        if not isinstance(waiting, Waiting):
            return waiting
        clock = call.transmitter.clock
        other = with_body(self.instead(call), returnImmediately=True)

        def attempt() -> Reply | None:
            over = stream.queue.is_due(clock.now()) or clock.now() >= waiting.deadline
            answer = proceed(other) if over else None
            return answer if isinstance(answer, Reply) else None

        return replace(waiting, attempt=attempt)

    def instead(self, call: Call) -> Call:
        """Return the other poll."""
        return call


@fault_at(AskingAgain, "instead")
def held_poll_wakes_up_empty(call: Call) -> Call:
    """The SET that comes while a poll is held ends it, and is in the answer to the next."""
    return with_body(call, maxEvents=0)


@fault_at(AskingAgain, "instead", breaks=("RFC8936-2.2-MAXEVENTS-LIMIT", "VEPA-POLL-MAX-EVENTS"))
def held_poll_forgets_its_limit(call: Call) -> Call:
    """A poll that was held returns every SET that is due, whatever maximum it states."""
    return replace(call, body=without(call.body, "maxEvents"))


@fault_at(
    PollDeviation,
    breaks=(
        "RFC8936-2.4.1-EMPTY-OBJECT",
        "RFC8936-2.5-LONGPOLL-HOLDS",
        "VEPA-POLL-RETURN-IMMEDIATELY",
    ),
    also=("RFC8936-2.4.2-ACKONLY-LONGPOLL", *KEPT),
)
def long_poll_sees_only_what_comes_later(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A long poll that finds a SET waiting gets nothing, as if none were there."""
    default = call.transmitter.profile.poll.return_immediately_default
    asked = call.body.get("returnImmediately", default is not False)
    waits = stream.queue.is_due(call.transmitter.clock.now())
    blind = with_body(call, maxEvents=0, returnImmediately=True)
    return proceed(blind if waits and not asked else call)


# -- what is acknowledged


@fault_at(AckDeviation, "edit", breaks=EFFECT, also=FOLLOWS)
def jti_twice_in_an_ack_undoes_it(jtis: list[str]) -> list[str]:
    """A SET that an acknowledgement names twice is not released."""
    return [jti for jti in jtis if jtis.count(jti) == 1]


@fault_at(PollDeviation, breaks=("RFC8936-2.2-ACK-ACCEPTED",), also=FOLLOWS)
def max_events_limits_the_ack_too(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Of the SETs that a poll acknowledges no more are released than its maxEvents."""
    limit = call.body.get("maxEvents")
    if not limit or not call.body.get("ack"):
        return proceed(call)
    return proceed(with_body(call, ack=call.body["ack"][:limit]))


@fault
class LateAckIsIgnored(AckDeviation):
    """An acknowledgement has no effect on a SET that is older than an hour."""

    breaks = EFFECT
    also = FOLLOWS

    def __init__(self) -> None:
        self._now = 0.0

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._now = call.transmitter.clock.now()
        return super().operation(call, proceed)

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        old = {one.jti for one in stream.queue if self._now - one.queued_at > HOUR_S}
        return [jti for jti in jtis if jti not in old]


@fault
class SecondErrorReportIsIgnored(SetErrorsDeviation):
    """Of the polls of a stream that report errors, only the first has its reports heard."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def edit(self, errors: Any, call: Call) -> Any:  # noqa: ANN401 (JSON)
        stream_id = call.stream_id or ""
        heard = errors and stream_id in self._reported
        self._reported |= {stream_id} if errors else set()
        return {} if heard else errors


class ActsOnARefusal(Deviation):
    """Changes the streams that a request names, although it refuses the request."""

    breaks: ClassVar[tuple[str, ...]] = KEPT
    also = LOSSES
    statuses: ClassVar[frozenset[int]] = frozenset({401, 403})

    def __init__(self) -> None:
        self._transmitter: Transmitter | None = None
        self._jtis: list[str] = []

    def request(self, request: Request, at: At) -> Request:
        try:
            body = json.loads(request.body or b"null")
        except ValueError:
            body = None
        named = (body.get("ack") or body.get("acks")) if isinstance(body, dict) else None
        listed = named if isinstance(named, list) else []
        self._jtis = [one for one in listed if isinstance(one, str)]
        return request

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._transmitter = call.transmitter
        return proceed(call)

    def response(self, response: Response, at: At) -> Response:
        if at.operation in {"poll", "acknowledge"} and response.status in self.statuses:
            for stream in self._transmitter.streams() if self._transmitter else ():
                stream.queue.acknowledge(self._jtis)
        return response


fault_row(
    "unauthorised-ack-counts",
    "An acknowledgement that is refused for its token has its effect all the same.",
    ActsOnARefusal,
)
fault_row(
    "ack-of-a-refused-poll-counts",
    "An acknowledgement in a poll that is refused with 400 has its effect all the same.",
    ActsOnARefusal,
    statuses=frozenset({400}),
    breaks=("RFC8936-2-UNACKED-KEPT",),
)


@fault
class AckWithoutAcksReleasesEverything(Deviation):
    """A call that acknowledges, with a body that has no array of jtis, releases every SET."""

    breaks = ("VEPA-UNACKED-REDELIVERED",)

    def __init__(self) -> None:
        self._transmitter: Transmitter | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._transmitter = call.transmitter
        return proceed(call)

    def response(self, response: Response, at: At) -> Response:
        """Release them: only such a body is refused with 400."""
        if at.operation == "acknowledge" and response.status == 400:
            for stream in self._transmitter.streams() if self._transmitter else ():
                stream.queue.acknowledge([one.jti for one in stream.queue])
        return response


@fault_at("operation", on=("update_stream",), needs=("update_stream",), breaks=KEPT, also=LOSSES)
def patch_loses_what_waits(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH of a stream's configuration drops the SETs that wait on it."""
    outcome = proceed(call)
    stream = target(call)
    if stream is not None:
        stream.queue.acknowledge([one.jti for one in stream.queue])
    return outcome


@fault
class PatchBringsAcknowledgedSetsBack(AckDeviation):
    """A PATCH of a stream's configuration puts every SET that was acknowledged on it again."""

    breaks = EFFECT
    also = FOLLOWS
    needs = ("update_stream",)

    def __init__(self) -> None:
        self._released: dict[str, list[PendingSet]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if call.operation == "update_stream" and stream is not None:
            for pending in self._released.pop(stream.stream_id, []):
                stream.queue.add(pending, due=call.transmitter.clock.now())
        return super().operation(call, proceed)

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        named = [one for one in stream.queue if one.jti in jtis]
        self._released.setdefault(stream.stream_id, []).extend(named)
        return jtis


# -- when it comes again


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-CAP-24H",))
def backoff_cap_is_twenty_six_hours(attempt: int) -> float | None:
    """The gaps between two deliveries of a SET grow to 26 hours, less than jitter could make."""
    return min(2.0 ** min(attempt - 1, 30), 26 * 3600.0)


@fault
class BackoffIsConstantWithJitter(BackoffDeviation):
    """The gap between two deliveries of a SET is a minute, give or take a fifth."""

    breaks = ("VEPA-BACKOFF-GAPS-GROW",)
    SHARES = (0.8, 0.95, 1.1, 0.9, 1.2, 1.0, 0.85, 1.15, 1.05)

    def __init__(self) -> None:
        self._count = 0

    def gap(self, attempt: int, waited: float) -> float | None:
        """Go through the shares: one after the other, of whichever SET."""
        self._count += 1
        return 60.0 * self.SHARES[self._count * 4 % len(self.SHARES)]


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-GROW",))
def backoff_is_linear_by_the_hour(attempt: int) -> float | None:
    """Each gap between two deliveries of a SET is an hour longer than the one before."""
    return min(3600.0 * attempt, DAY_S)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-CONTINUES",))
def sets_are_dropped_some_time_after_the_cap(attempt: int) -> float | None:
    """A SET is dropped after seven deliveries at a cap of ten minutes, within two hours."""
    return None if attempt > _DELIVERIES else min(2.0 ** (attempt - 1), 600.0)


@fault_at(
    "schedule",
    needs=("acknowledge",),
    breaks=("VEPA-BACKOFF-NEW-NOT-HELD-UP",),
)
def new_sets_wait_behind_two(gap: float, at: At) -> float | None:
    """A new SET waits for an hour where two or more were delivered and not acknowledged."""
    behind = sum(one.attempts > 0 for one in at.stream.queue)
    return 3600.0 if not at.pending.attempts and behind > 1 else gap


@fault_at(
    PollDeviation,
    needs=("acknowledge",),
    breaks=("VEPA-BACKOFF-CONTINUES",),
    also=(*LOSSES, "VEPA-UNACKED-REDELIVERED"),
)
def sets_are_lost_that_nobody_fetches(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A SET that has been due for twelve hours when a poll comes is dropped."""
    overdue = call.transmitter.clock.now() - DAY_S / 2
    stream.queue.acknowledge([jti for _, jti in stream.queue.due_between(0.0, overdue)])
    return proceed(call)


# -- the path
