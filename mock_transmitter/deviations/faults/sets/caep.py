"""Faults of CAEP events: CAEP 1.0, the draft of 2021, and section 4 of the framework's draft."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import Json
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.sets.events import MISNAMED
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.deviations.kinds.sets import EventsDeviation
from mock_transmitter.domain.events import CAEP

ASSURANCE = f"{CAEP}/assurance-level-change"
COMPLIANCE = f"{CAEP}/device-compliance-change"
CREDENTIAL = f"{CAEP}/credential-change"
RISK = f"{CAEP}/risk-level-change"


class PayloadDeviation(EventsDeviation):
    """Changes what the events say whose type begins with `of`: some members go, others come."""

    of: ClassVar[str] = CAEP
    changes: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    leaves_out: ClassVar[tuple[str, ...]] = ()

    def edit_event(self, event_type: str, payload: Json, iat: int) -> Json:
        """Change them."""
        if not event_type.startswith(self.of):
            return {event_type: payload}
        return {event_type: {**without(payload, *self.leaves_out), **self.changes}}


# -- what every CAEP event may say


@fault_at(EventsDeviation, breaks=("CAEP-2-EVENT-TIMESTAMP",))
def event_timestamp_is_in_milliseconds(event_type: str, payload: Json, iat: int) -> Json:
    """The event_timestamp of every CAEP event counts milliseconds."""
    if not event_type.startswith(CAEP):
        return {event_type: payload}
    return {event_type: {**payload, "event_timestamp": iat * 1000}}


@fault
class EventTimestampIsAText(PayloadDeviation):
    """The event_timestamp of every CAEP event is a date as a text."""

    breaks = ("CAEP-2-EVENT-TIMESTAMP",)
    changes = MappingProxyType({"event_timestamp": "2026-01-01T00:00:00Z"})


@fault
class InitiatingEntityIsInvented(PayloadDeviation):
    """Every CAEP event was initiated by a robot."""

    breaks = ("CAEP-2-INITIATING-ENTITY",)
    changes = MappingProxyType({"initiating_entity": "robot"})


@fault
class ReasonForAdminsIsAText(PayloadDeviation):
    """The reason_admin of every CAEP event is a text in no language."""

    breaks = ("CAEP-2-REASON-ADMIN",)
    changes = MappingProxyType({"reason_admin": "Landspeed Policy Violation: C076E82F"})


@fault
class ReasonForAdminsIsEmpty(PayloadDeviation):
    """The reason_admin of every CAEP event is an empty object."""

    breaks = ("CAEP-2-REASON-ADMIN",)
    also = (
        "CAEPIOP-3.1-REASON-ADMIN",
        "CAEPIOP-3.2-REASON-ADMIN",
    )
    changes = MappingProxyType({"reason_admin": {}})


@fault
class ReasonForUsersIsAText(PayloadDeviation):
    """The reason_user of every CAEP event is a text in no language."""

    breaks = ("CAEP-2-REASON-USER",)
    changes = MappingProxyType({"reason_user": "Access attempt from multiple regions."})


@fault
class ReasonForUsersIsKeyedByLocale(PayloadDeviation):
    """The reason_user of every CAEP event is keyed by names of locales, and no language tags."""

    breaks = ("CAEP-2-REASON-USER",)
    changes = MappingProxyType({"reason_user": {"en_US": "Access attempt from multiple regions."}})


@fault_at(
    EventsDeviation,
    breaks=("CAEP-3-TYPE-URI-BASE", "CAEP-3.1-SESSION-REVOKED-URI"),
    also=(
        *MISNAMED,
        "SSE-7.1.1.1-PAUSED-HOLDS",
        "SSF-8.1.2.1-PAUSED-HOLDS",
    ),
)
def caep_type_begins_with_http(event_type: str, payload: Json) -> Json:
    """The type of every CAEP event begins with http."""
    name = event_type if not event_type.startswith(CAEP) else f"http{event_type[5:]}"
    return {name: payload}


@fault
class EventHasAMemberByAPlainName(PayloadDeviation):
    """Every CAEP event has a member that CAEP doesn't know, under a name that is no URI."""

    breaks = ("SSE-4-EXTRA-MEMBERS-URI",)
    changes = MappingProxyType({"tenant_hint": "123456789"})


# -- what the events of each type say


@fault
class TokenClaimsChangeNamesNoClaim(PayloadDeviation):
    """The claims of every token-claims-change are an empty object."""

    breaks = ("CAEP-3.2-CLAIMS",)
    of = f"{CAEP}/token-claims-change"
    changes = MappingProxyType({"claims": {}})


