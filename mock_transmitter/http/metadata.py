"""The Transmitter Configuration Metadata: SSF 1.0 section 7.1, or the 2021 draft's section 6.1."""

from typing import Any, TypeAlias

from conformance.spec.profile import Profile
from mock_transmitter.http.routes import Routes

Json: TypeAlias = dict[str, Any]

# Only a Transmitter held to the final text may say that it implements it, and knows
# authorization_schemes.
FINAL_TEXT = "ssf-1.0"
SPEC_VERSION = "1_0"
BEARER = "urn:ietf:rfc:6750"

_MEMBERS = (
    ("jwks_uri", "jwks"),
    ("configuration_endpoint", "configuration"),
    ("verification_endpoint", "verification"),
)


def metadata(profile: Profile, routes: Routes, issuer: str) -> Json:
    """Return the metadata: an endpoint is published where the profile has an operation at it."""
    document: Json = {"issuer": issuer}
    document |= {member: routes.url(name) for member, name in _MEMBERS if routes.has(name)}
    methods = [uri for uri in (profile.delivery.push, profile.delivery.poll) if uri is not None]
    document["delivery_methods_supported"] = methods
    if FINAL_TEXT in profile.tags:
        document["spec_version"] = SPEC_VERSION
        document["authorization_schemes"] = [{"spec_urn": BEARER}]
    return document
