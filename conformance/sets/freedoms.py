"""Freedoms of the texts that a SET uses. They are noted, and never a breach."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.sets import event_payloads, jws, raw_json
from conformance.sets.envelope import REGISTERED_CLAIMS
from conformance.sets.findings import Claims, Context, printable, shown
from conformance.sets.raw_json import Document
from conformance.sets.subject_identifiers import (
    COMPLEX_MEMBERS,
    is_caep_or_risc,
    is_complex,
    subjects,
)

FREEDOMS: tuple[str, ...] = (
    "RFC8417-2-ENVELOPE-EXTRAS",
    "RFC8417-2.4-SIGNED-OR-ENCRYPTED",
    "SSF-3.1.1-LEGACY-SUBJECT-TOLERATED",
    "SSF-3.1.3-EXTRA-SUBJECTS-ALLOWED",
    "SSF-3.1.4-SIMPLE-OR-COMPLEX",
    "SSF-3.3-COMPLEX-MEMBER-NAMES-OPEN",
    "SSF-4.1.8-AUD-VALUE-FREE",
    "SSF-4.1.9-TXN-SHARED-OK",
    "SSF-4.2.2-EVENT-FIELDS",
    "SSF-4.2.3-EXTRA-FIELDS",
    "SSE-3.2-COMPLEX-MEMBER-NAMES-OPEN",
    "SSE-11.1.3-EXTRA-CLAIMS",
    *event_payloads.FREEDOMS,
)


def freedoms(token: object, context: Context) -> Iterator[tuple[str, str]]:
    """Yield each freedom that a SET uses, and how. Never raises."""
    try:
        compact = jws.read(token)
    except jws.NotCompact:
        return
    how = "encrypted" if compact.encrypted else f"signed with {shown(compact.alg)}"
    yield "RFC8417-2.4-SIGNED-OR-ENCRYPTED", how
    document = None if compact.encrypted else _readable(compact.payload)
    if document is None:
        return
    claims = Claims(document, context)
    yield from _of_envelope(claims)
    yield from _of_events(claims)
    yield from _of_subjects(claims)
    yield from event_payloads.freedoms_of_events(claims)


def shared_txns(tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield, for the SETs of one feed, that several of them share a txn."""
    jtis: dict[str, set[str]] = {}
    for compact in _compact(tokens):
        document = None if compact.encrypted else _readable(compact.payload)
        claims = {} if document is None else document.value
        if isinstance(claims.get("txn"), str):
            jtis.setdefault(claims["txn"], set()).add(shown(claims.get("jti")))
    most = max((len(found) for found in jtis.values()), default=0)
    if most > 1:
        yield "SSF-4.1.9-TXN-SHARED-OK", f"up to {most} SETs with one txn"


def _compact(tokens: Sequence[str]) -> Iterator[jws.Compact]:
    for token in tokens:
        try:
            yield jws.read(token)
        except jws.NotCompact:
            continue


def _readable(payload: bytes) -> Document | None:
    try:
        document = raw_json.read(payload)
    except raw_json.NotJson:
        return None
    return document if isinstance(document.value, dict) else None


def _of_envelope(claims: Claims) -> Iterator[tuple[str, str]]:
    aud = claims.members.get("aud")
    if isinstance(aud, str | list):
        yield "SSF-4.1.8-AUD-VALUE-FREE", f"aud is {shown(aud)}"
    extras = sorted(set(claims.members) - REGISTERED_CLAIMS)
    if extras:
        said = f"claims {printable(', '.join(extras))}"
        for requirement in (
            "RFC8417-2-ENVELOPE-EXTRAS",
            "SSF-4.2.3-EXTRA-FIELDS",
            "SSE-11.1.3-EXTRA-CLAIMS",
        ):
            yield requirement, said


def _of_events(claims: Claims) -> Iterator[tuple[str, str]]:
    for kind, payload in claims.events.items():
        if not isinstance(payload, dict):
            continue
        name = printable(kind)
        if payload:
            fields = printable(", ".join(sorted(payload)))
            yield "SSF-4.2.2-EVENT-FIELDS", f"{name} with {fields}"
        if is_caep_or_risc(kind) and "subject" in payload:
            yield "SSF-3.1.1-LEGACY-SUBJECT-TOLERATED", f"{name} with a subject in its payload"
        further = sorted(one for one, part in payload.items() if _is_subject(one, part))
        if further:
            said = f"{name} with {printable(', '.join(further))}"
            yield "SSF-3.1.3-EXTRA-SUBJECTS-ALLOWED", said


def _is_subject(name: str, part: object) -> bool:
    return name != "subject" and isinstance(part, dict) and isinstance(part.get("format"), str)


def _of_subjects(claims: Claims) -> Iterator[tuple[str, str]]:
    for place, _, subject in subjects(claims):
        if not is_complex(claims, subject):
            yield "SSF-3.1.4-SIMPLE-OR-COMPLEX", f"{place} is simple"
            continue
        yield "SSF-3.1.4-SIMPLE-OR-COMPLEX", f"{place} is complex"
        named: Mapping[str, Any] = subject
        others = sorted(set(named) - COMPLEX_MEMBERS - {"format"})
        for requirement in (
            "SSF-3.3-COMPLEX-MEMBER-NAMES-OPEN",
            "SSE-3.2-COMPLEX-MEMBER-NAMES-OPEN",
        ):
            if others:
                yield requirement, f"{place} with {printable(', '.join(others))}"
