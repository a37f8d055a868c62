"""The rules for a SET as a token: its form, its header and its signature.

RFC 8417 sections 2.3, 2.4 and 5.1, and RFC 7515. The claims are judged elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.sets import jws
from conformance.sets.findings import Context, Finding, printable, shown
from conformance.spec.requirement import Grade

_SHORTEST_RSA_BITS = 2048
_SET_TYPE = "secevent+jwt"
# Defined by RFC 7515 itself, so not extensions (section 4.1.11).
_NO_EXTENSIONS = frozenset(
    {"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"}
)

_FORM = "parts in base64url without padding; header and claims are JSON objects in UTF-8"
_COMPACT = "three parts in base64url without padding, and a header without a name used twice"


def form(*, held: bool, got: str, at_most: Grade | None = None) -> Finding:
    """Return a finding on RFC8417-2.4-JWT-FORM, which both the token and its claims must keep."""
    return Finding("RFC8417-2.4-JWT-FORM", held, _FORM, got, at_most)


def judge_no_token(error: jws.NotCompact) -> Iterator[Finding]:
    """Judge a text that could not be taken apart as a token."""
    softer = Grade.WARN if error.beyond_us else None
    yield form(held=False, got=str(error), at_most=softer)
    if error.parts != jws.ENCRYPTED_PARTS:
        yield Finding(
            "RFC7515-7.1-COMPACT", held=False, expected=_COMPACT, got=str(error), at_most=softer
        )


def is_nested(token: jws.Compact) -> bool:
    """Return whether the signed content is a token itself (RFC 7519 section 5.2)."""
    cty = token.header.get("cty")
    if not isinstance(cty, str) or cty.lower().removeprefix("application/") != "jwt":
        return False
    try:
        jws.read(token.payload.decode("ascii"))
    except (jws.NotCompact, UnicodeDecodeError):
        return False
    return True


def judge_header(token: jws.Compact, context: Context) -> Iterator[Finding]:
    """Judge the header of a token that is not encrypted."""
    twice = ", ".join(token.repeated)
    got = f"a header with {printable(twice)} twice" if twice else "three parts"
    yield Finding("RFC7515-7.1-COMPACT", not twice, _COMPACT, got)
    alg = f"alg {shown(token.header['alg'])}" if "alg" in token.header else "no alg"
    yield Finding("RFC7515-4.1.1-ALG", token.alg is not None, "alg, a text", alg)
    algorithms = context.profile.sets.algorithms
    if jws.can_verify(token.alg or "") and token.alg not in algorithms:
        expected = f"alg, one of {', '.join(algorithms)}, as the profile has it"
        yield Finding(
            "RFC7515-4.1.1-ALG", held=False, expected=expected, got=alg, at_most=Grade.NOTE
        )
    if "crit" in token.header:
        crit = token.header["crit"]
        yield Finding(
            "RFC7515-4.1.11-CRIT",
            _lists_extensions(crit, token.header),
            "crit, an array of at least one name, each once and of an extension in the header",
            f"crit {shown(crit)}, with the members {shown(list(token.header))}",
        )
    yield from _typ(token.header)


def _lists_extensions(crit: object, header: Mapping[str, Any]) -> bool:
    if not isinstance(crit, list) or not crit or not all(isinstance(one, str) for one in crit):
        return False
    names = set(crit)
    return len(names) == len(crit) and names <= set(header) - _NO_EXTENSIONS


def _typ(header: Mapping[str, Any]) -> Iterator[Finding]:
    typ = header.get("typ")
    got = f"typ {shown(typ)}" if "typ" in header else "no typ"
    # Media types are compared without regard to case (RFC 7515 section 4.1.9).
    name = typ.lower() if isinstance(typ, str) else ""
    short = name.removeprefix("application/")
    for requirement in ("SSF-4.1.1-TYP", "SSE-11.1.4-TYP", "RFC8417-2.3-TYP-WHEN-CONFUSABLE"):
        yield Finding(requirement, short == _SET_TYPE, f'typ "{_SET_TYPE}"', got)
    if short == _SET_TYPE:
        expected = f'typ "{_SET_TYPE}", without the prefix application/'
        yield Finding("RFC8417-2.3-TYP-VALUE", name == _SET_TYPE, expected, got)


_VERIFIED = (
    "RFC7515-5.2-SIGNATURE-VALID",
    "RFC8417-5.1-SIGNED",
    "SSF-4.1.4-KEY-FROM-JWKS",
    "SSE-11.1.1-KEY-FROM-JWKS",
    "VEPA-SIGNED",
)


def judge_signature(token: jws.Compact, context: Context) -> Iterator[Finding]:
    """Judge the signature of a token that is not encrypted; little of it without a key set."""
    if token.alg is None:
        return
    if token.alg == "none":
        yield from _unsecured(token, context)
        return
    if context.metadata:
        uri = context.metadata.get("jwks_uri")
        yield Finding(
            "SSF-7.1-JWKS-URI-WHEN-SIGNING",
            isinstance(uri, str) and bool(uri),
            "jwks_uri in the metadata of a Transmitter that signs",
            f"jwks_uri {shown(uri)}" if "jwks_uri" in context.metadata else "no jwks_uri",
        )
    if context.key_set is None:
        return
    if "kid" in token.header:
        kid = token.header["kid"]
        found = jws.has_kid(context.key_set, kid)
        got = f"kid {shown(kid)}, which {'it has' if found else 'no key of it has'}"
        yield Finding("RFC7515-4.1.4-KID-RESOLVES", found, "a kid of the published key set", got)
    # An extension that the suite doesn't know may change what a signature means (section 4.1.11).
    if "crit" not in token.header:
        yield from _verified(token, context.key_set)


def _verified(token: jws.Compact, key_set: object) -> Iterator[Finding]:
    alg = str(token.alg)
    verification = jws.verify(token, key_set)
    for requirement in _VERIFIED:
        yield Finding(
            requirement,
            verification.key is not None,
            "a signature that verifies with a key of the published key set",
            f"alg {shown(alg)}: {verification.tried}",
            _softer_for(alg, requirement),
        )
    bits = None if verification.key is None else jws.rsa_bits(verification.key)
    if bits is not None:
        yield Finding(
            "RFC7518-3.3-RSA-2048",
            bits >= _SHORTEST_RSA_BITS,
            f"an RSA key of {_SHORTEST_RSA_BITS} bits or more",
            f"{bits} bits",
        )


def _softer_for(alg: str, requirement: str) -> Grade | None:
    if jws.is_misspelled(alg) or jws.can_verify(alg) or alg.lower() == "none":
        return None
    if alg.upper().startswith("HS"):
        # The parties may share a key, but then no published key verifies the token.
        return Grade.WARN if requirement == "RFC8417-5.1-SIGNED" else None
    return Grade.WARN  # The algorithm may be newer than the suite.


def _unsecured(token: jws.Compact, context: Context) -> Iterator[Finding]:
    """Judge an unsecured token: TLS may replace a signature, but not excuse a broken one."""
    got = "alg none" + (" and a signature all the same" if token.signature else "")
    tolerable = context.tls and not token.signature
    yield Finding(
        "RFC8417-5.1-SIGNED",
        held=False,
        expected="a signature",
        got=f"{got}, {'over TLS' if context.tls else 'without TLS'}",
        at_most=Grade.WARN if tolerable else None,
    )
    yield Finding(
        "RFC8417-2.4-UNSIGNED-NEEDS-TLS",
        context.tls,
        "TLS, for the SET is neither signed nor encrypted",
        "TLS" if context.tls else "no TLS",
    )
    yield Finding("VEPA-SIGNED", held=False, expected="a signature", got=got)
