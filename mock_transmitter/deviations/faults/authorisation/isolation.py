"""Faults of isolation between Receivers, and of credentials: SSF 1.0 sections 4.1.8, 7.1.1, 8."""

import json
from abc import ABC, abstractmethod
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.faults.authorisation.access import (
    LimitedDeviation,
    OpenToOtherReceivers,
    RefusedAndDone,
    foreign_stream,
)
from mock_transmitter.deviations.kinds.sets import ClaimsDeviation
from mock_transmitter.domain.events import CAEP
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.authorisation import Decision, Denied, Granted
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply

fault_row(
    "status-of-other-receivers-streams-is-shown",
    "A Receiver that knows the id of another's stream can read its status, and no more.",
    OpenToOtherReceivers,
    on=("read_status",),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)
fault_row(
    "streams-of-other-receivers-can-be-paused",
    "A Receiver that knows the id of another's stream can set its status, and no more.",
    OpenToOtherReceivers,
    on=("update_status",),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)
fault_row(
    "subjects-are-added-to-other-receivers-streams",
    "A Receiver that knows the id of another's stream can add a subject to it, and no more.",
    OpenToOtherReceivers,
    on=("add_subject",),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)
fault_row(
    "subjects-are-removed-from-other-receivers-streams",
    "A Receiver that knows the id of another's stream can remove a subject, and no more.",
    OpenToOtherReceivers,
    on=("remove_subject",),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)


@fault
class ForeignPauseIsDoneLater(Deviation):
    """Pausing another Receiver's stream is answered with 202, and done within a second."""

    breaks = ("SSF-8-AUTH-BINDS-STREAMS",)

    def __init__(self) -> None:
        self._due: list[tuple[float, Stream]] = []

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Accept it, and do what was accepted before."""
        now = call.transmitter.clock.now()
        for at, paused in self._due:
            if at <= now:
                call.transmitter.set_status(paused, "paused")
        self._due = [one for one in self._due if one[0] > now]
        stream = foreign_stream(call)
        if call.operation != "update_status" or stream is None:
            return proceed(call)
        self._due.append((now + 1.0, stream))
        return Reply(status=202)


@fault_at("operation", on=("update_status",), breaks=("SSF-8-AUTH-BINDS-STREAMS",))
def foreign_pause_is_refused_and_done(call: Call, proceed: Proceed) -> Outcome:
    """Pausing another Receiver's stream is answered with 404, and the stream is paused."""
    stream = foreign_stream(call)
    if stream is not None and "status" in call.body:
        call.transmitter.set_status(stream, call.body["status"])
    return proceed(call)


@fault_at("operation", on=("remove_subject",), breaks=("SSF-8-AUTH-BINDS-STREAMS",))
def foreign_removal_of_a_subject_is_refused_and_done(call: Call, proceed: Proceed) -> Outcome:
    """Removing a subject from another Receiver's stream is answered with 404, and it is gone."""
    stream = foreign_stream(call)
    if stream is not None and "subject" in call.body:
        call.transmitter.remove_subject(stream, call.body["subject"])
    return proceed(call)


@fault_at("operation", on=("read_status",), breaks=("SSF-8-AUTH-BINDS-STREAMS",))
def refusal_shows_the_foreign_status(call: Call, proceed: Proceed) -> Outcome:
    """Reading the status of another Receiver's stream is answered with 403 and the status."""
    stream = foreign_stream(call)
    if stream is None:
        return proceed(call)
    document = call.transmitter.status_document(stream)
    return Reply(status=403, document=document, message="stream_status")


