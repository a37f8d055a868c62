"""Variants of a stream's status: SSF 1.0 sections 8.1.1, 8.1.2 and 8.1.5, and the draft of 2021."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.documents import without
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.stream_updated import Announcement, announced
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.domain.delivery_queue import Handling
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.authorisation import Decision, Denied
from mock_transmitter.http.operations import Call, Outcome, Reply


@variant
class APauseKeepsTheLastEventOnly(Deviation):
    """Of the events of a pause only the last one is transmitted when it is over."""

    exercises = ("SSF-8.1.2.1-PAUSED-MAY-DROP",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Drop the others before the stream is enabled."""
        stream = target(call)
        starts = call.operation == "update_status" and call.body.get("status") == "enabled"
        if starts and stream is not None and stream.status == "paused":
            held = [one for one in stream.queue if one.subject is not None and not one.attempts]
            stream.queue.acknowledge(one.jti for one in held[:-1])
        return proceed(call)


@variant
class ReasonsAreNotShown(Deviation):
    """The reason that a status update gives is taken, and never shown."""

    exercises = ("SSF-8.1.2.2-REASON-OPTIONAL",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
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


@variant
class LimitedReceiversFindNoStatus(Deviation):
    """A status read that is not allowed is answered with 404."""

    on = ("read_status",)
    exercises = ("SSF-8.1.2.1-ERR-403", "SSE-7.1.1.1-ERR-403")

    def authorisation(self, decision: Decision, at: At) -> Decision:
        forbidden = 403
        if not isinstance(decision, Denied):
            return decision
        return replace(decision, status=404) if decision.status == forbidden else decision


@variant
class RequestedChangesAreAnnounced(Deviation):
    """A status that the Receiver itself has asked for is announced as well."""

    exercises = (
        "SSF-8.1.5-RECEIVER-CHANGE-NO-EVENT-NEEDED",
        "SSF-8.1.5-OUTSIDE-EVENT-LISTS",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Let the Transmitter do it, who says so."""
        stream = target(call)
        status = call.body.get("status")
        if (
            call.operation == "update_status"
            and stream is not None
            and status is not None
            and "subject" not in call.body
        ):
            call.transmitter.act(stream, status, reason=call.body.get("reason"))
        return proceed(call)


@variant
class AnnouncementsHaveNoReason(Announcement):
    """A Stream Updated Event has no reason."""

    exercises = ("SSF-8.1.5-REASON", "SSE-7.1.5-REASON-SUBJECT")

    def payload(self, payload: Json) -> Json:
        return without(payload, "reason")


class Inactive(Deviation):
    """Does something else with a stream that was idle for too long."""

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


@variant
class InactiveStreamsAreDeleted(Inactive):
    """A stream that was idle for too long is deleted."""

    def end(self, transmitter: Transmitter, stream: Stream) -> None:
        transmitter.delete_stream(stream)


@variant
class InactiveStreamsAreDisabled(Inactive):
    """A stream that was idle for too long is disabled, and that is announced."""

    exercises = (
        "SSF-8.1.1-INACTIVITY-ACTION",
        "SSF-8.1.5-UNILATERAL-CHANGE",
    )

    def end(self, transmitter: Transmitter, stream: Stream) -> None:
        transmitter.act(stream, "disabled", reason="Nobody was there.")


@variant
class SubjectsAreDisabledWithTheirStream(Deviation):
    """What becomes of a subject while the stream is disabled is announced once it goes on."""

    exercises = ("SSE-7.1-SUBJECT-CHANGE-DISABLED", "SSE-7.1.5-UNILATERAL-CHANGE")

    def handling(self, handling: Handling, at: At) -> Handling:
        dropped = handling == "drop" and not at.pending.announces
        return "hold" if dropped and announced(at.pending.claims) is not None else handling


@variant
class StatusOfASubjectIsAnsweredWithoutIt(Deviation):
    """The answer about the status of a subject does not repeat the subject."""

    exercises = ("SSE-7.1.1.1-SUBJECT-QUERY", "SSE-7.1.1.2-SUBJECT-OPTIONAL")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if isinstance(outcome, Reply) and outcome.message == "stream_status":
            return replace(outcome, document=without(outcome.document, "subject"))
        return outcome


@variant
class UpdatesEnableAStreamAndSaySo(Deviation):
    """An update of the configuration enables the stream, which is announced."""

    on = ("update_stream", "replace_stream")
    exercises = ("SSF-8.1.5-UNILATERAL-CHANGE", "SSE-7.1.5-UNILATERAL-CHANGE")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        if stream is not None:
            call.transmitter.act(stream, "enabled")
        return outcome
