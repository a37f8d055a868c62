"""`ssf-conformance requirements`: the catalogue of requirements, and how far it is covered."""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence

from conformance.cli.output import say
from conformance.engine.exit_codes import ExitCode
from conformance.engine.plan import Case
from conformance.engine.plugin import all_cases
from conformance.proof import coverage
from conformance.spec.certification import Module, load_certification
from conformance.spec.profile import Profile
from conformance.spec.profile_files import load_profile, shipped_profiles
from conformance.spec.requirement import Catalogue, Requirement, load_catalogue
from conformance.spec.shipped_profiles import profile_ids
from conformance.text import aligned, hanging

_BASES = {
    "bcp14": "an upper-case key word",
    "prose": "a sentence without a key word",
    "table": "a row of a table",
    "derived": "derived from other rules",
    "vendor-doc": "stated on a vendor's page",
}
_NEEDS = {
    "wire": "only requests and answers",
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


def show_all(options: argparse.Namespace) -> int:
    """List the requirements that pass the filters."""
    profile = None if options.profile is None else load_profile(options.profile)
    rows = select(
        load_catalogue(),
        profile=profile,
        role=options.role,
        level=options.level,
        kind=options.kind,
        section=options.section,
    )
    as_text = requirements_json if options.json else requirements_text
    say(as_text(rows, profile))
    return ExitCode.CONFORMANT


def show_one(options: argparse.Namespace) -> int:
    """Show everything about one requirement."""
    row = load_catalogue()[options.id]
    modules = load_certification().touching(row.id)
    say(requirement_text(row, shipped_profiles(), all_cases(), modules))
    return ExitCode.CONFORMANT


def show_coverage(options: argparse.Namespace) -> int:
    """Show how far the suite judges the catalogue, profile by profile."""
    profiles = [coverage.coverage_of(name) for name in options.profile or profile_ids()]
    say((coverage.json_of if options.json else coverage.text_of)(profiles))
    return ExitCode.CONFORMANT


def requirements_text(rows: Sequence[Requirement], profile: Profile | None) -> str:
    """Return one line per row, however long, so that grep and head see whole rows."""
    if not rows:
        return "no requirement passes all filters; leave one out"
    return "\n".join(
        aligned(
            [
                (row.id, row.level, row.kind, _grade(row, profile), row.citation, row.summary)
                for row in rows
            ]
        )
    )


def requirements_json(rows: Iterable[Requirement], profile: Profile | None) -> str:
    """Return the rows as a JSON array, with the member names of results.json."""
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
    """Return the grade of a row, in a profile if one is given.

    Metadata may change it.
    """
    return row.grade if profile is None else profile.grade(row, {})


def requirement_text(
    row: Requirement,
    profiles: Iterable[Profile],
    cases: Iterable[Case],
    modules: Sequence[Module] = (),
) -> str:
    """Return everything about a requirement, with the profiles and cases that have it.

    `modules` are those of the official suite that check it. Words wrap at WIDTH; URLs and names of
    cases and modules stay whole.
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
    """Yield the title and the paragraphs of each section."""
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
        "tls": "it is reached over TLS",
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
    """Yield each case function once, whatever its parameters."""
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
        return "none: it can't be seen from outside"
    if row.kind == "tolerance":
        return "none: the text allows both, so neither is a breach"
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
    """Return the rows that pass all filters, in the catalogue's order.

    A section includes its subsections. Raises CatalogueError for a section without rows.
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
