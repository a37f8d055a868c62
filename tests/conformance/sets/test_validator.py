"""The SET validator: good tokens break nothing, each requirement is seen broken, nothing raises."""

import hmac
import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import golden_tokens as G  # noqa: N812 (it stands in every line)
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.sets import caep_interop, event_payloads
from conformance.sets.validator import REQUIREMENTS, judge_set, judge_uniqueness
from conformance.spec import schema
from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import Grade, load_catalogue

GONE, NOW = G.GONE, G.NOW
EXAMPLES = Path(__file__).parents[2] / "golden" / "examples"
FUZZ = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)


def broken(findings):
    return {one.requirement for one in findings if not one.held}


def told(findings):
    return {one.requirement for one in findings}


def grade_of(findings, requirement):
    """Return the `at_most` of the loudest breach."""
    at_most = [one.at_most for one in findings if one.requirement == requirement and not one.held]
    loudness = [None, Grade.FAIL, Grade.WARN, Grade.NOTE]
    return min(at_most, key=loudness.index)


# -- good tokens ---------------------------------------------------------------------------------

GOOD = {
    "session revoked": ("ssf-1.0", G.claims()),
    "complex subject": ("ssf-1.0", G.claims(G.COMPLEX)),
    "verification": ("ssf-1.0", G.verification()),
    "verification without txn": ("ssf-1.0", G.verification(txn=GONE)),
    "legacy subject as well": (
        "ssf-1.0",
        G.claims(events={G.SESSION_REVOKED: {"subject": G.EMAIL}}),
    ),
    "another subject": (
        "ssf-1.0",
        G.claims(events={G.SESSION_REVOKED: {}}, toe=NOW - 5, aud=[G.AUDIENCE]),
    ),
    "draft of 2021": ("sse-draft", G.claims_2021()),
    "draft of 2021, complex": ("sse-draft", G.claims_2021({"user": G.EMAIL})),
    "draft of 2021, verification": (
        "sse-draft",
        G.claims_2021(events={G.VERIFICATION_2021: {"state": "x"}}),
    ),
    "implicit stream of a vendor": ("jamf", G.claims_2021()),
    "poll of a vendor": ("avnology", G.claims()),
}


def test_a_good_token_breaks_nothing(subtests):
    for alg in G.ALGORITHMS:
        for name, (profile, claims) in GOOD.items():
            with subtests.test(f"{name} {alg}"):
                findings = judge_set(G.signed(claims, alg), G.context(profile))
                listed = alg in load_profile(profile).sets.algorithms
                assert broken(findings) == (set() if listed else {"RFC7515-4.1.1-ALG"})
                assert "RFC7515-5.2-SIGNATURE-VALID" in told(findings)


def test_an_algorithm_that_the_profile_does_not_list_is_only_noted():
    findings = judge_set(G.signed(G.claims(), "EdDSA"), G.context("avnology"))
    assert grade_of(findings, "RFC7515-4.1.1-ALG") is Grade.NOTE


SUBJECT_OF_EACH_FORMAT = [
    {"format": "account", "uri": "acct:user@example.com"},
    {"format": "iss_sub", "iss": "https://idp.example", "sub": "1"},
    {"format": "phone_number", "phone_number": "+12065550123"},
    {"format": "did", "url": "did:example:123456"},
    {"format": "uri", "uri": "https://user.example/1"},
    {"format": "aliases", "identifiers": [G.EMAIL, G.STREAM_SUBJECT]},
    {"format": "jwt_id", "iss": "https://idp.example", "jti": "1"},
    {"format": "saml_assertion_id", "issuer": "https://idp.example", "assertion_id": "_1"},
    {"format": "ip-addresses", "ip-addresses": ["10.29.37.75", "2001:db8::1", "fe80::1%eth0"]},
    {**G.COMPLEX, "vendor_extra": {"score": 7}},
]
ODD_SUBJECTS_THAT_CONFORM = [
    {"format": "email", "email": email}
    for email in ('"a user"@x.example', "u+tag@[192.0.2.1]", "o'b@x.example", "a(who)@x.example")
] + [
    {"format": "account", "uri": "ACCT:user%40home@x.example"},
    {"format": "did", "url": "did:web:x.example%3A3000:user?service=a#key"},
    {"format": "uri", "uri": "https://[2001:db8::1]:8443/a?b=c&d=%20#e"},
    {"format": "uri", "uri": "tag:x.example,2005:user"},
]
SUBJECT_OF_2021 = [
    {"format": "jwt-id", "iss": "https://idp.example", "jti": "1"},
    {"format": "saml-assertion-id", "issuer": "https://idp.example", "assertion_id": "_1"},
    {"format": "phone", "phone_number": "+12065550123"},
]


def test_each_format_of_subject_passes(subtests):
    for subject in SUBJECT_OF_EACH_FORMAT:
        with subtests.test(subject["format"]):
            assert broken(judge_set(G.signed(G.claims(subject)), G.context())) == set()


def test_an_odd_subject_passes(subtests):
    for subject in ODD_SUBJECTS_THAT_CONFORM:
        with subtests.test(str(subject)):
            assert broken(judge_set(G.signed(G.claims(subject)), G.context())) == set()


def test_each_format_of_2021_passes_in_its_draft(subtests):
    for subject in SUBJECT_OF_2021:
        with subtests.test(subject["format"]):
            assert (
                broken(judge_set(G.signed(G.claims_2021(subject)), G.context("sse-draft"))) == set()
            )


def _examples():
    for file, profile in (
        ("ssf-1.0.json", "ssf-1.0"),
        ("caep-1.0.json", "ssf-1.0"),
        ("risc-1.0.json", "ssf-1.0"),
        ("sse-id1.json", "sse-draft"),
    ):
        for entry in json.loads((EXAMPLES / file).read_text(encoding="utf-8")):
            if entry["schema"].endswith("/set.json"):
                yield entry["source"], profile, entry["document"]


def test_an_example_of_the_texts_never_fails(subtests):
    for source, profile, claims in _examples():
        with subtests.test(source):
            where = {"issuer": claims["iss"], "key": claims["jti"], "received_at": 0.0}
            stream = {"iss": claims["iss"], "aud": claims["aud"]}
            if G.VERIFICATION in claims["events"]:
                stream["stream_id"] = claims["sub_id"]["id"]
            findings = judge_set(G.signed(claims), G.context(profile, **where, stream=stream))
            grades = {row.id: row.grade for row in load_catalogue()}
            loud = {one.at_most or grades[one.requirement] for one in findings if not one.held}
            assert Grade.FAIL not in loud


