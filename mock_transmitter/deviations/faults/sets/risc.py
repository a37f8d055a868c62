"""Faults of RISC events: OpenID RISC Profile 1.0."""

from typing import ClassVar

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.faults.sets.caep import PayloadDeviation
from mock_transmitter.deviations.faults.sets.events import MISNAMED
from mock_transmitter.deviations.kinds.documents import with_configurations
from mock_transmitter.deviations.kinds.sets import (
    ClaimsDeviation,
    EventsDeviation,
    SubjectDeviation,
    with_subject,
)
from mock_transmitter.domain.events import CAEP, RISC
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome


@fault_at(
    EventsDeviation,
    breaks=("RISC-2-TYPE-URI-BASE",),
    also=(*MISNAMED, "SSE-11.1.2-SUBJECT-IN-PAYLOAD"),
)
def risc_type_has_another_base(event_type: str, payload: Json) -> Json:
    """The type of every RISC event is below events instead of event-type."""
    other = RISC.replace("event-type", "events")
    return {event_type.replace(RISC, other): payload}


class _AboutAnAccount(ClaimsDeviation):
    """Names an account as subject where the text requires an email address or a phone number."""

    of: ClassVar[str]

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Put it in the subject's place."""
        if f"{RISC}/{self.of}" not in claims["events"]:
            return claims
        account = {"format": "iss_sub", "iss": "https://idp.example.com", "sub": "7375626A656374"}
        return with_subject(claims, account)


fault_row(
    "identifier-changed-is-about-an-account",
    "The subject of every identifier-changed is an issuer and a subject.",
    _AboutAnAccount,
    of="identifier-changed",
    breaks=("RISC-2.5-SUBJECT-FORMAT",),
)
fault_row(
    "identifier-recycled-is-about-an-account",
    "The subject of every identifier-recycled is an issuer and a subject.",
    _AboutAnAccount,
    of="identifier-recycled",
    breaks=("RISC-2.6-SUBJECT-FORMAT",),
)
fault_row(
    "compromised-credential-is-of-no-type",
    "No credential-compromise has a credential_type.",
    PayloadDeviation,
    of=f"{RISC}/credential-compromise",
    leaves_out=("credential_type",),
    breaks=("RISC-2.7-CREDENTIAL-TYPE",),
)


@fault
class SessionsRevokedHasNoSuccessor(Deviation):
    """The events_supported of every stream hold RISC's sessions-revoked, and not CAEP's."""

    breaks = ("RISC-2.11-SESSIONS-REVOKED-DEPRECATED",)
    also = (
        "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
        "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION",
        "SSE-7.1.2.2-RO-MATCH-OK",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return with_configurations(proceed(call), self.shown, needs="events_supported")

    def shown(self, document: Json) -> Json:
        supported = document["events_supported"]
        if not isinstance(supported, list):
            return document
        left = [one for one in supported if one != f"{CAEP}/session-revoked"]
        return {**document, "events_supported": left}


fault_row(
    "subject-type-stands-beside-the-format",
    "The subject of every event has the format under its old name subject_type too.",
    SubjectDeviation,
    subject={"format": "email", "subject_type": "email", "email": "user@example.com"},
    breaks=("RISC-3.1-NO-SUBJECT-TYPE",),
    also=("RFC9493-3-NO-FOREIGN-MEMBERS",),
)
