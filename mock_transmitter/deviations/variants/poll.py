"""Variants of polling and acknowledging: RFC 8936, and a dialect of its own."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.kinds.calls import POLLING
from mock_transmitter.deviations.kinds.documents import with_body, with_header
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.transmitter import Batch
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply, Waiting

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


@variant_at("batch", exercises=("RFC8936-2.3-MORE-OMITTED",))
def more_available_is_left_out(batch: Batch) -> Batch:
    """moreAvailable is left out where it would be false."""
    return replace(batch, more_available=batch.more_available or None)


@variant_at(
    "operation",
    on=("poll",),
    exercises=(
        "RFC8936-2-ACKED-NOT-RETAINED",
        "RFC8936-2.2-MAXEVENTS-OMITTED",
        "VEPA-POLL-NO-MORE-AVAILABLE",
    ),
)
def poll_answers_one_set_at_a_time(call: Call, proceed: Proceed) -> Outcome:
    """A poll returns one SET at most, whatever maximum it states."""
    if call.body.get("maxEvents") != 0:
        call = with_body(call, maxEvents=1)
    return proceed(call)


@variant_at("batch", exercises=("RFC8936-2.2-ORDER-FREE",))
def poll_answers_in_reverse_order(batch: Batch) -> Batch:
    """The SETs of one answer stand in it newest first."""
    return replace(batch, sets=dict(reversed(list(batch.sets.items()))))


@variant_at("operation", on=("acknowledge",), exercises=("VEPA-ACK-PATH",))
def acknowledge_answers_204(call: Call, proceed: Proceed) -> Outcome:
    """An acknowledgement that is a call of its own is answered with an empty 204."""
    proceed(call)
    return Reply(status=204)


@variant_at("batch", exercises=("RFC8936-2.4-REDELIVERY",))
def more_available_counts_what_was_delivered(batch: Batch) -> Batch:
    """moreAvailable is true as long as any SET is not acknowledged, those of the answer too."""
    return replace(batch, more_available=len(batch.stream.queue) > 0)


@variant_at(
    "operation",
    on=("poll",),
    exercises=(
        "RFC8936-2-ACKED-NOT-RETAINED",
        "RFC8936-2.2-MAXEVENTS-OMITTED",
        "VEPA-POLL-NO-MORE-AVAILABLE",
    ),
)
def poll_answers_three_sets_at_most(call: Call, proceed: Proceed) -> Outcome:
    """A poll returns three SETs at most, whatever maximum it states."""
    asked = call.body.get("maxEvents")
    call = with_body(call, maxEvents=_CAP if asked is None else min(asked, _CAP))
    return proceed(call)


@variant_at("operation", exercises=("RFC8936-2.5-IMMEDIATE-WHEN-AVAILABLE",))
def long_poll_ends_after_a_second(call: Call, proceed: Proceed) -> Outcome:
    """A long poll is held for a second, and then answered without a SET."""
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


@variant_at(
    "response", on=("poll",), exercises=("RFC8936-2.3-MORE-OMITTED", "VEPA-POLL-NO-MORE-AVAILABLE")
)
def poll_answers_have_other_members(response: Response) -> Response:
    """The answer to a poll has a member that no specification names."""
    if not response.body.startswith(b'{"sets"'):
        return response
    return replace(response, body=b'{"x-queue":{"depth":"unknown"},' + response.body[1:])


@variant_at(
    "response",
    on=("poll", "acknowledge"),
    exercises=("RFC8936-2.5.1-ERROR-BODY-FREE", "RFC8936-2.5.1-400-ANY"),
)
def polls_are_refused_without_a_body(response: Response) -> Response:
    """A poll that is refused gets a status and no body."""
    if response.status < 400:
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


@variant_at("operation", exercises=("RFC8936-2.5.1-400-ANY",))
def unregistered_error_codes_are_refused(call: Call, proceed: Proceed) -> Outcome:
    """A report in setErrs whose err nobody has registered, or without description, gets 400."""
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


@variant_at("operation", on=("poll",), exercises=("RFC8936-2.5.1-400-ANY",))
def huge_limits_are_refused(call: Call, proceed: Proceed) -> Outcome:
    """A maxEvents beyond 2^31 - 1 is refused with 400."""
    if (call.body.get("maxEvents") or 0) > 2**31 - 1:
        raise InvalidRequest("maxEvents is no 32-bit integer", "maxEvents")
    return proceed(call)


@variant_at("operation", on=POLLING, exercises=("VEPA-NO-SETERRS",))
def error_reports_are_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll or an acknowledgement with setErrs is refused with 400."""
    if "setErrs" in call.body:
        raise InvalidRequest("errors are not reported here", "setErrs")
    return proceed(call)
