"""What CAEP and RISC events say: what the texts show passes, each requirement is seen broken."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import golden_tokens as golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cli.inspect_set import Asked, inspect, text_of
from conformance.judging.message_shape import requirements_of
from conformance.sets import event_payloads
from conformance.sets.event_payloads import (
    CAEP,
    CAEP_TYPES,
    FREEDOMS,
    REQUIREMENTS,
    RISC,
    RISC_TYPES,
)
from conformance.sets.freedoms import freedoms
from conformance.sets.validator import judge_set
from conformance.spec import schema
from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import Grade, load_catalogue

TEXTS = Path(__file__).parents[2] / "golden" / "examples"
NOW = golden.NOW
ACCOUNT = {"format": "iss_sub", "iss": "https://idp.example", "sub": "1234"}
PHONE = {"format": "phone_number", "phone_number": "+12065550100"}

# One of each type that says no more than the text wants of it, and one that says all that it may.
LEAST: dict[str, dict[str, Any]] = {
    f"{CAEP}session-revoked": {},
    f"{CAEP}token-claims-change": {"claims": {"role": "ro-admin"}},
    f"{CAEP}credential-change": {"credential_type": "pin", "change_type": "delete"},
    f"{CAEP}assurance-level-change": {"namespace": "Retinal Scan", "current_level": "hi-res"},
    f"{CAEP}device-compliance-change": {
        "previous_status": "not-compliant",
        "current_status": "compliant",
    },
    f"{CAEP}session-established": {},
    f"{CAEP}session-presented": {},
    f"{CAEP}risk-level-change": {
        "principal": "ROBOT",
        "current_level": "HIGH",
        "risk_reason": "UNAPPROVED_SOFTWARE",
    },
    **{kind: {} for kind in RISC_TYPES},
    f"{RISC}credential-compromise": {"credential_type": "password"},
}
COMMON = {
    "event_timestamp": NOW - 1.5,
    "initiating_entity": "system",
    "reason_admin": {"en": "why", "zh-Hant-TW": "why", "x-own": "why", "i-klingon": "why"},
    "reason_user": {"es-410": "por qué"},
}
MORE: dict[str, dict[str, Any]] = {
    f"{CAEP}credential-change": {
        "friendly_name": "Jane's key",
        "x509_issuer": "CN=CA",
        "x509_serial": "01:02",
        "fido2_aaguid": "accced6a-63f5-490a-9eea-e59bc1896cfc",
    },
    f"{CAEP}assurance-level-change": {"previous_level": "lo-res", "change_direction": "increase"},
    f"{CAEP}session-established": {"fp_ua": "a", "acr": "b", "amr": ["otp", "pwd"], "ext_id": "c"},
    f"{CAEP}session-presented": {"fp_ua": "a", "ext_id": "c"},
    f"{CAEP}risk-level-change": {"previous_level": "MEDIUM"},
    f"{RISC}account-disabled": {"reason": "bulk-account"},
    f"{RISC}identifier-changed": {"new-value": "john.roe@example.com"},
    f"{RISC}credential-compromise": {
        "event_timestamp": NOW,
        "reason_admin": "a text",
        "reason_user": {"en": "or a map"},
    },
}
# The draft of 2021 wants other members of it.
ASSURANCE_2021 = {
    "current_level": "nist-aal2",
    "previous_level": "nist-aal1",
    "change_direction": "increase",
}


def findings_of(kind, payload, profile="ssf-1.0", subject=golden.EMAIL, **context):
    """Return what is found in a SET that is good but for its event."""
    if profile in {"sse-draft", "jamf"}:
        event = {"subject": subject, **payload} if isinstance(payload, dict) else payload
        claims = golden.claims_2021(events={kind: event})
    else:
        claims = golden.claims(subject, {kind: payload})
    return judge_set(golden.signed(claims, "RS256"), golden.context(profile, **context))


def broken(findings):
    """Return the requirements that are broken, each with the ceiling of its loudest breach."""
    loudness = [None, Grade.FAIL, Grade.WARN, Grade.NOTE]
    found: dict[str, Grade | None] = {}
    for one in findings:
        if not one.held:
            known = found.get(one.requirement, Grade.NOTE)
            found[one.requirement] = min(known, one.at_most, key=loudness.index)
    return found


def full(kind):
    return {**LEAST[kind], **(COMMON if kind in CAEP_TYPES else {}), **MORE.get(kind, {})}


# -- what the texts allow


def test_the_types_are_those_of_the_two_texts():
    assert (len(CAEP_TYPES), len(RISC_TYPES)) == (8, 14)
    assert set(LEAST) == {*CAEP_TYPES, *RISC_TYPES}
    shown = {
        entry["schema"].removesuffix(".json")
        for file in ("caep-1.0.json", "risc-1.0.json")
        for entry in json.loads((TEXTS / file).read_text(encoding="utf-8"))
        if re.match("(caep|risc)/", entry["schema"])
    }
    families = {CAEP: "caep", RISC: "risc"}
    known = {
        f"{family}/{kind.removeprefix(base)}"
        for base, family in families.items()
        for kind in LEAST
        if kind.startswith(base)
    }
    assert shown - {"caep/optional-claims"} == known


def test_an_event_with_the_least_that_its_text_wants_passes(subtests):
    for kind, least in LEAST.items():
        with subtests.test(kind):
            assert broken(findings_of(kind, least)) == {}


def test_an_event_with_all_that_its_text_allows_passes(subtests):
    for kind in LEAST:
        with subtests.test(kind):
            assert broken(findings_of(kind, full(kind))) == {}


def test_an_event_passes_in_the_draft_of_2021_too(subtests):
    for kind, least in LEAST.items():
        with subtests.test(kind):
            payload = ASSURANCE_2021 if kind.endswith("assurance-level-change") else least
            assert broken(findings_of(kind, payload, "sse-draft")) == {}


def test_members_that_no_text_defines_never_alarm(subtests):
    for kind, least in LEAST.items():
        with subtests.test(kind):
            found = broken(findings_of(kind, {**least, "tenant_hint": "x"}))
            assert set(found.values()) <= {Grade.NOTE}


@pytest.mark.parametrize("subject", [golden.EMAIL, PHONE], ids=lambda one: one["format"])
@pytest.mark.parametrize("name", ["identifier-changed", "identifier-recycled"])
def test_an_identifier_is_an_email_address_or_a_phone_number(name, subject):
    assert broken(findings_of(RISC + name, {}, subject=subject)) == {}


@pytest.mark.parametrize("kind", ["urn:example:caep", "https://vendor.example/caep/risc/thing"])
def test_a_type_of_somebody_elses_shows_nothing(kind):
    findings = findings_of(kind, {"event_timestamp": "now", "reason_admin": 7})
    told = {one.requirement for one in findings} & set(REQUIREMENTS)
    assert told == {"RISC-3.1-NO-SUBJECT-TYPE"}  # of a subject, and none of an event


# -- what they forbid


class Broken(NamedTuple):
    """An event that breaks a requirement, and nothing else that is louder than a note."""

    requirement: str
    kind: str
    payload: Any
    at_most: Grade | None = None
    profile: str = "ssf-1.0"
    also: tuple[str, ...] = ()
    subject: dict[str, Any] = golden.EMAIL


def caep(requirement, name, *, without="", at_most=None, profile="ssf-1.0", **changes):
    payload = {**LEAST[CAEP + name], **changes}
    payload.pop(without, None)
    return Broken(f"CAEP-{requirement}", CAEP + name, payload, at_most, profile)


def risc(requirement, name, payload=None, **how):
    return Broken(f"RISC-{requirement}", RISC + name, {} if payload is None else payload, **how)


def assurance_2021(requirement, *, without="", **changes):
    payload = {**ASSURANCE_2021, **changes}
    payload.pop(without, None)
    kind = f"{CAEP}assurance-level-change"
    at_most = Grade.NOTE if "namespace" in changes else None
    return Broken(f"CAEPID1-3.4-{requirement}", kind, payload, at_most, "sse-draft")


NO_OBJECT = ("RFC8417-1.2-PAYLOAD-OBJECT", "RFC8417-2-EMPTY-PAYLOAD", "SSF-4.2.1-TYPE-IS-KEY")
WITH_ALIASES = {"format": "aliases", "identifiers": [golden.EMAIL, ACCOUNT]}
BREAKING = [
    *(
        caep("2-EVENT-TIMESTAMP", "session-revoked", event_timestamp=value)
        for value in (NOW * 1000, str(NOW), True, None, [NOW])
    ),
    caep("2-EVENT-TIMESTAMP", "session-revoked", event_timestamp=NOW + 90, at_most=Grade.NOTE),
    caep("2-EVENT-TIMESTAMP", "risk-level-change", event_timestamp=NOW * 1e6, profile="sse-draft"),
    *(
        caep("2-INITIATING-ENTITY", name, initiating_entity=value)
        for name, value in (("session-presented", "Admin"), ("credential-change", ""))
    ),
    *(
        caep(f"2-REASON-{whom.upper()}", name, **{f"reason_{whom}": value})
        for whom in ("admin", "user")
        for name in ("session-revoked", "credential-change")
        for value in ("why", {}, {"en": None}, {"en_US": "why"}, {"": "why"}, ["why"], None)
    ),
    *(
        caep(
            "2-REASON-ADMIN",
            name,
            reason_admin="why",
            profile="caep-interop",
            at_most=Grade.NOTE if name == "credential-change" else None,
        )
        for name in ("credential-change", "session-revoked")
    ),
    Broken("CAEP-3-TYPE-URI-BASE", f"{CAEP}sessions-revoked", {}, Grade.WARN),
    Broken("CAEP-3-TYPE-URI-BASE", CAEP.replace("event-type", "event-types") + "x", {}),
    Broken(
        "CAEP-3.1-SESSION-REVOKED-URI",
        f"{CAEP.replace('https', 'http')}session-revoked",
        {},
        also=("CAEP-3-TYPE-URI-BASE",),
    ),
    Broken("CAEP-3.1-SESSION-REVOKED-URI", f"{CAEP}session-revoked", {"ip": "::1"}, Grade.NOTE),
    caep("3.2-CLAIMS", "token-claims-change", without="claims"),
    caep("3.2-CLAIMS", "token-claims-change", claims={}),
    caep("3.2-CLAIMS", "token-claims-change", claims="role"),
    caep("3.3-CREDENTIAL-TYPE", "credential-change", without="credential_type"),
    caep("3.3-CREDENTIAL-TYPE", "credential-change", credential_type=["password"]),
    caep("3.3-CREDENTIAL-TYPE", "credential-change", credential_type="x", at_most=Grade.WARN),
    caep("3.3-CHANGE-TYPE", "credential-change", without="change_type"),
    caep("3.3-CHANGE-TYPE", "credential-change", change_type="created"),
    *(
        caep("3.3-OPTIONAL-STRINGS", "credential-change", **{name: 7})
        for name in ("friendly_name", "x509_issuer", "x509_serial", "fido2_aaguid")
    ),
    caep("3.3-OPTIONAL-STRINGS", "credential-change", fido2_aaguid="x", at_most=Grade.WARN),
    caep("3.4-NAMESPACE", "assurance-level-change", without="namespace"),
    caep("3.4-NAMESPACE", "assurance-level-change", namespace={}),
    caep("3.4-CURRENT-LEVEL", "assurance-level-change", without="current_level"),
    caep("3.4-CURRENT-LEVEL", "assurance-level-change", current_level=2),
    caep(
        "3.4-PREVIOUS-LEVEL",
        "assurance-level-change",
        previous_level=1,
        change_direction="decrease",
    ),
    caep("3.4-DIRECTION-SHOULD", "assurance-level-change", previous_level="lo-res"),
    caep("3.4-DIRECTION-ENUM", "assurance-level-change", change_direction="up"),
    assurance_2021("LEVELS", current_level="aal2"),
    assurance_2021("LEVELS", previous_level="NIST-AAL1"),
    assurance_2021("ALL-REQUIRED", without="change_direction"),
    assurance_2021("ALL-REQUIRED", namespace="NIST-AAL"),
    caep("3.5-PREVIOUS-STATUS", "device-compliance-change", without="previous_status"),
    caep("3.5-PREVIOUS-STATUS", "device-compliance-change", previous_status="unknown"),
    caep("3.5-CURRENT-STATUS", "device-compliance-change", without="current_status"),
    caep("3.5-CURRENT-STATUS", "device-compliance-change", current_status=True),
    caep(
        "3.5-CURRENT-STATUS",
        "device-compliance-change",
        current_status="not-compliant",
        at_most=Grade.WARN,
    ),
    caep("3.6-AMR-ARRAY", "session-established", amr="otp"),
    caep("3.6-AMR-ARRAY", "session-established", amr=["otp", 1]),
    caep("3.8-PRINCIPAL", "risk-level-change", without="principal"),
    caep("3.8-PRINCIPAL", "risk-level-change", principal={"format": "email"}),
    caep("3.8-CURRENT-LEVEL", "risk-level-change", without="current_level"),
    caep("3.8-CURRENT-LEVEL", "risk-level-change", current_level="low"),
    caep("3.8-PREVIOUS-LEVEL", "risk-level-change", previous_level="NONE"),
    caep("3.8-RISK-REASON", "risk-level-change", without="risk_reason"),
    caep("3.8-RISK-REASON", "risk-level-change", risk_reason=7),
    risc("2-TYPE-URI-BASE", "account-deleted", at_most=Grade.WARN),
    Broken("RISC-2-TYPE-URI-BASE", f"{RISC.replace('event-type', 'events')}account-purged", {}),
    *(
        risc(requirement, name, payload, also=NO_OBJECT)
        for requirement, name in (
            ("2.1-CREDENTIAL-CHANGE-REQUIRED", "account-credential-change-required"),
            ("2.2-ACCOUNT-PURGED", "account-purged"),
            ("2.4-ACCOUNT-ENABLED", "account-enabled"),
            ("2.8-OPT-STATE-EVENTS", "opt-in"),
            ("2.8-OPT-STATE-EVENTS", "opt-out-initiated"),
            ("2.8-OPT-STATE-EVENTS", "opt-out-cancelled"),
            ("2.8-OPT-STATE-EVENTS", "opt-out-effective"),
            ("2.9-RECOVERY-ACTIVATED", "recovery-activated"),
            ("2.10-RECOVERY-INFO-CHANGED", "recovery-information-changed"),
        )
        for payload in ("", [])
    ),
    risc("2.4-ACCOUNT-ENABLED", "account-enabled", {"reason": "x"}, at_most=Grade.NOTE),
    *(
        risc(requirement, name, subject=subject, at_most=at_most)
        for requirement, name in (
            ("2.5-SUBJECT-FORMAT", "identifier-changed"),
            ("2.6-SUBJECT-FORMAT", "identifier-recycled"),
        )
        for subject, at_most in (
            (ACCOUNT, None),
            ({"format": "opaque", "id": "1"}, None),
            ({"format": "complex", "user": ACCOUNT}, None),
            (golden.COMPLEX, Grade.WARN),
            (WITH_ALIASES, Grade.WARN),
        )
    ),
    risc(
        "2.5-SUBJECT-FORMAT",
        "identifier-changed",
        profile="sse-draft",
        subject={"user": golden.EMAIL},
        at_most=Grade.WARN,
    ),
    risc("2.7-CREDENTIAL-TYPE", "credential-compromise"),
    risc("2.7-CREDENTIAL-TYPE", "credential-compromise", {"credential_type": 7}),
    risc(
        "2.7-CREDENTIAL-TYPE",
        "credential-compromise",
        {"credential_type": "badge"},
        at_most=Grade.NOTE,
    ),
    risc(
        "3.1-NO-SUBJECT-TYPE",
        "account-purged",
        subject={"format": "opaque", "id": "1", "subject_type": "opaque"},
        also=("RFC9493-3-NO-FOREIGN-MEMBERS",),
    ),
    risc(
        "3.1-NO-SUBJECT-TYPE",
        "account-purged",
        profile="sse-draft",
        subject={"user": {**golden.EMAIL, "subject_type": "email"}},
        also=("RFC9493-3-NO-FOREIGN-MEMBERS",),
    ),
    Broken("SSE-4-EXTRA-MEMBERS-URI", f"{RISC}account-purged", {"reason": "x"}, None, "sse-draft"),
]


def test_a_broken_event_breaks_its_requirement_and_nothing_else(subtests):
    for case in BREAKING:
        with subtests.test(case.requirement):
            found = broken(findings_of(case.kind, case.payload, case.profile, case.subject))
            assert found.pop(case.requirement, "held") == case.at_most
            assert {one for one, at_most in found.items() if at_most is not Grade.NOTE} == set(
                case.also
            )


def test_every_requirement_is_seen_broken_louder_than_a_note():
    loud = {one.requirement for one in BREAKING if one.at_most is None}
    assert loud == set(REQUIREMENTS)


def test_every_requirement_is_seen_to_hold():
    findings = [one for kind in LEAST for one in findings_of(kind, full(kind))]
    findings += findings_of(f"{CAEP}assurance-level-change", ASSURANCE_2021, "sse-draft")
    assert {one.requirement for one in findings if one.held} >= set(REQUIREMENTS)


def test_phone_is_noted_as_the_older_name_of_phone_number():
    old = {"format": "phone", "phone_number": "+12065550100"}
    found = broken(findings_of(f"{RISC}identifier-changed", {}, subject=old))
    assert found["RISC-2.5-SUBJECT-FORMAT"] is Grade.NOTE


def test_a_member_that_a_uri_names_is_allowed_in_the_draft_of_2021():
    payload = {"https://vendor.example/claims/hint": "x"}
    assert broken(findings_of(f"{CAEP}session-revoked", payload, "sse-draft")) == {
        "CAEP-3.1-SESSION-REVOKED-URI": Grade.NOTE
    }


# -- the types of a stream


@pytest.mark.parametrize("base", [CAEP, RISC])
def test_the_types_of_both_texts_may_stand_in_events_supported(base):
    findings = list(event_payloads.judge_types(base, [*CAEP_TYPES, *RISC_TYPES, "urn:x:y", 7]))
    assert findings
    assert broken(findings) == {}


@pytest.mark.parametrize("supported", [None, "x", {}, [], [7, None, {}], ["urn:x:y"]])
def test_other_event_types_show_nothing(supported):
    for base in (CAEP, RISC):
        assert list(event_payloads.judge_types(base, supported)) == []


def test_sessions_revoked_wants_its_successor_beside_it():
    old = f"{RISC}sessions-revoked"
    alone = broken(event_payloads.judge_types(RISC, [old, *CAEP_TYPES[1:]]))
    assert alone == {event_payloads.OF_STREAM[0]: None}
    assert broken(event_payloads.judge_types(RISC, [old, *CAEP_TYPES])) == {}


# -- freedoms, reports, and what is odd


def test_the_freedoms_are_tolerances_and_the_requirements_none():
    catalogue = load_catalogue()
    ids = (*REQUIREMENTS, *event_payloads.OF_STREAM)
    assert {catalogue[one].kind for one in FREEDOMS} == {"tolerance"}
    assert "tolerance" not in {catalogue[one].kind for one in ids}
    assert {catalogue[one].role for one in ids} == {"transmitter"}


def test_what_a_schema_judges_is_reported(subtests):
    for kind in LEAST:
        with subtests.test(kind):
            name = f"{'caep' if kind in CAEP_TYPES else 'risc'}/{kind.rpartition('/')[2]}.json"
            assert schema.load(name)
            assert set(requirements_of(name)) <= {*REQUIREMENTS, "RFC8417-1.2-PAYLOAD-OBJECT"}


ESTABLISHED, PRESENTED = "session-established", "session-presented"


@pytest.mark.parametrize(
    ("kind", "payload", "expected"),
    [
        (
            f"{CAEP}session-established",
            {"acr": "x", "amr": []},
            "session-established with acr, amr",
        ),
        (
            f"{CAEP}session-presented",
            {"fp_ua": 7},
            "session-presented with fp_ua (an unusual value)",
        ),
        (f"{RISC}account-disabled", {"reason": "hijacking"}, "account-disabled with reason"),
        (
            f"{RISC}account-disabled",
            {"reason": "fraud"},
            "account-disabled with reason (an unusual value)",
        ),
        (
            f"{RISC}identifier-changed",
            {"new-value": golden.EMAIL["email"]},
            "identifier-changed with new-value (an unusual value)",
        ),
        (
            f"{RISC}credential-compromise",
            {"credential_type": "pin", "event_timestamp": NOW * 1000, "reason_user": "x"},
            "credential-compromise with event_timestamp (an unusual value), reason_user",
        ),
    ],
)
def test_a_freedom_that_an_event_makes_use_of_is_told(kind, payload, expected):
    token = golden.signed(golden.claims(events={kind: payload}))
    told = dict(freedoms(token, golden.context()))
    assert [told[one] for one in FREEDOMS if one in told] == [expected]


def test_inspect_set_tells_what_an_event_breaks():
    events = {f"{CAEP}session-revoked": {"event_timestamp": NOW * 1000, "reason_user": "why"}}
    token = golden.signed(golden.claims(events=events))
    inspected = inspect(Asked(token=token, profile=load_profile("ssf-1.0")))
    text = text_of(inspected)
    assert inspected.broken
    assert "FAILED  CAEP-2-EVENT-TIMESTAMP" in text
    assert "FAILED  CAEP-2-REASON-USER" in text
    assert f"/event_timestamp: {NOW * 1000}, which breaks `maximum`" in text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["format", "subject_type", "identifiers", "user", *COMMON, "claims", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(derandomize=True, database=None, deadline=None, max_examples=150)
@given(
    kind=st.sampled_from([*LEAST, CAEP, RISC, f"{RISC}verification"]),
    payload=JSON,
    subject=JSON,
    profile=st.sampled_from(["ssf-1.0", "sse-draft"]),
)
def test_no_event_makes_it_raise(kind, payload, subject, profile):
    claims = {"iat": NOW, "sub_id": subject, "events": {kind: payload}}
    token = golden.by_hand('{"alg":"ES256"}', json.dumps(claims, allow_nan=True))
    context = golden.context(profile)
    assert judge_set(token, context) == judge_set(token, context)
    assert list(freedoms(token, context)) is not None
