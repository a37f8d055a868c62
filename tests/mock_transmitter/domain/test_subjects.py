"""Which subjects match, and what holds for one of which several things were said."""

import pytest

from mock_transmitter.domain.subjects import Subjects, includes, matches

USER = {"format": "email", "email": "jdoe@example.com"}
OTHER = {"format": "email", "email": "other@example.com"}
TENANT = {"format": "opaque", "id": "example-a38h4792-uw2"}
DEVICE = {"format": "ip-addresses", "ip-addresses": ["10.29.37.75"]}


def complex_(**members):
    return {"format": "complex", **members}


def group(number):
    return {"format": "did", "url": f"did:example:{number}"}


@pytest.mark.parametrize(
    ("added", "subject", "expected"),
    [
        (USER, dict(reversed(USER.items())), True),
        (USER, OTHER, False),
        (USER, {**USER, "more": 1}, False),
        ({"format": "opaque", "id": "1"}, {"format": "opaque", "id": 1}, False),
        ({"format": "opaque", "id": True}, {"format": "opaque", "id": 1}, False),
        # The three examples of SSF 1.0 section 8.1.3.1.
        (complex_(tenant=TENANT), complex_(tenant=TENANT, user=USER), True),
        (complex_(user=USER, device=DEVICE), complex_(user=USER), True),
        (complex_(user=USER, group=group(1)), complex_(user=USER, group=group(2)), False),
        (complex_(user=USER), complex_(user=OTHER), False),
        (complex_(tenant=TENANT), complex_(user=USER), True),
        # The 2021 draft gives a complex subject no format.
        ({"tenant": TENANT}, {"tenant": TENANT, "user": USER}, True),
        ({"tenant": TENANT}, complex_(tenant=TENANT), True),
        (USER, complex_(user=USER), False),
        (complex_(user=USER), USER, False),
    ],
)
def test_matching(added, subject, expected):
    assert matches(added, subject) is expected
    assert matches(subject, added) is expected


@pytest.mark.parametrize(
    ("wider", "subject", "expected"),
    [
        (USER, USER, True),
        (USER, OTHER, False),
        (complex_(tenant=TENANT), complex_(tenant=TENANT, user=USER), True),
        (complex_(tenant=TENANT, user=USER), complex_(tenant=TENANT), False),
        (complex_(user=USER), complex_(tenant=TENANT), False),
        (USER, complex_(user=USER), False),
    ],
)
def test_including(wider, subject, expected):
    assert includes(wider, subject) is expected


def test_nothing_is_said_of_a_subject_at_first():
    assert Subjects().status_of(USER) is None


def test_what_was_said_last_holds():
    subjects = Subjects()
    for status in ("enabled", "disabled", "paused", "enabled"):
        subjects.say(USER, status)
        assert subjects.status_of(USER) == status
    assert subjects.status_of(OTHER) is None


def test_a_narrower_subject_may_be_removed_from_a_wider_one_and_added_again():
    subjects = Subjects()
    both = complex_(tenant=TENANT, user=USER)
    subjects.say(complex_(tenant=TENANT), "enabled")
    subjects.say(both, "disabled")
    assert subjects.status_of(both) == "disabled"
    assert subjects.status_of(complex_(tenant=TENANT, user=OTHER)) == "enabled"
    subjects.say(complex_(tenant=TENANT), "enabled")
    assert subjects.status_of(both) == "enabled"


def test_one_users_removal_does_not_silence_the_tenant():
    subjects = Subjects()
    subjects.say(complex_(user=USER), "disabled")
    assert subjects.status_of(complex_(tenant=TENANT)) is None
