"""Metadata and key set over HTTP, and where things stand."""

import pytest

PROFILES = ("ssf-1.0", "sse-draft", "jamf", "avnology")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_url_of_the_metadata_answers(mock, profile):
    one = mock(profile)
    metadata = one.metadata
    assert metadata["issuer"] == one.tenant.issuer
    assert one.call("GET", metadata["jwks_uri"]).json()["keys"][0]["alg"] == "ES256"
    assert one.call("GET", metadata["configuration_endpoint"]).status_code == 200


def test_the_metadata_of_the_final_text(ssf):
    answer = ssf.call("GET", ssf.tenant.discovery_url, token=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "spec_version": "1_0",
        "issuer": "https://mock.example",
        "jwks_uri": "https://mock.example/jwks.json",
        "configuration_endpoint": "https://mock.example/ssf/streams",
        "status_endpoint": "https://mock.example/ssf/status",
        "add_subject_endpoint": "https://mock.example/ssf/subjects:add",
        "remove_subject_endpoint": "https://mock.example/ssf/subjects:remove",
        "verification_endpoint": "https://mock.example/ssf/verify",
        "default_subjects": "ALL",
        "delivery_methods_supported": ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"],
        "authorization_schemes": [
            {"spec_urn": "urn:ietf:rfc:6749"},
            {"spec_urn": "urn:ietf:rfc:6750"},
        ],
    }


def test_a_transmitter_not_held_to_the_final_text_claims_no_version(mock):
    for profile in ("sse-draft", "jamf", "avnology"):
        assert "spec_version" not in mock(profile).metadata


def test_a_dialect_without_verification_publishes_no_endpoint_for_it(avnology):
    assert "verification_endpoint" not in avnology.metadata
    assert avnology.metadata["jwks_uri"] == "https://mock.example/.well-known/jwks.json"


def test_what_a_dialect_does_not_deliver_is_not_listed(jamf):
    methods = jamf.metadata["delivery_methods_supported"]
    assert methods == ["https://schemas.openid.net/secevent/risc/delivery-method/push"]


def test_where_the_dialect_wants_a_token_for_discovery_there_is_none_without(jamf):
    url = "https://mock.example/sse/.well-known"
    assert jamf.tenant.discovery_url == url
    assert jamf.call("GET", url).status_code == 200
    answer = jamf.call("GET", url, token=None)
    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message"}


def test_an_unknown_path_is_404_and_a_wrong_method_405(ssf):
    assert ssf.call("GET", "https://mock.example/nothing/here").status_code == 404
    assert (
        ssf.call("GET", "https://mock.example/.well-known/ssf-configuration/x").status_code == 404
    )
    answer = ssf.call("PUT", ssf.tenant.discovery_url, {})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert ssf.call("GET", ssf.metadata["verification_endpoint"]).headers["allow"] == "POST"


def test_the_allowed_methods_are_those_of_the_profile(ssf, jamf):
    answer = ssf.call("OPTIONS", ssf.configuration)
    assert answer.headers["allow"] == "DELETE, GET, PATCH, POST, PUT, HEAD"
    assert jamf.call("PUT", jamf.configuration, {}).headers["allow"] == "DELETE, GET, POST, HEAD"


def test_head_is_get_without_the_body(ssf):
    answer = ssf.call("HEAD", ssf.tenant.discovery_url)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-type"] == "application/json"


def test_a_path_that_cannot_be_decoded_is_404(ssf):
    assert ssf.call("GET", "https://mock.example/ssf/%ff%fe").status_code == 404


def test_an_escaped_colon_is_the_same_path(avnology):
    stream = avnology.create()
    url = stream["delivery"]["endpoint_url"]
    assert url.endswith(f"/v1/ssf/streams/{stream['id']}/events:poll")
    token = avnology.first.poll_token
    for spelling in (url, url.replace("events:poll", "events%3Apoll")):
        assert avnology.call("POST", spelling, {}, token=token).json() == {"sets": {}}
