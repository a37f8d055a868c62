"""The Transmitter Configuration Metadata: SSF 1.0 section 7.1, or the 2021 draft's section 6.1."""

from typing import Any, TypeAlias

from conformance.spec.profile import Profile
from mock_transmitter.http.routes import Routes

Json: TypeAlias = dict[str, Any]

# Only a Transmitter held to the final text may say that it implements it, and knows
# authorization_schemes.
INTEROP = "caep-interop"
FINAL_TEXTS = frozenset({"ssf-1.0", INTEROP})
SPEC_VERSION = "1_0"
OAUTH = "urn:ietf:rfc:6749"
ALL_SUBJECTS = "ALL"
BEARER = "urn:ietf:rfc:6750"

_MEMBERS = (
    ("jwks_uri", "jwks"),
    ("configuration_endpoint", "configuration"),
    ("status_endpoint", "status"),
    ("add_subject_endpoint", "add_subject"),
    ("remove_subject_endpoint", "remove_subject"),
    ("verification_endpoint", "verification"),
)


def metadata(profile: Profile, routes: Routes, issuer: str) -> Json:
    """Return the metadata; it lists the endpoints at which the profile has an operation."""
    document: Json = {"issuer": issuer}
    document |= {member: routes.url(name) for member, name in _MEMBERS if routes.has(name)}
    methods = [uri for uri in (profile.delivery.push, profile.delivery.poll) if uri is not None]
    document["delivery_methods_supported"] = methods
    if FINAL_TEXTS & set(profile.tags):
        document["spec_version"] = SPEC_VERSION
        if profile.offers("add_subject"):
            document["default_subjects"] = ALL_SUBJECTS
        document["authorization_schemes"] = [{"spec_urn": OAUTH}, {"spec_urn": BEARER}]
    return document
