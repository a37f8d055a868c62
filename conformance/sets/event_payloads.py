"""The rules for CAEP and RISC events: CAEP 1.0, RISC 1.0 and the drafts of 2021.

Keywords of a type's schema are judged by the schema, and everything else here. A private type
without a schema is not judged. Pure functions that never raise.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeGuard

from conformance.sets.findings import SKEW_S, Claims, Finding, printable, shown
from conformance.sets.raw_json import canonical
from conformance.spec import schema
from conformance.spec.requirement import Grade, load_catalogue

CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"

# CAEP 1.0 section 3.
CAEP_TYPES: tuple[str, ...] = tuple(
    CAEP + name
    for name in (
        "session-revoked",
        "token-claims-change",
        "credential-change",
        "assurance-level-change",
        "device-compliance-change",
        "session-established",
        "session-presented",
        "risk-level-change",
    )
)
# RISC 1.0 section 2: each type with the requirement that its payload has no attributes. None if it
# may have some, or if there is no such row.
_NO_ATTRIBUTES: Mapping[str, str | None] = MappingProxyType(
    {
        f"{RISC}account-credential-change-required": "RISC-2.1-CREDENTIAL-CHANGE-REQUIRED",
        f"{RISC}account-purged": "RISC-2.2-ACCOUNT-PURGED",
        f"{RISC}account-disabled": None,
        f"{RISC}account-enabled": "RISC-2.4-ACCOUNT-ENABLED",
        f"{RISC}identifier-changed": None,
        f"{RISC}identifier-recycled": "RISC-2.6-SUBJECT-FORMAT",
        f"{RISC}credential-compromise": None,
        f"{RISC}opt-in": "RISC-2.8-OPT-STATE-EVENTS",
        f"{RISC}opt-out-initiated": "RISC-2.8-OPT-STATE-EVENTS",
        f"{RISC}opt-out-cancelled": "RISC-2.8-OPT-STATE-EVENTS",
        f"{RISC}opt-out-effective": "RISC-2.8-OPT-STATE-EVENTS",
        f"{RISC}recovery-activated": "RISC-2.9-RECOVERY-ACTIVATED",
        f"{RISC}recovery-information-changed": "RISC-2.10-RECOVERY-INFO-CHANGED",
        f"{RISC}sessions-revoked": None,
    }
)
RISC_TYPES: tuple[str, ...] = tuple(_NO_ATTRIBUTES)

REQUIREMENTS: tuple[str, ...] = (
    "CAEP-2-EVENT-TIMESTAMP",
    "CAEP-2-INITIATING-ENTITY",
    "CAEP-2-REASON-ADMIN",
    "CAEP-2-REASON-USER",
    "CAEP-3-TYPE-URI-BASE",
    "CAEP-3.1-SESSION-REVOKED-URI",
    "CAEP-3.2-CLAIMS",
    "CAEP-3.3-CREDENTIAL-TYPE",
    "CAEP-3.3-CHANGE-TYPE",
    "CAEP-3.3-OPTIONAL-STRINGS",
    "CAEP-3.4-NAMESPACE",
    "CAEP-3.4-CURRENT-LEVEL",
    "CAEP-3.4-PREVIOUS-LEVEL",
    "CAEP-3.4-DIRECTION-SHOULD",
    "CAEP-3.4-DIRECTION-ENUM",
    "CAEP-3.5-PREVIOUS-STATUS",
    "CAEP-3.5-CURRENT-STATUS",
    "CAEP-3.6-AMR-ARRAY",
    "CAEP-3.8-PRINCIPAL",
    "CAEP-3.8-CURRENT-LEVEL",
    "CAEP-3.8-PREVIOUS-LEVEL",
    "CAEP-3.8-RISK-REASON",
    "CAEPID1-3.4-LEVELS",
    "CAEPID1-3.4-ALL-REQUIRED",
    "RISC-2-TYPE-URI-BASE",
    "RISC-2.1-CREDENTIAL-CHANGE-REQUIRED",
    "RISC-2.2-ACCOUNT-PURGED",
    "RISC-2.4-ACCOUNT-ENABLED",
    "RISC-2.5-SUBJECT-FORMAT",
    "RISC-2.6-SUBJECT-FORMAT",
    "RISC-2.7-CREDENTIAL-TYPE",
    "RISC-2.8-OPT-STATE-EVENTS",
    "RISC-2.9-RECOVERY-ACTIVATED",
    "RISC-2.10-RECOVERY-INFO-CHANGED",
    "RISC-3.1-NO-SUBJECT-TYPE",
    "SSE-4-EXTRA-MEMBERS-URI",
)

# One SET does not show which other types there are, so only judge_types reports this one.
OF_STREAM = ("RISC-2.11-SESSIONS-REVOKED-DEPRECATED",)

FREEDOMS: tuple[str, ...] = (
    "CAEP-3.6-OPTIONAL",
    "CAEP-3.7-OPTIONAL",
    "RISC-2.3-ACCOUNT-DISABLED-REASON",
    "RISC-2.5-NEW-VALUE",
    "RISC-2.7-OPTIONAL",
)
_MEMBERS_OF_FREEDOM: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        f"{CAEP}session-established": ("CAEP-3.6-OPTIONAL", ("fp_ua", "acr", "amr", "ext_id")),
        f"{CAEP}session-presented": ("CAEP-3.7-OPTIONAL", ("fp_ua", "ext_id")),
        f"{RISC}account-disabled": ("RISC-2.3-ACCOUNT-DISABLED-REASON", ("reason",)),
        f"{RISC}identifier-changed": ("RISC-2.5-NEW-VALUE", ("new-value",)),
        f"{RISC}credential-compromise": (
            "RISC-2.7-OPTIONAL",
            ("event_timestamp", "reason_admin", "reason_user"),
        ),
    }
)

# What the schema records about a member with a requirement. The row decides how loud it is.
_RECORDED: Mapping[tuple[str, str], tuple[str, Grade]] = MappingProxyType(
    {
        (f"{CAEP}credential-change", "/credential_type"): ("CAEP-3.3-CREDENTIAL-TYPE", Grade.WARN),
        (f"{CAEP}credential-change", "/fido2_aaguid"): ("CAEP-3.3-OPTIONAL-STRINGS", Grade.WARN),
        (f"{RISC}credential-compromise", "/credential_type"): (
            "RISC-2.7-CREDENTIAL-TYPE",
            Grade.NOTE,
        ),
    }
)

_LEVELS_OF_2021 = frozenset({"nist-aal1", "nist-aal2", "nist-aal3"})
_MANDATORY_IN_2021 = ("current_level", "previous_level", "change_direction")
_IDENTIFIERS = frozenset({"email", "phone_number"})
_OF_THE_FRAMEWORK = frozenset({f"{RISC}verification", f"{RISC}stream-updated"})
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
# Everything that looks like a type of the family, right or wrong.
_MEANT_FOR = MappingProxyType(
    {
        family: re.compile(rf"https?://schemas\.openid\.net/(.*/)?{family}/.*", re.IGNORECASE)
        for family in ("caep", "risc")
    }
)


def judge_events(claims: Claims) -> Iterator[Finding]:
    """Judge each event of a SET by the text that defines its type."""
    for kind, payload in claims.events.items():
        for base in _FAMILIES:
            yield from _type(base, kind)
        if kind not in CAEP_TYPES and kind not in RISC_TYPES:
            continue
        yield from _by_schema(kind, payload, claims)
        if isinstance(payload, dict):
            yield from _by_hand(kind, payload, claims)
            yield from _more_members(kind, payload)
    yield from _subject_type(claims)


def freedoms_of_events(claims: Claims) -> Iterator[tuple[str, str]]:
    """Yield each freedom of CAEP and RISC that a SET uses, and how."""
    for kind, payload in claims.events.items():
        requirement, members = _MEMBERS_OF_FREEDOM.get(kind, ("", ()))
        there = [name for name in members if isinstance(payload, dict) and name in payload]
        if not there:
            continue
        odd = {one.path.lstrip("/") for one in schema.problems(_schema_of(kind), payload)}
        new_value = payload.get("new-value")
        if isinstance(new_value, str) and new_value in _values(_subject(payload, claims)):
            odd.add("new-value")
        said = [f"{name} (an unusual value)" if name in odd else name for name in there]
        yield requirement, f"{kind.rpartition('/')[2]} with {', '.join(said)}"


def _schema_of(kind: str) -> str:
    return f"{'caep' if kind.startswith(CAEP) else 'risc'}/{kind.rpartition('/')[2]}.json"


@cache
def _summary(requirement: str) -> str:
    return load_catalogue()[requirement].summary


@cache
def _members_of(kind: str) -> frozenset[str]:
    """Return the members that the text defines for a type, including the older texts' subject."""
    names = {"subject", *schema.load(_schema_of(kind)).get("properties", ())}
    if kind.startswith(CAEP):
        names.update(schema.load("caep/optional-claims.json")["properties"])
    return frozenset(names)


