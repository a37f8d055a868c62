"""Who is served: RFC 6750 and RFC 9110, section 15.5.2."""

import pytest

CALLS = {
    "create": ("POST", "configuration", {}),
    "list": ("GET", "configuration", None),
    "update": ("PATCH", "configuration", {"stream_id": "x"}),
    "replace": ("PUT", "configuration", {"stream_id": "x"}),
    "delete": ("DELETE", "configuration", None),
    "verify": ("POST", "verification", {"stream_id": "x"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_served_without_a_known_token(ssf, name):
    method, endpoint, body = CALLS[name]
    url = ssf.metadata[f"{endpoint}_endpoint"]
    missing = ssf.call(method, url, body, token=None)
    assert missing.status_code == 401
    assert missing.headers["www-authenticate"] == 'Bearer realm="Shared Signals"'
    garbage = ssf.call(method, url, body, token="garbage")
    assert garbage.status_code == 401
    assert 'error="invalid_token"' in garbage.headers["www-authenticate"]
    assert ssf.control("GET", "streams").json() == {"streams": []}


@pytest.mark.parametrize("name", CALLS)
def test_a_limited_token_is_known_and_allows_nothing(ssf, name):
    stream = ssf.create({"description": "before"})
    method, endpoint, body = CALLS[name]
    url = ssf.metadata[f"{endpoint}_endpoint"]
    body = body and {**body, "stream_id": stream["stream_id"]}
    answer = ssf.call(method, url, body, token=ssf.first.limited_token)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert ssf.poll(stream, token=ssf.first.limited_token).status_code == 403
    assert ssf.call("GET", ssf.configuration).json() == [stream]


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer ", "eyJ", ""])
def test_what_is_no_bearer_token_counts_as_none(ssf, header):
    answer = ssf.call("GET", ssf.configuration, token=None, headers={"authorization": header})
    assert answer.status_code == 401
    assert "error" not in answer.headers["www-authenticate"]


def test_the_scheme_is_written_in_any_case(ssf):
    header = {"authorization": f"bEARER {ssf.first.management_token}"}
    assert ssf.call("GET", ssf.configuration, token=None, headers=header).status_code == 200


def test_tokens_of_two_sites_with_one_seed_are_equal_and_of_two_seeds_are_not(mock):
    assert mock("ssf-1.0").first == mock("ssf-1.0").first
    assert mock("ssf-1.0", seed=1).first != mock("ssf-1.0").first


def test_secrets_do_not_show_in_what_is_printed(avnology):
    text = repr(avnology.first)
    assert avnology.first.management_token not in text
    assert avnology.first.poll_token not in text
    assert avnology.first.limited_token not in text