class _TakenFromAnotherAudience(Deviation, ABC):
    """Lets another audience acknowledge or refuse SETs, in a poll that asks for none."""

    # In any order of polls it is lost to its own Receiver.
    also = ("RFC8936-2-UNACKED-KEPT",)
    MEMBER: ClassVar[str]

    def __init__(self) -> None:
        self._said = False

    def request(self, request: Request, at: At) -> Request:
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        self._said = isinstance(body, dict) and bool(body.get(self.MEMBER))
        self._said = self._said and body.get("maxEvents") == 0
        return request

    def authorisation(self, decision: Decision, at: At) -> Decision:
        """Serve it as if the stream were its own."""
        known = {one.token(at.access.channel) for one in at.access.receivers}
        foreign = isinstance(decision, Denied) and at.access.token in known
        taken = at.access.operation == "poll" and self._said and foreign
        return Granted(at.access.owner) if taken else decision


fault_row(
    "another-audience-can-acknowledge",
    "A stream's SETs can be acknowledged with the token of another audience, though not had.",
    _TakenFromAnotherAudience,
    MEMBER="ack",
    breaks=("SSF-7.1.1-POLL-PROTECTED",),
)
fault_row(
    "another-audience-can-report-errors",
    "A stream's SETs can be given up by the errors that another audience reports.",
    _TakenFromAnotherAudience,
    MEMBER="setErrs",
    breaks=("SSF-7.1.1-POLL-PROTECTED",),
)


class _OneSetForAll(Deviation, ABC):
    """Addresses every SET to all Receivers whose streams push to the same URL."""

    breaks = ("SSF-4.1.8-DISTINCT-SETS-PER-RECEIVER", "SSE-11.1.6-DISTINCT-SETS")

    def __init__(self) -> None:
        self._transmitter: Transmitter | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._transmitter = call.transmitter
        return proceed(call)

    def together(self, stream: Stream) -> list[Stream]:
        """Return the streams that push to the URL of this one, oldest first."""
        transmitter = self._transmitter
        if transmitter is None or not transmitter.pushes.is_push(stream):
            return [stream]
        url = stream.configuration.delivery.endpoint_url
        return [
            one for one in transmitter.streams() if one.configuration.delivery.endpoint_url == url
        ]

    def claims(self, claims: Json, at: At) -> Json:
        audiences = list(dict.fromkeys(one.audience for one in self.together(at.stream)))
        return {**claims, "aud": audiences} if len(audiences) > 1 else claims


fault_row(
    "sets-for-one-url-are-for-all-its-receivers",
    "Where streams of several Receivers push to one URL, every SET has the aud of all of them.",
    _OneSetForAll,
)


@fault
class ReceiversOfOneUrlShareOneSet(_OneSetForAll):
    """Where streams of several Receivers push to one URL, one SET is pushed for all of them."""

    def schedule(self, gap: float, at: At) -> float | None:
        """Send what is on the oldest stream alone."""
        return gap if self.together(at.stream)[0] is at.stream else None


@fault
class SubjectsAreNamedInTurns(ClaimsDeviation):
    """Every other CAEP event names its subject by issuer and subject in place of what was added."""

    breaks = ("SSF-10.1-CONSISTENT-SUBJECT", "SSE-10.1-CONSISTENT-SUBJECT")
    # Who looks for events about what was added finds only some.
    also = ("SSF-8.1.3.1-MATCHED-SENT",)

    def __init__(self) -> None:
        self._turns = 0

    def edit(self, claims: Json, stream: Stream) -> Json:
        # RISC prescribes the format for some of its events, and the rest is about the stream.
        if not any(kind.startswith(CAEP) for kind in claims["events"]):
            return claims
        self._turns += 1
        if self._turns % 2:
            return claims
        other = {"format": "iss_sub", "iss": claims["iss"], "sub": "user-1"}
        events = {
            kind: {**payload, "subject": other} if "subject" in payload else payload
            for kind, payload in claims["events"].items()
        }
        named = {"sub_id": other} if "sub_id" in claims else {}
        return {**claims, **named, "events": events}


