"""Verification: SSF 1.0, section 8.1.4."""

import pytest


@pytest.fixture
def stream(ssf):
    return ssf.create()


def verify(ssf, body):
    return ssf.call("POST", ssf.metadata["verification_endpoint"], body)


def sets(ssf, stream):
    return list(ssf.poll(stream).json()["sets"].values())


@pytest.mark.parametrize("state", ["VGhpcyBp", "", "é𝕏\n", "x" * 5000])
def test_the_state_comes_back_as_it_was(ssf, stream, state, claims, header):
    answer = verify(ssf, {"stream_id": stream["stream_id"], "state": state})
    assert (answer.status_code, answer.content) == (204, b"")
    (token,) = sets(ssf, stream)
    event = "https://schemas.openid.net/secevent/ssf/event-type/verification"
    assert claims(token)["events"] == {event: {"state": state}}
    assert claims(token)["sub_id"] == {"format": "opaque", "id": stream["stream_id"]}
    assert claims(token)["iss"] == stream["iss"]
    assert claims(token)["aud"] == stream["aud"]
    assert claims(token)["iat"] == 1767225600
    assert {"sub", "exp"}.isdisjoint(claims(token))
    assert header(token)["typ"] == "secevent+jwt"


def test_without_a_state_there_is_none(ssf, stream, claims):
    verify(ssf, {"stream_id": stream["stream_id"]})
    (token,) = sets(ssf, stream)
    assert list(claims(token)["events"].values()) == [{}]


def test_the_interval_is_kept_and_ends(ssf, stream):
    body = {"stream_id": stream["stream_id"]}
    assert verify(ssf, body).status_code == 204
    ssf.advance(29)
    answer = verify(ssf, body)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert len(sets(ssf, stream)) == 1
    ssf.advance(1)
    assert verify(ssf, body).status_code == 204
    assert len(sets(ssf, stream)) == 2


def test_each_stream_has_an_interval_of_its_own(ssf, stream):
    assert verify(ssf, {"stream_id": stream["stream_id"]}).status_code == 204
    assert verify(ssf, {"stream_id": ssf.create()["stream_id"]}).status_code == 204


@pytest.mark.parametrize("body", [{}, {"stream_id": 7}, []])
def test_a_request_that_names_no_stream_is_refused(ssf, body):
    assert verify(ssf, body).status_code == 400


def test_a_state_that_is_no_string_is_refused_and_nothing_is_sent(ssf, stream):
    answer = verify(ssf, {"stream_id": stream["stream_id"], "state": 7})
    assert answer.status_code == 400
    assert sets(ssf, stream) == []


def test_a_stream_that_does_not_exist_can_not_be_verified(ssf):
    assert verify(ssf, {"stream_id": "unknown"}).status_code == 404