# -- one token that breaks each requirement ------------------------------------------------------


class Broken(NamedTuple):
    requirement: str
    token: Any
    also: frozenset[str] = frozenset()
    profile: str = "ssf-1.0"
    at_most: Grade | None = None
    context: dict[str, Any] = {}  # noqa: RUF012 (never changed)


def breaks(requirement, token, *also, profile="ssf-1.0", at_most=None, **context):
    return Broken(requirement, token, frozenset(also), profile, at_most, context)


def ssf(**changes):
    return lambda: G.signed(G.claims(**changes))


def draft(**changes):
    return lambda: G.signed(G.claims_2021(**changes))


def subject(**members):
    return ssf(subject=members)


def event(payload, kind=G.SESSION_REVOKED, **changes):
    return ssf(events={kind: payload}, **changes)


def raw(text):
    """Sign claims as a text, such as json.dumps never writes."""
    return lambda: G.signed(text.encode())


def good_text(**changes):
    return json.dumps(G.claims(**changes))


def _forged():
    head, _, signature = G.signed(G.claims()).split(".")
    return ".".join((head, G.base64url(good_text(txn="another").encode()), signature))


def _unsecured(signature=b""):
    return G.by_hand('{"alg":"none","typ":"secevent+jwt"}', good_text(), signature)


def _with_kid(kid):
    return _resigned({"kid": kid})


def _with_crit(crit):
    header = {"alg": "ES256", "typ": "secevent+jwt", "crit": crit, "ext": 1}
    return G.by_hand(json.dumps(header), good_text())


def _resigned(header):
    """Sign under a header that joserfc would refuse."""
    full = json.dumps({"alg": "Ed25519", "typ": "secevent+jwt"} | header)
    unsigned = G.by_hand(full, good_text(), b"").removesuffix(".")
    signature = G.key("ed").private_key.sign(unsigned.encode())
    return f"{unsigned}.{G.base64url(signature)}"


CUSTOM = "https://vendor.example/events/thing"
NEW_PASSWORD = {"credential_type": "password", "change_type": "update"}
# The others are seen broken in test_event_payloads.py and test_interop_sets.py.
OF_EVERY_SET = set(REQUIREMENTS) - set(event_payloads.REQUIREMENTS) - set(caep_interop.REQUIREMENTS)
NOT_VERIFIED = ("RFC8417-5.1-SIGNED", "SSF-4.1.4-KEY-FROM-JWKS")
MEMBERS = "RFC9493-3-REQUIRED-MEMBERS"
RULES = "RFC9493-3-MEMBER-RULES"
IDENTIFIER = "SSF-3.2-SIMPLE-IS-SUBID"

