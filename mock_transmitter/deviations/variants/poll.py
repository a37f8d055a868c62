"""Variants of polling and acknowledging: RFC 8936, and a dialect of its own."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.documents import with_body, with_header
from mock_transmitter.deviations.entry import variant
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.transmitter import Batch
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply, Waiting

_BAD_REQUEST = 400
_CAP = 3
_EARLY_S = 1.0
_REGISTERED = frozenset(
    {
        "invalid_request",
        "invalid_key",
        "invalid_issuer",
        "invalid_audience",
        "authentication_failed",
        "access_denied",
        "invalid_state",
    }
)


@variant
class MoreAvailableIsLeftOut(Deviation):
    """moreAvailable is left out where it would be false."""

    exercises = ("RFC8936-2.3-MORE-OMITTED",)

    def batch(self, batch: Batch, at: At) -> Batch:
        return replace(batch, more_available=batch.more_available or None)


@variant
class PollAnswersOneSetAtATime(Deviation):
    """A poll returns one SET at most, whatever maximum it states."""

    on = ("poll",)
    exercises = (
        "RFC8936-2-ACKED-NOT-RETAINED",
        "RFC8936-2.2-MAXEVENTS-OMITTED",
        "VEPA-POLL-NO-MORE-AVAILABLE",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.body.get("maxEvents") != 0:
            call = with_body(call, maxEvents=1)
        return proceed(call)


@variant
class PollAnswersInReverseOrder(Deviation):
    """The SETs of one answer stand in it newest first."""

    exercises = ("RFC8936-2.2-ORDER-FREE",)

    def batch(self, batch: Batch, at: At) -> Batch:
        return replace(batch, sets=dict(reversed(list(batch.sets.items()))))


@variant
class AcknowledgeAnswers204(Deviation):
    """An acknowledgement that is a call of its own is answered with an empty 204."""

    on = ("acknowledge",)
    exercises = ("VEPA-ACK-PATH",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        proceed(call)
        return Reply(status=204)


@variant
class MoreAvailableCountsWhatWasDelivered(Deviation):
    """moreAvailable is true as long as any SET is not acknowledged, those of the answer too."""

    exercises = ("RFC8936-2.4-REDELIVERY",)

    def batch(self, batch: Batch, at: At) -> Batch:
        return replace(batch, more_available=len(batch.stream.queue) > 0)


@variant
class PollAnswersThreeSetsAtMost(Deviation):
    """A poll returns three SETs at most, whatever maximum it states."""

    on = ("poll",)
    exercises = (
        "RFC8936-2-ACKED-NOT-RETAINED",
        "RFC8936-2.2-MAXEVENTS-OMITTED",
        "VEPA-POLL-NO-MORE-AVAILABLE",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        asked = call.body.get("maxEvents")
        call = with_body(call, maxEvents=_CAP if asked is None else min(asked, _CAP))
        return proceed(call)


@variant
class LongPollEndsAfterASecond(Deviation):
    """A long poll is held for a second, and then answered without a SET."""

    exercises = ("RFC8936-2.5-IMMEDIATE-WHEN-AVAILABLE",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Waiting):
            return outcome
        clock = call.transmitter.clock
        waiting = outcome
        deadline = min(waiting.deadline, clock.now() + _EARLY_S)
        return replace(
            waiting,
            deadline=deadline,
            wake_at=lambda: min(deadline, waiting.wake_at()),
            attempt=lambda: waiting.expire() if clock.now() >= deadline else waiting.attempt(),
        )


@variant
class PollAnswersHaveOtherMembers(Deviation):
    """The answer to a poll has a member that no specification names."""

    on = ("poll",)
    exercises = ("RFC8936-2.3-MORE-OMITTED", "VEPA-POLL-NO-MORE-AVAILABLE")

    def response(self, response: Response, at: At) -> Response:
        if not response.body.startswith(b'{"sets"'):
            return response
        return replace(response, body=b'{"x-queue":{"depth":"unknown"},' + response.body[1:])


@variant
class PollsAreRefusedWithoutABody(Deviation):
    """A poll that is refused gets a status and no body."""

    on = ("poll", "acknowledge")
    exercises = ("RFC8936-2.5.1-ERROR-BODY-FREE", "RFC8936-2.5.1-400-ANY")

    def response(self, response: Response, at: At) -> Response:
        if response.status < _BAD_REQUEST:
            return response
        return with_header(replace(response, body=b""), "content-type", None)


@variant
class PollsOfAnotherMediaTypeAreRefused(Deviation):
    """A poll that is not labelled application/json is refused with 415."""

    on = ("poll",)
    exercises = ("RFC8936-2.5.1-400-ANY", "RFC8936-2.5.1-ERROR-BODY-FREE")

    def __init__(self) -> None:
        self._refuses = False

    def request(self, request: Request, at: At) -> Request:
        media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
        self._refuses = media_type != "application/json"
        return request

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if self._refuses:
            return Reply(status=415, document={"error": "unsupported_media_type"})
        return proceed(call)


@variant
class UnregisteredErrorCodesAreRefused(Deviation):
    """A report in setErrs whose err nobody has registered, or without description, gets 400."""

    exercises = ("RFC8936-2.5.1-400-ANY",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        for one in call.body.get("setErrs", {}).values():
            if one.get("err") not in _REGISTERED or "description" not in one:
                raise InvalidRequest("err or description is missing, or unknown", "setErrs")
        return proceed(call)


@variant
class ErrorReportsNeedALanguage(Deviation):
    """A report in setErrs without a Content-Language gets 400."""

    exercises = ("RFC8936-2.5.1-400-ANY",)

    def __init__(self) -> None:
        self._language: str | None = None

    def request(self, request: Request, at: At) -> Request:
        self._language = request.header("content-language")
        return request

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.body.get("setErrs") and self._language is None:
            raise InvalidRequest("Content-Language is missing", "setErrs")
        return proceed(call)


@variant
class HugeLimitsAreRefused(Deviation):
    """A maxEvents beyond 2^31 - 1 is refused with 400."""

    on = ("poll",)
    exercises = ("RFC8936-2.5.1-400-ANY",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if (call.body.get("maxEvents") or 0) > 2**31 - 1:
            raise InvalidRequest("maxEvents is no 32-bit integer", "maxEvents")
        return proceed(call)
