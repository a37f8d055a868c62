"""The claims around a SET's events, beyond what a schema's keyword can say.

RFC 7519 section 4.1, RFC 8417 sections 2 and 2.2, SSF 1.0 section 4.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.sets.findings import SKEW_S, Claims, Finding, printable, shown
from conformance.sets.raw_json import canonical
from conformance.spec.requirement import Grade

# A later date is not in seconds, but probably in milliseconds (RFC7519-2-NUMERICDATE).
_LATEST = 100_000_000_000
# May 2014, years before the first SET. An earlier date has another unit or another origin.
_EARLIEST = 1_400_000_000
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

# Registered claims that may make sense in a SET (IANA, JSON Web Token Claims).
REGISTERED_CLAIMS = frozenset(
    {
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "events", "toe", "txn", "sub_id",
        "sid", "nonce", "azp", "act", "scope", "client_id", "cnf", "may_act", "acr", "amr",
        "auth_time",
    }
)  # fmt: skip


def judge_envelope(claims: Claims) -> Iterator[Finding]:
    """Yield findings about names, issuer, audience, times, txn, jti and events."""
    yield from _names(claims)
    yield from _issuer(claims)
    yield from _audience(claims)
    yield from _times(claims)
    yield from _txn(claims)
    yield from _jti(claims)
    yield from _events(claims)
    yield from _verification(claims)


def _names(claims: Claims) -> Iterator[Finding]:
    twice = claims.document.repeated.get((), ())
    yield Finding(
        "RFC7519-4-UNIQUE-CLAIMS",
        not twice,
        "each claim once",
        f"twice: {printable(', '.join(twice))}" if twice else "each once",
    )
    exp = claims.members.get("exp")
    has_exp = "exp" in claims.members
    got = f"exp {shown(exp)}" if has_exp else "no exp"
    yield Finding("RFC8417-2.2-NO-EXP", not has_exp, "no exp", got)
    own = [
        name
        for name in claims.members
        if name not in REGISTERED_CLAIMS and not re.search(r"[.:/]", name)
    ]
    yield Finding(
        "RFC8417-2-ENVELOPE-CLAIM-NAMES",
        not own,
        "claims that are registered, or whose names nobody else has",
        f"also {printable(', '.join(own))}" if own else "no others",
        Grade.NOTE,
    )


def _issuer(claims: Claims) -> Iterator[Finding]:
    iss = claims.members.get("iss")
    if not isinstance(iss, str):
        return
    issuer = claims.context.issuer
    if issuer:
        for requirement in ("SSF-7.1-ISSUER-EQUALS-SET-ISS", "SSE-6.1-ISSUER-EQUALS-SET-ISS"):
            yield _equal(requirement, "iss", iss, issuer)
    of_stream = claims.context.stream.get("iss")
    if isinstance(of_stream, str):
        for requirement in ("SSF-4.1.6-ISS-MATCHES-STREAM", "SSE-7.1.2-ISS", "JAMF-ISS"):
            yield _equal(requirement, "iss", iss, of_stream)


def _equal(requirement: str, name: str, value: str, wanted: str) -> Finding:
    expected, got = f"{name} {shown(wanted)}", f"{name} {shown(value)}"
    return Finding(requirement, value == wanted, expected, got)


def _audience(claims: Claims) -> Iterator[Finding]:
    aud = claims.members.get("aud")
    own, of_stream = _audiences(aud), _audiences(claims.context.stream.get("aud"))
    # An empty array does not name the stream's Receiver.
    if (own or aud == []) and of_stream:
        yield Finding(
            "SSE-11.1.6-AUD-CLIENT-ID",
            bool(own) and own <= of_stream,
            f"aud {shown(sorted(of_stream))}, which the stream's configuration agrees on",
            f"aud {shown(sorted(own))}",
        )
        yield Finding(
            "SSF-4.1.8-AUD-MATCHES-STREAM",
            own == of_stream,
            f"aud {shown(sorted(of_stream))}, as the stream's",
            f"aud {shown(sorted(own))}",
            # The text does not ask for equality, only that both name the Receiver.
            Grade.NOTE if own & of_stream else None,
        )


def _audiences(aud: object) -> frozenset[str]:
    values = [aud] if isinstance(aud, str) else aud if isinstance(aud, list) else []
    return frozenset(value for value in values if isinstance(value, str))


def _times(claims: Claims) -> Iterator[Finding]:
    iat, toe = _date(claims.members.get("iat")), _date(claims.members.get("toe"))
    now = claims.context.received_at
    if "nbf" in claims.members:
        nbf = claims.members["nbf"]
        expected = "nbf, a number of seconds since 1970"
        held = _date(nbf) is not None
        yield Finding("RFC7519-2-NUMERICDATE", held, expected, f"nbf {shown(nbf)}")
    if iat is None:
        return
    if now > _EARLIEST and iat < _EARLIEST:
        yield Finding(
            "RFC7519-2-NUMERICDATE",
            held=False,
            expected="iat in seconds since 1970, of a time when there were SETs",
            got=f"iat {shown(iat)}",
        )
    if now > 0:
        yield Finding(
            "RFC7519-4.1.6-IAT-NOT-FUTURE",
            iat <= now + SKEW_S,
            f"iat not more than {SKEW_S} s after {now:.0f}, when the SET came",
            f"iat {shown(iat)}",
        )
    if toe is not None and toe > iat + SKEW_S:
        yield Finding(
            "RFC8417-2.2-TOE",
            held=False,
            expected=f"toe not more than {SKEW_S} s after iat {shown(iat)}",
            got=f"toe {shown(toe)}",
            at_most=Grade.WARN,
        )


def _date(value: object) -> int | float | None:
    """Return a NumericDate, or None for another value or one plainly not in seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value > _LATEST:
        return None
    return value


