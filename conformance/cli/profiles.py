"""`ssf-conformance profiles`: the texts that a target can be held to."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from conformance.cli.output import say
from conformance.engine.exit_codes import ExitCode
from conformance.spec.profile import CEILING_OF_EVIDENCE, Profile
from conformance.spec.profile_files import findings, load_profile, parse_setting, shipped_profiles
from conformance.spec.requirement import load_catalogue
from conformance.text import aligned, hanging

# The parts of a profile that describe the wire. Each key in them has its evidence.
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


def show_all(options: argparse.Namespace) -> int:
    """List the shipped profiles."""
    del options
    say(profiles_text())
    return ExitCode.CONFORMANT


def show_one(options: argparse.Namespace) -> int:
    """Show a profile key by key."""
    settings = dict(parse_setting(one) for one in options.set)
    say(profile_text(load_profile(options.profile, settings)))
    return ExitCode.CONFORMANT


def lint(options: argparse.Namespace) -> int:
    """Show everything that is wrong with a profile's file."""
    found = list(findings(options.file))
    say(findings_text(options.file, found))
    return ExitCode.USAGE if found else ExitCode.CONFORMANT


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
    """Return a profile key by key, with evidence, ceilings and deviations."""
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
        "The evidence for a key limits how loud a breach of the rows that rest on it may be: "
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
            # The key already contains the name of an operation.
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
    return "\n".join([*lines, f"{count}; next: fix the file, and lint it again"])
