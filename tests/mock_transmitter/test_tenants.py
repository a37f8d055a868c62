"""Tenants: each a Transmitter of its own."""

import pytest

from mock_transmitter.tenants import TenantExists, UnknownTenant, UnusableTenantName

PROFILES = ("ssf-1.0", "sse-draft", "jamf", "avnology")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_tenant_answers_below_its_own_issuer(mock, profile):
    default = mock(profile)
    one = mock(profile, site=default.site, tenant=default.site.open_tenant("x"))
    assert one.tenant.issuer == "https://mock.example/tenants/x"
    metadata = one.metadata
    assert metadata["issuer"] == one.tenant.issuer
    assert metadata["configuration_endpoint"].startswith("https://mock.example/tenants/x/")
    assert one.call("GET", metadata["jwks_uri"]).status_code == 200
    assert default.metadata["issuer"] == "https://mock.example"


def test_the_metadata_of_a_tenant_stands_where_the_text_puts_it(ssf, jamf):
    assert ssf.site.open_tenant("x").discovery_url == (
        "https://mock.example/.well-known/ssf-configuration/tenants/x"
    )
    assert jamf.site.open_tenant("x").discovery_url == (
        "https://mock.example/tenants/x/sse/.well-known"
    )


def test_tenants_share_neither_keys_nor_tokens_nor_streams_nor_time_nor_deviations(mock, types):
    default = mock("ssf-1.0")
    one = mock("ssf-1.0", site=default.site, tenant=default.site.open_tenant())
    two = mock("ssf-1.0", site=default.site, tenant=default.site.open_tenant())
    keys = {one.call("GET", each.metadata["jwks_uri"]).text for each in (default, one, two)}
    assert len(keys) == 3
    assert len({each.first.management_token for each in (default, one, two)}) == 3
    stream = one.create({"events_requested": types})
    assert two.call("GET", two.configuration).json() == []
    assert one.call("GET", one.configuration, token=two.first.management_token).status_code == 401
    one.advance(100)
    assert two.tenant.clock.now() + 100 == one.tenant.clock.now()
    two.control("PUT", "deviations", {"active": ["ack-is-ignored"]})
    assert one.control("GET", "deviations").json()["active"] == []
    assert len(one.emit()) == 1
    assert two.emit() == []
    assert one.read(stream["stream_id"]).status_code == 200


def test_the_sites_deviations_are_played_by_every_tenant(mock):
    default = mock("ssf-1.0", deviations=["metadata-has-an-empty-array"])
    one = mock("ssf-1.0", site=default.site, tenant=default.site.open_tenant("x"))
    for each in (default, one):
        assert each.metadata["critical_subject_members"] == []


def test_a_closed_tenant_is_gone(ssf):
    tenant = ssf.site.open_tenant("x")
    ssf.site.close_tenant("x")
    assert ssf.call("GET", tenant.discovery_url).status_code == 404
    assert ssf.call("GET", f"{tenant.issuer}/jwks.json").status_code == 404
    with pytest.raises(UnknownTenant):
        ssf.site.close_tenant("x")
    ssf.site.open_tenant("x")


def test_a_name_is_taken_once(ssf):
    ssf.site.open_tenant("x")
    with pytest.raises(TenantExists):
        ssf.site.open_tenant("x")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "ü", "default", "x" * 65])
def test_a_name_has_to_fit_into_a_url(ssf, name):
    with pytest.raises(UnusableTenantName):
        ssf.site.open_tenant(name)


def test_tenants_without_a_name_are_numbered_past_those_that_exist(ssf):
    ssf.site.open_tenant("2")
    assert [ssf.site.open_tenant().name for _ in range(3)] == ["1", "3", "4"]


def test_an_issuer_may_have_a_path_of_its_own(mock):
    one = mock("ssf-1.0", base_url="https://mock.example/base/")
    site = one.site
    assert one.tenant.discovery_url == "https://mock.example/.well-known/ssf-configuration/base"
    assert one.metadata["issuer"] == "https://mock.example/base/"
    assert one.create()["delivery"]["endpoint_url"].startswith("https://mock.example/base/ssf/")
    below = mock("ssf-1.0", site=site, tenant=site.open_tenant("x"))
    assert below.metadata["issuer"] == "https://mock.example/base/tenants/x"
    assert below.control("GET", "health").json()["issuer"] == below.metadata["issuer"]


def test_where_the_path_is_fixed_it_is_the_default_tenants(mock):
    one = mock("ssf-1.0", settings={"discovery.splice": "fixed"})
    one.site.open_tenant("x")
    assert one.metadata["issuer"] == "https://mock.example"
    one.site.close_tenant("x")
    assert one.metadata["issuer"] == "https://mock.example"
