"""Creating, reading, listing, updating, replacing and deleting streams: SSF 1.0, section 8.1.1."""

import pytest

PUSH = {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://receiver.invalid/events"}
POLL = {"method": "urn:ietf:rfc:8936"}
UNKNOWN = "urn:example:secevent:events:type_4"


def test_a_created_stream_shows_what_was_asked_for(ssf, types):
    wanted = {
        "events_requested": [types[1], UNKNOWN, types[0]],
        "description": "é",
        "delivery": PUSH,
    }
    answer = ssf.call("POST", ssf.configuration, wanted)
    assert answer.status_code == 201
    stream = answer.json()
    assert len(stream["stream_id"]) == 32
    assert stream == {
        "stream_id": stream["stream_id"],
        "iss": "https://mock.example",
        "aud": ssf.first.audience,
        "events_supported": [*types, *stream["events_supported"][3:]],
        "events_requested": [types[1], UNKNOWN, types[0]],
        "events_delivered": [types[0], types[1]],
        "delivery": PUSH,
        "min_verification_interval": 30,
        "inactivity_timeout": 2_592_000,
        "description": "é",
    }
    assert ssf.read(stream["stream_id"]).json() == stream


def test_an_empty_object_makes_a_poll_stream_that_requests_nothing(ssf):
    stream = ssf.create({})
    assert stream["delivery"]["method"] == "urn:ietf:rfc:8936"
    assert stream["delivery"]["endpoint_url"].startswith("https://mock.example/")
    assert stream["events_requested"] == stream["events_delivered"] == []


def test_streams_have_ids_and_poll_urls_of_their_own(ssf):
    first, second = ssf.create(), ssf.create()
    assert first["stream_id"] != second["stream_id"]
    assert first["delivery"] != second["delivery"]


def test_a_poll_url_that_the_receiver_made_up_is_passed_over_at_creation(ssf):
    delivery = {**POLL, "endpoint_url": "https://receiver.invalid/mine"}
    stream = ssf.create({"delivery": delivery})
    assert stream["delivery"]["endpoint_url"].startswith("https://mock.example/")


def test_the_secret_for_pushing_is_kept_and_never_shown(ssf):
    secret = {"authorization_header": "Bearer secret"}
    stream = ssf.create({"delivery": {**PUSH, **secret}})
    assert stream["delivery"] == PUSH
    kept = ssf.tenant.transmitter.stream(stream["stream_id"]).configuration.delivery
    assert kept.authorization_header == "Bearer secret"
    assert "secret" not in repr(kept)
    assert "secret" not in ssf.control("GET", "streams").text


def test_values_that_are_no_event_types_are_ignored(ssf, types):
    stream = ssf.create({"events_requested": [7, None, "not a uri", types[0], types[0]]})
    assert stream["events_requested"] == [types[0]]


def test_the_list_holds_each_receivers_own_streams(ssf):
    assert ssf.call("GET", ssf.configuration).json() == []
    first, second = ssf.create(), ssf.create()
    others = ssf.create(token="second")
    assert ssf.call("GET", ssf.configuration).json() == [first, second]
    assert ssf.call("GET", ssf.configuration, token="second").json() == [others]


def test_a_patch_changes_what_it_names_and_nothing_else(ssf, types):
    before = ssf.create({"events_requested": [types[0]], "description": "before", "delivery": PUSH})
    stream_id = before["stream_id"]
    answer = ssf.patch({"stream_id": stream_id, "description": "after"})
    assert answer.status_code == 200
    assert answer.json() == {**before, "description": "after"} == ssf.read(stream_id).json()
    after = ssf.patch({"stream_id": stream_id, "events_requested": [types[2], UNKNOWN]}).json()
    assert after["events_requested"] == [types[2], UNKNOWN]
    assert after["events_delivered"] == [types[2]]
    assert ssf.patch({"stream_id": stream_id}).json() == after


def test_a_patch_replaces_the_delivery_as_a_whole(ssf):
    stream = ssf.create({"delivery": {**PUSH, "authorization_header": "Bearer secret"}})
    ssf.patch({"stream_id": stream["stream_id"], "delivery": PUSH})
    kept = ssf.tenant.transmitter.stream(stream["stream_id"]).configuration.delivery
    assert kept.authorization_header is None


def test_a_put_deletes_what_it_leaves_out(ssf, types):
    before = ssf.create({"events_requested": [types[0]], "description": "x", "delivery": PUSH})
    answer = ssf.put({"stream_id": before["stream_id"], "events_requested": [], "delivery": PUSH})
    assert answer.status_code == 200
    assert "description" not in answer.json()
    after = ssf.put({"stream_id": before["stream_id"]}).json()
    assert after["events_requested"] == after["events_delivered"] == []
    assert after["delivery"]["method"] == "urn:ietf:rfc:8936"
    assert after == ssf.read(before["stream_id"]).json()


@pytest.mark.parametrize("verb", ["patch", "put"])
def test_what_was_read_can_be_sent_back(ssf, types, verb):
    stream = ssf.create({"events_requested": types[:2], "description": "x"})
    edited = {**stream, "description": "y", "aud": [stream["aud"]]}
    edited["events_supported"] = list(reversed(stream["events_supported"]))
    edited["events_delivered"] = list(reversed(stream["events_delivered"]))
    assert getattr(ssf, verb)(edited).json() == {**stream, "description": "y"}


@pytest.mark.parametrize("verb", ["patch", "put"])
def test_events_delivered_is_held_against_its_value_before_the_update(ssf, types, verb):
    stream = ssf.create({"events_requested": [types[0]]})
    change = {**stream, "events_requested": [types[1]], "events_delivered": [types[1]]}
    assert getattr(ssf, verb)(change).status_code == 400
    assert ssf.read(stream["stream_id"]).json() == stream
    change["events_delivered"] = [types[0]]
    assert getattr(ssf, verb)(change).json()["events_delivered"] == [types[1]]


WRONG = {
    "iss": "https://another.example",
    "aud": "https://another.example",
    "events_supported": [UNKNOWN],
    "events_delivered": [UNKNOWN],
    "min_verification_interval": 31,
    "inactivity_timeout": 60,
}


@pytest.mark.parametrize("verb", ["patch", "put"])
@pytest.mark.parametrize("member", WRONG)
def test_a_wrong_transmitter_supplied_value_is_refused_and_changes_nothing(
    ssf, types, verb, member
):
    stream = ssf.create({"events_requested": [types[0]], "description": "x"})
    change = {**stream, "description": "y", "events_requested": [types[1]], member: WRONG[member]}
    answer = getattr(ssf, verb)(change)
    assert answer.status_code == 400
    assert member in answer.json()["error_description"]
    assert ssf.read(stream["stream_id"]).json() == stream


@pytest.mark.parametrize("verb", ["patch", "put"])
def test_another_poll_url_is_refused_in_an_update(ssf, verb):
    stream = ssf.create()
    change = {**stream, "delivery": {**POLL, "endpoint_url": "https://receiver.invalid/mine"}}
    assert getattr(ssf, verb)(change).status_code == 400
    assert getattr(ssf, verb)(stream).json() == stream


def test_a_deleted_stream_is_gone(ssf):
    stream, kept = ssf.create(), ssf.create()
    url = f"{ssf.configuration}?stream_id={stream['stream_id']}"
    answer = ssf.call("DELETE", url)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    assert ssf.call("DELETE", url).status_code == 404
    assert ssf.read(stream["stream_id"]).status_code == 404
    assert ssf.poll(stream).status_code == 404
    assert ssf.patch({"stream_id": stream["stream_id"]}).status_code == 404
    assert ssf.put({"stream_id": stream["stream_id"]}).status_code == 404
    assert ssf.call("GET", ssf.configuration).json() == [kept]


def test_another_receivers_stream_does_not_exist(ssf):
    stream = ssf.create({"description": "x"})
    stream_id = stream["stream_id"]
    how = {"token": "second"}
    assert ssf.read(stream_id, **how).status_code == 404
    assert ssf.patch({"stream_id": stream_id, "description": "y"}, **how).status_code == 404
    assert ssf.put({"stream_id": stream_id}, **how).status_code == 404
    url = f"{ssf.configuration}?stream_id={stream_id}"
    assert ssf.call("DELETE", url, **how).status_code == 404
    verify = ssf.metadata["verification_endpoint"]
    assert ssf.call("POST", verify, {"stream_id": stream_id}, **how).status_code == 404
    assert ssf.read(stream_id).json() == stream


def test_a_dialect_with_its_own_names_and_places(avnology, types):
    stream = avnology.create({"events_requested": [types[0]]})
    assert "stream_id" not in stream
    url = f"{avnology.configuration}/{stream['id']}"
    assert avnology.call("GET", url).json() == stream
    answer = avnology.call("PATCH", url, {"description": "x"})
    assert answer.json() == {**stream, "description": "x"}
    assert avnology.call("PATCH", url, {"id": "another"}).status_code == 400
    assert avnology.call("PUT", url, {}).status_code == 405
    assert avnology.call("DELETE", url).status_code == 200
    assert avnology.call("GET", url).status_code == 404


def test_names_inside_delivery_are_the_profiles(mock, tmp_path):
    profile = tmp_path / "own.toml"
    profile.write_text(
        'format = 1\nid = "own"\ntitle = "Own"\nextends = "ssf-1.0"\nsources = ["urn:x"]\n'
        '[names.stream]\n"delivery.method" = "delivery.delivery_method"\n'
        '"delivery.endpoint_url" = "delivery.url"\n'
    )
    one = mock(str(profile))
    stream = one.create(
        {"delivery": {"delivery_method": PUSH["method"], "url": "https://r.invalid/"}}
    )
    assert stream["delivery"] == {"delivery_method": PUSH["method"], "url": "https://r.invalid/"}
    canonical = {"delivery": {"method": PUSH["method"], "endpoint_url": "https://r.invalid/"}}
    assert one.call("POST", one.configuration, canonical).status_code == 400
