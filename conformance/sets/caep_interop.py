"""The rules of the CAEP Interoperability Profile 1.0 for SETs, beyond SSF and CAEP.

Sections 2.3.3, 2.5, 2.6, 2.8 and 3. Pure functions, like the whole SET validator.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.sets import jws
from conformance.sets.findings import Claims, Context, Finding, is_openid, shown
from conformance.spec.requirement import Grade

REQUIREMENTS: tuple[str, ...] = (
    "CAEPIOP-2.3.3-CURRENT-KEY",
    "CAEPIOP-2.5-SUBJECT-FORMATS",
    "CAEPIOP-2.6-RS256",
    "CAEPIOP-2.6-RSA-2048",
    "CAEPIOP-2.8.1-SINGLE-EVENT",
    "CAEPIOP-3.1-REASON-ADMIN",
    "CAEPIOP-3.2-REASON-ADMIN",
)

_CAEP = "https://schemas.openid.net/secevent/caep/event-type"
SESSION_REVOKED = f"{_CAEP}/session-revoked"
CREDENTIAL_CHANGE = f"{_CAEP}/credential-change"

_SHORTEST_RSA_BITS = 2048
_FORMATS = frozenset({"email", "iss_sub"})


def judge_interop_signature(token: jws.Compact, context: Context) -> Iterator[Finding]:
    """Judge the signature: RS256, by a published key of at least 2048 bits."""
    alg = f"alg {shown(token.header['alg'])}" if "alg" in token.header else "no alg"
    yield Finding("CAEPIOP-2.6-RS256", token.alg == "RS256", 'alg "RS256"', alg)
    if token.alg != "RS256" or context.key_set is None:
        return
    verification = jws.verify(token, context.key_set)
    yield Finding(
        "CAEPIOP-2.3.3-CURRENT-KEY",
        verification.key is not None,
        "the key that signs now among those at jwks_uri",
        verification.tried,
    )
    bits = None if verification.key is None else jws.rsa_bits(verification.key)
    if bits is not None:
        expected = f"a key of {_SHORTEST_RSA_BITS} bits or more"
        yield Finding("CAEPIOP-2.6-RSA-2048", bits >= _SHORTEST_RSA_BITS, expected, f"{bits} bits")


def judge_interop_claims(claims: Claims) -> Iterator[Finding]:
    """Judge the claims: one event, its subject, and the reason that it gives."""
    if claims.events:
        yield Finding(
            "CAEPIOP-2.8.1-SINGLE-EVENT",
            len(claims.events) == 1,
            "one event in a SET",
            f"{len(claims.events)} events",
        )
    yield from _subject(claims)
    for requirement, event_type in (
        ("CAEPIOP-3.1-REASON-ADMIN", SESSION_REVOKED),
        ("CAEPIOP-3.2-REASON-ADMIN", CREDENTIAL_CHANGE),
    ):
        payload = claims.events.get(event_type)
        if isinstance(payload, Mapping):
            yield _reason(requirement, payload.get("reason_admin"))


def _subject(claims: Claims) -> Iterator[Finding]:
    subject = claims.members.get("sub_id")
    if not isinstance(subject, Mapping):
        return
    found = set(_formats(subject))
    got = f"sub_id in format {shown(subject.get('format'))}"
    if any(claims.verifications()):
        expected = "opaque, in a Verification Event"
        yield Finding("CAEPIOP-2.5-SUBJECT-FORMATS", found == {"opaque"}, expected, got)
    elif found & _FORMATS and not any(map(_is_ours, claims.events)):
        expected = "email or iss_sub in some event"
        yield Finding("CAEPIOP-2.5-SUBJECT-FORMATS", held=True, expected=expected, got=got)


def _is_ours(event_type: str) -> bool:
    """Return whether an event is about the stream itself."""
    return is_openid(event_type) and "/ssf/" in event_type


def _formats(subject: Mapping[str, Any]) -> Iterator[str]:
    """Yield the format of a simple subject, or those within a complex one."""
    parts = subject.values() if subject.get("format") == "complex" else (subject,)
    for part in parts:
        if isinstance(part, Mapping) and isinstance(part.get("format"), str):
            yield part["format"]


def _reason(requirement: str, reason: object) -> Finding:
    values = list(reason.values()) if isinstance(reason, Mapping) else [reason]
    filled = bool(values) and all(isinstance(one, str) and one.strip() for one in values)
    return Finding(
        requirement,
        filled and isinstance(reason, Mapping),
        "reason_admin: a text by language tag, and none of them empty",
        f"reason_admin {shown(reason)}" if reason is not None else "no reason_admin",
        # This text asks for a string, CAEP for an object.
        Grade.NOTE if filled else None,
    )
