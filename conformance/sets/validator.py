"""The SET validator: pure functions over one token, or over those of one feed.

Keywords of the profile's schema are judged by the schema. Rules that no keyword can express, such
as the equality of two values, are judged by the modules of this folder. Only requirements of the
target's profile get findings, and only if the SET has something to judge.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from conformance.sets import caep_interop, event_payloads, jws, raw_json
from conformance.sets.caep_interop import judge_interop_claims, judge_interop_signature
from conformance.sets.envelope import judge_envelope
from conformance.sets.findings import Claims, Context, Finding, printable, shown
from conformance.sets.raw_json import canonical
from conformance.sets.subject_identifiers import judge_subjects
from conformance.sets.token import form, is_nested, judge_header, judge_no_token, judge_signature
from conformance.spec import schema
from conformance.spec.requirement import Grade, load_catalogue

__all__ = ["REQUIREMENTS", "Context", "Finding", "judge_set", "judge_uniqueness"]

# Judged in code although the schema has keywords for them, because code can see the whole rule.
_BY_HAND = frozenset({"RFC8417-2.4-JWT-FORM", "SSF-3.3-COMPLEX-FORMAT"})

# The requirements that judge_set may report. judge_uniqueness only reports RFC8417-2.2-JTI-UNIQUE.
REQUIREMENTS: tuple[str, ...] = (
    "RFC7515-7.1-COMPACT",
    "RFC7515-4.1.1-ALG",
    "RFC7515-4.1.4-KID-RESOLVES",
    "RFC7515-4.1.11-CRIT",
    "RFC7515-5.2-SIGNATURE-VALID",
    "RFC7518-3.3-RSA-2048",
    "RFC7519-2-NUMERICDATE",
    "RFC7519-4-UNIQUE-CLAIMS",
    "RFC7519-4.1.6-IAT-NOT-FUTURE",
    "RFC8417-1.2-EVENT-ID-URI",
    "RFC8417-1.2-PAYLOAD-OBJECT",
    "RFC8417-2-EVENTS-NONEMPTY",
    "RFC8417-2-EMPTY-PAYLOAD",
    "RFC8417-2-ENVELOPE-CLAIM-NAMES",
    "RFC8417-2.2-ISS",
    "RFC8417-2.2-IAT",
    "RFC8417-2.2-JTI",
    "RFC8417-2.2-AUD",
    "RFC8417-2.2-NO-EXP",
    "RFC8417-2.2-NO-DUP-EVENT-IDS",
    "RFC8417-2.2-ONE-LOGICAL-EVENT",
    "RFC8417-2.2-TXN-STRING",
    "RFC8417-2.2-TOE",
    "RFC8417-2.3-TYP-VALUE",
    "RFC8417-2.3-TYP-WHEN-CONFUSABLE",
    "RFC8417-2.4-JWT-FORM",
    "RFC8417-2.4-UNSIGNED-NEEDS-TLS",
    "RFC8417-5.1-SIGNED",
    "RFC8936-2.3-SETS-OBJECT",
    "RFC9493-3-FORMAT-PRESENT",
    "RFC9493-3-REQUIRED-MEMBERS",
    "RFC9493-3-NO-FOREIGN-MEMBERS",
    "RFC9493-3-MEMBER-RULES",
    "RFC9493-3-UNIQUE-NAME",
    "RFC9493-3.2-MOST-SPECIFIC",
    "RFC9493-3.2.1-ACCOUNT",
    "RFC9493-3.2.2-EMAIL",
    "RFC9493-3.2.3-ISS-SUB",
    "RFC9493-3.2.4-OPAQUE",
    "RFC9493-3.2.5-PHONE",
    "RFC9493-3.2.6-DID",
    "RFC9493-3.2.7-URI",
    "RFC9493-3.2.8-ALIASES",
    "RFC9493-3.2.8-ALIASES-NOT-NESTED",
    "RFC9493-3.2.8-ALIASES-NO-DUPES",
    "RFC9493-4.1-SUBID-IS-IDENTIFIER",
    "SSF-3.1-SUBID-PRESENT",
    "SSF-3.1.1-SUBID-WITH-LEGACY-SUBJECT",
    "SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT",
    "SSF-3.2-SIMPLE-IS-SUBID",
    "SSF-3.3-COMPLEX-FORMAT",
    "SSF-3.3-COMPLEX-MEMBERS-SIMPLE",
    "SSF-3.3-COMPLEX-MEMBER-ONCE",
    "SSF-3.4-FORMAT-KNOWN",
    "SSF-3.5.1-JWTID-MEMBERS",
    "SSF-3.5.2-SAML-MEMBERS",
    "SSF-3.5.3-IPADDR-MEMBERS",
    "SSF-4.1.1-TYP",
    "SSF-4.1.2-NO-SUB",
    "SSF-4.1.4-KEY-FROM-JWKS",
    "SSF-4.1.6-ISS-MATCHES-STREAM",
    "SSF-4.1.7-NO-EXP",
    "SSF-4.1.8-AUD-SHAPE",
    "SSF-4.1.8-AUD-MATCHES-STREAM",
    "SSF-4.1.9-TXN-PRESENT",
    "SSF-4.2.1-SINGLE-EVENT",
    "SSF-4.2.1-MULTI-ONLY-ALIASES",
    "SSF-4.2.1-TYPE-IS-KEY",
    "SSF-7.1-ISSUER-EQUALS-SET-ISS",
    "SSF-7.1-JWKS-URI-WHEN-SIGNING",
    "SSF-8.1.4.1-TYPE-URI",
    "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",
    "SSE-3.1-SIMPLE-IS-SUBID",
    "SSE-3.2-COMPLEX-SHAPE",
    "SSE-3.2-COMPLEX-MEMBER-ONCE",
    "SSE-3.3-FORMAT-KNOWN",
    "SSE-3.4.1-JWT-ID",
    "SSE-3.4.2-SAML",
    "SSE-6.1-ISSUER-EQUALS-SET-ISS",
    "SSE-7.1.2-ISS",
    "SSE-7.1.4.1-TYPE-URI",
    "SSE-11.1.1-KEY-FROM-JWKS",
    "SSE-11.1.2-NO-SUB",
    "SSE-11.1.2-SUBJECT-IN-PAYLOAD",
    "SSE-11.1.4-TYP",
    "SSE-11.1.5-NO-EXP",
    "SSE-11.1.6-AUD-CLIENT-ID",
    "SSE-11.1.6-AUD-SHAPE",
    "SSE-11.1.7-SINGLE-EVENT",
    "JAMF-ISS",
    "VEPA-POLL-RESPONSE-SETS",
    "VEPA-SIGNED",
    *event_payloads.REQUIREMENTS,
    *caep_interop.REQUIREMENTS,
)


def judge_set(token: object, context: Context) -> list[Finding]:
    """Return a finding for each requirement of the profile that a SET says something about.

    Never raises, whatever `token` is; normally it is a text. RFC8417-2.2-JTI-UNIQUE needs several
    SETs: see judge_uniqueness.
    """
    spoken_of = _rows_of(frozenset(context.profile.tags))
    return [one for one in _judge(token, context) if one.requirement in spoken_of]


def judge_uniqueness(tokens: Sequence[object]) -> list[Finding]:
    """Return whether any two SETs of one feed share a jti (RFC 8417 section 2.2).

    The same claims with another signature are the same SET, sent again. Tokens that can't be read
    give no finding. Never raises.
    """
    claims_of: dict[str, dict[str, Mapping[str, Any]]] = {}
    for token in tokens:
        claims = _readable_claims(token)
        jti = None if claims is None else claims.get("jti")
        if claims is not None and isinstance(jti, str):
            claims_of.setdefault(jti, {})[canonical(claims)] = claims
    expected = "each jti under one set of claims"
    findings = [
        Finding(
            "RFC8417-2.2-JTI-UNIQUE",
            held=False,
            expected=expected,
            got=f"{len(forms)} different sets of claims with jti {shown(jti)}",
            at_most=Grade.WARN if _differ_in_iat_alone(list(forms.values())) else None,
        )
        for jti, forms in claims_of.items()
        if len(forms) > 1
    ]
    if claims_of and not findings:
        findings.append(
            Finding("RFC8417-2.2-JTI-UNIQUE", held=True, expected=expected, got="no jti is shared")
        )
    return findings


def _differ_in_iat_alone(forms: Sequence[Mapping[str, Any]]) -> bool:
    rest = {canonical({**claims, "iat": None}) for claims in forms}
    return len(rest) == 1 and all("iat" in claims for claims in forms)


def _readable_claims(token: object) -> Mapping[str, Any] | None:
    try:
        compact = jws.read(token)
        found = None if compact.encrypted else raw_json.read(compact.payload).value
    except (jws.NotCompact, raw_json.NotJson):
        return None
    return found if isinstance(found, dict) else None


@cache
def _rows_of(tags: frozenset[str]) -> frozenset[str]:
    return frozenset(row.id for row in load_catalogue().for_tags(tags))


@cache
def _summary(requirement: str) -> str:
    return load_catalogue()[requirement].summary


def _judge(token: object, context: Context) -> Iterator[Finding]:
    try:
        compact = jws.read(token)
    except jws.NotCompact as error:
        yield from judge_no_token(error)
        return
    if compact.encrypted:
        yield form(held=True, got="an encrypted token")
        return
    yield from judge_header(compact, context)
    yield from judge_signature(compact, context)
    yield from judge_interop_signature(compact, context)
    if is_nested(compact):
        yield form(held=True, got="a token within a token")
        return
    try:
        document = raw_json.read(compact.payload)
    except raw_json.NotJson as error:
        softer = Grade.WARN if isinstance(error, raw_json.TooDeep) else None
        yield form(held=False, got=f"claims: {error}", at_most=softer)
        return
    if not isinstance(document.value, dict):
        yield form(held=False, got="claims that are no JSON object")
        return
    yield form(held=True, got="three parts, header and claims")
    yield from _claims(Claims(document, context))


def _claims(claims: Claims) -> Iterator[Finding]:
    yield from _by_schema(claims)
    yield from judge_envelope(claims)
    yield from judge_subjects(claims)
    yield from event_payloads.judge_events(claims)
    yield from judge_interop_claims(claims)


def _by_schema(claims: Claims) -> Iterator[Finding]:
    name = claims.context.profile.schemas.get("set")
    if name is None:
        return
    found = schema.judge(name, claims.members, tls=claims.context.tls)
    broken = {breach.requirement for breach in found.breaches if breach.requirement}
    ours = found.seen.union(broken).intersection(REQUIREMENTS) - _BY_HAND
    for requirement in sorted(ours):
        expected = _summary(requirement)
        breaches = found.of(requirement)
        if not breaches:
            yield Finding(requirement, held=True, expected=expected, got="so it is")
        for breach in breaches:
            softer = _softer_than_schema(requirement, claims)
            yield Finding(requirement, False, expected, _got(breach), softer)  # noqa: FBT003


def _softer_than_schema(requirement: str, claims: Claims) -> Grade | None:
    if requirement == "SSE-11.1.2-SUBJECT-IN-PAYLOAD" and "sub_id" in claims.members:
        return Grade.NOTE  # The subject is in the place that a later text requires.
    return None


def _got(breach: schema.Breach) -> str:
    if breach.keyword == "required":
        return printable(f"{breach.path}: {breach.message}")
    private = "/sub_id" in breach.path or "/subject" in breach.path
    value = breach.value
    if private and isinstance(value, str):
        what = f"a text of {len(value)} characters"
    elif private and isinstance(value, list):
        what = f"an array of {len(value)}"
    else:
        what = shown(value)
    return f"{printable(breach.path)}: {what}, which breaks `{breach.keyword}`"