# -- the type


_FAMILIES = MappingProxyType(
    {
        CAEP: ("caep", "CAEP-3-TYPE-URI-BASE", CAEP_TYPES),
        RISC: ("risc", "RISC-2-TYPE-URI-BASE", RISC_TYPES),
    }
)


def judge_types(base: str, supported: object) -> Iterator[Finding]:
    """Judge the types of one family, CAEP or RISC, in the events_supported of a stream."""
    kinds = supported if isinstance(supported, list) else []
    for kind in kinds:
        if isinstance(kind, str):
            yield from _type(base, kind)
    if base == RISC and f"{RISC}sessions-revoked" in kinds:
        yield _replaced(kinds)


def _type(base: str, kind: str) -> Iterator[Finding]:
    family, requirement, types = _FAMILIES[base]
    if not _MEANT_FOR[family].fullmatch(kind) or kind in _OF_THE_FRAMEWORK:
        return
    # An unknown name under the right base may come from a future text.
    softer = Grade.WARN if kind.startswith(base) else None
    expected = f"one of the {len(types)} types at {base}"
    yield Finding(requirement, kind in types, expected, printable(kind), softer)
    name = "session-revoked"
    if base == CAEP and kind.rstrip("/").rpartition("/")[2].lower() == name:
        wanted = CAEP + name
        yield Finding("CAEP-3.1-SESSION-REVOKED-URI", kind == wanted, wanted, printable(kind))