BREAKING = [
    # the token
    breaks(
        "RFC7515-7.1-COMPACT",
        lambda: G.by_hand('{"alg":"ES256","typ":"secevent+jwt","typ":"secevent+jwt"}', good_text()),
        "RFC7515-5.2-SIGNATURE-VALID",
        *NOT_VERIFIED,
    ),
    breaks(
        "RFC8417-2.4-JWT-FORM",
        lambda: G.signed(G.claims()).replace(".", "=.", 1),
        "RFC7515-7.1-COMPACT",
    ),
    breaks("RFC8417-2.4-JWT-FORM", lambda: "a.b.c.d", "RFC7515-7.1-COMPACT"),
    breaks("RFC8417-2.4-JWT-FORM", lambda: f"{G.signed(G.claims())}.aaaa.bbbb"),
    breaks(
        "RFC7515-7.1-COMPACT",
        lambda: G.with_spare_bits(G.signed(G.claims(), "Ed25519")),
        "RFC8417-2.4-JWT-FORM",
    ),
    breaks("RFC8417-2.4-JWT-FORM", lambda: G.by_hand("[]", "{}"), "RFC7515-7.1-COMPACT"),
    breaks("RFC8417-2.4-JWT-FORM", lambda: G.signed(b"[]")),
    breaks("RFC8417-2.4-JWT-FORM", lambda: G.signed(b'{"iss": NaN}')),
    breaks("RFC8417-2.4-JWT-FORM", lambda: G.signed(b'{"iss": "\xff"}')),
    breaks("RFC8417-2.4-JWT-FORM", lambda: "no base64!..a..c"),
    breaks("RFC8417-2.4-JWT-FORM", raw("[" * 60 + "]" * 60), at_most=Grade.WARN),
    breaks("RFC7515-4.1.1-ALG", lambda: G.by_hand('{"typ":"secevent+jwt"}', good_text())),
    breaks("RFC7515-4.1.1-ALG", lambda: G.by_hand('{"alg":7,"typ":"secevent+jwt"}', good_text())),
    breaks("RFC7515-4.1.4-KID-RESOLVES", lambda: G.signed(G.claims(), kid="of-no-key")),
    breaks("RFC7515-4.1.4-KID-RESOLVES", lambda: _with_kid(7)),
    breaks("RFC7515-4.1.11-CRIT", lambda: _with_crit([])),
    breaks("RFC7515-4.1.11-CRIT", lambda: _with_crit(["absent"])),
    breaks("RFC7515-4.1.11-CRIT", lambda: _with_crit("ext")),
    breaks("RFC7515-4.1.11-CRIT", lambda: _with_crit(["typ"])),
    breaks("RFC7515-4.1.11-CRIT", lambda: _with_crit(["ext", "ext"])),
    breaks(
        "RFC7515-5.2-SIGNATURE-VALID",
        lambda: G.signed(G.claims(), "RS256", "rsa-unpublished"),
        *NOT_VERIFIED,
    ),
    breaks(
        "RFC7515-5.2-SIGNATURE-VALID",
        lambda: G.signed(G.claims(), "HS256", "shared", kid=GONE),
        *NOT_VERIFIED,
    ),
    breaks(
        "SSF-4.1.4-KEY-FROM-JWKS",
        ssf(),
        *NOT_VERIFIED[:1],
        "RFC7515-5.2-SIGNATURE-VALID",
        "RFC7515-4.1.4-KID-RESOLVES",
        key_set=G.key_set("rsa"),
    ),
    breaks(
        "SSE-11.1.1-KEY-FROM-JWKS",
        draft(),
        *NOT_VERIFIED[:1],
        "RFC7515-5.2-SIGNATURE-VALID",
        "RFC7515-4.1.4-KID-RESOLVES",
        profile="sse-draft",
        key_set={"keys": "none"},
    ),
    breaks(
        "VEPA-SIGNED", _forged, *NOT_VERIFIED, "RFC7515-5.2-SIGNATURE-VALID", profile="avnology"
    ),
    breaks("VEPA-SIGNED", _unsecured, "RFC8417-5.1-SIGNED", profile="avnology"),
    breaks("RFC8417-5.1-SIGNED", _unsecured, at_most=Grade.WARN),
    breaks("RFC8417-5.1-SIGNED", lambda: _unsecured(b"signature")),
    breaks("RFC8417-2.4-UNSIGNED-NEEDS-TLS", _unsecured, "RFC8417-5.1-SIGNED", tls=False),
    breaks(
        "RFC7518-3.3-RSA-2048",
        lambda: G.signed(G.claims(), "RS256", "rsa-short"),
        key_set=G.key_set("rsa-short", "rsa"),
    ),
    breaks("SSF-7.1-JWKS-URI-WHEN-SIGNING", ssf(), metadata={"issuer": G.ISSUER}),
    breaks("SSF-4.1.1-TYP", lambda: G.signed(G.claims(), typ="JWT")),
    breaks("SSF-4.1.1-TYP", lambda: G.signed(G.claims(), typ=GONE)),
    breaks("SSE-11.1.4-TYP", lambda: G.signed(G.claims_2021(), typ=GONE), profile="sse-draft"),
    breaks("RFC8417-2.3-TYP-VALUE", lambda: G.signed(G.claims(), typ="application/secevent+jwt")),
    breaks(
        "RFC8417-2.3-TYP-WHEN-CONFUSABLE",
        lambda: G.signed(G.claims(), typ=GONE),
        "SSF-4.1.1-TYP",
        profile="avnology",
    ),
    # names and values of claims
    breaks("RFC7519-4-UNIQUE-CLAIMS", raw(good_text()[:-1] + ', "txn": "8675309"}')),
    breaks(
        "RFC8417-2.2-NO-DUP-EVENT-IDS",
        raw(
            good_text(events={}).replace(
                '"events": {}', f'"events": {{"{CUSTOM}": {{}}, "{CUSTOM}": {{}}}}'
            )
        ),
    ),
    breaks("RFC8417-2-ENVELOPE-CLAIM-NAMES", ssf(shoe_size=44), at_most=Grade.NOTE),
    breaks("RFC8417-2.2-ISS", ssf(iss=GONE)),
    breaks("RFC8417-2.2-ISS", ssf(iss=7)),
    breaks(
        "SSF-7.1-ISSUER-EQUALS-SET-ISS", ssf(iss=f"{G.ISSUER}/"), "SSF-4.1.6-ISS-MATCHES-STREAM"
    ),
    breaks("SSF-4.1.6-ISS-MATCHES-STREAM", ssf(), stream={"iss": "https://other.example"}),
    breaks(
        "SSE-6.1-ISSUER-EQUALS-SET-ISS", draft(), profile="sse-draft", issuer="https://x.example"
    ),
    breaks("SSE-7.1.2-ISS", draft(), profile="sse-draft", stream={"iss": "https://x.example"}),
    breaks(
        "JAMF-ISS", draft(), "SSE-7.1.2-ISS", profile="jamf", stream={"iss": "https://x.example"}
    ),
    breaks("RFC8417-2.2-IAT", ssf(iat=str(NOW))),
    breaks("RFC8417-2.2-IAT", ssf(iat=True)),
    breaks("RFC7519-2-NUMERICDATE", ssf(iat=NOW * 1000)),
    breaks("RFC7519-2-NUMERICDATE", ssf(toe=NOW * 1000)),
    breaks("RFC7519-2-NUMERICDATE", ssf(nbf=NOW * 1000)),
    breaks("RFC7519-2-NUMERICDATE", ssf(nbf="now")),
    breaks("RFC7519-2-NUMERICDATE", ssf(iat=0), "CAEP-2-EVENT-TIMESTAMP"),
    breaks("RFC7519-2-NUMERICDATE", ssf(iat=NOW // 60), "CAEP-2-EVENT-TIMESTAMP"),
    breaks("RFC7519-2-NUMERICDATE", raw(good_text(iat=1234567).replace("1234567", "1e400"))),
    breaks("RFC7519-4.1.6-IAT-NOT-FUTURE", ssf(iat=NOW + 61)),
    breaks("RFC8417-2.2-TOE", ssf(toe="today")),
    breaks("RFC8417-2.2-TOE", ssf(toe=NOW + 3600), at_most=Grade.WARN),
    breaks("RFC8417-2.2-JTI", ssf(jti=GONE)),
    breaks("RFC8936-2.3-SETS-OBJECT", ssf(), key="jti-2"),
    breaks("VEPA-POLL-RESPONSE-SETS", ssf(), profile="avnology", key="jti-2"),
    breaks("RFC8417-2.2-AUD", ssf(aud=GONE)),
    breaks("SSF-4.1.8-AUD-SHAPE", ssf(aud=7)),
    breaks("SSF-4.1.8-AUD-SHAPE", ssf(aud=[G.AUDIENCE, 7])),
    breaks("SSE-11.1.6-AUD-SHAPE", draft(aud={}), profile="sse-draft"),
    breaks("SSF-4.1.8-AUD-MATCHES-STREAM", ssf(aud="https://somebody.example")),
    breaks("SSF-4.1.8-AUD-MATCHES-STREAM", ssf(aud=[])),
    breaks("SSE-11.1.6-AUD-CLIENT-ID", draft(aud="https://x.example"), profile="sse-draft"),
    breaks(
        "SSF-4.1.8-AUD-MATCHES-STREAM",
        ssf(aud=[G.AUDIENCE, "https://b.example"]),
        at_most=Grade.NOTE,
    ),
    breaks("SSF-4.1.9-TXN-PRESENT", ssf(txn=GONE)),
    breaks("RFC8417-2.2-TXN-STRING", ssf(txn=8675309)),
    breaks("RFC8417-2.2-TXN-STRING", draft(txn=8675309), profile="sse-draft"),
    breaks("SSF-4.1.2-NO-SUB", ssf(sub="user")),
    breaks("SSE-11.1.2-NO-SUB", draft(sub="user"), profile="sse-draft"),
    breaks("SSF-4.1.7-NO-EXP", ssf(exp=NOW + 60)),
    breaks("SSE-11.1.5-NO-EXP", draft(exp=NOW + 60), profile="sse-draft"),
    breaks("RFC8417-2.2-NO-EXP", ssf(exp=NOW + 60), "SSF-4.1.7-NO-EXP", profile="avnology"),
    # events
    breaks("RFC8417-2-EVENTS-NONEMPTY", ssf(events={})),
    breaks("RFC8417-2-EVENTS-NONEMPTY", ssf(events=[G.SESSION_REVOKED]), "SSF-4.2.1-TYPE-IS-KEY"),
    breaks("RFC8417-1.2-EVENT-ID-URI", event({"a": 1}, "session-revoked"), "SSF-4.2.1-TYPE-IS-KEY"),
    breaks("RFC8417-1.2-PAYLOAD-OBJECT", event("revoked"), "SSF-4.2.1-TYPE-IS-KEY"),
    breaks("SSF-4.2.1-TYPE-IS-KEY", event(payload=True), "RFC8417-1.2-PAYLOAD-OBJECT"),
    breaks(
        "RFC8417-2-EMPTY-PAYLOAD",
        event(None),
        "RFC8417-1.2-PAYLOAD-OBJECT",
        "SSF-4.2.1-TYPE-IS-KEY",
    ),
    breaks("SSF-4.2.1-SINGLE-EVENT", ssf(events={G.SESSION_REVOKED: {}, CUSTOM: {}})),
    breaks(
        "SSE-11.1.7-SINGLE-EVENT",
        draft(events={CUSTOM: {}, f"{CUSTOM}/2": {}}),
        profile="sse-draft",
    ),
    breaks(
        "SSF-4.2.1-MULTI-ONLY-ALIASES",
        ssf(
            events={
                G.SESSION_REVOKED: {"initiating_entity": "user"},
                G.CREDENTIAL_CHANGE: NEW_PASSWORD,
            }
        ),
        "SSF-4.2.1-SINGLE-EVENT",
    ),
    breaks(
        "RFC8417-2.2-ONE-LOGICAL-EVENT",
        ssf(
            events={
                G.SESSION_REVOKED: {"event_timestamp": 1},
                G.CREDENTIAL_CHANGE: {**NEW_PASSWORD, "event_timestamp": 2},
            }
        ),
        "SSF-4.2.1-SINGLE-EVENT",
        "SSF-4.2.1-MULTI-ONLY-ALIASES",
        at_most=Grade.WARN,
    ),
    breaks("SSF-8.1.4.1-TYPE-URI", event({}, G.VERIFICATION_2021, subject=G.STREAM_SUBJECT)),
    breaks(
        "SSF-8.1.4.1-TYPE-URI",
        event({"state": "x"}, "https://x.example/verification", subject=G.STREAM_SUBJECT),
    ),
    breaks(
        "SSE-7.1.4.1-TYPE-URI",
        draft(events={f"{G.VERIFICATION_2021[:-18]}/verification": {}}),
        profile="sse-draft",
    ),
    breaks(
        "SSE-7.1.4.1-TYPE-URI",
        draft(events={G.VERIFICATION: {}}),
        profile="sse-draft",
        at_most=Grade.NOTE,
    ),
    breaks("SSF-8.1.4.1-SUBID-OPAQUE-STREAMID", event({}, G.VERIFICATION)),
    breaks(
        "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",
        event({}, G.VERIFICATION, subject={"format": "opaque", "id": "another"}),
    ),
    # where the subject stands
    breaks("SSF-3.1-SUBID-PRESENT", ssf(sub_id=GONE)),
    breaks(
        "SSF-3.1.1-SUBID-WITH-LEGACY-SUBJECT",
        event({"subject": G.EMAIL}, sub_id=GONE),
        "SSF-3.1-SUBID-PRESENT",
    ),
    breaks("SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT", event({"subject": G.EMAIL}, CUSTOM)),
    breaks(
        "SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT",
        event({"subject": G.STREAM_SUBJECT}, CUSTOM),
        at_most=Grade.NOTE,
    ),
    breaks(
        "SSE-11.1.2-SUBJECT-IN-PAYLOAD", draft(events={G.SESSION_REVOKED: {}}), profile="sse-draft"
    ),
    breaks(
        "SSE-11.1.2-SUBJECT-IN-PAYLOAD",
        draft(events={G.SESSION_REVOKED: {}}, sub_id=G.EMAIL),
        profile="sse-draft",
        at_most=Grade.NOTE,
    ),
    # what the subject is
    breaks(
        "RFC9493-4.1-SUBID-IS-IDENTIFIER",
        ssf(sub_id="user@example.com"),
        "RFC9493-3-FORMAT-PRESENT",
        IDENTIFIER,
    ),
    breaks(
        "RFC9493-3-FORMAT-PRESENT",
        subject(email="user@example.com"),
        IDENTIFIER,
        "RFC9493-4.1-SUBID-IS-IDENTIFIER",
    ),
    breaks("RFC9493-3-FORMAT-PRESENT", subject(format="complex", user={"sub": "1"})),
    breaks(MEMBERS, subject(format="email"), IDENTIFIER),
    breaks(IDENTIFIER, subject(format="iss_sub", iss="https://idp.example"), MEMBERS),
    breaks(
        "SSE-3.1-SIMPLE-IS-SUBID", draft(subject={"format": "email"}), MEMBERS, profile="sse-draft"
    ),
    breaks("RFC9493-3-NO-FOREIGN-MEMBERS", subject(**G.EMAIL, name="A")),
    breaks(RULES, subject(format="email", email="nobody"), "RFC9493-3.2.2-EMAIL"),
    breaks(
        "RFC9493-3-UNIQUE-NAME",
        subject(format="catalog_item"),
        "SSF-3.4-FORMAT-KNOWN",
        at_most=Grade.NOTE,
    ),
    breaks("SSF-3.4-FORMAT-KNOWN", subject(format="urn:x:item"), at_most=Grade.WARN),
    breaks(
        "SSF-3.4-FORMAT-KNOWN",
        subject(format="phone", phone_number="+12065550123"),
        "RFC9493-3-UNIQUE-NAME",
        at_most=Grade.NOTE,
    ),
    breaks(
        "SSE-3.3-FORMAT-KNOWN",
        draft(subject={"format": "urn:x:item"}),
        profile="sse-draft",
        at_most=Grade.WARN,
    ),
    breaks("RFC9493-3.2-MOST-SPECIFIC", subject(format="uri", uri="mailto:user@example.com")),
    breaks("RFC9493-3.2-MOST-SPECIFIC", subject(format="opaque", id="user@example.com")),
    breaks("RFC9493-3.2.1-ACCOUNT", subject(format="account", uri="user@example.com"), RULES),
    breaks("RFC9493-3.2.2-EMAIL", subject(format="email", email=""), RULES),
    *(
        breaks("RFC9493-3.2.2-EMAIL", subject(format="email", email=email), RULES)
        for email in ("A User <u@x.example>", "mailto:u@x.example", "a b@x.example", "a@b@x")
    ),
    *(
        breaks("RFC9493-3.2.1-ACCOUNT", subject(format="account", uri=uri), RULES)
        for uri in ("acct:user", "acct:@x.example", "acct:a b@x.example")
    ),
    *(
        breaks("RFC9493-3.2.7-URI", subject(format="uri", uri=uri), RULES)
        for uri in ("https://x.example/{id}", "https://x.example/%zz", "https://x.example/\u00fc")
    ),
    breaks("RFC9493-3.2.6-DID", subject(format="did", url="did:example:1 2"), RULES),
    breaks("RFC9493-3.2.5-PHONE", subject(format="phone_number", phone_number="+1206\n"), RULES),
    breaks("RFC9493-3.2-MOST-SPECIFIC", subject(format="uri", uri="did:example:1")),
    breaks(
        "SSF-3.3-COMPLEX-FORMAT",
        subject(format="Complex", user=G.EMAIL),
    ),
    breaks("RFC9493-3.2.3-ISS-SUB", subject(format="iss_sub", iss="https://x", sub=7), RULES),
    breaks("RFC9493-3.2.4-OPAQUE", subject(format="opaque", id=7), RULES),
    breaks("RFC9493-3.2.5-PHONE", subject(format="phone_number", phone_number="0123"), RULES),
    breaks(
        "RFC9493-3.2.5-PHONE",
        subject(format="phone_number", phone_number="+1 206 555 0123"),
        at_most=Grade.WARN,
    ),
    breaks("RFC9493-3.2.6-DID", subject(format="did", url="https://x.example"), RULES),
    breaks("RFC9493-3.2.7-URI", subject(format="uri", uri="no uri"), RULES),
    breaks("RFC9493-3.2.8-ALIASES", subject(format="aliases", identifiers=[]), RULES),
    breaks(
        "RFC9493-3.2.8-ALIASES-NOT-NESTED",
        subject(format="aliases", identifiers=[{"format": "aliases", "identifiers": [G.EMAIL]}]),
    ),
    breaks(
        "RFC9493-3.2.8-ALIASES-NO-DUPES", subject(format="aliases", identifiers=[G.EMAIL, G.EMAIL])
    ),
    breaks("SSF-3.3-COMPLEX-FORMAT", subject(format="complex", note="nobody")),
    breaks(
        "SSF-3.3-COMPLEX-FORMAT",
        subject(user=G.EMAIL),
        "RFC9493-3-FORMAT-PRESENT",
        "RFC9493-4.1-SUBID-IS-IDENTIFIER",
    ),
    breaks("SSF-3.3-COMPLEX-MEMBERS-SIMPLE", subject(format="complex", user=G.COMPLEX)),
    breaks(
        "SSF-3.3-COMPLEX-MEMBER-ONCE",
        raw(good_text(subject=G.COMPLEX).replace('"user":', '"user": {}, "user":')),
    ),
    breaks("SSE-3.2-COMPLEX-SHAPE", draft(subject={}), profile="sse-draft"),
    breaks(
        "SSE-3.2-COMPLEX-SHAPE", draft(subject=G.COMPLEX), profile="sse-draft", at_most=Grade.NOTE
    ),
    breaks(
        "SSE-3.2-COMPLEX-MEMBER-ONCE",
        raw(json.dumps(G.claims_2021({"user": G.EMAIL})).replace('"user":', '"user": {}, "user":')),
        profile="sse-draft",
    ),
    breaks("SSF-3.5.1-JWTID-MEMBERS", subject(format="jwt_id", iss="https://x")),
    breaks(
        "SSE-3.4.1-JWT-ID", draft(subject={"format": "jwt-id", "iss": "x"}), profile="sse-draft"
    ),
    breaks("SSF-3.5.2-SAML-MEMBERS", subject(format="saml_assertion_id", issuer="x")),
    breaks("SSE-3.4.2-SAML", draft(subject={"format": "saml-assertion-id"}), profile="sse-draft"),
    breaks(
        "SSF-3.5.3-IPADDR-MEMBERS", subject(**{"format": "ip-addresses", "ip-addresses": "::1"})
    ),
    breaks(
        "SSF-3.5.3-IPADDR-MEMBERS",
        subject(**{"format": "ip-addresses", "ip-addresses": ["300.1.1.1"]}),
    ),
]


def test_a_broken_token_breaks_its_requirement_and_nothing_else(subtests):
    for case in BREAKING:
        with subtests.test(case.requirement):
            findings = judge_set(case.token(), G.context(case.profile, **case.context))
            assert broken(findings) == {case.requirement} | case.also
            assert grade_of(findings, case.requirement) == case.at_most


def test_every_requirement_is_seen_broken():
    assert {one.requirement for one in BREAKING} == OF_EVERY_SET


def test_every_requirement_is_seen_to_hold():
    seen = set()
    tokens = [(profile, G.signed(claims, "RS256")) for profile, claims in GOOD.values()]
    tokens += [("ssf-1.0", G.signed(G.claims(subject))) for subject in SUBJECT_OF_EACH_FORMAT]
    tokens += [("sse-draft", G.signed(G.claims_2021(subject))) for subject in SUBJECT_OF_2021]
    # What speaks only where something rarer is there, good or bad.
    tokens += [(case.profile, case.token()) for case in BREAKING]
    tokens.append(("ssf-1.0", _with_crit(["ext"])))
    for profile, token in tokens:
        seen |= {one.requirement for one in judge_set(token, G.context(profile)) if one.held}
    assert seen >= OF_EVERY_SET


# -- what it reports -----------------------------------------------------------------------------


def test_the_requirements_are_transmitter_rows_and_no_tolerances():
    catalogue = load_catalogue()
    catalogue.check_ids(REQUIREMENTS)
    assert len(set(REQUIREMENTS)) == len(REQUIREMENTS)
    assert {catalogue[one].role for one in REQUIREMENTS} == {"transmitter"}
    assert "tolerance" not in {catalogue[one].kind for one in REQUIREMENTS}


@pytest.mark.parametrize("name", ["ssf/set.json", "sse/set.json", "rfc8417/set.json"])
def test_every_requirement_of_the_schemas_is_reported(name):
    assert _annotations(name, set()) <= set(REQUIREMENTS)


def _annotations(name, done):
    if name in done:
        return set()
    done.add(name)
    found = set()
    waiting = [schema.load(name)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            for keyword in part.get("x-requirement", {}).values():
                found |= set(keyword.values()) if isinstance(keyword, dict) else {keyword}
            reference = part.get("$ref", "#")
            if not reference.startswith("#"):
                found |= _annotations(schema.resolve(schema.load(name), reference)[1], done)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found


@pytest.mark.parametrize("profile", ["ssf-1.0", "sse-draft", "jamf", "avnology"])
def test_only_rows_of_the_profile_are_reported(profile):
    rows = {row.id for row in load_catalogue().for_tags(load_profile(profile).tags)}
    for case in BREAKING:
        assert told(judge_set(case.token(), G.context(profile))) <= rows


def test_no_finding_shows_who_the_subject_is():
    for one in ({"format": "email", "email": "secret"}, {"format": "opaque", "id": ["secret"]}):
        findings = judge_set(G.signed(G.claims(one, sub=one)), G.context())
        assert not any("secret" in finding.got for finding in findings)


def test_what_a_finding_shows_fits_one_printable_line():
    odd = "\x1b[2J\ud800" + "x" * 1000
    claims = G.claims({"format": odd, odd: 1}, {odd: {"subject": 1}}, iss=odd, **{odd: 1})
    findings = judge_set(G.signed(claims), G.context(issuer="https://y.example"))
    assert {"SSF-7.1-ISSUER-EQUALS-SET-ISS", "RFC8417-1.2-EVENT-ID-URI"} <= broken(findings)
    for finding in findings:
        assert finding.got.isprintable()
        assert finding.got.encode()
        assert len(finding.got) < 600


# -- what does not speak -------------------------------------------------------------------------


def test_of_an_encrypted_token_only_the_form_speaks():
    token = G.by_hand('{"alg":"RSA-OAEP","enc":"A256GCM"}', b"key") + ".aaaa.bbbb"
    findings = judge_set(token, G.context())
    assert [(one.requirement, one.held) for one in findings] == [("RFC8417-2.4-JWT-FORM", True)]


def test_of_a_token_within_a_token_the_claims_do_not_speak():
    inner = G.signed(G.claims(sub="user"))
    findings = judge_set(G.signed(inner.encode(), cty="JWT"), G.context())
    assert broken(findings) == set()
    assert {"RFC8417-2.4-JWT-FORM", "RFC7515-5.2-SIGNATURE-VALID"} <= told(findings)
    assert "SSF-4.1.2-NO-SUB" not in told(findings)


def test_claims_that_call_themselves_a_token_are_judged_all_the_same():
    findings = judge_set(G.signed(G.claims(sub="user"), cty="JWT"), G.context())
    assert broken(findings) == {"SSF-4.1.2-NO-SUB"}


def test_a_signature_under_an_unknown_extension_is_not_judged():
    findings = judge_set(_resigned({"crit": ["ext"], "ext": 1}), G.context())
    assert broken(findings) == set()
    assert "RFC7515-5.2-SIGNATURE-VALID" not in told(findings)
    assert "RFC7515-4.1.11-CRIT" in told(findings)


def test_without_a_key_set_no_signature_is_judged():
    told_ids = told(judge_set(G.signed(G.claims()), G.context(key_set=None)))
    assert told_ids.isdisjoint(
        {"RFC7515-5.2-SIGNATURE-VALID", "RFC8417-5.1-SIGNED", "RFC7515-4.1.4-KID-RESOLVES"}
    )


def test_what_is_unknown_is_not_compared():
    bare = G.context(metadata={}, issuer="", stream={}, key=None, received_at=0.0)
    findings = judge_set(G.signed(G.claims(iat=NOW + 10**6)), bare)
    assert broken(findings) == set()
    assert told(findings).isdisjoint(
        {
            "RFC7519-4.1.6-IAT-NOT-FUTURE",
            "SSF-7.1-JWKS-URI-WHEN-SIGNING",
            "SSF-7.1-ISSUER-EQUALS-SET-ISS",
            "SSF-4.1.6-ISS-MATCHES-STREAM",
            "SSF-4.1.8-AUD-MATCHES-STREAM",
            "RFC8936-2.3-SETS-OBJECT",
        }
    )


def test_a_profile_without_a_schema_of_its_sets_is_judged_by_the_rest():
    profile = load_profile("ssf-1.0")
    bare = replace(profile, schemas={})
    findings = judge_set(G.signed(G.claims(iss=7, typ=1)), G.context(profile=bare))
    assert "RFC8417-2.2-ISS" not in told(findings)
    assert "RFC7515-5.2-SIGNATURE-VALID" in told(findings)


def test_conditional_rows_are_silent_where_nothing_optional_was_seen():
    catalogue = load_catalogue()
    findings = judge_set(G.signed(G.claims(), kid=GONE), G.context(stream={}))
    conditional = {one for one in told(findings) if catalogue[one].kind == "conditional"}
    assert (
        not {"RFC8417-2.2-TOE", "RFC7515-4.1.4-KID-RESOLVES", "RFC7518-3.3-RSA-2048"} & conditional
    )
    assert not {one for one in conditional if one.startswith("SSF-3.3")}


# -- keys ----------------------------------------------------------------------------------------


def test_without_a_kid_every_fitting_key_is_tried():
    token = G.signed(G.claims(), kid=GONE)
    keys = [{**one, "kid": "other"} for one in G.key_set("rsa", "ed", "ec")["keys"]]
    assert broken(judge_set(token, G.context(key_set={"keys": keys}))) == set()


def test_a_kid_that_the_set_has_chooses_the_key():
    keys = [
        {**key, "kid": kid} for key, kid in zip(G.key_set("rsa", "ed")["keys"], "ab", strict=True)
    ]
    token = G.signed(G.claims(), "RS256", kid="b")
    findings = judge_set(token, G.context(key_set={"keys": keys}))
    assert broken(findings) == {"RFC7515-5.2-SIGNATURE-VALID", *NOT_VERIFIED}


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "RS512"},
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"kty": "EC"},
        {"n": 7},
        {"n": "!"},
        {"e": None},
    ],
    ids=repr,
)
def test_a_key_that_is_not_meant_for_the_signature_is_never_used(change):
    keys = [{**G.key_set("rsa")["keys"][0], **change}]
    findings = judge_set(G.signed(G.claims(), "RS256"), G.context(key_set={"keys": keys}))
    assert "RFC7515-5.2-SIGNATURE-VALID" in broken(findings)


