import json

import pytest

from conformance.generate.polls import (
    BODIES,
    LABELS,
    POLL_SITES,
    UNHEARD_OF,
    VALID_POLLS,
    broken_polls,
    whole_poll,
)
from conformance.spec import schema

REQUEST = "rfc8936/poll-request.json"
# What a typed reader may trip over although the schema has nothing against it, or the reverse.
BEYOND_THE_SCHEMA = {"null members"}


def object_in(raw):
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


@pytest.mark.parametrize("request_", VALID_POLLS, ids=str)
def test_a_valid_poll_meets_the_schema_and_asks_for_no_delay(request_):
    body = whole_poll(**request_.members)
    assert body["returnImmediately"] is True
    broken = bool(list(schema.problems(REQUEST, body)))
    assert broken == (request_.name in BEYOND_THE_SCHEMA)


@pytest.mark.parametrize("site", POLL_SITES, ids=str)
def test_a_broken_poll_is_broken_in_one_place(site):
    bodies = broken_polls(site)
    assert bodies
    for body in bodies:
        found = {(one.path, one.keyword) for one in schema.problems(REQUEST, body)}
        assert found == {(site.pointer, site.keyword)}


def test_every_judged_keyword_of_a_poll_request_has_a_site():
    assert [site.requirement for site in POLL_SITES if site.path == ()] == [
        "RFC8936-2.5.1-400-DEFAULT"
    ]
    members = {site.path[0] for site in POLL_SITES if site.path}
    assert members == {"maxEvents", "returnImmediately", "ack", "setErrs"}


@pytest.mark.parametrize("body", [one for one in BODIES if not one.free], ids=str)
def test_what_has_to_be_refused_is_no_json_object(body):
    assert not isinstance(object_in(body.raw), dict)
    assert body.content_type == "application/json"


@pytest.mark.parametrize("body", [*BODIES, *LABELS], ids=str)
def test_what_may_be_taken_for_a_poll_asks_for_no_delay(body):
    if body.free and body.raw:
        assert b'"returnImmediately": true' in body.raw


def test_the_jtis_that_nobody_has_heard_of_differ():
    assert len(set(UNHEARD_OF)) == len(UNHEARD_OF) == 998
