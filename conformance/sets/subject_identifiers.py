"""The rules for the subject of a SET, beyond the keywords of a schema.

SSF 1.0 sections 3.1 to 3.5, the 2021 draft's sections 3.1 to 3.4, and RFC 9493. Subjects are
personal data, so no finding shows their values.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from conformance.sets.findings import Claims, Finding, printable
from conformance.sets.raw_json import Path, canonical
from conformance.spec import schema
from conformance.spec.requirement import Grade

IDENTIFIER_SCHEMA = "rfc9493/subject-identifier.json"

# The members of each format besides `format`: RFC 9493 section 3.2.
_REGISTERED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "account": frozenset({"uri"}),
        "aliases": frozenset({"identifiers"}),
        "did": frozenset({"url"}),
        "email": frozenset({"email"}),
        "iss_sub": frozenset({"iss", "sub"}),
        "opaque": frozenset({"id"}),
        "phone_number": frozenset({"phone_number"}),
        "uri": frozenset({"uri"}),
    }
)
# SSF 1.0 section 3.5. The draft of 2021 spells the first two with hyphens.
_FRAMEWORK: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "jwt_id": frozenset({"iss", "jti"}),
        "saml_assertion_id": frozenset({"issuer", "assertion_id"}),
        "ip-addresses": frozenset({"ip-addresses"}),
    }
)
_OF_2021: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "jwt-id": frozenset({"iss", "jti"}),
        "saml-assertion-id": frozenset({"issuer", "assertion_id"}),
        "phone": frozenset({"phone_number"}),
    }
)
MEMBERS_OF_FORMAT = MappingProxyType({**_REGISTERED, **_FRAMEWORK, **_OF_2021})
COMPLEX_MEMBERS = frozenset(
    {"user", "device", "session", "application", "tenant", "org_unit", "group"}
)

_JSON_TYPES: Mapping[type, str] = MappingProxyType(
    {str: "a text", list: "an array", bool: "a boolean", type(None): "null"}
)

_LESS_SPECIFIC_URI = re.compile(r"(?:mailto|tel|acct|did):", re.IGNORECASE)
_LOOKS_LIKE_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
# Addresses that pass the schema, which judges all others.
_ADDRESS_LIKE = re.compile(r"[0-9A-Fa-f:.]+(%.+)?")
_SEPARATORS = re.compile(r"[ -]")
_OF_SHAPE = frozenset({"RFC9493-3-FORMAT-PRESENT", "RFC9493-3-REQUIRED-MEMBERS"})
_OF_VALUE = re.compile(r"RFC9493-3\.2\.[1-8]-[A-Z-]+")
# These are not rules about a member's value, or only a SHOULD.
_NOT_OF_VALUE = frozenset({"RFC9493-3.2.8-ALIASES-NO-DUPES", "RFC9493-3.2.8-ALIASES-NOT-NESTED"})


def judge_subjects(claims: Claims) -> Iterator[Finding]:
    """Judge the place and the kind of the subject. A SET without one gives no finding here."""
    yield from _places(claims)
    for place, path, subject in subjects(claims):
        yield from _shape(claims, place, path, subject)
        for where, identifier in _identifiers(claims, place, subject):
            yield from _format(claims, where, identifier)
            yield from _values(where, identifier)


def _places(claims: Claims) -> Iterator[Finding]:
    subject = claims.members.get("sub_id")
    if "sub_id" in claims.members:
        yield Finding(
            "RFC9493-4.1-SUBID-IS-IDENTIFIER",
            isinstance(subject, dict) and isinstance(subject.get("format"), str),
            "sub_id is an object with a format",
            _kind(subject),
        )
    for kind, payload in claims.events.items():
        has_subject = isinstance(payload, dict) and "subject" in payload
        if is_caep_or_risc(kind):
            if has_subject:
                yield Finding(
                    "SSF-3.1.1-SUBID-WITH-LEGACY-SUBJECT",
                    "sub_id" in claims.members,
                    "sub_id at the top level beside the subject in the payload",
                    _top_level(claims),
                )
        elif isinstance(payload, dict):
            yield _new_type(kind, payload, claims)


def _new_type(kind: str, payload: Mapping[str, Any], claims: Claims) -> Finding:
    has_subject = "subject" in payload
    main = "sub_id" in claims.members and canonical(payload.get("subject")) == canonical(
        claims.members["sub_id"]
    )
    return Finding(
        "SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT",
        not has_subject,
        f"the subject in sub_id alone, for {printable(kind)} is no type of CAEP or RISC",
        "no subject in the payload"
        if not has_subject
        else f"a subject in the payload, {'the same' if main else 'another'} as in sub_id",
        # Section 3.1.3 allows any name for a further subject.
        None if main else Grade.NOTE,
    )


def subjects(claims: Claims) -> Iterator[tuple[str, Path, Any]]:
    """Yield the main subjects, each with a name for its place and its path."""
    if not claims.subject_in_event:
        if "sub_id" in claims.members:
            yield "sub_id", ("sub_id",), claims.members["sub_id"]
        return
    for kind, payload in claims.events.items():
        if isinstance(payload, dict) and "subject" in payload:
            yield "the payload's subject", ("events", kind, "subject"), payload["subject"]


def is_complex(claims: Claims, subject: object) -> bool:
    """Return whether a subject is complex in the sense of the profile."""
    if not isinstance(subject, dict):
        return False
    return subject.get("format") == "complex" or (
        claims.subject_in_event and "format" not in subject
    )


def _shape(claims: Claims, place: str, path: Path, subject: object) -> Iterator[Finding]:
    if is_complex(claims, subject) or _has_members_of_complex(subject):
        yield from _complex(claims, place, path, subject)
        return
    found = schema.judge(IDENTIFIER_SCHEMA, subject)
    wrong = [breach for breach in found.breaches if breach.requirement in _OF_SHAPE]
    for requirement in ("SSF-3.2-SIMPLE-IS-SUBID", "SSE-3.1-SIMPLE-IS-SUBID"):
        yield Finding(
            requirement,
            not wrong,
            f"{place} is a Subject Identifier: an object with a format and what that requires",
            _kind(subject),
        )


def _has_members_of_complex(subject: object) -> bool:
    """Return whether an object would be a complex subject if it had the right format."""
    if not isinstance(subject, dict):
        return False
    named = subject.get("format")
    misspelled = isinstance(named, str) and named.lower() == "complex"
    return ("format" not in subject or misspelled) and any(
        isinstance(subject.get(name), dict) for name in COMPLEX_MEMBERS
    )


def _complex(claims: Claims, place: str, path: Path, subject: Any) -> Iterator[Finding]:  # noqa: ANN401 (JSON)
    simple = [name for name, part in subject.items() if name != "format" and isinstance(part, dict)]
    says_complex = subject.get("format") == "complex"
    yield Finding(
        "SSF-3.3-COMPLEX-FORMAT",
        says_complex and bool(simple),
        f'{place} with format "complex" and at least one simple subject',
        _kind(subject),
    )
    if says_complex:
        yield Finding(
            "SSE-3.2-COMPLEX-SHAPE",
            held=False,
            expected=f"{place} without a format, as in the draft of 2021",
            got='format "complex", of a later text',
            at_most=Grade.NOTE,
        )
    repeated = claims.document.repeated.get(path, ())
    for requirement in ("SSF-3.3-COMPLEX-MEMBER-ONCE", "SSE-3.2-COMPLEX-MEMBER-ONCE"):
        yield Finding(
            requirement,
            not repeated,
            f"each member of {place} once",
            f"twice: {printable(', '.join(repeated))}" if repeated else "each once",
        )


def _identifiers(claims: Claims, place: str, subject: object) -> Iterator[tuple[str, Any]]:
    """Yield each simple identifier of a subject that has a format, nested ones included."""
    if not isinstance(subject, dict):
        return
    if is_complex(claims, subject) or _has_members_of_complex(subject):
        for name, part in subject.items():
            # A complex subject inside another one breaks SSF-3.3-COMPLEX-MEMBERS-SIMPLE.
            if not is_complex(claims, part):
                yield from _identifiers(claims, f"{place}, {printable(name)}", part)
        return
    if isinstance(subject.get("format"), str):
        yield place, subject
    within = subject.get("identifiers") if subject.get("format") == "aliases" else None
    for part in within if isinstance(within, list) else ():
        if isinstance(part, dict) and part.get("format") != "complex":
            yield from _identifiers(claims, f"{place}, an alias", part)


def _format(claims: Claims, where: str, identifier: Mapping[str, Any]) -> Iterator[Finding]:
    name = identifier["format"]
    known = {**_REGISTERED, **_FRAMEWORK}
    accepted = {**known, **_OF_2021} if claims.subject_in_event else known
    # Examples in SSF use the older name of phone_number.
    softer = Grade.NOTE if name == "phone" else Grade.WARN
    for requirement in ("SSF-3.4-FORMAT-KNOWN", "SSE-3.3-FORMAT-KNOWN"):
        yield Finding(
            requirement,
            name in accepted,
            f"{where} in a format that is registered, or that the framework defines",
            _shown_format(name),
            softer,
        )
    if name in accepted:
        foreign = sorted(set(identifier) - accepted[name] - {"format"})
        yield Finding(
            "RFC9493-3-NO-FOREIGN-MEMBERS",
            not foreign,
            f"{where} with the members of its format alone",
            f"also {printable(', '.join(foreign))}" if foreign else "no others",
        )
    else:
        yield Finding(
            "RFC9493-3-UNIQUE-NAME",
            "." in name or ":" in name,
            f"{where} in a private format whose name nobody else has",
            _shown_format(name),
            Grade.NOTE,
        )


def _values(where: str, identifier: Mapping[str, Any]) -> Iterator[Finding]:
    name = identifier["format"]
    if name in _REGISTERED:
        found = schema.judge(IDENTIFIER_SCHEMA, identifier)
        broken = sorted(
            {
                breach.requirement
                for breach in found.breaches
                if breach.requirement
                and _OF_VALUE.fullmatch(breach.requirement)
                and breach.requirement not in _NOT_OF_VALUE
            }
        )
        yield Finding(
            "RFC9493-3-MEMBER-RULES",
            not broken,
            f"{where} keeps the rules of its format",
            f"it breaks {', '.join(broken)}" if broken else "it does",
        )
        if name == "phone_number" and not broken:
            yield from _phone(where, identifier)
    if name in {"uri", "opaque"}:
        yield from _most_specific(where, identifier)
    if name == "ip-addresses":
        yield from _addresses(where, identifier)


def _phone(where: str, identifier: Mapping[str, Any]) -> Iterator[Finding]:
    number = identifier.get("phone_number")
    if isinstance(number, str) and _SEPARATORS.search(number):
        yield Finding(
            "RFC9493-3.2.5-PHONE",
            held=False,
            expected=f"{where} has a number of + and digits alone (E.164)",
            got="spaces or hyphens between the digits, as examples of SSF have them",
            at_most=Grade.WARN,
        )


def _most_specific(where: str, identifier: Mapping[str, Any]) -> Iterator[Finding]:
    uri, opaque = identifier.get("uri"), identifier.get("id")
    if identifier["format"] == "uri" and isinstance(uri, str):
        fits = not _LESS_SPECIFIC_URI.match(uri)
    elif identifier["format"] == "opaque" and isinstance(opaque, str):
        fits = not _LOOKS_LIKE_EMAIL.fullmatch(opaque)
    else:
        return
    yield Finding(
        "RFC9493-3.2-MOST-SPECIFIC",
        fits,
        f"{where} in the most specific format there is",
        "nothing more specific is apparent"
        if fits
        else f"a value in format {identifier['format']} that another format is made for",
    )


def _addresses(where: str, identifier: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge addresses that pass the schema's pattern and are invalid all the same."""
    addresses = identifier.get("ip-addresses")
    for address in addresses if isinstance(addresses, list) else ():
        if isinstance(address, str) and _ADDRESS_LIKE.fullmatch(address):
            yield Finding(
                "SSF-3.5.3-IPADDR-MEMBERS",
                _is_address(address.partition("%")[0]),
                f"{where} holds IPv4 and IPv6 addresses",
                "a text that looks like an address",
            )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_caep_or_risc(kind: str) -> bool:
    """Return whether an event type belongs to CAEP or RISC."""
    return kind.startswith(
        (
            "https://schemas.openid.net/secevent/caep/event-type/",
            "https://schemas.openid.net/secevent/risc/event-type/",
        )
    )


def _shown_format(name: str) -> str:
    return f"format {printable(repr(name))}"


def _kind(subject: object) -> str:
    if not isinstance(subject, dict):
        return _JSON_TYPES.get(type(subject), "no object")
    own = subject.get("format")
    named = f"format {printable(repr(own))}" if "format" in subject else "no format"
    return f"an object with {named} and the members {printable(', '.join(map(str, subject)))}"


def _top_level(claims: Claims) -> str:
    return f"the claims {printable(', '.join(claims.members))}"
