"""The freedoms that a SET makes use of are told by name, and nothing makes that raise."""

import json

import golden_tokens as golden
import pytest
from golden_sets import TOKENS

from conformance.sets.freedoms import FREEDOMS, freedoms, shared_txns
from conformance.spec.requirement import load_catalogue


def told(claims, profile="ssf-1.0"):
    return dict(freedoms(golden.signed(claims), golden.context(profile)))


def test_each_is_a_tolerance_of_the_catalogue():
    rows = {row.id: row for row in load_catalogue()}
    assert {rows[one].kind for one in FREEDOMS} == {"tolerance"}


def test_a_plain_set_makes_use_of_little():
    assert told(golden.claims(events={golden.SESSION_REVOKED: {}})) == {
        "RFC8417-2.4-SIGNED-OR-ENCRYPTED": "signed with 'ES256'",
        "SSF-3.1.4-SIMPLE-OR-COMPLEX": "sub_id is simple",
        "SSF-4.1.8-AUD-VALUE-FREE": f"aud is '{golden.AUDIENCE}'",
    }


def test_claims_that_nobody_registered_are_named():
    found = told(golden.claims(shoe_size=44, x=1))
    for requirement in ("RFC8417-2-ENVELOPE-EXTRAS", "SSF-4.2.3-EXTRA-FIELDS"):
        assert found[requirement] == "claims shoe_size, x"


def test_fields_and_subjects_of_an_event_are_named():
    event = {"subject": golden.EMAIL, "moved_by": golden.EMAIL, "event_timestamp": 1}
    found = told(golden.claims(events={golden.SESSION_REVOKED: event}))
    assert found["SSF-4.2.2-EVENT-FIELDS"].endswith("with event_timestamp, moved_by, subject")
    assert found["SSF-3.1.3-EXTRA-SUBJECTS-ALLOWED"].endswith("with moved_by")
    assert "SSF-3.1.1-LEGACY-SUBJECT-TOLERATED" in found


@pytest.mark.parametrize(
    ("profile", "claims", "requirement"),
    [
        (
            "ssf-1.0",
            golden.claims({**golden.COMPLEX, "robot": golden.EMAIL}),
            "SSF-3.3-COMPLEX-MEMBER-NAMES-OPEN",
        ),
        (
            "sse-draft",
            golden.claims_2021({"user": golden.EMAIL, "robot": golden.EMAIL}),
            "SSE-3.2-COMPLEX-MEMBER-NAMES-OPEN",
        ),
    ],
)
def test_members_of_a_complex_subject_that_no_text_names_are_named(profile, claims, requirement):
    found = told(claims, profile)
    assert found[requirement].endswith("with robot")
    assert found["SSF-3.1.4-SIMPLE-OR-COMPLEX"].endswith("is complex")


def test_the_members_that_the_text_names_are_not():
    assert "SSF-3.3-COMPLEX-MEMBER-NAMES-OPEN" not in told(golden.claims(golden.COMPLEX))


def test_a_txn_is_shared_where_two_sets_have_it():
    one, again, two = (golden.signed(golden.claims(jti=jti)) for jti in ("1", "1", "2"))
    assert (
        list(shared_txns([one, again, golden.signed(golden.claims(jti="3", txn="other")), "x"]))
        == []
    )
    assert list(shared_txns([one, two])) == [
        ("SSF-4.1.9-TXN-SHARED-OK", "up to 2 SETs with one txn")
    ]


def test_no_finding_shows_who_the_subject_is():
    claims = golden.claims(
        {"format": "email", "email": "secret"}, {golden.SESSION_REVOKED: {"a": "secret"}}
    )
    assert "secret" not in json.dumps(told(claims))


def test_no_token_makes_it_raise(subtests):
    for one in TOKENS:
        with subtests.test(one["name"]):
            for profile in ("ssf-1.0", "sse-draft"):
                assert {name for name, _ in freedoms(one["token"], golden.context(profile))} <= set(
                    FREEDOMS
                )
            list(shared_txns([one["token"], one["token"]]))
