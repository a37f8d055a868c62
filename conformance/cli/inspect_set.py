"""`ssf-conformance inspect-set`: one token, decoded and judged without its Transmitter."""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from conformance.cli.output import say
from conformance.clock import RealClock
from conformance.engine.exit_codes import ExitCode
from conformance.judging.verdict import Verdict
from conformance.sets import jws, raw_json
from conformance.sets.token import is_nested
from conformance.sets.validator import Context, Finding, judge_set
from conformance.spec.profile import Profile
from conformance.spec.profile_files import load_profile
from conformance.spec.redaction import redact_text
from conformance.spec.requirement import Grade, Requirement, load_catalogue, softest
from conformance.target.target import TargetError
from conformance.text import printable

Json: TypeAlias = dict[str, Any]

_WORDS = {Grade.FAIL: str(Verdict.FAILED), Grade.WARN: str(Verdict.WARNING), Grade.NOTE: "note"}
HELD = "held"
_LONGEST = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The arguments of `inspect-set`: a token and what is known about its Transmitter.

    `key_set` is the JWK Set document, None if there is none. `issuer` and `audience` are empty if
    not given.
    """

    token: str
    profile: Profile
    key_set: object = None
    issuer: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with its requirement and its word: failed, warning, note or held."""

    row: Requirement
    finding: Finding
    word: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """A token, decoded and judged; header and claims are None if they can't be read."""

    asked: Asked
    header: Mapping[str, Any] | None
    claims: Mapping[str, Any] | None
    told: tuple[Told, ...]
    not_judged: tuple[str, ...]

    @property
    def broken(self) -> bool:
        """Return whether a requirement is broken; warnings don't count."""
        return any(one.word == _WORDS[Grade.FAIL] for one in self.told)


def main(options: argparse.Namespace) -> int:
    """Decode and judge a SET; the exit code is 1 where a requirement is broken."""
    piped = options.set == "-"
    raw = sys.stdin.buffer.read() if piped else os.fsencode(options.set)
    inspected = inspect(
        Asked(
            token=token_in(raw),
            profile=load_profile(options.profile),
            key_set=None if options.jwks is None else key_set_in(options.jwks),
            issuer=options.issuer,
            audience=options.audience,
        )
    )
    say((json_of if options.json else text_of)(inspected))
    return ExitCode.NONCONFORMANT if inspected.broken else ExitCode.CONFORMANT


def token_in(raw: bytes) -> str:
    """Return the only token in a text, without surrounding white space.

    Raises TargetError for any other input.
    """
    if len(raw) > _LONGEST:
        raise TargetError(f"inspect-set: {len(raw)} bytes are not a SET; give one token")
    text = raw.decode("utf-8", "replace").strip()
    if not text:
        raise TargetError("inspect-set: the input is empty; give a token, or - and pipe one in")
    if text[0] in '{["':
        raise TargetError(
            "inspect-set: this is JSON, not a token; a poll response holds its tokens as the values"
            " of `sets`: extract them with jq -r '.sets[]'"
        )
    if len(text.split()) > 1:
        raise TargetError(
            "inspect-set: there is white space within the token; give one token, on one line"
        )
    return text


