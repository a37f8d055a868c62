"""Faults of status, verification and announcements that show in several requests only.

SSF 1.0 sections 8.1.2, 8.1.4 and 8.1.5, and the 2021 draft's 7.1.1, 7.1.4 and 7.1.5.
"""

import json
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.verification.events import STATE_ECHO, StateDeviation
from mock_transmitter.deviations.kinds.calls import OnStream, others, target
from mock_transmitter.deviations.kinds.documents import ChangedReply, with_body
from mock_transmitter.domain.delivery_queue import Handling, PendingSet
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply

UPDATE_200 = ("SSF-8.1.2.2-UPDATE-200", "SSE-7.1.1.2-UPDATE-200")
INDEPENDENT = "SSF-8.1.2-STREAMS-INDEPENDENT"
PROMISE = ("SSF-8.1.4.2-204-MEANS-WILL-SEND", "SSE-7.1.4.2-STATE-ECHO")
ANNOUNCED = (
    "SSF-8.1.2-INDEPENDENT-CHANGE-ANNOUNCED",
    "SSE-7.1.5-SENT",
    "SSF-8.1.5-SENT-ON-REENABLE",
)
LONGEST = 255


def is_of(pending: PendingSet, kind: str) -> bool:
    """Return whether a SET is of one of the framework's own types."""
    return any(uri.endswith(f"/{kind}") for uri in pending.claims["events"])


@fault_at("operation", on=("update_status",), breaks=UPDATE_200)
def updates_with_a_long_reason_are_ignored(call: Call, proceed: Proceed) -> Outcome:
    """A status update whose reason has more than 255 characters is answered, and ignored."""
    stream = target(call)
    before = None if stream is None else (stream.status, stream.reason)
    outcome = proceed(call)
    is_long = len(str(call.body.get("reason", ""))) > LONGEST
    if is_long and stream is not None and before:
        call.transmitter.set_status(stream, before[0], reason=before[1])
    return outcome


@fault_at(
    "operation",
    on=("read_status",),
    breaks=("SSF-8.1.2.1-STATUS-ENUM", "SSE-7.1.1.1-STATUS-ENUM"),
    also=(*UPDATE_200, *ANNOUNCED),
)
def status_is_shouted_once_it_has_a_reason(call: Call, proceed: Proceed) -> Outcome:
    """A status that was given a reason is shown in capital letters, and any other as it is."""
    outcome = proceed(call)
    stream = target(call)
    if stream is None or stream.reason is None:
        return outcome
    if not isinstance(outcome, Reply) or not isinstance(outcome.document, dict):
        return outcome
    return replace(outcome, document={**outcome.document, "status": stream.status.upper()})


@fault_at(ChangedReply, on=("read_status",), breaks=("SSF-8.1.2.1-STATUS-STREAMID",))
def status_has_the_id_of_the_oldest_stream(reply: Reply, call: Call) -> Outcome:
    """A status is shown with the id of the Receiver's oldest stream."""
    if not call.transmitter.explicit:
        return reply
    oldest = call.transmitter.streams(call.audience)[0]
    return replace(reply, document={**reply.document, "stream_id": oldest.stream_id})


@fault_at("operation", on=("update_status",), breaks=(INDEPENDENT,))
def enabling_a_stream_enables_all(call: Call, proceed: Proceed) -> Outcome:
    """Enabling a stream enables all streams of its Receiver."""
    outcome = proceed(call)
    if call.body.get("status") == "enabled":
        for other in others(call):
            call.transmitter.set_status(other, "enabled")
    return outcome


@fault_at("operation", on=("create_stream",), breaks=(INDEPENDENT,))
def streams_are_made_paused_beside_a_paused_one(call: Call, proceed: Proceed) -> Outcome:
    """A stream that is made while another one of the Receiver is stopped is paused."""
    stopped = any(one.status != "enabled" for one in call.transmitter.streams(call.audience))
    outcome = proceed(call)
    if stopped:
        call.transmitter.set_status(call.transmitter.streams(call.audience)[-1], "paused")
    return outcome


class KnowsItsTransmitter(Deviation):
    """Remembers the Transmitter that it deviates from."""

    def __init__(self) -> None:
        self.transmitter: Transmitter | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self.transmitter = call.transmitter
        return proceed(call)

    def beside(self, stream: Stream) -> tuple[Stream, ...]:
        """Return the other streams of the same Receiver."""
        known = () if self.transmitter is None else self.transmitter.streams(stream.audience)
        return tuple(one for one in known if one is not stream)


@fault
class APauseHoldsTheSetsOfAllStreams(KnowsItsTransmitter):
    """While one stream is paused none of its Receiver transmits, whatever status they show."""

    breaks = (INDEPENDENT,)

    def handling(self, handling: Handling, at: At) -> Handling:
        paused = any(one.status == "paused" for one in self.beside(at.stream))
        return "hold" if paused and not at.pending.announces else handling


@fault_at(
    OnStream,
    on=("read_stream",),
    breaks=UPDATE_200,
    also=(INDEPENDENT,),
)
def reading_a_stream_ends_its_pause(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A stream that is paused is enabled by reading its configuration."""
    if stream.status == "paused":
        call.transmitter.set_status(stream, "enabled")
    return proceed(call)


@fault_at("request", breaks=("SSF-8.1.2.2-ERR-400-INVALID",))
def status_may_be_spelled_anyhow(request: Request) -> Request:
    """A status update takes a status in capitals or with spaces around it."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return request
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, str):
        return request
    spelled = {**body, "status": status.strip().lower()}
    return replace(request, body=json.dumps(spelled).encode())