@pytest.mark.parametrize("member", ["d", "k"])
def test_a_key_that_shows_more_than_it_should_still_verifies(member):
    # What it shows is RFC7517-9.2-NO-PRIVATE-KEYS; the signature is none the worse for it.
    keys = [{**G.key_set("rsa")["keys"][0], member: "AQAB"}]
    assert (
        broken(judge_set(G.signed(G.claims(), "RS256"), G.context(key_set={"keys": keys}))) == set()
    )


def test_a_published_key_is_no_shared_secret():
    public = G.key("rsa").as_pem(private=False)
    unsigned = G.by_hand('{"alg":"HS256","typ":"secevent+jwt"}', good_text(), b"").removesuffix(".")
    mac = hmac.digest(public, unsigned.encode(), "sha256")
    token = f"{unsigned}.{G.base64url(mac)}"
    assert "RFC7515-5.2-SIGNATURE-VALID" in broken(judge_set(token, G.context()))


def test_a_key_that_the_token_brings_along_is_never_used():
    own = G.key("rsa-unpublished").as_dict(private=False)
    token = G.signed(G.claims(), "RS256", "rsa-unpublished", jwk=own)
    assert "RFC7515-5.2-SIGNATURE-VALID" in broken(judge_set(token, G.context()))


def test_a_signature_of_the_wrong_length_does_not_verify():
    head, body, signature = G.signed(G.claims()).split(".")
    octets = urlsafe_b64decode(signature + "==")
    longer = b"\0" + octets[:32] + b"\0" + octets[32:]
    token = ".".join((head, body, G.base64url(longer)))
    assert "RFC7515-5.2-SIGNATURE-VALID" in broken(judge_set(token, G.context()))


