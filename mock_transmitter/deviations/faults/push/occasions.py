"""Faults of some pushes only: retries, Verification Events, after a failure, after a PUT."""

import json
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.push.requests import (
    TO_THE_RECEIVERS_URL,
    WITH_THE_HEADER,
    with_authorization,
    with_header,
)
from mock_transmitter.deviations.faults.status.effects import PAUSED
from mock_transmitter.deviations.kinds.calls import pushes, target
from mock_transmitter.domain.delivery_queue import Handling
from mock_transmitter.domain.push import Attempt, PushOutcome
from mock_transmitter.domain.stream import DeliveryConfiguration
from mock_transmitter.http.operations import Call, Outcome


def is_repeated(attempt: Attempt) -> bool:
    """Return whether the SET was pushed before."""
    return attempt.pending.attempts > 1


@fault_at("push", breaks=WITH_THE_HEADER)
def repeated_push_is_not_authorized(attempt: Attempt) -> Attempt:
    """A push that repeats another has no Authorization."""
    return with_authorization(attempt, None) if is_repeated(attempt) else attempt


@fault_at("push", breaks=TO_THE_RECEIVERS_URL)
def repeated_push_goes_to_another_path(attempt: Attempt) -> Attempt:
    """A push that repeats another goes to the Receiver's URL with a slash more at its end."""
    return replace(attempt, url=f"{attempt.url}/") if is_repeated(attempt) else attempt


@fault_at("push", breaks=WITH_THE_HEADER)
def announcement_is_pushed_without_authorization(attempt: Attempt) -> Attempt:
    """The push of a Stream Updated Event has no Authorization."""
    return with_authorization(attempt, None) if attempt.pending.announces else attempt


@fault_at("push", breaks=("RFC8935-2.1-CONTENT-TYPE",))
def repeated_push_is_labelled_as_json(attempt: Attempt) -> Attempt:
    """A push that repeats another has the media type of JSON."""
    if not is_repeated(attempt):
        return attempt
    return with_header(attempt, "content-type", "application/json")


@fault
class DisabledStreamLosesItsAuthorization(Deviation):
    """A stream that the Transmitter has disabled has no Authorization when it goes on."""

    breaks = WITH_THE_HEADER

    def __init__(self) -> None:
        self._disabled: set[str] = set()

    def push(self, attempt: Attempt, at: At) -> Attempt:
        if attempt.stream.status == "disabled":
            self._disabled.add(attempt.stream_id)
            return attempt
        return with_authorization(attempt, None) if attempt.stream_id in self._disabled else attempt


@fault_at("handling", breaks=PAUSED)
def pauses_do_not_reach_what_is_pushed_again(handling: Handling, at: At) -> Handling:
    """A SET whose push has failed is pushed again also while its stream is paused."""
    return "transmit" if handling == "hold" and at.pending.attempts else handling


@fault_at("push", breaks=("RFC8935-2.1-POST",))
def retries_are_pushed_with_put(attempt: Attempt) -> Attempt:
    """A SET that is pushed again comes with PUT."""
    return replace(attempt, method="PUT") if is_repeated(attempt) else attempt


@fault_at("push", breaks=WITH_THE_HEADER)
def verifications_are_pushed_without_the_authorization(attempt: Attempt) -> Attempt:
    """A Verification Event does not carry the stream's authorization_header."""
    verifies = any(one.endswith("/verification") for one in attempt.pending.claims["events"])
    return with_authorization(attempt, None) if verifies else attempt


@fault_at(
    "push",
    breaks=("RFC8935-2.1-BODY-IS-SET",),
    also=("RFC7515-7.1-COMPACT", "RFC8417-2.4-JWT-FORM"),
)
def push_has_the_set_twice(attempt: Attempt) -> Attempt:
    """The body of a push is the SET, and at once the SET again: five parts, as a JWE has."""
    return replace(attempt, body=attempt.body * 2)


@fault_at("push", breaks=("RFC8935-2.1-BODY-IS-SET",))
def push_holds_the_claims_alone(attempt: Attempt) -> Attempt:
    """The body of a push is the claims of the SET as JSON, with no token about them."""
    return replace(attempt, body=json.dumps(attempt.pending.claims).encode())


@fault
class OnlyA503IsGivenTime(Deviation):
    """A SET whose push was answered 500 or 429 is pushed again without delay."""

    breaks = ("RFC8935-2-RESEND-DELAY",)

    def __init__(self) -> None:
        self._hurries: set[str] = set()

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        if outcome.reason in {"answered 500", "answered 429"}:
            self._hurries.add(at.attempt.jti)
        else:
            self._hurries.discard(at.attempt.jti)
        return outcome

    def schedule(self, gap: float, at: At) -> float | None:
        return 0.0 if at.pending.jti in self._hurries else gap


@fault
class AReplacementLeavesThePushesAsTheyWere(Deviation):
    """What a PUT says of URL and authorization_header is shown, and not used."""

    breaks = ("SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER", "SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT")
    also = ("SSF-8.1.1.4-PUT-MISSING-DELETES",)

    def __init__(self) -> None:
        self._used: dict[str, DeliveryConfiguration] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call) if call.operation == "replace_stream" else None
        explicit = call.transmitter.explicit
        if explicit and stream is not None and pushes(stream):
            self._used.setdefault(stream.stream_id, stream.configuration.delivery)
        return proceed(call)

    def push(self, attempt: Attempt, at: At) -> Attempt:
        used = self._used.get(attempt.stream_id)
        if used is None:
            return attempt
        before = with_header(attempt, "authorization", used.authorization_header)
        return replace(before, url=used.endpoint_url)
