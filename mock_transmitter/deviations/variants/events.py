"""Variants of the content of CAEP and RISC events: CAEP 1.0, RISC 1.0, SSF 1.0 section 3.6."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.kinds.documents import ChangedReply, with_body, with_configurations
from mock_transmitter.deviations.kinds.sets import ClaimsDeviation, EventsDeviation, with_subject
from mock_transmitter.domain.events import CAEP, RISC
from mock_transmitter.http.operations import Call, Outcome, Reply

SESSIONS = ("CAEP-3.6-OPTIONAL", "CAEP-3.7-OPTIONAL")
RISC_ATTRIBUTES = ("RISC-2.3-ACCOUNT-DISABLED-REASON", "RISC-2.5-NEW-VALUE", "RISC-2.7-OPTIONAL")


@variant
class EventsSayNoMoreThanTheyMust(EventsDeviation):
    """Every event has the members alone that its text requires."""

    exercises = (*SESSIONS, *RISC_ATTRIBUTES)
    REQUIRED = frozenset(
        {
            "change_type",
            "claims",
            "credential_type",
            "current_level",
            "current_status",
            "namespace",
            "previous_status",
            "principal",
            "risk_reason",
            "status",
            "subject",
        }
    )
    # The draft of 2021 requires these too, where it has no namespace.
    OF_2021 = frozenset({"previous_level", "change_direction"})

    def edit_event(self, event_type: str, payload: Json, iat: int) -> Json:
        kept = self.REQUIRED if "subject" not in payload else self.REQUIRED | self.OF_2021
        return {event_type: {name: value for name, value in payload.items() if name in kept}}


@variant_at(EventsDeviation, exercises=SESSIONS)
def session_events_say_all_they_may(event_type: str, payload: Json) -> Json:
    """Every session-established and session-presented has all that CAEP defines for it."""
    more: Json = {}
    if event_type in {f"{CAEP}/session-established", f"{CAEP}/session-presented"}:
        more = {"fp_ua": "abb0b6e7da81a42233f8f2b1a8ddb1b9a4c81611", "ext_id": "_8e8dc5f69a98"}
    if event_type == f"{CAEP}/session-established":
        more |= {"acr": "urn:mace:incommon:iap:silver", "amr": ["pwd", "otp"]}
    return {event_type: {**payload, **more}}


@variant
class RiscEventsSayAllTheyMay(EventsDeviation):
    """RISC events have each attribute that RISC defines, with values that it doesn't name."""

    exercises = RISC_ATTRIBUTES
    SAID: ClassVar[Mapping[str, Json]] = MappingProxyType(
        {
            f"{RISC}/account-disabled": {"reason": "fraud"},
            f"{RISC}/identifier-changed": {"new-value": None},
            f"{RISC}/credential-compromise": {
                "credential_type": "security-question",
                "reason_admin": "Found in a dump",
                "reason_user": {"en": "Change your password."},
            },
        }
    )

    def edit_event(self, event_type: str, payload: Json, iat: int) -> Json:
        said = {**payload, **self.SAID.get(event_type, {})}
        if event_type == f"{RISC}/credential-compromise":
            said["event_timestamp"] = iat - 86400.5
        return {event_type: said}


@variant_at(ClaimsDeviation, exercises=("RISC-2.5-NEW-VALUE",))
def identifier_events_are_about_phone_numbers(claims: Json) -> Json:
    """Every identifier-changed and identifier-recycled is about a phone number."""
    if not any(kind.startswith(f"{RISC}/identifier-") for kind in claims["events"]):
        return claims
    number = {"format": "phone_number", "phone_number": "+12065550100"}
    return with_subject(claims, number)


@variant_at(EventsDeviation, exercises=("SSF-4.2.2-EVENT-FIELDS",))
def reasons_are_in_many_languages(event_type: str, payload: Json, iat: int) -> Json:
    """The reasons of CAEP events have language tags of every kind, and dates have a fraction."""
    if not event_type.startswith(CAEP):
        return {event_type: payload}
    tags = ("en", "es-410", "zh-Hant-TW", "sl-rozaj-biske", "i-klingon", "x-whatever")
    reasons = dict.fromkeys(tags, "Landspeed Policy Violation: C076E82F")
    said = {"reason_admin": reasons, "reason_user": reasons, "event_timestamp": iat - 0.25}
    return {event_type: {**payload, **said}}


@variant_at(EventsDeviation, exercises=("SSF-4.2.2-EVENT-FIELDS",))
def risc_events_have_members_of_their_own(event_type: str, payload: Json, iat: int) -> Json:
    """Every RISC event has members that RISC doesn't define, as SSF lets it."""
    if not event_type.startswith(RISC):
        return {event_type: payload}
    return {event_type: {**payload, "event_timestamp": iat, "initiating_entity": "admin"}}


@variant_at(ChangedReply, on=("discover",), exercises=("SSF-3.6-CRITICAL-MEMBERS-DECLARED",))
def metadata_names_critical_subject_members(reply: Reply) -> Outcome:
    """The metadata names the members of complex subjects that a Receiver has to understand."""
    named = {**reply.document, "critical_subject_members": ["tenant", "user"]}
    return replace(reply, document=named)


_ABOUT_THE_STREAM = [
    f"https://schemas.openid.net/secevent/ssf/event-type/{name}"
    for name in ("verification", "stream-updated")
]


@variant
class EventsAboutTheStreamAreListed(Deviation):
    """events_supported names the Verification and the Stream Updated Event as well."""

    exercises = ("SSF-8.1.4-VERIFICATION-OUTSIDE-EVENT-LISTS", "SSF-8.1.5-OUTSIDE-EVENT-LISTS")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show them, and take them when they come back."""
        given = call.body.get("events_supported")
        true = list(call.transmitter.supported)
        if call.transmitter.explicit and given == [*true, *_ABOUT_THE_STREAM]:
            call = with_body(call, events_supported=true)
        return with_configurations(proceed(call), self._edit, needs="events_supported")

    def _edit(self, document: Json) -> Json:
        listed = [*document["events_supported"], *_ABOUT_THE_STREAM]
        return {**document, "events_supported": listed}
