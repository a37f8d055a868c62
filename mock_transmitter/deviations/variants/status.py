"""Variants of a stream's status: SSF 1.0 sections 8.1.1, 8.1.2 and 8.1.5, and the draft of 2021."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.kinds.announcements import Announcement, announced
from mock_transmitter.deviations.kinds.calls import OnStream, target
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.domain.delivery_queue import Handling
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.authorisation import Decision, Denied
from mock_transmitter.http.operations import Call, Outcome, Reply


@variant_at(OnStream, exercises=("SSF-8.1.2.1-PAUSED-MAY-DROP",))
def a_pause_keeps_the_last_event_only(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Of the events of a pause only the last one is transmitted when it is over."""
    starts = call.operation == "update_status" and call.body.get("status") == "enabled"
    if starts and stream.status == "paused":
        held = [one for one in stream.queue if one.subject is not None and not one.attempts]
        stream.queue.acknowledge(one.jti for one in held[:-1])
    return proceed(call)


@variant_at("operation", exercises=("SSF-8.1.2.2-REASON-OPTIONAL",))
def reasons_are_not_shown(call: Call, proceed: Proceed) -> Outcome:
    """The reason that a status update gives is taken, and never shown."""
    outcome = proceed(call)
    if isinstance(outcome, Reply) and outcome.message == "stream_status":
        return replace(outcome, document=without(outcome.document, "reason"))
    return outcome


@variant
class StatusUpdatesAreAcceptedFirst(Deviation):
    """A status update is answered with 202 and an empty body, and is done within a second."""

    exercises = ("SSF-8.1.2.2-202-UNDECIDED", "SSE-7.1.1.2-202-UNDECIDED")

    def __init__(self) -> None:
        self._accepted: list[tuple[float, Call, Proceed]] = []

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Accept it, and do what was accepted before."""
        now = call.transmitter.clock.now()
        due = [one for one in self._accepted if one[0] <= now]
        self._accepted = [one for one in self._accepted if one[0] > now]
        for _, accepted, perform in due:
            if target(accepted) is not None:
                perform(accepted)
        valid = target(call) is not None and "status" in call.body
        if call.operation != "update_status" or not valid:
            return proceed(call)
        self._accepted.append((now + 1.0, call, proceed))
        return Reply(status=202)


@variant_at(
    "authorisation", on=("read_status",), exercises=("SSF-8.1.2.1-ERR-403", "SSE-7.1.1.1-ERR-403")
)
def limited_receivers_find_no_status(decision: Decision) -> Decision:
    """A status read that is not allowed is answered with 404."""
    if not isinstance(decision, Denied):
        return decision
    return replace(decision, status=404) if decision.status == 403 else decision


@variant_at(
    OnStream,
    on=("update_status",),
    exercises=("SSF-8.1.5-RECEIVER-CHANGE-NO-EVENT-NEEDED", "SSF-8.1.5-OUTSIDE-EVENT-LISTS"),
)
def requested_changes_are_announced(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A status that the Receiver itself has asked for is announced as well."""
    status = call.body.get("status")
    if status is not None and "subject" not in call.body:
        call.transmitter.act(stream, status, reason=call.body.get("reason"))
    return proceed(call)


@variant_at(Announcement, "payload", exercises=("SSF-8.1.5-REASON", "SSE-7.1.5-REASON-SUBJECT"))
def announcements_have_no_reason(payload: Json) -> Json:
    """A Stream Updated Event has no reason."""
    return without(payload, "reason")


class Inactive(Deviation):
    """Changes what happens to a stream that was idle for too long."""

    exercises: ClassVar[tuple[str, ...]] = ("SSF-8.1.1-INACTIVITY-ACTION",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Do it once the stream was paused for that."""
        transmitter = call.transmitter
        for stream in transmitter.streams():
            if stream.status == "paused" and "inactive" in (stream.reason or ""):
                self.end(transmitter, stream)
        return proceed(call)

    def end(self, transmitter: Transmitter, stream: Stream) -> None:
        """Do it."""


@variant_at(Inactive, "end")
def inactive_streams_are_deleted(transmitter: Transmitter, stream: Stream) -> None:
    """A stream that was idle for too long is deleted."""
    transmitter.delete_stream(stream)


@variant_at(
    Inactive, "end", exercises=("SSF-8.1.1-INACTIVITY-ACTION", "SSF-8.1.5-UNILATERAL-CHANGE")
)
def inactive_streams_are_disabled(transmitter: Transmitter, stream: Stream) -> None:
    """A stream that was idle for too long is disabled, and that is announced."""
    transmitter.act(stream, "disabled", reason="Nobody was there.")


@variant_at(
    "handling", exercises=("SSE-7.1-SUBJECT-CHANGE-DISABLED", "SSE-7.1.5-UNILATERAL-CHANGE")
)
def subjects_are_disabled_with_their_stream(handling: Handling, at: At) -> Handling:
    """What becomes of a subject while the stream is disabled is announced once it goes on."""
    dropped = handling == "drop" and not at.pending.announces
    return "hold" if dropped and announced(at.pending.claims) is not None else handling


@variant_at("operation", exercises=("SSE-7.1.1.1-SUBJECT-QUERY", "SSE-7.1.1.2-SUBJECT-OPTIONAL"))
def status_of_a_subject_is_answered_without_it(call: Call, proceed: Proceed) -> Outcome:
    """The answer about the status of a subject does not repeat the subject."""
    outcome = proceed(call)
    if isinstance(outcome, Reply) and outcome.message == "stream_status":
        return replace(outcome, document=without(outcome.document, "subject"))
    return outcome


@variant_at(
    "operation",
    on=("update_stream", "replace_stream"),
    exercises=("SSF-8.1.5-UNILATERAL-CHANGE", "SSE-7.1.5-UNILATERAL-CHANGE"),
)
def updates_enable_a_stream_and_say_so(call: Call, proceed: Proceed) -> Outcome:
    """An update of the configuration enables the stream, which is announced."""
    outcome = proceed(call)
    stream = target(call)
    if stream is not None:
        call.transmitter.act(stream, "enabled")
    return outcome