@fault
class CredentialChangeNamesNoCredential(PayloadDeviation):
    """No credential-change has a credential_type."""

    breaks = ("CAEP-3.3-CREDENTIAL-TYPE",)
    of = CREDENTIAL
    leaves_out = ("credential_type",)


@fault
class CredentialChangeIsOfItsOwnKind(PayloadDeviation):
    """The change_type of every credential-change is reset."""

    breaks = ("CAEP-3.3-CHANGE-TYPE",)
    of = CREDENTIAL
    changes = MappingProxyType({"change_type": "reset"})


@fault
class CertificateSerialIsANumber(PayloadDeviation):
    """The x509_serial of every credential-change is a number."""

    breaks = ("CAEP-3.3-OPTIONAL-STRINGS",)
    of = CREDENTIAL
    changes = MappingProxyType({"x509_serial": 4711})


@fault
class AssuranceLevelHasNoNamespace(PayloadDeviation):
    """No assurance-level-change has a namespace."""

    breaks = ("CAEP-3.4-NAMESPACE",)
    of = ASSURANCE
    leaves_out = ("namespace",)


@fault
class AssuranceLevelIsANumber(PayloadDeviation):
    """The current_level of every assurance-level-change is a number."""

    breaks = ("CAEP-3.4-CURRENT-LEVEL",)
    also = ("CAEPID1-3.4-LEVELS",)
    of = ASSURANCE
    changes = MappingProxyType({"current_level": 2})


@fault
class AssuranceLevelBeforeIsANumber(PayloadDeviation):
    """The previous_level of every assurance-level-change is a number."""

    breaks = ("CAEP-3.4-PREVIOUS-LEVEL",)
    also = ("CAEPID1-3.4-LEVELS",)
    of = ASSURANCE
    changes = MappingProxyType({"previous_level": 1})


@fault
class AssuranceLevelIsOfNoList(PayloadDeviation):
    """The current_level of every assurance-level-change is one that the draft of 2021 has not."""

    breaks = ("CAEPID1-3.4-LEVELS",)
    of = ASSURANCE
    changes = MappingProxyType({"current_level": "hi-res-scan"})


@fault
class AssuranceLevelMovesInNoDirection(PayloadDeviation):
    """Every assurance-level-change has a previous_level, and no change_direction."""

    breaks = ("CAEP-3.4-DIRECTION-SHOULD", "CAEPID1-3.4-ALL-REQUIRED")
    of = ASSURANCE
    leaves_out = ("change_direction",)


@fault
class AssuranceLevelGoesUp(PayloadDeviation):
    """The change_direction of every assurance-level-change is up."""

    breaks = ("CAEP-3.4-DIRECTION-ENUM",)
    of = ASSURANCE
    changes = MappingProxyType({"change_direction": "up"})


@fault
class ComplianceBeforeIsUntold(PayloadDeviation):
    """No device-compliance-change has a previous_status."""

    breaks = ("CAEP-3.5-PREVIOUS-STATUS",)
    of = COMPLIANCE
    leaves_out = ("previous_status",)


@fault
class ComplianceIsSpelledOtherwise(PayloadDeviation):
    """The current_status of every device-compliance-change is non-compliant."""

    breaks = ("CAEP-3.5-CURRENT-STATUS",)
    of = COMPLIANCE
    changes = MappingProxyType({"current_status": "non-compliant"})


@fault
class SessionMethodsAreAText(PayloadDeviation):
    """The amr of every session-established is a text."""

    breaks = ("CAEP-3.6-AMR-ARRAY",)
    of = f"{CAEP}/session-established"
    changes = MappingProxyType({"amr": "otp"})


@fault
class RiskIsNobodys(PayloadDeviation):
    """No risk-level-change has a principal."""

    breaks = ("CAEP-3.8-PRINCIPAL",)
    of = RISK
    leaves_out = ("principal",)


@fault
class RiskLevelIsInLowerCase(PayloadDeviation):
    """The current_level of every risk-level-change is in lower case."""

    breaks = ("CAEP-3.8-CURRENT-LEVEL",)
    of = RISK
    changes = MappingProxyType({"current_level": "low"})


@fault
class RiskLevelBeforeIsInvented(PayloadDeviation):
    """The previous_level of every risk-level-change is severe."""

    breaks = ("CAEP-3.8-PREVIOUS-LEVEL",)
    of = RISK
    changes = MappingProxyType({"previous_level": "SEVERE"})


@fault
class RiskHasNoReason(PayloadDeviation):
    """No risk-level-change has a risk_reason."""

    breaks = ("CAEP-3.8-RISK-REASON",)
    of = RISK
    leaves_out = ("risk_reason",)
