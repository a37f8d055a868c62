"""The mock's authorization server: RFC 6749, RFC 6750, RFC 7009, RFC 8414."""

from base64 import b64encode
from urllib.parse import urlencode

import pytest

FORM = "application/x-www-form-urlencoded"
TOKEN = "https://mock.example/oauth/token"
REVOKE = "https://mock.example/oauth/revoke"
LOGIN = "https://mock.example/login"
STREAMS = "https://mock.example/ssf/streams"
GRANT = {"grant_type": "client_credentials"}


def basic(user, password):
    return {"authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def post(one, url, form, headers=None):
    return one.http.post(
        url, content=urlencode(form), headers={"content-type": FORM, **(headers or {})}
    )


def client(one):
    return basic(one.first.client_id, one.first.client_secret)


def token_of(one, **form):
    answer = post(one, TOKEN, {**GRANT, **form}, client(one))
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def listed(one, token):
    return one.http.get(STREAMS, headers={"authorization": f"Bearer {token}"})


def test_client_credentials_give_a_token_that_is_not_kept_by_caches(ssf):
    answer = post(ssf, TOKEN, GRANT, client(ssf))
    document = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert (document["token_type"], document["expires_in"]) == ("Bearer", 3600)
    assert document["scope"] == "ssf.manage ssf.read"
    assert listed(ssf, document["access_token"]).status_code == 200


def test_a_client_may_authenticate_in_the_body(ssf):
    secrets = {"client_id": ssf.first.client_id, "client_secret": ssf.first.client_secret}
    assert post(ssf, TOKEN, {**GRANT, **secrets}).status_code == 200
    both = post(ssf, TOKEN, {**GRANT, **secrets}, client(ssf))
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({**GRANT, "scope": "admin"}, "invalid_scope"),
        ({**GRANT, "scope": "ssf.read  ssf.manage"}, "invalid_scope"),
    ],
)
def test_a_request_for_a_token_that_is_wrong_is_refused_by_name(ssf, form, error):
    answer = post(ssf, TOKEN, form, client(ssf))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_parameter_that_occurs_twice_is_refused(ssf):
    body = f"{urlencode(GRANT)}&{urlencode(GRANT)}"
    answer = ssf.http.post(TOKEN, content=body, headers={"content-type": FORM, **client(ssf)})
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "headers", [{}, basic("nobody", "x"), {"authorization": "Basic ???"}, {"authorization": "x"}]
)
def test_a_client_that_is_not_known_is_told_how_to_authenticate(ssf, headers):
    answer = post(ssf, TOKEN, GRANT, headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_the_token_endpoint_takes_post_alone(ssf):
    answer = ssf.http.get(TOKEN, headers=client(ssf))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_token_ends_on_the_tenants_clock(ssf):
    token = token_of(ssf)
    ssf.advance(3599)
    assert listed(ssf, token).status_code == 200
    ssf.advance(1)
    answer = listed(ssf, token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "expired" in answer.text


def test_a_token_for_reading_reads_and_does_no_more(ssf):
    headers = {"authorization": f"Bearer {token_of(ssf, scope='ssf.read')}"}
    assert ssf.http.get(STREAMS, headers=headers).status_code == 200
    refused = ssf.http.post(STREAMS, json={}, headers=headers)
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


def test_a_token_is_for_the_streams_of_its_client_alone(ssf):
    stream = ssf.create()
    second = basic(ssf.second.client_id, ssf.second.client_secret)
    other = post(ssf, TOKEN, GRANT, second).json()["access_token"]
    assert stream["stream_id"] in listed(ssf, token_of(ssf)).text
    assert stream["stream_id"] not in listed(ssf, other).text
    headers = {"authorization": f"Bearer {other}"}
    url = stream["delivery"]["endpoint_url"]
    assert ssf.http.post(url, json={}, headers=headers).status_code == 403


def test_a_revoked_token_is_refused(ssf):
    token = token_of(ssf)
    assert post(ssf, REVOKE, {"token": token}, client(ssf)).status_code == 200
    answer = listed(ssf, token)
    assert answer.status_code == 401
    assert "revoked" in answer.text
    assert post(ssf, REVOKE, {"token": "never issued"}, client(ssf)).status_code == 200


def test_nobody_revokes_the_token_of_another_client(ssf):
    token = token_of(ssf)
    second = basic(ssf.second.client_id, ssf.second.client_secret)
    assert post(ssf, REVOKE, {"token": token}, second).status_code == 400
    assert listed(ssf, token).status_code == 200


def test_the_control_api_shows_and_revokes_tokens(ssf):
    token = token_of(ssf, scope="ssf.read")
    control = ssf.tenant.control_url
    (shown,) = ssf.http.get(f"{control}/tokens").json()["tokens"]
    assert (shown["token"], shown["scope"], shown["ended"]) == (token, "ssf.read", None)
    assert ssf.http.delete(f"{control}/tokens/{token}").status_code == 204
    assert listed(ssf, token).status_code == 401
    assert ssf.http.delete(f"{control}/tokens/unknown").status_code == 404
    (shown,) = ssf.http.get(f"{control}/tokens").json()["tokens"]
    assert shown["ended"] == "was revoked"


def test_the_login_trades_a_basic_credential_for_a_short_lived_token(ssf):
    answer = ssf.http.post(LOGIN, headers=client(ssf))
    assert answer.json()["expires_in"] == 900
    token = answer.json()["token"]
    assert listed(ssf, token).status_code == 200
    ssf.advance(900)
    assert listed(ssf, token).status_code == 401
    assert ssf.http.post(LOGIN, headers=basic("a", "b")).status_code == 401


def test_the_server_publishes_its_metadata(ssf):
    place = "https://mock.example/.well-known/oauth-authorization-server"
    document = ssf.http.get(place).json()
    assert document["issuer"] == ssf.tenant.issuer
    assert document["token_endpoint"] == TOKEN
    assert document["revocation_endpoint"] == REVOKE
    assert document["grant_types_supported"] == ["client_credentials"]
    assert document["scopes_supported"] == ["ssf.manage", "ssf.read"]


def test_a_tenant_has_an_authorization_server_of_its_own(ssf):
    made = ssf.http.post(f"{ssf.tenant.control_url}/tenants", json={"name": "own"}).json()
    place = "https://mock.example/.well-known/oauth-authorization-server/tenants/own"
    assert ssf.http.get(place).json()["token_endpoint"] == made["token_url"]
    one = made["receivers"][0]
    answer = post(ssf, made["token_url"], GRANT, basic(one["client_id"], one["client_secret"]))
    assert answer.status_code == 200
    assert listed(ssf, answer.json()["access_token"]).status_code == 401


def test_the_same_seed_gives_the_same_clients_and_tokens(mock):
    first, again, other = mock("ssf-1.0"), mock("ssf-1.0"), mock("ssf-1.0", seed=1)
    assert token_of(first) == token_of(again) != token_of(other)
    assert first.first.client_secret == again.first.client_secret != other.first.client_secret


def test_the_profile_decides_what_the_mock_signs_with(mock):
    for profile, algorithm in (("caep-interop", "RS256"), ("ssf-1.0", "ES256")):
        tenant = mock(profile).tenant
        before = tenant.transmitter.keys.signing
        tenant.transmitter.keys.rotate()
        after = tenant.transmitter.keys.signing
        assert (before.algorithm, after.algorithm) == (algorithm, algorithm)
        assert before.kid != after.kid