@pytest.mark.parametrize("alg", ["NONE", "nOnE", "HS512"])
def test_an_algorithm_that_can_verify_nothing_fails(alg):
    token = G.by_hand(json.dumps({"alg": alg, "typ": "secevent+jwt"}), good_text(), b"")
    findings = judge_set(token, G.context())
    assert grade_of(findings, "RFC7515-5.2-SIGNATURE-VALID") is None


def test_an_algorithm_that_the_suite_does_not_know_only_warns():
    token = G.by_hand('{"alg":"ML-DSA-44","typ":"secevent+jwt"}', good_text(), b"")
    findings = judge_set(token, G.context())
    assert grade_of(findings, "RFC7515-5.2-SIGNATURE-VALID") is Grade.WARN


# -- uniqueness of jti ---------------------------------------------------------------------------


def test_the_same_claims_signed_again_are_the_same_set():
    tokens = [G.signed(G.claims(), alg) for alg in ("ES256", "ES256", "RS256")]
    reordered = dict(reversed(G.claims().items()))
    findings = judge_uniqueness([*tokens, G.signed(reordered), G.signed(G.claims(jti="jti-2"))])
    assert [(one.requirement, one.held) for one in findings] == [("RFC8417-2.2-JTI-UNIQUE", True)]


def test_other_claims_under_the_same_jti_are_a_breach():
    [finding] = judge_uniqueness([G.signed(G.claims()), G.signed(G.claims(txn="2"))])
    assert (finding.held, finding.at_most) == (False, None)


