"""Faults of Stream Updated Events and of inactivity: SSF 1.0 sections 8.1.5 and 8.1.1."""

from abc import ABC, abstractmethod
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault_at, fault_row
from mock_transmitter.deviations.kinds.announcements import Announcement, announced
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.domain.delivery_queue import Handling
from mock_transmitter.domain.push import Attempt, PushOutcome
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.operations import Call, Outcome

ANNOUNCED = ("SSF-8.1.2-INDEPENDENT-CHANGE-ANNOUNCED", "SSE-7.1.5-SENT")
BEFORE_STOP = (*ANNOUNCED, "SSF-8.1.5-SENT-BEFORE-STOP")
ON_REENABLE = (*ANNOUNCED, "SSF-8.1.5-SENT-ON-REENABLE")
TYPE_URI = ("SSF-8.1.5-TYPE-URI", "SSE-7.1.5-TYPE-URI")
STATUS = ("SSF-8.1.5-STATUS-PRESENT", "SSE-7.1.5-STATUS")
SUBJECT = ("SSF-8.1.5-SUBID-OPAQUE-STREAMID",)
INACTIVE = "SSF-8.1.1-INACTIVITY-STREAM-UPDATED"
REFRESH = ("SSF-8.1.1-INACTIVITY-REFRESH",)
OF_SUBJECTS = ("SSE-7.1-SUBJECT-CHANGE-ENABLED", "SSE-7.1-SUBJECT-CHANGE-PAUSED")

_TYPE = "/stream-updated"


class Unannounced(Deviation):
    """Leaves some changes of status unannounced that nobody requested."""

    SILENT_ON: ClassVar[tuple[str, ...]]

    def schedule(self, gap: float, at: At) -> float | None:
        found = announced(at.pending.claims)
        return None if found is not None and found[1].get("status") in self.SILENT_ON else gap


fault_row(
    "stops-are-not-announced",
    "A stream that the Transmitter pauses or disables goes silent without a word.",
    Unannounced,
    SILENT_ON=("paused", "disabled"),
    breaks=(*BEFORE_STOP, INACTIVE),
    also=OF_SUBJECTS,
)
fault_row(
    "disabling-is-not-announced",
    "A stream that the Transmitter disables goes silent without a word.",
    Unannounced,
    SILENT_ON=("disabled",),
    breaks=BEFORE_STOP,
    also=OF_SUBJECTS,
)
fault_row(
    "reenabling-is-not-announced",
    "A stream that the Transmitter enables again goes on without a word.",
    Unannounced,
    SILENT_ON=("enabled",),
    breaks=ON_REENABLE,
    also=OF_SUBJECTS,
)


@fault_at("handling", breaks=BEFORE_STOP)
def announcements_wait_for_the_end_of_the_pause(handling: Handling, at: At) -> Handling:
    """That a stream is paused is announced once it is enabled again."""
    return "hold" if at.pending.announces and at.stream.status == "paused" else handling


@fault_at("handling", breaks=BEFORE_STOP)
def a_disabled_stream_drops_its_announcement(handling: Handling, at: At) -> Handling:
    """That a stream is disabled is dropped with everything that waits."""
    found = announced(at.pending.claims) if at.pending.announces else None
    is_it = found is not None and found[1].get("status") == at.stream.status == "disabled"
    return "drop" if is_it else handling


@fault_at(Announcement, "said", breaks=TYPE_URI, also=OF_SUBJECTS)
def stream_updated_has_the_type_of_another_text(
    claims: Json, event_type: str, payload: Json
) -> Json:
    """A Stream Updated Event has the type that the other of the two frameworks gives it."""
    old, new = ("/ssf/", "/sse/") if "/ssf/" in event_type else ("/sse/", "/ssf/")
    return {**claims, "events": {event_type.replace(old, new): payload}}


@fault_at(Announcement, "payload", breaks=STATUS, also=(INACTIVE,))
def stream_updated_lacks_the_status(payload: Json) -> Json:
    """A Stream Updated Event does not have the status."""
    return without(payload, "status")


@fault_at(Announcement, "said", breaks=STATUS, also=(INACTIVE,))
def stream_updated_has_the_status_from_before(
    claims: Json, event_type: str, payload: Json, stream: Stream
) -> Json:
    """A Stream Updated Event has the status that the stream had."""
    return {**claims, "events": {event_type: {**payload, "status": stream.status}}}


@fault_at(Announcement, "payload", breaks=STATUS, also=(INACTIVE,))
def stream_updated_knows_no_pause(payload: Json) -> Json:
    """A Stream Updated Event says disabled where the stream is paused."""
    status = payload.get("status")
    return {**payload, "status": "disabled" if status == "paused" else status}


@fault_at(Announcement, "said", breaks=SUBJECT)
def stream_updated_is_about_the_audience(
    claims: Json, event_type: str, payload: Json, stream: Stream
) -> Json:
    """The subject of a Stream Updated Event is the Receiver instead of the stream."""
    if "sub_id" not in claims:
        return claims
    return {**claims, "sub_id": {"format": "opaque", "id": stream.audience}}