class _MalformedIsServed(Deviation, ABC):
    """Accepts some Authorization headers, whatever token they contain or lack."""

    breaks = ("SSF-8-HTTP-AUTH", "SSF-7.1.1-POLL-PROTECTED", "SSE-8-OAUTH-BEARER", "VEPA-POLL-AUTH")
    also = ("JAMF-BEARER",)

    def __init__(self) -> None:
        self._authorization = ""

    def request(self, request: Request, at: At) -> Request:
        self._authorization = request.header("authorization") or ""
        return request

    def authorisation(self, decision: Decision, at: At) -> Decision:
        """Serve it in the name of the stream's owner."""
        if isinstance(decision, Denied) and self.serves(self._authorization):
            return Granted(at.access.owner or at.access.receivers[0])
        return decision

    @abstractmethod
    def serves(self, authorization: str) -> bool:
        """Return whether it is served."""


@fault_at(_MalformedIsServed)
def empty_bearer_tokens_are_served(authorization: str) -> bool:
    """An Authorization header with the scheme Bearer and no token is enough."""
    return authorization.strip().lower() == "bearer"


@fault_at(_MalformedIsServed)
def other_schemes_are_served(authorization: str) -> bool:
    """An Authorization header of any other scheme than Bearer is enough."""
    return bool(authorization) and not authorization.lower().startswith("bearer")


fault_row(
    "limited-tokens-set-the-status",
    "A token that may not manage streams can set their status, and do nothing else.",
    LimitedDeviation,
    GRANTED=frozenset({"update_status"}),
    breaks=("SSF-8.1.2.2-ERR-403", "SSE-7.1.1.2-ERR-403"),
)
fault_row(
    "limited-tokens-add-subjects",
    "A token that may not manage streams can add subjects, and do nothing else.",
    LimitedDeviation,
    GRANTED=frozenset({"add_subject"}),
    breaks=("SSF-8.1.3.2-ERR-403", "SSE-7.1.3.1-ERR-403"),
)
fault_row(
    "limited-tokens-remove-subjects",
    "A token that may not manage streams can remove subjects, and do nothing else.",
    LimitedDeviation,
    GRANTED=frozenset({"remove_subject"}),
    breaks=("SSF-8.1.3.3-ERR-403", "SSE-7.1.3.2-ERR-403"),
)
fault_row(
    "forbidden-pauses-are-done",
    "Pausing a stream with a token that may not is answered with 403, and it is paused.",
    RefusedAndDone,
    GRANTED=frozenset({"update_status"}),
    breaks=("SSF-8.1.2.2-ERR-403", "SSE-7.1.1.2-ERR-403"),
)


class _OpenWithoutAToken(Deviation, ABC):
    """Serves some operations without a token, as if the first Receiver had called."""

    def authorisation(self, decision: Decision, at: At) -> Decision:
        if at.access.token is None:
            return Granted(at.access.receivers[0])
        return decision


fault_row(
    "status-is-open-without-a-token",
    "The status of a stream is shown and set without a token.",
    _OpenWithoutAToken,
    on=("read_status", "update_status"),
    breaks=(
        "SSF-8-HTTP-AUTH",
        "SSF-8.1.2.1-ERR-401",
        "SSF-8.1.2.2-ERR-401",
        "SSE-7.1.1.1-ERR-401",
        "SSE-7.1.1.2-ERR-401",
    ),
    also=("SSE-8-OAUTH-BEARER", "JAMF-BEARER"),
)
fault_row(
    "subjects-are-open-without-a-token",
    "Subjects are added and removed without a token.",
    _OpenWithoutAToken,
    on=("add_subject", "remove_subject"),
    breaks=(
        "SSF-8-HTTP-AUTH",
        "SSF-8.1.3.2-ERR-401",
        "SSF-8.1.3.3-ERR-401",
        "SSE-7.1.3.1-ERR-401",
        "SSE-7.1.3.2-ERR-401",
    ),
    also=("SSE-8-OAUTH-BEARER",),
)