def test_another_iat_alone_only_warns():
    [finding] = judge_uniqueness([G.signed(G.claims()), G.signed(G.claims(iat=NOW - 9))])
    assert (finding.held, finding.at_most) == (False, Grade.WARN)


def test_a_lost_iat_is_more_than_another_iat():
    [finding] = judge_uniqueness([G.signed(G.claims()), G.signed(G.claims(iat=GONE))])
    assert (finding.held, finding.at_most) == (False, None)


def test_where_no_jti_can_be_read_nothing_is_said():
    assert judge_uniqueness([]) == []
    assert judge_uniqueness(["", "a.b.c", 7, G.signed(G.claims(jti=7)), G.signed(b"[]")]) == []


# -- hostile input -------------------------------------------------------------------------------

HOSTILE_TOKENS = {
    "nothing": "",
    "dots": "..",
    "four dots": "....",
    "a million dots": "." * 1_000_000,
    "huge": "A" * 3_000_000 + ".A.A",
    "no text": 7,
    "none": None,
    "bytes": b"a.b.c",
    "other digits": "e30.\u0663\u0664.e30",
    "lone surrogate": "e30.\ud800.e30",
    "white space": " e30.e30.e30\n",
}
HOSTILE_CLAIMS = {
    "nothing": "",
    "deep array": "[" * 100_000,
    "deep object": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "deep subject": '{"sub_id":' * 30 + "1" + "}" * 30,
    "utf-16": json.dumps({}).encode("utf-16"),
    "byte order mark": "\ufeff{}",
    "infinity": '{"iat": Infinity}',
    "long number": f'{{"iat": {"9" * 10_000}, "toe": -{"9" * 10_000}}}',
    "large number": '{"iat": 1e400, "toe": -1e400}',
    "lists": '{"iss": [], "aud": [[]], "events": [[]], "sub_id": [[]], "jti": []}',
    "objects": '{"iss": {}, "aud": {}, "events": {"": {}}, "sub_id": {"format": {}}, "jti": {}}',
    "nulls": '{"iss": null, "aud": null, "events": null, "sub_id": null, "jti": null}',
    "surrogate": r'{"iss": "\ud800", "events": {"\ud800": {}}, "\ud800": 1, "sub_id": "\ud800"}',
    "odd complex": '{"sub_id": {"format": "complex", "user": [], "device": {"format": "complex"}}}',
    "odd aliases": '{"sub_id": {"format": "aliases", "identifiers": [1, {"format": []}, []]}}',
    "odd addresses": '{"sub_id": {"format": "ip-addresses", "ip-addresses": ["::%", 1, {}]}}',
    "odd events": '{"events": {"a:b/verification": {"state": 1}, "c:d": {"subject": [1]}}}',
}