def key_set_in(name: str) -> object:
    """Return the JWK Set document in a file. Raises TargetError."""
    if "://" in name:
        raise TargetError(f"--jwks {name}: takes a file; fetch it: curl -o jwks.json {name}")
    try:
        document = raw_json.read(Path(name).read_bytes()).value
    except OSError as error:
        raise TargetError(f"--jwks {name}: can't be read: {error.strerror}") from error
    except raw_json.NotJson as error:
        raise TargetError(f"--jwks {name}: is {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise TargetError(f"--jwks {name}: is not a JWK Set, an object with an array `keys`")
    return document


def inspect(asked: Asked) -> Inspected:
    """Decode and judge a token."""
    context = Context(
        profile=asked.profile,
        metadata={},
        issuer=asked.issuer,
        stream={"aud": asked.audience} if asked.audience else {},
        key_set=asked.key_set,
        key=None,
        received_at=RealClock().now(),
    )
    rows = {row.id: row for row in load_catalogue()}
    told = [
        Told(rows[one.requirement], one, _word(one, asked.profile, rows[one.requirement]))
        for one in judge_set(asked.token, context)
    ]
    order = [*_WORDS.values(), HELD]
    told.sort(key=lambda one: order.index(one.word))
    header, claims, missing = _decoded(asked.token)
    return Inspected(
        asked=asked,
        header=header,
        claims=claims,
        told=tuple(told),
        not_judged=(*missing, *_not_known(asked)),
    )


def _word(finding: Finding, profile: Profile, row: Requirement) -> str:
    if finding.held:
        return HELD
    return _WORDS[softest(profile.grade(row, {}), finding.at_most or Grade.FAIL)]


def _decoded(token: str) -> tuple[Json | None, Json | None, tuple[str, ...]]:
    """Return header and claims as far as they can be read, and what hides the claims."""
    try:
        compact = jws.read(token)
    except jws.NotCompact:
        return None, None, ()
    header = _finite(dict(compact.header))
    if compact.encrypted:
        return header, None, ("the claims: they are encrypted",)
    if is_nested(compact):
        inner = "the claims: they are in a token within this one; inspect that one"
        return header, None, (inner,)
    try:
        claims = raw_json.read(compact.payload).value
    except raw_json.NotJson:
        return header, None, ()
    return header, _finite(claims) if isinstance(claims, dict) else None, ()


def _finite(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return a value that JSON can represent. A number that is too large becomes a text."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "a number too large to show"
    return value


def _not_known(asked: Asked) -> Iterator[str]:
    if asked.key_set is None:
        yield "signature, key and kid: give the key set with --jwks FILE"
    if not asked.issuer:
        yield "whether iss is the Transmitter's issuer: give it with --issuer"
    if not asked.audience:
        yield "whether aud is the Receiver's: give it with --audience"
    yield "rules about the stream, the poll or a second SET: `run` judges those"


# -- for people and for programs


def text_of(inspected: Inspected) -> str:
    """Return the result for a person."""
    return "\n".join(_lines(inspected))


def _lines(inspected: Inspected) -> Iterator[str]:
    profile = inspected.asked.profile
    yield f"held to  {profile.id}, {profile.title}"
    for name, part in (("header", inspected.header), ("claims", inspected.claims)):
        if part is not None:
            yield f"\n{name}"
            yield from _indented(part)
    for one in inspected.told:
        if one.word != HELD:
            yield from _breach(one)
    broken = {one.row.id for one in inspected.told if one.word != HELD}
    held = sorted({one.row.id for one in inspected.told} - broken)
    yield f"\nheld: {len(held)} requirements"
    yield from (f"  {requirement}" for requirement in held)
    yield "\nnot judged"
    yield from (f"  {one}" for one in inspected.not_judged)
    yield f"\n{_verdict(inspected)}"


def _indented(part: Mapping[str, Any]) -> Iterator[str]:
    shown = redact_text(json.dumps(part, indent=2, ensure_ascii=False))
    yield from (f"  {printable(line)}" for line in shown.split("\n"))


def _breach(one: Told) -> Iterator[str]:
    row, finding = one.row, one.finding
    yield f"\n{one.word.upper()}  {row.id}  {row.level}  {row.citation}"
    yield f"  {row.summary}"
    if row.url is not None:
        yield f"  {row.url}"
    yield f"    expected  {printable(finding.expected)}"
    yield f"         got  {printable(finding.got)}"


def _verdict(inspected: Inspected) -> str:
    words = [one.word for one in inspected.told]
    counts = [f"{words.count(word)} {word}" for word in _WORDS.values() if word in words]
    return ", ".join(counts) or "nothing broken"


def json_of(inspected: Inspected) -> str:
    """Return the result for a program: an object with `broken` and an array of findings."""
    document = {
        "profile": inspected.asked.profile.id,
        "broken": inspected.broken,
        "header": inspected.header,
        "claims": inspected.claims,
        "findings": _findings(inspected.told),
        "not_judged": list(inspected.not_judged),
    }
    return redact_text(json.dumps(document, indent=1))


def _findings(told: Sequence[Told]) -> list[Json]:
    return [
        {
            "requirement": one.row.id,
            "verdict": one.word,
            "level": one.row.level,
            "citation": one.row.citation,
            "url": one.row.url,
            "summary": one.row.summary,
            "expected": one.finding.expected,
            "got": one.finding.got,
        }
        for one in told
    ]
