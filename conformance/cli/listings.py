"""What the suite goes by, for people to read: its profiles and its catalogue of requirements."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from conformance.engine.plan import Case
from conformance.spec.certification import Module
from conformance.spec.profile import CEILING_OF_EVIDENCE, Profile, load_profile, profile_ids
from conformance.spec.requirement import Catalogue, Requirement, load_catalogue
from conformance.text import aligned, hanging

Json: TypeAlias = dict[str, Any]

# The parts of a profile whose keys say how the wire looks; each key has its evidence.
_WIRE = (
    "discovery",
    "endpoints",
    "operations",
    "schemas",
    "names",
    "stream",
    "delivery",
    "semantics",
    "poll",
    "sets",
    "errors",
)

_BASES = {
    "bcp14": "an upper-case key word",
    "prose": "a sentence without a key word",
    "table": "a row of a table",
    "derived": "derived from other rules",
    "vendor-doc": "stated on a vendor's page",
}
_NEEDS = {
    "wire": "nothing but requests and answers",
    "needs-clock": "time that passes, or a clock that can be moved",
    "needs-event-trigger": "an event that is raised",
    "needs-push-receiver": "a listener that SETs are pushed to",
    "needs-second-client": "a second Receiver's credential",
    "not-observable": "can't be seen from outside",
}
_TRIGGERS = {
    "verification": "a verification request",
    "native-event": "an event that a hook raises",
    "operator-status-change": "an operator who changes the stream's status",
    "operator-verification": "an operator who has a verification sent",
}


def shipped_profiles() -> list[Profile]:
    """Return every profile that comes with the suite."""
    return [load_profile(name) for name in profile_ids()]


def profiles_text() -> str:
    """Return the shipped profiles, one a line."""
    catalogue = load_catalogue()
    table = [("id", "extends", "rows", "tags", "title")]
    for profile in shipped_profiles():
        parent = profile.lineage[1] if len(profile.lineage) > 1 else "-"
        rows = len(catalogue.for_tags(profile.tags))
        tags = ", ".join(profile.tags)
        table.append((profile.id, parent, f"{rows:>4}", tags, profile.title))
    return "\n".join([*aligned(table), "", "next: ssf-conformance profiles show NAME"])


def profile_text(profile: Profile) -> str:
    """Return a profile as the suite goes by it: key by key, with evidence, ceilings, deviations."""
    return "\n".join(_profile(profile))


def _profile(profile: Profile) -> Iterator[str]:
    tags = ", ".join(f"{tag} at most {grade}" for tag, grade in profile.tags.items())
    rows = len(load_catalogue().for_tags(profile.tags))
    yield f"{profile.id}  {profile.title}"
    yield from hanging("  file     ", profile.file)
    if profile.lineage[1:]:
        yield from hanging("  extends  ", " -> ".join(profile.lineage[1:]))
    for source in profile.sources:
        yield from hanging("  source   ", source)
    yield from hanging("  rows     ", f"{rows} of Transmitters, by their tags: {tags}")
    yield ""
    yield from hanging(
        "",
        "Evidence says how loud a breach of what rests on a key may be: "
        + ", ".join(f"{word} {grade}" for word, grade in CEILING_OF_EVIDENCE.items())
        + ".",
    )
    keys = list(_keys(profile))
    column = max(len(key) for key, _ in keys)
    yield ""
    for key, value in keys:
        start = f"  {key:<{column}}  {profile.evidence_of(key):<10}  "
        yield from hanging(start, json.dumps(value, ensure_ascii=False))
    if profile.caps:
        yield from ("", "Ceilings")
    for cap in profile.caps:
        what = cap.document or ", ".join(cap.requirements)
        unless = f", unless the metadata has {cap.unless_metadata}" if cap.unless_metadata else ""
        yield from hanging("  ", f"at most {cap.at_most}: {what}{unless}")
    if profile.deviations:
        yield from ("", "Known deviations: their rows are not applicable")
    for deviation in profile.deviations:
        yield from hanging("  ", f"{deviation.summary} ({deviation.source})")
        yield from hanging("    ", ", ".join(deviation.requirements))


def _keys(profile: Profile) -> Iterator[tuple[str, Any]]:
    """Yield each key that has a value, dotted as `--set` takes it."""
    whole = asdict(profile)
    for part in _WIRE:
        for key, value in _flat(part, whole[part]):
            # An operation's name stands in its key already.
            if value not in (None, ()) and not (part == "operations" and key.endswith(".name")):
                yield key, value


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (TOML)
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(f"{key}.{name}", part)
    else:
        yield key, value


def findings_text(file: str, findings: Sequence[str]) -> str:
    """Return what is wrong with a profile's file, one finding a line, and the next step."""
    if not findings:
        return f"{file}: nothing is wrong\nnext: ssf-conformance profiles show {file}"
    lines = [f"{file}: {finding}" for finding in findings]
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    return "\n".join([*lines, f"{count}; next: mend the file, and lint it again"])