def _replaced(supported: list[Any]) -> Finding:
    """Judge whether the successor of RISC's sessions-revoked is supported beside it."""
    wanted = f"{CAEP}session-revoked"
    held = wanted in supported
    return Finding(
        "RISC-2.11-SESSIONS-REVOKED-DEPRECATED",
        held,
        f"{wanted} among events_supported, which has taken the place of sessions-revoked",
        "so it is" if held else "RISC's sessions-revoked alone",
    )


# -- the payload


def _by_schema(kind: str, payload: object, claims: Claims) -> Iterator[Finding]:
    found = schema.judge(_schema_of(kind), payload)
    broken = {breach.requirement for breach in found.breaches if breach.requirement}
    for requirement in sorted(found.seen.union(broken).intersection(REQUIREMENTS)):
        breaches = found.of(requirement)
        if not breaches:
            yield Finding(requirement, held=True, expected=_summary(requirement), got="so it is")
        for breach in breaches:
            softer = _softer(kind, breach, claims)
            yield Finding(requirement, False, _summary(requirement), _got(breach), softer)  # noqa: FBT003
    for breach in found.breaches:
        recorded = _RECORDED.get((kind, breach.path))
        if recorded is not None and breach.requirement is None:
            requirement, grade = recorded
            yield Finding(requirement, False, _summary(requirement), _got(breach), grade)  # noqa: FBT003


def _softer(kind: str, breach: schema.Breach, claims: Claims) -> Grade | None:
    """Return the ceiling for a breach. CAEP's interoperability profile requires a text itself."""
    is_text = breach.path == "/reason_admin" and isinstance(breach.value, str) and breach.value
    asked_for = "caep-interop" in claims.context.profile.tags and kind == f"{CAEP}credential-change"
    return Grade.NOTE if is_text and asked_for else None


def _got(breach: schema.Breach) -> str:
    if breach.keyword == "required":
        return printable(f"{breach.path}: {breach.message}")
    return f"{printable(breach.path)}: {shown(breach.value)}, which breaks `{breach.keyword}`"


def _by_hand(kind: str, payload: Mapping[str, Any], claims: Claims) -> Iterator[Finding]:
    family, _, name = kind.removeprefix("https://schemas.openid.net/secevent/").partition(
        "/event-type/"
    )
    if family == "caep":
        yield from _timestamp(payload, claims)
    if name == "device-compliance-change":
        yield from _compliance(payload)
    if name == "assurance-level-change":
        yield from _assurance_of_2021(payload)
    if name == "identifier-changed":
        yield from _identifier("RISC-2.5-SUBJECT-FORMAT", _subject(payload, claims))
    if name == "identifier-recycled":
        yield from _identifier("RISC-2.6-SUBJECT-FORMAT", _subject(payload, claims))


