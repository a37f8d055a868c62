"""Keys, signatures and claims."""

import json

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from conformance.spec.profile_files import load_profile
from mock_transmitter.domain.keys import KeyRing, KeyStillSigns, SigningKey, UnknownKey
from mock_transmitter.domain.seed import source
from mock_transmitter.domain.sets import Event, claims_of, verification

KEYS = {
    "ES256": lambda: SigningKey.es256(source(1, "t", "key")),
    "EdDSA": lambda: SigningKey.eddsa(source(1, "t", "key")),
    "RS256": lambda: SigningKey.rs256(2048),
}


@pytest.fixture(params=KEYS)
def key(request):
    return KEYS[request.param]()


@pytest.fixture
def ring():
    return KeyRing(source(1, "t", "key"))


@pytest.mark.parametrize("make", [SigningKey.es256, SigningKey.eddsa])
def test_the_same_source_gives_the_same_key(make):
    assert make(source(1, "t", "key")).public == make(source(1, "t", "key")).public
    assert make(source(2, "t", "key")).public != make(source(1, "t", "key")).public


@pytest.mark.parametrize("bits", [1024, 2048])
def test_an_rsa_key_has_its_size(bits):
    modulus = JWK(**SigningKey.rs256(bits).public).get_op_key("verify").key_size
    assert modulus == bits


def test_a_signature_verifies_with_the_published_key_by_another_library(key):
    token = key.sign(key.header(), {"jti": "1", "text": "é"})
    jws = JWS()
    jws.deserialize(token)
    jws.verify(JWK(**key.public))
    assert json.loads(jws.payload) == {"jti": "1", "text": "é"}
    assert jws.jose_header == {"alg": key.algorithm, "kid": key.kid, "typ": "secevent+jwt"}


def test_signing_twice_gives_the_same_bytes(key):
    assert key.sign(key.header(), {"a": 1}) == key.sign(key.header(), {"a": 1})


def test_the_published_key_shows_its_use_and_nothing_private(key):
    assert set(key.public) - {"kty", "kid", "use", "alg"} <= {"crv", "x", "y", "n", "e"}
    assert key.public["use"] == "sig"
    assert key.public["kid"] == JWK(**key.public).thumbprint()


def test_the_private_member_belongs_to_the_key():
    key = SigningKey.es256(source(1, "t", "key"))
    private = JWK(**{**key.public, "d": key.private_member})
    assert private.thumbprint() == key.kid


# -- rotation


def test_a_new_key_signs_and_the_one_before_stays_published(ring):
    before = ring.signing
    ring.rotate()
    assert ring.signing.kid != before.kid
    assert ring.key_set() == {"keys": [before.public, ring.signing.public]}


def test_a_withdrawn_key_is_published_no_longer(ring):
    before = ring.signing.kid
    ring.rotate()
    ring.withdraw(before)
    assert ring.kids == (ring.signing.kid,)
    with pytest.raises(UnknownKey, match=before):
        ring.withdraw(before)


def test_the_key_that_signs_is_not_withdrawn(ring):
    with pytest.raises(KeyStillSigns, match="rotate first"):
        ring.withdraw(ring.signing.kid)
    assert ring.kids == (ring.signing.kid,)


def test_a_set_keeps_its_bytes_when_the_key_rotates(ssf, types, header):
    stream = ssf.create({"events_requested": types})
    (first,) = ssf.emit()
    before = ssf.poll(stream).json()["sets"]
    old = ssf.control("GET", "keys").json()
    rotated = ssf.control("POST", "keys")
    assert rotated.status_code == 201
    assert rotated.json() == {
        "signing": rotated.json()["published"][1],
        "published": [old["signing"], rotated.json()["signing"]],
    }
    (second,) = ssf.emit()
    after = ssf.poll(stream).json()["sets"]
    assert after[first] == before[first]
    assert [header(after[jti])["kid"] for jti in (first, second)] == rotated.json()["published"]
    assert ssf.control("DELETE", f"keys/{old['signing']}").status_code == 204
    assert ssf.poll(stream).json()["sets"] == after
    published = [one["kid"] for one in ssf.call("GET", ssf.metadata["jwks_uri"]).json()["keys"]]
    assert published == [rotated.json()["signing"]]


def test_a_control_request_about_keys_that_can_not_be_done_changes_nothing(ssf):
    before = ssf.control("GET", "keys").json()
    refused = ssf.control("DELETE", f"keys/{before['signing']}")
    assert (refused.status_code, refused.json()["error"]) == (409, "key_signs")
    assert ssf.control("DELETE", "keys/of-nobody").status_code == 404
    assert ssf.control("GET", f"keys/{before['signing']}").status_code == 405
    assert ssf.control("POST", "keys", {"kid": "mine"}).status_code == 400
    assert ssf.control("GET", "keys").json() == before


# -- claims


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