def test_a_token_that_is_none_breaks_the_form(subtests):
    for profile in ["ssf-1.0", "sse-draft"]:
        for name, token in HOSTILE_TOKENS.items():
            with subtests.test(f"{name} {profile}"):
                assert "RFC8417-2.4-JWT-FORM" in broken(judge_set(token, G.context(profile)))
                assert judge_uniqueness([token, token]) == []


def test_hostile_claims_and_headers_break_something_and_raise_nothing(subtests):
    for profile in ["ssf-1.0", "sse-draft"]:
        for name, text in HOSTILE_CLAIMS.items():
            with subtests.test(f"{name} {profile}"):
                for token in (G.by_hand('{"alg":"RS256","kid":{}}', text), G.by_hand(text, text)):
                    assert broken(judge_set(token, G.context(profile)))
                    judge_uniqueness([token, token])


def test_nesting_as_deep_as_is_read_does_not_exhaust_the_stack():
    subject_ = G.EMAIL
    for _ in range(19):
        subject_ = {"format": "aliases", "identifiers": [subject_]}
    findings = judge_set(G.signed(G.claims(subject_)), G.context())
    assert "RFC9493-3.2.8-ALIASES-NOT-NESTED" in broken(findings)


@pytest.mark.parametrize(
    "key_set", [[], {}, {"keys": {}}, {"keys": [1, None, [], {}, {"kty": []}, {"use": {}}]}, 7, "x"]
)
def test_a_hostile_key_set_verifies_nothing(key_set):
    findings = judge_set(G.signed(G.claims(), "RS256"), G.context(key_set=key_set))
    assert "RFC7515-5.2-SIGNATURE-VALID" in broken(findings)