def requirements_text(rows: Sequence[Requirement], profile: Profile | None) -> str:
    """Return one line a row, however long, so that grep and head see whole rows."""
    if not rows:
        return "no requirement is all of this; leave a filter out"
    return "\n".join(
        aligned(
            [
                (row.id, row.level, row.kind, _grade(row, profile), row.citation, row.summary)
                for row in rows
            ]
        )
    )


def requirements_json(rows: Iterable[Requirement], profile: Profile | None) -> str:
    """Return the rows as a JSON array; a member is called what results.json calls it."""
    return json.dumps(
        [
            {
                "id": row.id,
                "role": row.role,
                "level": row.level,
                "kind": row.kind,
                "grade": _grade(row, profile),
                "spec": row.document.name,
                "section": row.section,
                "citation": row.citation,
                "url": row.url,
                "tags": list(row.tags),
                "summary": row.summary,
            }
            for row in rows
        ],
        indent=1,
        ensure_ascii=False,
    )


def _grade(row: Requirement, profile: Profile | None) -> str:
    """Return how loud a breach is: in a profile, as long as no metadata says more."""
    return row.grade if profile is None else profile.grade(row, {})


def requirement_text(
    row: Requirement,
    profiles: Iterable[Profile],
    cases: Iterable[Case],
    modules: Sequence[Module] = (),
) -> str:
    """Return all about a requirement: which of the profiles hold it, which of the cases judge it.

    `modules` are those of the official suite that look at it.

    Words wrap at WIDTH; a URL and the name of a case or module stay whole.
    """
    lines = [row.id, *hanging("  ", row.summary), ""]
    for title, texts in _told(row, profiles, cases, modules):
        lines += [
            line
            for place, text in enumerate(texts)
            for line in hanging(f"  {'' if place else title:<10}  ", text)
        ]
    if row.role == "transmitter":
        lines += ["", f"next: ssf-conformance run target.toml --requirement {row.id}"]
    return "\n".join(lines)


def _told(
    row: Requirement,
    profiles: Iterable[Profile],
    cases: Iterable[Case],
    modules: Iterable[Module],
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield title and paragraphs of each thing to tell."""
    yield "level", [f"{row.level} ({_BASES[row.basis]})"]
    yield "kind", [f"{row.kind} of {row.role.capitalize()}s"]
    yield "text", [f"{row.citation}: {row.document.name}", *([row.url] if row.url else [])]
    yield "grade", [f"{row.grade}: {row.why or 'the default for its level and basis'}"]
    if row.at_most:
        yield "at most", [row.at_most]
    if row.applies_to:
        yield "applies", [f"where {', and '.join(map(_condition, row.applies_to))}"]
    if row.rests_on:
        yield "rests on", [f"these keys of a profile: {', '.join(row.rests_on)}"]
    yield "takes", [_NEEDS[one] for one in (row.observable, *row.also_needs)]
    if row.trigger:
        yield "SET by", [_TRIGGERS[row.trigger]]
    yield "how", [row.how]
    if row.note:
        yield "note", [row.note]
    yield "profiles", list(_holding(row, profiles)) or ["none"]
    yield "cases", list(_judging(row, cases)) or [_without_case(row)]
    touching = [line for one in modules for line in (one.name, f"  {one.checks}")]
    if touching:
        yield "official", touching


def _condition(condition: str) -> str:
    kind, _, name = condition.partition(":")
    return {
        "operation": f"the target has {name}",
        "delivery": f"it delivers by {name}",
        "metadata": f"the metadata has {name}",
        "tls": "it is spoken to over TLS",
    }[kind]


def _holding(row: Requirement, profiles: Iterable[Profile]) -> Iterator[str]:
    for profile in profiles:
        if profile.tags.keys().isdisjoint(row.tags):
            continue
        deviation = profile.deviation_of(row.id)
        if deviation is None:
            yield f"{profile.id}: {_grade(row, profile)}"
        else:
            yield f"{profile.id}: not applicable, {deviation.summary}"


def _judging(row: Requirement, cases: Iterable[Case]) -> Iterator[str]:
    """Yield each case function once, however many parameters it has."""
    claims = {
        case.name.partition("[")[0]: case.claim for case in cases if row.id in case.declaration.ids
    }
    for name, claim in claims.items():
        yield name
        yield f"  {claim}"


def _without_case(row: Requirement) -> str:
    if row.role == "receiver":
        return "none: it binds Receivers, and a run judges Transmitters"
    if row.observable == "not-observable":
        return "none: nobody can see it from outside"
    if row.kind == "tolerance":
        return "none: a freedom of the text, and nothing alarms where it is used"
    return "none in this version"


def select(
    catalogue: Catalogue,
    *,
    profile: Profile | None = None,
    role: str | None = None,
    level: str | None = None,
    kind: str | None = None,
    section: str | None = None,
) -> list[Requirement]:
    """Return the rows that are all of this, in the catalogue's order.

    A section holds what lies below it. Raises CatalogueError for one that no row stands in.
    """
    if section is not None:
        catalogue.check_sections([section])
    return [
        row
        for row in catalogue
        if (profile is None or not profile.tags.keys().isdisjoint(row.tags))
        and role in {None, row.role}
        and level in {None, row.level}
        and kind in {None, row.kind}
        and (section is None or f"{row.section}.".startswith(f"{section}."))
    ]
