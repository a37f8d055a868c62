"""The one implicit stream: the 2021 draft, and a dialect of it."""

import pytest

BOTH = ("sse-draft", "jamf")


@pytest.fixture(params=BOTH)
def one(request, mock):
    return mock(request.param)


def read(one, **how):
    return one.call("GET", one.configuration, **how)


def post(one, body, **how):
    return one.call("POST", one.configuration, body, **how)


def test_the_stream_is_there_from_the_start_for_each_receiver(one, types):
    document = read(one).json()
    assert "stream_id" not in document
    assert document["aud"] == one.first.audience
    assert document["events_requested"] == document["events_delivered"] == [types[0]]
    assert read(one, token="second").json()["aud"] == one.second.audience


def test_a_dialect_that_only_pushes_begins_with_a_push_url_that_leads_nowhere(jamf):
    assert read(jamf).json()["delivery"]["endpoint_url"].startswith("https://receiver.invalid/")


def test_what_was_read_edited_and_posted_back_is_the_configuration(one):
    document = {**read(one).json(), "format": "email"}
    answer = post(one, document)
    assert answer.status_code == 200
    assert answer.json() == document == read(one).json()


def test_a_format_that_is_left_out_is_deleted(one):
    before = read(one).json()
    post(one, {**before, "format": "email"})
    assert post(one, before).json() == before == read(one).json()


@pytest.mark.parametrize("member", ["events_requested", "delivery"])
def test_a_stream_can_be_without_neither_events_requested_nor_delivery(one, member):
    before = read(one).json()
    changed = {**before, "format": "email"}
    del changed[member]
    answer = post(one, changed)
    assert answer.status_code == 400
    assert read(one).json() == before


def test_events_delivered_is_the_intersection(one, types):
    before = read(one).json()
    requested = ["urn:example:unknown", types[2], types[1]]
    after = post(one, {**before, "events_requested": requested}).json()
    assert after["events_requested"] == requested
    assert after["events_delivered"] == types[1:]


def test_a_configuration_read_earlier_can_be_put_back(one, types):
    before = read(one).json()
    post(one, {**before, "events_requested": types[1:]})
    assert post(one, before).json() == before


@pytest.mark.parametrize("member", ["iss", "aud", "events_supported", "events_delivered"])
def test_a_wrong_read_only_value_is_refused_and_changes_nothing(one, member, types):
    before = read(one).json()
    wrong = ["urn:example:unknown"] if member.startswith("events") else "https://another.example"
    answer = post(one, {**before, "events_requested": types, "format": "email", member: wrong})
    assert answer.status_code == 400
    assert read(one).json() == before


def test_a_deleted_stream_is_not_found(one):
    answer = one.call("DELETE", one.configuration)
    assert answer.status_code == 200
    assert read(one).status_code == 404
    assert one.call("DELETE", one.configuration).status_code == 404
    assert read(one, token="second").status_code == 200


def test_only_where_the_dialect_says_so_a_post_makes_the_stream_anew(mock):
    for profile, status in (("sse-draft", 404), ("jamf", 200)):
        one = mock(profile)
        before = read(one).json()
        one.call("DELETE", one.configuration)
        assert post(one, before).status_code == status
        assert read(one).status_code == status
    assert read(one).json() == before


def test_a_stream_is_not_made_anew_from_wrong_or_partial_values(jamf):
    before = read(jamf).json()
    jamf.call("DELETE", jamf.configuration)
    assert post(jamf, {**before, "aud": "https://another.example"}).status_code == 400
    assert post(jamf, {"events_requested": []}).status_code == 400
    assert read(jamf).status_code == 404


def test_a_set_on_the_implicit_stream_is_polled_at_its_own_url(mock, claims):
    one = mock("sse-draft")
    url = one.metadata["verification_endpoint"]
    assert one.call("POST", url, {"state": "s"}).status_code == 204
    (token,) = one.poll(read(one).json()).json()["sets"].values()
    event = "https://schemas.openid.net/secevent/sse/event-type/verification"
    assert claims(token)["events"] == {event: {"state": "s"}}
    assert "sub_id" not in claims(token)


def test_a_verification_of_the_implicit_stream_may_be_empty(one):
    url = one.metadata["verification_endpoint"]
    assert one.call("POST", url, content=b"").status_code == 204


def test_errors_have_the_dialects_members(jamf):
    assert set(post(jamf, {}).json()) == {"code", "message"}
    assert set(read(jamf, token=None).json()) == {"code", "message"}


def test_a_fourth_dialect_is_one_file(mock, tmp_path):
    """Another path layout of the 2021 text, with a poll URL that all Receivers share."""
    profile = tmp_path / "fourth.toml"
    profile.write_text(
        'format = 1\nid = "fourth"\ntitle = "Fourth"\nextends = "sse-draft"\nsources = ["urn:x"]\n'
        '[discovery]\npath = "/meta"\nsplice = "append"\n'
        '[endpoints]\nconfiguration = ["{issuer}/api/event-stream"]\n'
        'poll = ["{issuer}/api/poll"]\njwks = ["{issuer}/api/keys"]\n'
        'verification = ["{issuer}/api/check"]\n'
    )
    one = mock(str(profile))
    assert one.tenant.discovery_url == "https://mock.example/meta"
    assert one.configuration == "https://mock.example/api/event-stream"
    document = read(one).json()
    assert document["delivery"]["endpoint_url"] == "https://mock.example/api/poll"
    (jti,) = one.emit(audience=one.second.audience)
    assert one.poll(document).json()["sets"] == {}
    assert list(one.poll(document, token=one.second.management_token).json()["sets"]) == [jti]