def _timestamp(payload: Mapping[str, Any], claims: Claims) -> Iterator[Finding]:
    happened, iat = payload.get("event_timestamp"), claims.members.get("iat")
    if not _is_number(happened) or not _is_number(iat):
        return
    if happened > iat + SKEW_S:
        yield Finding(
            "CAEP-2-EVENT-TIMESTAMP",
            held=False,
            expected=f"event_timestamp not more than {SKEW_S} s after iat {shown(iat)}",
            got=f"event_timestamp {shown(happened)}",
            at_most=Grade.NOTE,
        )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compliance(payload: Mapping[str, Any]) -> Iterator[Finding]:
    before, now = payload.get("previous_status"), payload.get("current_status")
    if isinstance(before, str) and before == now:
        yield Finding(
            "CAEP-3.5-CURRENT-STATUS",
            held=False,
            expected="a current_status that differs from previous_status, as it is a change",
            got=f"both {shown(now)}",
            at_most=Grade.WARN,
        )


def _assurance_of_2021(payload: Mapping[str, Any]) -> Iterator[Finding]:
    # A namespace belongs to a later text, which has its own rules for the rest.
    softer = Grade.NOTE if "namespace" in payload else None
    missing = [name for name in _MANDATORY_IN_2021 if name not in payload]
    yield Finding(
        "CAEPID1-3.4-ALL-REQUIRED",
        not missing and softer is None,
        f"{', '.join(_MANDATORY_IN_2021)}, and no namespace",
        f"the members {printable(', '.join(payload))}",
        softer,
    )
    levels = [payload[name] for name in _MANDATORY_IN_2021[:2] if name in payload]
    if levels:
        yield Finding(
            "CAEPID1-3.4-LEVELS",
            all(isinstance(level, str) and level in _LEVELS_OF_2021 for level in levels),
            f"levels out of {', '.join(sorted(_LEVELS_OF_2021))}",
            shown(levels),
            softer,
        )


def _more_members(kind: str, payload: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge members that the type's text does not define: SSF allows them, the draft names them.

    SSF 1.0 section 4.2.3; the draft of 2021, section 4.
    """
    more = sorted(set(payload) - _members_of(kind))
    plain = [name for name in more if not _URI.fullmatch(name)]
    yield Finding(
        "SSE-4-EXTRA-MEMBERS-URI",
        not plain,
        f"members that are not {kind.rpartition('/')[2]}'s named by URIs",
        f"also {printable(', '.join(plain))}" if plain else "no others by a plain name",
    )
    own = "CAEP-3.1-SESSION-REVOKED-URI" if kind == f"{CAEP}session-revoked" else None
    requirement = own or _NO_ATTRIBUTES.get(kind)
    if more and requirement is not None:
        yield Finding(
            requirement,
            held=False,
            expected=f"no member of {kind.rpartition('/')[2]}'s own",
            got=f"also {printable(', '.join(more))}",
            at_most=Grade.NOTE,
        )


# -- the subject


def _subject(payload: Mapping[str, Any], claims: Claims) -> object:
    return payload.get("subject") if claims.subject_in_event else claims.members.get("sub_id")


def _identifier(requirement: str, subject: object) -> Iterator[Finding]:
    """Judge the subject of an event about an identifier: an email address or a phone number."""
    if not isinstance(subject, dict):
        return
    own = subject.get("format")
    within = {part["format"] for part in _parts(subject) if isinstance(part.get("format"), str)}
    if not isinstance(own, str) and ("format" in subject or not within):
        return
    softer = None
    if own == "phone":
        softer = Grade.NOTE  # What RISC and drafts of RFC 9493 call phone_number.
    elif _IDENTIFIERS & within:
        softer = Grade.WARN
    yield Finding(
        requirement,
        own in _IDENTIFIERS,
        "a subject in format email or phone_number",
        f"format {printable(repr(own))}" if own else "a complex subject",
        softer,
    )


def _parts(subject: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the identifiers in a complex subject or in a list of aliases."""
    identifiers = subject.get("identifiers")
    candidates = [*subject.values(), *(identifiers if isinstance(identifiers, list) else ())]
    yield from (part for part in candidates if isinstance(part, dict))


def _values(subject: object) -> frozenset[str]:
    values = subject.values() if isinstance(subject, dict) else ()
    return frozenset(value for value in values if isinstance(value, str))


def _subject_type(claims: Claims) -> Iterator[Finding]:
    payloads = (one for one in claims.events.values() if isinstance(one, dict))
    subjects = [claims.members.get("sub_id"), *(one.get("subject") for one in payloads)]
    identifiers = [one for one in subjects if isinstance(one, dict)]
    if identifiers:
        found = any('"subject_type":' in canonical(one) for one in identifiers)
        yield Finding(
            "RISC-3.1-NO-SUBJECT-TYPE",
            not found,
            "the format of a subject in the member format",
            "a member subject_type" if found else "no subject_type",
        )
