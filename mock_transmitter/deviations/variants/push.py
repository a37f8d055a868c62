"""Variants of handling the answer to a push: RFC 8935 sections 2 and 4."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.kinds.calls import pushes
from mock_transmitter.domain.push import Attempt, PushOutcome
from mock_transmitter.http.operations import Call, Outcome

_FIRST_RETRY_S = 60.0
_TRANSIENT = frozenset({"authentication_failed", "access_denied"})


@variant_at("pushed", exercises=("RFC8935-2-RESEND-ALLOWED",))
def denied_set_is_pushed_again(outcome: PushOutcome) -> PushOutcome:
    """A SET is pushed again where the Receiver may think better of its refusal."""
    return replace(outcome, ending="failed") if outcome.err in _TRANSIENT else outcome


@variant_at("pushed", exercises=("RFC8935-2-RESEND-ALLOWED",))
def push_without_answer_may_have_arrived(outcome: PushOutcome) -> PushOutcome:
    """A SET whose push got no answer at all is taken for delivered, for it may have been."""
    unknown = outcome.ending == "failed" and not outcome.reason.startswith("answered")
    return replace(outcome, ending="delivered") if unknown else outcome


@variant
class FailedPushPausesTheStream(Deviation):
    """A stream is paused after a push that failed, which is announced."""

    exercises = ("SSF-8.1.5-UNILATERAL-CHANGE", "SSE-7.1.5-UNILATERAL-CHANGE")

    def __init__(self) -> None:
        self._last: Call | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._last = call
        return proceed(call)

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        if outcome.ending == "failed" and self._last is not None:
            self._last.transmitter.act(at.attempt.stream, "paused", reason=outcome.reason)
        return outcome


@variant_at("schedule", exercises=("RFC8935-2-RESEND-ALLOWED",))
def retries_wait_for_a_minute(gap: float, at: At) -> float | None:
    """A push that failed comes again after a minute at the soonest; its subject waits with it."""
    if gap is None or not at.pending.attempts or not pushes(at.stream):
        return gap
    return max(gap, _FIRST_RETRY_S)


@variant_at("push", exercises=("RFC8935-2.1-ACCEPT-LANGUAGE",))
def push_asks_for_a_language(attempt: Attempt) -> Attempt:
    """A push names the languages in which an error may be described."""
    return replace(attempt, headers={**attempt.headers, "accept-language": "en-US, en;q=0.5"})
