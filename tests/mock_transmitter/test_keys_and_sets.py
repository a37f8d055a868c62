"""Signatures and claims."""

import json

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from conformance.spec.profile import load_profile
from mock_transmitter.keys import SigningKey
from mock_transmitter.seed import source
from mock_transmitter.sets import Event, claims_of, verification


@pytest.fixture
def key():
    return SigningKey(source(1, "t", "key"))


def test_the_same_source_gives_the_same_key(key):
    assert SigningKey(source(1, "t", "key")).public == key.public
    assert SigningKey(source(2, "t", "key")).public != key.public


def test_a_signature_verifies_with_the_published_key_by_another_library(key):
    token = key.sign(key.header(), {"jti": "1", "text": "é"})
    jws = JWS()
    jws.deserialize(token)
    jws.verify(JWK(**key.key_set()["keys"][0]))
    assert json.loads(jws.payload) == {"jti": "1", "text": "é"}
    assert jws.jose_header == {"alg": "ES256", "kid": key.kid, "typ": "secevent+jwt"}


def test_signing_twice_gives_the_same_bytes(key):
    assert key.sign(key.header(), {"a": 1}) == key.sign(key.header(), {"a": 1})


def test_the_published_key_shows_its_use_and_nothing_private(key):
    public = key.key_set()["keys"][0]
    assert set(public) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert public["use"] == "sig"
    assert public["kid"] == JWK(**public).thumbprint()


def test_the_private_member_belongs_to_the_key(key):
    private = JWK(**{**key.public, "d": key.private_member})
    assert private.thumbprint() == key.kid


def made(profile, event):
    return claims_of(
        load_profile(profile).sets, event, iss="https://i", aud="https://a", iat=7, jti="j"
    )


EVENT = Event(type="urn:x:y", txn="t", payload={"a": 1}, subject={"format": "opaque", "id": "s"})


def test_under_the_final_text_the_subject_is_sub_id():
    assert made("ssf-1.0", EVENT) == {
        "iss": "https://i",
        "aud": "https://a",
        "iat": 7,
        "jti": "j",
        "txn": "t",
        "sub_id": {"format": "opaque", "id": "s"},
        "events": {"urn:x:y": {"a": 1}},
    }


def test_under_the_2021_draft_the_subject_stands_in_the_event():
    claims = made("sse-draft", EVENT)
    assert "sub_id" not in claims
    assert claims["events"] == {"urn:x:y": {"subject": {"format": "opaque", "id": "s"}, "a": 1}}


@pytest.mark.parametrize(
    ("state", "payload"), [(None, {}), ("", {"state": ""}), ("é", {"state": "é"})]
)
def test_a_verification_event_has_a_state_only_if_one_was_given(state, payload):
    rules = load_profile("ssf-1.0").sets
    event = verification(rules, txn="t", stream_id="s", state=state)
    assert event.payload == payload
    assert event.subject == {"format": "opaque", "id": "s"}


def test_a_verification_event_of_the_2021_draft_has_no_subject():
    rules = load_profile("sse-draft").sets
    assert verification(rules, txn="t", stream_id="s", state=None).subject is None
