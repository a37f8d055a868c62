"""What the CAEP Interoperability Profile asks of a SET: each requirement held, and seen broken."""

import golden_tokens as golden
import pytest

from conformance.sets.caep_interop import REQUIREMENTS
from conformance.sets.validator import judge_set

BECAUSE = {"reason_admin": {"en": "a rule"}}
REVOKED = {"event_timestamp": golden.NOW - 2, **BECAUSE}
CHANGED = {"credential_type": "password", "change_type": "update", **REVOKED}
PHONE = {"format": "phone_number", "phone_number": "+12065550100"}


def token(
    event=golden.SESSION_REVOKED, payload=REVOKED, alg="RS256", kind=None, subject=golden.EMAIL
):
    return golden.signed(golden.claims(subject, {event: payload}), alg, kind)


def findings(one, **changes):
    found = judge_set(one, golden.context("caep-interop", **changes))
    return [finding for finding in found if finding.requirement in REQUIREMENTS]


def broken(one, **changes):
    return {finding.requirement for finding in findings(one, **changes) if not finding.held}


GOOD = {
    "a session is revoked": token(),
    "a credential changes": token(golden.CREDENTIAL_CHANGE, CHANGED),
    "about an issuer and subject": token(
        subject={"format": "iss_sub", "iss": "https://idp.example", "sub": "1"}
    ),
    "about a complex subject": token(subject=golden.COMPLEX),
    "a verification": golden.signed(golden.verification(), "RS256"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_the_profile_asks_for_is_not_complained_of(name):
    assert findings(GOOD[name])
    assert broken(GOOD[name]) == set()


def test_every_requirement_is_seen_to_hold():
    seen = {one.requirement for good in GOOD.values() for one in findings(good)}
    assert seen == set(REQUIREMENTS)


BREAKING = {
    "CAEPIOP-2.6-RS256": token(alg="ES256"),
    "CAEPIOP-2.6-RSA-2048": token(kind="rsa-short"),
    "CAEPIOP-2.3.3-CURRENT-KEY": token(kind="rsa-unpublished"),
    "CAEPIOP-2.8.1-SINGLE-EVENT": golden.signed(
        golden.claims(events={golden.SESSION_REVOKED: REVOKED, golden.CREDENTIAL_CHANGE: CHANGED}),
        "RS256",
    ),
    "CAEPIOP-2.5-SUBJECT-FORMATS": golden.signed(golden.verification(sub_id=golden.EMAIL), "RS256"),
    "CAEPIOP-3.1-REASON-ADMIN": token(payload={"event_timestamp": golden.NOW - 2}),
    "CAEPIOP-3.2-REASON-ADMIN": token(
        golden.CREDENTIAL_CHANGE, {**CHANGED, "reason_admin": {"en": ""}}
    ),
}


def test_every_requirement_is_broken_by_some_token():
    assert set(BREAKING) == set(REQUIREMENTS)


@pytest.mark.parametrize("requirement", BREAKING)
def test_a_token_that_breaks_a_requirement_breaks_no_other(requirement):
    published = ("rsa", "ec", "ed", "rsa-short")
    assert broken(BREAKING[requirement], key_set=golden.key_set(*published)) == {requirement}


def test_a_subject_of_another_format_is_nobodys_breach():
    """Some event has to be about one of the two formats; not each."""
    assert broken(token(subject=PHONE)) == set()


def test_a_reason_that_is_a_text_is_but_a_note():
    found = findings(token(payload={**REVOKED, "reason_admin": "a rule"}))
    assert {one.at_most for one in found if not one.held} == {"note"}
