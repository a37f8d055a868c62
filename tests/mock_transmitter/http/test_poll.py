"""Polling and acknowledging over HTTP: RFC 8936, and events:poll with events:ack."""

import pytest


@pytest.fixture
def stream(ssf, types):
    return ssf.create({"events_requested": types})


def jtis(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return list(answer.json()["sets"])


def test_the_keys_are_the_jtis_and_the_tokens_stay_the_same(ssf, stream, claims):
    emitted = [*ssf.emit(), *ssf.emit()]
    first = ssf.poll(stream).json()
    assert list(first["sets"]) == emitted
    assert {jti: claims(token)["jti"] for jti, token in first["sets"].items()} == dict(
        zip(emitted, emitted, strict=True)
    )
    ssf.advance(100)
    assert ssf.poll(stream).json() == first


def test_a_set_tells_of_one_event(ssf, stream, claims, types):
    ssf.emit(event_type=types[1], subject={"format": "opaque", "id": "u"}, payload={"x": 1})
    (token,) = ssf.poll(stream).json()["sets"].values()
    assert claims(token)["events"] == {types[1]: {"x": 1}}
    assert claims(token)["sub_id"] == {"format": "opaque", "id": "u"}


def test_one_event_on_two_streams_is_two_sets_with_one_txn(ssf, stream, claims):
    other = ssf.create({"events_requested": stream["events_requested"]})
    ssf.emit()
    (one,) = ssf.poll(stream).json()["sets"].values()
    (two,) = ssf.poll(other).json()["sets"].values()
    assert claims(one)["txn"] == claims(two)["txn"]
    assert claims(one)["jti"] != claims(two)["jti"]


def test_acknowledged_sets_never_return(ssf, stream):
    emitted = [ssf.emit()[0] for _ in range(3)]
    ssf.poll(stream)
    answer = ssf.poll(stream, {"ack": [emitted[0], emitted[2]], "returnImmediately": True})
    assert jtis(answer) == [emitted[1]]
    ssf.poll(stream, {"ack": [emitted[1]], "returnImmediately": True})
    assert ssf.poll(stream).json() == {"sets": {}, "moreAvailable": False}


def test_an_error_report_releases_the_set_too(ssf, stream):
    (jti,) = ssf.emit()
    report = {jti: {"err": "invalid_request", "description": "x"}}
    assert jtis(ssf.poll(stream, {"setErrs": report, "returnImmediately": True})) == []


def test_acknowledging_what_is_unknown_repeated_or_anothers_is_no_matter(ssf, stream):
    other = ssf.create({"events_requested": stream["events_requested"]})
    ssf.emit()
    (own,), (others,) = jtis(ssf.poll(stream)), jtis(ssf.poll(other))
    body = {"ack": ["unknown", others, own, own], "returnImmediately": True}
    assert jtis(ssf.poll(stream, body)) == []
    assert jtis(ssf.poll(other)) == [others]


def test_a_poll_returns_no_more_than_its_maximum_and_says_whether_more_waits(ssf, stream):
    emitted = [ssf.emit()[0] for _ in range(3)]
    answer = ssf.poll(stream, {"maxEvents": 2, "returnImmediately": True})
    assert jtis(answer) == emitted[:2]
    assert answer.json()["moreAvailable"] is True
    answer = ssf.poll(stream, {"maxEvents": 2, "ack": emitted[:2], "returnImmediately": True})
    assert jtis(answer) == emitted[2:]
    assert answer.json()["moreAvailable"] is False


def test_without_a_maximum_an_answer_has_a_hundred_sets_at_most(ssf, stream):
    for _ in range(101):
        ssf.emit()
    answer = ssf.poll(stream)
    assert len(jtis(answer)) == 100
    assert answer.json()["moreAvailable"] is True


def test_a_maximum_of_zero_acknowledges_and_returns_nothing(ssf, stream):
    first, second = ssf.emit()[0], ssf.emit()[0]
    body = {"maxEvents": 0, "ack": [first], "returnImmediately": True}
    assert ssf.poll(stream, body).json() == {"sets": {}, "moreAvailable": True}
    assert jtis(ssf.poll(stream)) == [second]


@pytest.mark.parametrize("content", [b"", b"  \n", b"{}"])
def test_a_poll_without_a_body_is_a_poll_with_all_defaults(ssf, stream, content):
    (jti,) = ssf.emit()
    assert jtis(ssf.poll(stream, content=content)) == [jti]


def test_unknown_members_are_ignored(ssf, stream):
    assert jtis(ssf.poll(stream, {"returnImmediately": True, "max_events": 0, "x": {}})) == []


@pytest.mark.parametrize(
    "body",
    [
        {"maxEvents": "1"},
        {"maxEvents": -1},
        {"maxEvents": True},
        {"returnImmediately": "true"},
        {"ack": "x"},
        {"ack": [1]},
        {"setErrs": []},
        {"setErrs": {"x": "y"}},
        [],
        None,
    ],
)
def test_a_malformed_poll_is_refused_and_acknowledges_nothing(ssf, stream, body):
    (jti,) = ssf.emit()
    if isinstance(body, dict) and "ack" not in body:
        body["ack"] = [jti]
    content = b"null" if body is None else None
    assert ssf.poll(stream, body, content=content).status_code == 400
    assert jtis(ssf.poll(stream)) == [jti]


def test_a_poll_needs_the_token_of_the_streams_receiver(ssf, stream):
    (jti,) = ssf.emit()
    body = {"ack": [jti], "returnImmediately": True}
    url = stream["delivery"]["endpoint_url"]
    assert ssf.call("POST", url, body, token=None).status_code == 401
    assert ssf.call("POST", url, body, token="garbage").status_code == 401
    assert ssf.call("POST", url, body, token="second").status_code == 403
    assert jtis(ssf.poll(stream)) == [jti]


def test_a_push_stream_has_nothing_to_poll(ssf):
    delivery = {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://receiver.invalid/"}
    stream = ssf.create()
    ssf.patch({"stream_id": stream["stream_id"], "delivery": delivery})
    assert ssf.poll(stream).status_code == 404


# events:poll and events:ack


@pytest.fixture
def dialect(avnology, types):
    return avnology.create({"events_requested": types})


def act(avnology, stream, what, body, token=None):
    url = stream["delivery"]["endpoint_url"].replace("events:poll", f"events:{what}")
    return avnology.call("POST", url, body, token=token or avnology.first.poll_token)


def test_polling_and_acknowledging_as_two_calls(avnology, dialect):
    emitted = [avnology.emit()[0] for _ in range(3)]
    answer = act(avnology, dialect, "poll", {"max_events": 2, "return_immediately": False})
    assert answer.json().keys() == {"sets"}
    assert list(answer.json()["sets"]) == emitted[:2]
    answer = act(avnology, dialect, "ack", {"acks": [*emitted[:2], "unknown", emitted[0]]})
    assert answer.status_code == 200
    avnology.advance(90_000)
    assert list(act(avnology, dialect, "poll", {}).json()["sets"]) == emitted[2:]


def test_a_poll_does_not_read_acknowledgements_or_the_other_spelling(avnology, dialect):
    emitted = [avnology.emit()[0] for _ in range(2)]
    body = {"ack": emitted, "acks": emitted, "setErrs": {}, "maxEvents": 1}
    assert list(act(avnology, dialect, "poll", body).json()["sets"]) == emitted
    avnology.advance(1)
    assert list(act(avnology, dialect, "poll", {}).json()["sets"]) == emitted


@pytest.mark.parametrize("body", [{}, {"acks": "x"}, {"acks": [1]}, {"ack": ["x"]}, []])
def test_a_malformed_acknowledgement_is_refused(avnology, dialect, body):
    assert act(avnology, dialect, "ack", body).status_code == 400


def test_polling_takes_the_poll_token_of_the_streams_audience_alone(avnology, dialect):
    (jti,) = avnology.emit()
    for what, body in (("poll", {}), ("ack", {"acks": [jti]})):
        for token, status in (
            (avnology.first.management_token, 403),
            (avnology.second.management_token, 403),
            (avnology.second.poll_token, 403),
            ("garbage", 401),
        ):
            assert act(avnology, dialect, what, body, token).status_code == status
    assert list(act(avnology, dialect, "poll", {}).json()["sets"]) == [jti]
    assert (
        avnology.call("GET", avnology.configuration, token=avnology.first.poll_token).status_code
        == 403
    )


def test_polling_a_stream_that_does_not_exist_is_404(avnology, dialect):
    other = {
        "delivery": {
            "endpoint_url": dialect["delivery"]["endpoint_url"].replace(dialect["id"], "x")
        }
    }
    assert act(avnology, other, "poll", {}).status_code == 404
    assert act(avnology, other, "ack", {"acks": []}).status_code == 404