def test_hostile_metadata_and_configuration_raise_nothing():
    odd = {"jwks_uri": [], "issuer": {}, "iss": {}, "aud": [{}, []], "stream_id": []}
    findings = judge_set(G.signed(G.verification()), G.context(metadata=odd, stream=odd))
    assert broken(findings) == {"SSF-7.1-JWKS-URI-WHEN-SIGNING"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
SUBJECTS = JSON | st.fixed_dictionaries(
    {
        "format": JSON
        | st.sampled_from(
            [
                "complex",
                "aliases",
                "email",
                "opaque",
                "uri",
                "phone_number",
                "ip-addresses",
                "phone",
            ]
        )
    },
    optional=dict.fromkeys(
        ("identifiers", "email", "id", "uri", "phone_number", "ip-addresses", "user"), JSON
    ),
)
EVENTS = st.dictionaries(
    st.sampled_from([G.SESSION_REVOKED, G.VERIFICATION, G.VERIFICATION_2021, CUSTOM, "x"]),
    JSON | st.fixed_dictionaries({"subject": SUBJECTS}),
    max_size=3,
)
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("iss", "aud", "iat", "jti", "toe", "txn", "sub", "exp"), JSON),
        "sub_id": SUBJECTS,
        "events": JSON | EVENTS,
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "alg": JSON | st.sampled_from(["none", "RS256", "ES256", "EdDSA", "HS256", "PS512"]),
        **dict.fromkeys(("kid", "typ", "crit", "b64", "jwk"), JSON),
    },
)
PROFILES = st.sampled_from(["ssf-1.0", "sse-draft", "jamf", "avnology"])


@FUZZ
@given(token=st.text() | st.text(alphabet="eyJ0.=-_{}\n", max_size=40), profile=PROFILES)
def test_no_text_makes_it_raise(token, profile):
    findings = judge_set(token, G.context(profile))
    assert broken(findings)
    judge_uniqueness([token])


@FUZZ
@given(header=HEADERS, claims=CLAIMS, profile=PROFILES)
def test_no_header_and_claims_make_it_raise(header, claims, profile):
    token = G.by_hand(json.dumps(header), json.dumps(claims))
    findings = judge_set(token, G.context(profile))
    assert told(findings) <= set(REQUIREMENTS)
    assert findings == judge_set(token, G.context(profile))
    judge_uniqueness([token, token])


@FUZZ
@given(at=st.integers(0, 2000), character=st.characters(min_codepoint=33, max_codepoint=126))
def test_no_other_character_goes_unnoticed(at, character):
    good = _resigned({})
    at %= len(good)
    changed = good[:at] + character + good[at + 1 :]
    verdict = broken(judge_set(changed, G.context()))
    # The last character of a part may carry bits that stand for nothing (RFC 4648 section 3.5).
    last = at + 1 == len(good) or good[at + 1] == "."
    assert verdict or changed == good or last


@pytest.mark.parametrize("alg", ["ed25519", "ED25519 ", "eddsa"])
def test_the_name_of_an_algorithm_is_compared_exactly(alg):
    findings = judge_set(_resigned({"alg": alg}), G.context())
    [finding] = [one for one in findings if one.requirement == "RFC7515-5.2-SIGNATURE-VALID"]
    assert not finding.held
    assert finding.at_most is None


def test_a_published_number_that_is_padded_is_no_key():
    published = G.key_set("ed")
    published["keys"][0]["x"] += "="
    findings = judge_set(_resigned({}), G.context(key_set=published))
    assert "RFC7515-5.2-SIGNATURE-VALID" in broken(findings)