@fault_at(Announcement, "said", breaks=SUBJECT)
def stream_updated_has_the_stream_id_as_a_uri(
    claims: Json, event_type: str, payload: Json, stream: Stream
) -> Json:
    """The subject of a Stream Updated Event is the stream in another format than opaque."""
    if "sub_id" not in claims:
        return claims
    return {**claims, "sub_id": {"format": "uri", "uri": f"urn:stream:{stream.stream_id}"}}


class StoppedByAPush(Deviation, ABC):
    """Stops a stream silently after some outcome of a push."""

    def __init__(self) -> None:
        self._transmitter: Transmitter | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._transmitter = call.transmitter
        return proceed(call)

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        if self._transmitter is not None and self.is_the_end(outcome, at.attempt):
            self._transmitter.set_status(at.attempt.stream, "disabled")
        return outcome

    @abstractmethod
    def is_the_end(self, outcome: PushOutcome, attempt: Attempt) -> bool:
        """Return whether that stops the stream."""


@fault_at(StoppedByAPush, breaks=ANNOUNCED)
def refused_verification_disables_in_silence(outcome: PushOutcome, attempt: Attempt) -> bool:
    """A stream is disabled without a word once its Verification Event is refused."""
    return outcome.ending == "refused" and attempt.pending.subject is None


@fault_at(StoppedByAPush, breaks=ANNOUNCED)
def failed_pushes_disable_in_silence(outcome: PushOutcome, attempt: Attempt) -> bool:
    """A stream is disabled without a word once a SET was pushed four times in vain."""
    return outcome.ending == "failed" and attempt.pending.attempts > 3


@fault_at("schedule", breaks=(INACTIVE,))
def inactivity_is_not_announced(gap: float, at: At) -> float | None:
    """A stream that is paused for inactivity goes silent without a word."""
    idle_at = at.stream.idle_at
    idle = idle_at is not None and idle_at <= at.now
    return None if idle and announced(at.pending.claims) is not None else gap


class UnheardOf(Deviation):
    """Does not count some calls as activity."""

    UNHEARD: ClassVar[frozenset[str]]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        before = None if stream is None else stream.active_at
        outcome = proceed(call)
        if call.operation in self.UNHEARD and stream is not None and before is not None:
            stream.active_at = before
        return outcome


fault_row(
    "polls-are-no-activity",
    "Polling a stream does not start its inactivity_timeout anew.",
    UnheardOf,
    UNHEARD=frozenset({"poll"}),
    breaks=REFRESH,
)
fault_row(
    "reading-a-status-is-no-activity",
    "Reading the status of a stream does not start its inactivity_timeout anew.",
    UnheardOf,
    UNHEARD=frozenset({"read_status"}),
    breaks=REFRESH,
)
fault_row(
    "updating-a-stream-is-no-activity",
    "Updating a stream does not start its inactivity_timeout anew.",
    UnheardOf,
    UNHEARD=frozenset({"update_stream"}),
    breaks=REFRESH,
)
fault_row(
    "verification-is-no-activity",
    "Requesting verification does not start the inactivity_timeout of a stream anew.",
    UnheardOf,
    UNHEARD=frozenset({"verify"}),
    breaks=REFRESH,
)


@fault_at("operation", breaks=REFRESH)
def the_timeout_is_shorter_than_it_says(call: Call, proceed: Proceed) -> Outcome:
    """A stream is paused after half of the inactivity_timeout that it shows."""
    outcome = proceed(call)
    for stream in call.transmitter.streams():
        timeout = stream.configuration.inactivity_timeout
        if timeout is not None and stream.active_at == call.transmitter.clock.now():
            stream.active_at -= timeout / 2
    return outcome


class OfSubjects(Deviation):
    """Leaves changes of a subject's status unannounced."""

    def handling(self, handling: Handling, at: At) -> Handling:
        found = announced(at.pending.claims)
        is_one = found is not None and not at.pending.announces
        return "drop" if is_one and self.drops(at.stream) else handling

    def drops(self, stream: Stream) -> bool:
        """Return whether it is dropped now."""
        return True


fault_row(
    "the-end-of-a-subject-is-not-announced",
    "That the Transmitter starts or stops events about a subject is not announced.",
    OfSubjects,
    needs=("subject_status",),
    breaks=("SSE-7.1-SUBJECT-CHANGE-ENABLED", "SSE-7.1.5-SENT"),
    also=("SSE-7.1-SUBJECT-CHANGE-PAUSED",),
)


@fault_at(OfSubjects, "drops", breaks=("SSE-7.1-SUBJECT-CHANGE-PAUSED",))
def what_becomes_of_a_subject_in_a_pause_is_forgotten(stream: Stream) -> bool:
    """What becomes of a subject while the stream is paused is not announced later."""
    return stream.status == "paused"