@fault
class WhatADisabledStreamMissedComesByWayOfAPause(Deviation):
    """What happens while a stream is disabled is held where it is paused before it is enabled."""

    breaks = ("SSF-8.1.2.1-DISABLED-NOT-HELD", "SSE-7.1.1.1-DISABLED")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Drop it where it is enabled at once."""
        stream = target(call)
        enabling = call.operation == "update_status" and call.body.get("status") == "enabled"
        if enabling and stream is not None and stream.status == "disabled":
            stream.queue.acknowledge([one.jti for one in stream.queue])
        return proceed(call)

    def handling(self, handling: Handling, at: At) -> Handling:
        return "hold" if handling == "drop" and at.pending.subject is not None else handling


@fault_at(StateDeviation, breaks=STATE_ECHO)
def verification_state_is_cut_above_255(state: str) -> str | None:
    """The Verification Event echoes no more than 255 characters of the state."""
    return state[:LONGEST]


@fault_at(StateDeviation, breaks=STATE_ECHO)
def verification_state_ends_at_a_nul(state: str) -> str | None:
    """The Verification Event echoes the state as far as its first NUL."""
    return state.partition("\0")[0]


@fault_at(StateDeviation, breaks=STATE_ECHO)
def verification_state_is_trimmed(state: str) -> str | None:
    """The Verification Event echoes the state without white space around it."""
    return state.strip()


@fault
class ARequestWithoutStateRepeatsTheOneBefore(Deviation):
    """The event for a verification request without state has the state of the request before."""

    on = ("verify",)
    breaks = ("SSF-8.1.4.2-NO-STATE-REQUEST",)

    def __init__(self) -> None:
        self._states: dict[str | None, object] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if "state" in call.body:
            self._states[call.stream_id] = call.body["state"]
            return proceed(call)
        known = self._states.get(call.stream_id)
        return proceed(call if known is None else with_body(call, state=known))


@fault_at("operation", on=("verify",), breaks=(INDEPENDENT,))
def verification_goes_to_all_streams(call: Call, proceed: Proceed) -> Outcome:
    """A verification request brings its event on every stream of the Receiver."""
    outcome = proceed(call)
    for other in others(call):
        other.verified_at = None
        call.transmitter.verify(other, call.body.get("state"))
    return outcome


@fault
class AStreamThatWasPausedIsNotVerified(Deviation):
    """Once a stream was paused, verification requests are answered with 204 and no event comes."""

    breaks = PROMISE
    also = (INDEPENDENT,)

    def __init__(self) -> None:
        self._paused: set[str] = set()

    def handling(self, handling: Handling, at: At) -> Handling:
        verifies = is_of(at.pending, "verification")
        return "drop" if verifies and at.stream.stream_id in self._paused else handling

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        if stream is not None and stream.status == "paused":
            self._paused.add(stream.stream_id)
        return outcome


@fault_at(
    "handling",
    breaks=("SSF-8.1.4.2-204-MEANS-WILL-SEND",),
    also=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",),
)
def a_stream_without_event_types_is_not_verified(handling: Handling, at: At) -> Handling:
    """Where a stream delivers no event type, a verification request gets 204 and no event."""
    empty = not at.stream.configuration.events_delivered
    return "drop" if empty and is_of(at.pending, "verification") else handling


@fault_at("request", breaks=("SSF-8.1.4.2-ERR-400-INVALID",))
def states_that_are_objects_are_served(request: Request) -> Request:
    """A verification request whose state is an object or an array is served, as one without."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return request
    if not isinstance(body, dict) or not isinstance(body.get("state"), dict | list):
        return request
    rest = {name: value for name, value in body.items() if name != "state"}
    return replace(request, body=json.dumps(rest).encode())


@fault
class OnlyTwoChangesAreAnnounced(Deviation):
    """The Transmitter announces the first two changes of a stream's status, and no more."""

    breaks = ANNOUNCED
    also = (
        "SSF-8.1.5-SENT-BEFORE-STOP",
        "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
    )
    MOST: ClassVar[int] = 2

    def __init__(self) -> None:
        self._announced: dict[str, set[str]] = {}

    def handling(self, handling: Handling, at: At) -> Handling:
        if not is_of(at.pending, "stream-updated"):
            return handling
        known = self._announced.setdefault(at.stream.stream_id, set())
        if len(known) < self.MOST:
            known.add(at.pending.jti)
        return handling if at.pending.jti in known else "drop"


@fault
class ChangesAreAnnouncedOnAllStreams(KnowsItsTransmitter):
    """That a stream is stopped or started is announced on all its Receiver's, as if of each."""

    breaks = ("SSF-8.1.5-STATUS-PRESENT",)

    def __init__(self) -> None:
        super().__init__()
        self._spreads = False

    def claims(self, claims: Json, at: At) -> Json:
        payload = next(iter(claims["events"].values()))
        tells = any(uri.endswith("/stream-updated") for uri in claims["events"])
        if not tells or self._spreads or self.transmitter is None:
            return claims
        self._spreads = True
        for other in self.beside(at.stream):
            status, reason = other.status, other.reason
            self.transmitter.act(other, payload["status"])
            self.transmitter.set_status(other, status, reason=reason)
        self._spreads = False
        return claims


@fault
class ARemovedStreamIsAnnouncedNoMore(Deviation):
    """A stream that its Receiver has removed as a subject brings no Stream Updated Event."""

    breaks = ("SSF-8.1.4.1-STREAM-SUBJECT-STICKY",)

    def __init__(self) -> None:
        self._removed: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        removes = call.operation == "remove_subject" and stream is not None
        if removes and stream is not None and call.body.get("subject") == stream.subject:
            self._removed.add(stream.stream_id)
        return proceed(call)

    def handling(self, handling: Handling, at: At) -> Handling:
        tells = is_of(at.pending, "stream-updated")
        return "drop" if tells and at.stream.stream_id in self._removed else handling