def _txn(claims: Claims) -> Iterator[Finding]:
    present = "txn" in claims.members
    # SSF's own example of a Verification Event has none (section 8.1.4.2), so its absence there
    # is no breach.
    if present or not any(claims.verifications()):
        got = "txn" if present else f"the claims {printable(', '.join(claims.members))}"
        yield Finding("SSF-4.1.9-TXN-PRESENT", present, "txn", got)


def _jti(claims: Claims) -> Iterator[Finding]:
    jti, key = claims.members.get("jti"), claims.context.key
    if isinstance(jti, str) and key is not None:
        for requirement in ("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS"):
            expected = f"the SET under its jti {shown(jti)} in sets"
            yield Finding(requirement, key == jti, expected, f"it stands under {shown(key)}")


def _events(claims: Claims) -> Iterator[Finding]:
    if "events" not in claims.members:
        return
    events = claims.members["events"]
    keyed = isinstance(events, dict) and all(
        _URI.fullmatch(kind) and isinstance(payload, dict) for kind, payload in events.items()
    )
    yield Finding(
        "SSF-4.2.1-TYPE-IS-KEY",
        keyed,
        "events, an object from the URI of each type to an event object",
        shown(events),
    )
    if not isinstance(events, dict):
        return
    twice = claims.document.repeated.get(("events",), ())
    yield Finding(
        "RFC8417-2.2-NO-DUP-EVENT-IDS",
        not twice,
        "each event type once",
        f"twice: {printable(', '.join(twice))}" if twice else "each once",
    )
    if len(events) > 1:
        yield from _several(events)
    for kind, payload in events.items():
        if payload in (None, "", [], {}):
            yield Finding(
                "RFC8417-2-EMPTY-PAYLOAD",
                isinstance(payload, dict),
                f"{{}} for {printable(kind)}, which has nothing to say",
                shown(payload),
            )


def _several(events: Mapping[str, Any]) -> Iterator[Finding]:
    kinds = shown(list(events))
    yield Finding(
        "SSF-4.2.1-MULTI-ONLY-ALIASES",
        len({canonical(payload) for payload in events.values()}) == 1,
        "several types only as other URIs of one type, so with one payload",
        f"different payloads under {kinds}",
    )
    payloads = [payload for payload in events.values() if isinstance(payload, dict)]
    differing = [
        name
        for name in ("event_timestamp", "subject")
        if len({canonical(payload[name]) for payload in payloads if name in payload}) > 1
    ]
    yield Finding(
        "RFC8417-2.2-ONE-LOGICAL-EVENT",
        not differing,
        "several event types that tell of one happening",
        f"another {' and another '.join(differing)} in each of {kinds}" if differing else kinds,
        Grade.WARN,
    )


# The spellings of older and newer texts, which pass under the draft of 2021.
_OTHER_SPELLINGS = tuple(
    f"https://schemas.openid.net/secevent/{text}/event-type/verification"
    for text in ("ssf", "risc")
)


def _verification(claims: Claims) -> Iterator[Finding]:
    wanted = claims.context.profile.sets.verification_event
    subject = claims.members.get("sub_id")
    for kind, _ in claims.verifications():
        expected, got = f"the type {wanted}", printable(kind)
        softer = Grade.NOTE if kind in _OTHER_SPELLINGS else None
        yield Finding("SSF-8.1.4.1-TYPE-URI", kind == wanted, expected, got)
        yield Finding("SSE-7.1.4.1-TYPE-URI", kind == wanted, expected, got, softer)
        if "sub_id" in claims.members:
            yield _subject_is_stream(subject, claims.context.stream.get("stream_id"))


def _subject_is_stream(subject: object, stream_id: object) -> Finding:
    known = isinstance(stream_id, str)
    opaque = isinstance(subject, dict) and subject.get("format") == "opaque"
    held = opaque and isinstance(subject, dict) and (not known or subject.get("id") == stream_id)
    name = shown(stream_id) if known else "the stream_id"
    return Finding(
        "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",
        held,
        f"sub_id in format opaque with id {name}",
        "so it is" if held else f"{'another id' if opaque else 'another format'}",
    )
