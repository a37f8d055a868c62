"""The event types that the mock can raise, with their default payloads.

CAEP 1.0, section 3; RISC 1.0, section 2.
"""

from typing import Any, TypeAlias

from conformance.spec.profile import SetRules

Json: TypeAlias = dict[str, Any]

CAEP = "https://schemas.openid.net/secevent/caep/event-type"
RISC = "https://schemas.openid.net/secevent/risc/event-type"

# One of each type, after the examples of the texts; a CAEP event gets its event_timestamp too.
_PAYLOADS: dict[str, Json] = {
    f"{CAEP}/session-revoked": {
        "initiating_entity": "policy",
        "reason_admin": {"en": "Landspeed Policy Violation: C076E82F"},
        "reason_user": {
            "en": "Access attempt from multiple regions.",
            "es-410": "Intento de acceso desde varias regiones.",
        },
    },
    f"{CAEP}/credential-change": {
        "credential_type": "fido2-roaming",
        "change_type": "create",
        "fido2_aaguid": "accced6a-63f5-490a-9eea-e59bc1896cfc",
        "friendly_name": "Jane's USB authenticator",
        "initiating_entity": "user",
        "reason_admin": {"en": "User self-enrollment"},
    },
    f"{CAEP}/device-compliance-change": {
        "previous_status": "compliant",
        "current_status": "not-compliant",
    },
    f"{CAEP}/token-claims-change": {"claims": {"role": "ro-admin"}},
    f"{CAEP}/assurance-level-change": {
        "namespace": "NIST-AAL",
        "current_level": "nist-aal2",
        "previous_level": "nist-aal1",
        "change_direction": "increase",
        "initiating_entity": "user",
    },
    f"{CAEP}/session-established": {
        "fp_ua": "abb0b6e7da81a42233f8f2b1a8ddb1b9a4c81611",
        "acr": "AAL2",
        "amr": ["otp"],
    },
    f"{CAEP}/session-presented": {
        "fp_ua": "abb0b6e7da81a42233f8f2b1a8ddb1b9a4c81611",
        "ext_id": "12345",
    },
    f"{CAEP}/risk-level-change": {
        "principal": "USER",
        "current_level": "LOW",
        "previous_level": "HIGH",
        "risk_reason": "PASSWORD_FOUND_IN_DATA_BREACH",
    },
    f"{RISC}/account-credential-change-required": {},
    f"{RISC}/account-purged": {},
    f"{RISC}/account-disabled": {"reason": "hijacking"},
    f"{RISC}/account-enabled": {},
    f"{RISC}/identifier-changed": {"new-value": "john.roe@example.com"},
    f"{RISC}/identifier-recycled": {},
    f"{RISC}/credential-compromise": {"credential_type": "password"},
    f"{RISC}/opt-in": {},
    f"{RISC}/opt-out-initiated": {},
    f"{RISC}/opt-out-cancelled": {},
    f"{RISC}/opt-out-effective": {},
    f"{RISC}/recovery-activated": {},
    f"{RISC}/recovery-information-changed": {},
    f"{RISC}/sessions-revoked": {},
}
# What the CAEP draft of 2021 had not, or otherwise: its reasons were texts.
_NOT_IN_2021 = frozenset({"namespace", "reason_admin", "reason_user"})

SUPPORTED: tuple[str, ...] = tuple(_PAYLOADS)

SUBJECT: Json = {"format": "email", "email": "user@example.com"}


def default_payload(event_type: str, now: float, rules: SetRules) -> Json:
    """Return a payload that is valid for the type; `event_timestamp` counts seconds."""
    payload = _PAYLOADS.get(event_type, {})
    if rules.subject == "event":
        payload = {name: value for name, value in payload.items() if name not in _NOT_IN_2021}
    if event_type.startswith(RISC):
        return dict(payload)
    return {**payload, "event_timestamp": int(now)}
