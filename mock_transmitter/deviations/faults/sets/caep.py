"""Faults of CAEP events: CAEP 1.0, the draft of 2021, and section 4 of the framework's draft."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from mock_transmitter.deviations.deviation import Json
from mock_transmitter.deviations.entry import fault_at, fault_row
from mock_transmitter.deviations.faults.sets.events import MISNAMED
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.deviations.kinds.sets import EventsDeviation
from mock_transmitter.domain.events import CAEP

ASSURANCE = f"{CAEP}/assurance-level-change"
COMPLIANCE = f"{CAEP}/device-compliance-change"
CREDENTIAL = f"{CAEP}/credential-change"
RISK = f"{CAEP}/risk-level-change"


class PayloadDeviation(EventsDeviation):
    """Changes the payload of events whose type begins with `of`."""

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


fault_row(
    "event-timestamp-is-a-text",
    "The event_timestamp of every CAEP event is a date as a text.",
    PayloadDeviation,
    changes={"event_timestamp": "2026-01-01T00:00:00Z"},
    breaks=("CAEP-2-EVENT-TIMESTAMP",),
)
fault_row(
    "initiating-entity-is-invented",
    "Every CAEP event was initiated by a robot.",
    PayloadDeviation,
    changes={"initiating_entity": "robot"},
    breaks=("CAEP-2-INITIATING-ENTITY",),
)
fault_row(
    "reason-for-admins-is-a-text",
    "The reason_admin of every CAEP event is a text in no language.",
    PayloadDeviation,
    changes={"reason_admin": "Landspeed Policy Violation: C076E82F"},
    breaks=("CAEP-2-REASON-ADMIN",),
)
fault_row(
    "reason-for-admins-is-empty",
    "The reason_admin of every CAEP event is an empty object.",
    PayloadDeviation,
    changes={"reason_admin": {}},
    breaks=("CAEP-2-REASON-ADMIN",),
    also=("CAEPIOP-3.1-REASON-ADMIN", "CAEPIOP-3.2-REASON-ADMIN"),
)
fault_row(
    "reason-for-users-is-a-text",
    "The reason_user of every CAEP event is a text in no language.",
    PayloadDeviation,
    changes={"reason_user": "Access attempt from multiple regions."},
    breaks=("CAEP-2-REASON-USER",),
)
fault_row(
    "reason-for-users-is-keyed-by-locale",
    "The reason_user of every CAEP event is keyed by names of locales, and no language tags.",
    PayloadDeviation,
    changes={"reason_user": {"en_US": "Access attempt from multiple regions."}},
    breaks=("CAEP-2-REASON-USER",),
)


@fault_at(
    EventsDeviation,
    breaks=("CAEP-3-TYPE-URI-BASE", "CAEP-3.1-SESSION-REVOKED-URI"),
    also=(
        *MISNAMED,
        "SSE-7.1.1.1-PAUSED-HOLDS",
        "SSF-8.1.2.1-PAUSED-HOLDS",
        "CAEPIOP-3.1-SESSION-REVOKED",
        "CAEPIOP-3.2-CREDENTIAL-CHANGE",
    ),
)
def caep_type_begins_with_http(event_type: str, payload: Json) -> Json:
    """The type of every CAEP event begins with http."""
    name = event_type if not event_type.startswith(CAEP) else f"http{event_type[5:]}"
    return {name: payload}


fault_row(
    "event-has-a-member-by-a-plain-name",
    "Every CAEP event has a member that CAEP doesn't know, under a name that is no URI.",
    PayloadDeviation,
    changes={"tenant_hint": "123456789"},
    breaks=("SSE-4-EXTRA-MEMBERS-URI",),
)


# -- what the events of each type say


fault_row(
    "token-claims-change-names-no-claim",
    "The claims of every token-claims-change are an empty object.",
    PayloadDeviation,
    of=f"{CAEP}/token-claims-change",
    changes={"claims": {}},
    breaks=("CAEP-3.2-CLAIMS",),
)
fault_row(
    "credential-change-names-no-credential",
    "No credential-change has a credential_type.",
    PayloadDeviation,
    of=CREDENTIAL,
    leaves_out=("credential_type",),
    breaks=("CAEP-3.3-CREDENTIAL-TYPE",),
)
fault_row(
    "credential-change-is-of-its-own-kind",
    "The change_type of every credential-change is reset.",
    PayloadDeviation,
    of=CREDENTIAL,
    changes={"change_type": "reset"},
    breaks=("CAEP-3.3-CHANGE-TYPE",),
)
fault_row(
    "certificate-serial-is-a-number",
    "The x509_serial of every credential-change is a number.",
    PayloadDeviation,
    of=CREDENTIAL,
    changes={"x509_serial": 4711},
    breaks=("CAEP-3.3-OPTIONAL-STRINGS",),
)
fault_row(
    "assurance-level-has-no-namespace",
    "No assurance-level-change has a namespace.",
    PayloadDeviation,
    of=ASSURANCE,
    leaves_out=("namespace",),
    breaks=("CAEP-3.4-NAMESPACE",),
)
fault_row(
    "assurance-level-is-a-number",
    "The current_level of every assurance-level-change is a number.",
    PayloadDeviation,
    of=ASSURANCE,
    changes={"current_level": 2},
    breaks=("CAEP-3.4-CURRENT-LEVEL",),
    also=("CAEPID1-3.4-LEVELS",),
)
fault_row(
    "assurance-level-before-is-a-number",
    "The previous_level of every assurance-level-change is a number.",
    PayloadDeviation,
    of=ASSURANCE,
    changes={"previous_level": 1},
    breaks=("CAEP-3.4-PREVIOUS-LEVEL",),
    also=("CAEPID1-3.4-LEVELS",),
)
fault_row(
    "assurance-level-is-of-no-list",
    "The current_level of every assurance-level-change is one that the draft of 2021 has not.",
    PayloadDeviation,
    of=ASSURANCE,
    changes={"current_level": "hi-res-scan"},
    breaks=("CAEPID1-3.4-LEVELS",),
)
fault_row(
    "assurance-level-moves-in-no-direction",
    "Every assurance-level-change has a previous_level, and no change_direction.",
    PayloadDeviation,
    of=ASSURANCE,
    leaves_out=("change_direction",),
    breaks=("CAEP-3.4-DIRECTION-SHOULD", "CAEPID1-3.4-ALL-REQUIRED"),
)
fault_row(
    "assurance-level-goes-up",
    "The change_direction of every assurance-level-change is up.",
    PayloadDeviation,
    of=ASSURANCE,
    changes={"change_direction": "up"},
    breaks=("CAEP-3.4-DIRECTION-ENUM",),
)
fault_row(
    "compliance-before-is-untold",
    "No device-compliance-change has a previous_status.",
    PayloadDeviation,
    of=COMPLIANCE,
    leaves_out=("previous_status",),
    breaks=("CAEP-3.5-PREVIOUS-STATUS",),
)
fault_row(
    "compliance-is-spelled-otherwise",
    "The current_status of every device-compliance-change is non-compliant.",
    PayloadDeviation,
    of=COMPLIANCE,
    changes={"current_status": "non-compliant"},
    breaks=("CAEP-3.5-CURRENT-STATUS",),
)
fault_row(
    "session-methods-are-a-text",
    "The amr of every session-established is a text.",
    PayloadDeviation,
    of=f"{CAEP}/session-established",
    changes={"amr": "otp"},
    breaks=("CAEP-3.6-AMR-ARRAY",),
)
fault_row(
    "risk-is-nobodys",
    "No risk-level-change has a principal.",
    PayloadDeviation,
    of=RISK,
    leaves_out=("principal",),
    breaks=("CAEP-3.8-PRINCIPAL",),
)
fault_row(
    "risk-level-is-in-lower-case",
    "The current_level of every risk-level-change is in lower case.",
    PayloadDeviation,
    of=RISK,
    changes={"current_level": "low"},
    breaks=("CAEP-3.8-CURRENT-LEVEL",),
)
fault_row(
    "risk-level-before-is-invented",
    "The previous_level of every risk-level-change is severe.",
    PayloadDeviation,
    of=RISK,
    changes={"previous_level": "SEVERE"},
    breaks=("CAEP-3.8-PREVIOUS-LEVEL",),
)
fault_row(
    "risk-has-no-reason",
    "No risk-level-change has a risk_reason.",
    PayloadDeviation,
    of=RISK,
    leaves_out=("risk_reason",),
    breaks=("CAEP-3.8-RISK-REASON",),
)
