"""Faults of pushes that repeat another, or tell of the stream itself: RFC 8935, SSF 1.0 6.1.1."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.push_requests import (
    TO_THE_RECEIVERS_URL,
    WITH_THE_HEADER,
    with_authorization,
    with_header,
)
from mock_transmitter.deviations.faults.status_effects import PAUSED
from mock_transmitter.domain.delivery_queue import Handling
from mock_transmitter.domain.push import Attempt


def is_repeated(attempt: Attempt) -> bool:
    """Say whether the SET was pushed before."""
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
