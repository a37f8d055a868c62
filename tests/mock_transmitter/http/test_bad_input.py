"""Bad input gets the text's status code and a JSON error, and changes nothing."""

import pytest

PUSH = "urn:ietf:rfc:8935"
POLL = "urn:ietf:rfc:8936"

MALFORMED = {
    "nothing": b"",
    "truncated": b'{"stream_id": ',
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "duplicate names": b'{"description": "a", "description": "b"}',
    "NaN": b'{"description": NaN}',
    "bad UTF-8": b'{"description": "\xff"}',
    "half a surrogate pair": b'{"description": "\\ud800"}',
    "nested beyond the stack": b"[" * 300_000,
}

INVALID = {
    "description a number": {"description": 7},
    "description null": {"description": None},
    "description an object": {"description": {}},
    "events_requested a string": {"events_requested": "urn:x:y"},
    "events_requested null": {"events_requested": None},
    "delivery a string": {"delivery": POLL},
    "delivery null": {"delivery": None},
    "delivery without method": {"delivery": {"endpoint_url": "https://receiver.invalid/"}},
    "method a number": {"delivery": {"method": 7}},
    "method unknown": {"delivery": {"method": "urn:example:none"}},
    "push without endpoint_url": {"delivery": {"method": PUSH}},
    "push to http": {"delivery": {"method": PUSH, "endpoint_url": "http://receiver.invalid/"}},
    "push to a path": {"delivery": {"method": PUSH, "endpoint_url": "/events"}},
    "endpoint_url a number": {"delivery": {"method": PUSH, "endpoint_url": 7}},
    "authorization_header a number": {
        "delivery": {
            "method": PUSH,
            "endpoint_url": "https://receiver.invalid/",
            "authorization_header": 7,
        }
    },
}


def state(one):
    return one.control("GET", "streams").json()


@pytest.fixture(params=["POST", "PATCH", "PUT", "verify"])
def endpoint(request, ssf):
    if request.param == "verify":
        return "POST", ssf.metadata["verification_endpoint"]
    return request.param, ssf.configuration


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_object_is_refused(ssf, endpoint, content):
    if content == b"" and endpoint[1].endswith("verify"):
        content = b"  "
    ssf.create({"description": "before"})
    before = state(ssf)
    answer = ssf.call(*endpoint, content=content)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == "invalid_request"
    assert state(ssf) == before


@pytest.mark.parametrize("verb", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize("change", INVALID.values(), ids=INVALID.keys())
def test_an_invalid_property_is_refused_as_a_whole(ssf, verb, change, types):
    stream = ssf.create({"description": "before", "events_requested": types[:1]})
    before = state(ssf)
    body = {"events_requested": types[1:], "description": "after", **change}
    if verb != "POST":
        body["stream_id"] = stream["stream_id"]
    answer = ssf.call(verb, ssf.configuration, body)
    assert answer.status_code == 400, answer.text
    assert state(ssf) == before


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
@pytest.mark.parametrize("stream_id", ["absent", None, 7, ["x"]])
def test_an_update_has_to_name_its_stream(ssf, verb, stream_id):
    ssf.create()
    before = state(ssf)
    body = {"description": "after"}
    if stream_id != "absent":
        body["stream_id"] = stream_id
    assert ssf.call(verb, ssf.configuration, body).status_code == 400
    assert state(ssf) == before


def test_a_delete_has_to_name_its_stream(ssf):
    ssf.create()
    before = state(ssf)
    assert ssf.call("DELETE", ssf.configuration).status_code == 400
    assert ssf.call("DELETE", f"{ssf.configuration}?id=x").status_code == 400
    assert ssf.call("DELETE", f"{ssf.configuration}?stream_id=x").status_code == 404
    assert ssf.call("DELETE", f"{ssf.configuration}?stream_id=").status_code == 404
    assert state(ssf) == before


def test_a_query_that_names_two_streams_is_refused(ssf):
    stream_id = ssf.create()["stream_id"]
    url = f"{ssf.configuration}?stream_id={stream_id}&stream_id={stream_id}"
    assert ssf.call("GET", url).status_code == 400
    assert ssf.call("DELETE", url).status_code == 400
    assert ssf.call("GET", f"{ssf.configuration}?stream_id=%ff").status_code == 400


def test_a_stream_id_is_percent_decoded(ssf):
    stream_id = ssf.create()["stream_id"]
    escaped = f"%{ord(stream_id[0]):02x}{stream_id[1:]}"
    assert ssf.read(escaped).json()["stream_id"] == stream_id


def test_a_body_of_more_than_a_mebibyte_is_too_large(ssf):
    body = b'{"description": "' + b"x" * (1 << 20) + b'"}'
    assert ssf.call("POST", ssf.configuration, content=body).status_code == 413
    assert ssf.call("POST", ssf.configuration, content=body, token=None).status_code == 401
    assert state(ssf) == {"streams": []}


def test_who_asks_is_settled_before_what_is_asked(ssf):
    answer = ssf.call("POST", ssf.configuration, content=b"{", token=None)
    assert answer.status_code == 401


def test_an_http_push_url_is_for_a_lab_where_the_transmitter_has_no_tls_either(mock):
    lab = mock("ssf-1.0", base_url="http://127.0.0.1:8080")
    delivery = {"method": PUSH, "endpoint_url": "http://127.0.0.1:9/events"}
    assert lab.create({"delivery": delivery})["delivery"] == delivery


def test_a_bug_of_the_mock_is_a_500_with_a_json_error_and_is_logged(ssf, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("the reason")

    monkeypatch.setattr(ssf.tenant.transmitter, "create_stream", broken)
    answer = ssf.call("POST", ssf.configuration, {})
    assert answer.status_code == 500
    assert answer.json()["error"] == "server_error"
    assert "the reason" not in answer.text
    assert "the reason" in caplog.text
