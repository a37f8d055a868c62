"""The catalogue of requirements: one row for each normative statement that can be tested.

The rows are data, in `requirements/*.toml`; `catalogue.toml` there says what their keys mean.
Nothing here judges.
"""

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from conformance.errors import UsageError

DIRECTORY = Path(__file__).parent / "requirements"
INDEX = "catalogue.toml"

Table: TypeAlias = dict[str, Any]


class Grade(StrEnum):
    """How loud a breach of a requirement is."""

    FAIL = "fail"
    WARN = "warn"
    NOTE = "note"


def softest(*grades: Grade) -> Grade:
    """Return the least loud of the grades (at least one)."""
    return max(grades, key=_FROM_THE_LOUDEST.__getitem__)


_FROM_THE_LOUDEST = {grade: place for place, grade in enumerate(Grade)}


LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY")
BASES = ("bcp14", "prose", "table", "derived", "vendor-doc")
NEEDS = (
    "wire",
    "needs-clock",
    "needs-event-trigger",
    "needs-push-receiver",
    "needs-second-client",
    "not-observable",
)
OPERATIONS = (
    "discover",
    "read_key_set",
    "create_stream",
    "read_stream",
    "list_streams",
    "update_stream",
    "replace_stream",
    "delete_stream",
    "read_status",
    "update_status",
    "add_subject",
    "remove_subject",
    "verify",
    "poll",
    "acknowledge",
)

# What a key of a row may hold, in full; a list is held to it item by item.
# Keys that are not here hold free text.
VOCABULARY: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        key: re.compile(pattern)
        for key, pattern in {
            "id": r"[A-Z0-9]+(?:[.-][A-Z0-9]+)+",
            "role": "transmitter|receiver",
            "level": "|".join(LEVELS),
            "basis": "|".join(BASES),
            "tags": r"[a-z0-9][a-z0-9.-]*",
            "kind": "obligation|tolerance|conditional",
            "applies_to": rf"operation:(?:{'|'.join(OPERATIONS)})"
            r"|delivery:(?:poll|push)|metadata:[a-z_]+|tls",
            "rests_on": r"[a-z_]+(?:\.[a-z_]+)*",
            "observable": "|".join(NEEDS),
            "also_needs": "|".join(NEEDS[1:-1]),
            "trigger": "verification|native-event|operator-status-change|operator-verification",
            "at_most": "warn|note",
            "grade": "fail|warn|note",
        }.items()
    }
)
_LISTS = frozenset({"tags", "applies_to", "rests_on", "also_needs"})
_REQUIRED = (
    "id",
    "role",
    "spec",
    "section",
    "level",
    "basis",
    "tags",
    "kind",
    "observable",
    "summary",
    "how",
)
_OPTIONAL = (
    "applies_to",
    "rests_on",
    "also_needs",
    "trigger",
    "at_most",
    "grade",
    "why",
    "note",
)
_SECTION_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*")


class CatalogueError(UsageError):
    """The catalogue can't be used: the message names the file and the row."""


class DuplicateRequirement(CatalogueError):
    """Two rows have one id."""

    def __init__(self, requirement: str, first: str, second: str) -> None:
        """Name the id and both files."""
        super().__init__(
            f"requirement {requirement} stands in {first} and again in {second}:"
            " an id never changes its meaning, so give one of the two another"
        )


class UnknownRequirement(CatalogueError):
    """An id that no row has."""

    def __init__(self, requirement: str, known: Iterable[str]) -> None:
        """Name the id and the known ids nearest to it."""
        near = difflib.get_close_matches(requirement.upper(), known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`requirements list` has all"
        super().__init__(f"there is no requirement {requirement}; {hint}")


@dataclass(frozen=True, slots=True)
class Document:
    """A text that requirements come from.

    `url` takes the section where it has `{section}`; `pointer` says that it leads near the text,
    not to it.
    """

    name: str
    short: str
    url: str | None
    pointer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One normative statement, paraphrased. `catalogue.toml` says what each field means."""

    id: str
    role: str
    document: Document
    section: str
    level: str
    basis: str
    tags: tuple[str, ...]
    kind: str
    applies_to: tuple[str, ...]
    rests_on: tuple[str, ...]
    observable: str
    also_needs: tuple[str, ...]
    trigger: str | None
    at_most: Grade | None
    grade: Grade
    why: str | None
    summary: str
    how: str
    note: str | None

    @property
    def url(self) -> str | None:
        """Where the section can be read; no fragment where it is a heading, not a number."""
        template = self.document.url
        if template is None or "{section}" not in template:
            return template
        if not _SECTION_NUMBER.fullmatch(self.section):
            return template.partition("#")[0]
        return template.replace("{section}", self.section)

    @property
    def citation(self) -> str:
        """Document and section, such as `SSF 1.0 section 8.1.1.3`; a heading stands in quotes."""
        numbered = _SECTION_NUMBER.fullmatch(self.section)
        section = self.section if numbered else f'"{self.section}"'
        return f"{self.document.short} section {section}"


def default_grade(level: str, basis: str, at_most: Grade | None = None) -> Grade:
    """Return how loud a breach is where no reviewer has departed from it."""
    if level == "MAY":
        grade = Grade.NOTE
    elif level.startswith("SHOULD") or basis == "derived":
        grade = Grade.WARN
    else:
        grade = Grade.FAIL
    return softest(grade, at_most) if at_most else grade


class Catalogue:
    """All requirements, in the order of their files; read-only.

    `digest` is the SHA-256, in hex, of what the rows and documents say: neither comments nor the
    order of rows nor the file that a row stands in changes it.
    """

    def __init__(self, version: str, digest: str, rows: Sequence[Requirement]) -> None:
        """Take rows with distinct ids; `load_catalogue` is the way to get one."""
        self.version = version
        self.digest = digest
        self._rows = {row.id: row for row in rows}

    def __getitem__(self, requirement: str) -> Requirement:
        """Return the row of an id; UnknownRequirement, naming the nearest ids, without one."""
        try:
            return self._rows[requirement]
        except KeyError:
            raise UnknownRequirement(requirement, self._rows) from None

    def __contains__(self, requirement: object) -> bool:
        """Say whether a row has this id."""
        return requirement in self._rows

    def __iter__(self) -> Iterator[Requirement]:
        """Iterate over the rows in the order of their files."""
        return iter(self._rows.values())

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def for_tags(self, tags: Iterable[str], role: str = "transmitter") -> tuple[Requirement, ...]:
        """Return the rows of a role that carry any of the tags, in the order of their files."""
        wanted = frozenset(tags)
        return tuple(row for row in self if row.role == role and not wanted.isdisjoint(row.tags))

    def check_sections(self, sections: Iterable[str]) -> None:
        """Raise CatalogueError for a section that no row stands in or below."""
        for section in sections:
            if not any(f"{row.section}.".startswith(f"{section}.") for row in self):
                raise CatalogueError(
                    f"no requirement stands in section {section}; `requirements list` has all"
                )

    def check_ids(self, ids: Iterable[str]) -> None:
        """Raise UnknownRequirement for the first id that no row has."""
        for requirement in ids:
            self[requirement]


@cache
def load_catalogue() -> Catalogue:
    """Return the shipped catalogue; raise CatalogueError where a file of it can't be used."""
    return read_catalogue(DIRECTORY)


def read_catalogue(directory: Path) -> Catalogue:
    """Read `catalogue.toml` of a directory and the rows files that its documents name.

    Raises CatalogueError, naming file and row, for whatever can't be used, and
    DuplicateRequirement for an id used twice.
    """
    index = _read(directory / INDEX)
    _check_keys(index, required=("version", "document"), optional=(), place=INDEX)
    if not isinstance(index["version"], str):
        msg = f"{INDEX}: version has to be a text"
        raise CatalogueError(msg)
    documents = [_document(table) for table in _tables(index, "document", INDEX)]
    homes = {document.name: file for document, file in documents}
    named = {document.name: document for document, _ in documents}
    files = list(dict.fromkeys(homes.values()))
    stray = {path.name for path in directory.glob("*.toml")} - {INDEX, *files}
    if stray:
        msg = f"{min(stray)}: no document of {INDEX} names this file; add its document there"
        raise CatalogueError(msg)

    tables: list[Table] = []
    rows: list[Requirement] = []
    file_of: dict[str, str] = {}
    for file in files:
        content = _read(directory / file)
        _check_keys(content, required=("requirement",), optional=(), place=file)
        for position, table in enumerate(_tables(content, "requirement", file), start=1):
            place = f"{file}, {table.get('id', f'row {position}')}"
            row = _requirement(table, named, place)
            if homes[row.document.name] != file:
                msg = f"{place}: rows of {row.document.name!r} stand in {homes[row.document.name]}"
                raise CatalogueError(msg)
            if row.id in file_of:
                raise DuplicateRequirement(row.id, file_of[row.id], file)
            file_of[row.id] = file
            tables.append(table)
            rows.append(row)
    return Catalogue(index["version"], _digest(index, tables), rows)


def _read(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name}: not valid TOML: {error}"
        raise CatalogueError(msg) from error
    except OSError as error:
        msg = f"{path.name}: can't be read from {path.parent}: {error.strerror}"
        raise CatalogueError(msg) from error


def _tables(content: Table, key: str, place: str) -> list[Table]:
    found = content[key]
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        msg = f"{place}: write each {key} as a table of its own, under [[{key}]]"
        raise CatalogueError(msg)
    return found


def _check_keys(
    table: Table, *, required: Sequence[str], optional: Sequence[str], place: str
) -> None:
    known = (*required, *optional)
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            msg = f"{place}: unknown key {key!r}; {hint}"
            raise CatalogueError(msg)
    for key in required:
        if key not in table:
            msg = f"{place}: the key {key!r} is missing"
            raise CatalogueError(msg)


def _document(table: Table) -> tuple[Document, str]:
    place = f"{INDEX}, document {table.get('name', '')!r}"
    _check_keys(table, required=("name", "short", "file"), optional=("url", "pointer"), place=place)
    for key, value in table.items():
        if not isinstance(value, bool if key == "pointer" else str):
            msg = f"{place}: {key} can't hold {value!r}"
            raise CatalogueError(msg)
    document = Document(
        table["name"], table["short"], table.get("url"), table.get("pointer", False)
    )
    return document, table["file"]


def _requirement(table: Table, documents: Mapping[str, Document], place: str) -> Requirement:
    _check_keys(table, required=_REQUIRED, optional=_OPTIONAL, place=place)
    for key, value in table.items():
        _check_value(key, value, place)
    if table["spec"] not in documents:
        msg = f"{place}: spec = {table['spec']!r} is no document of {INDEX}"
        raise CatalogueError(msg)
    at_most = Grade(table["at_most"]) if "at_most" in table else None
    return Requirement(
        id=table["id"],
        role=table["role"],
        document=documents[table["spec"]],
        section=table["section"],
        level=table["level"],
        basis=table["basis"],
        tags=tuple(table["tags"]),
        kind=table["kind"],
        applies_to=tuple(table.get("applies_to", ())),
        rests_on=tuple(table.get("rests_on", ())),
        observable=table["observable"],
        also_needs=tuple(table.get("also_needs", ())),
        trigger=table.get("trigger"),
        at_most=at_most,
        grade=_effective_grade(table, at_most, place),
        why=table.get("why"),
        summary=table["summary"],
        how=table["how"],
        note=table.get("note"),
    )


def _check_value(key: str, value: object, place: str) -> None:
    if isinstance(value, list) != (key in _LISTS):
        msg = f"{place}: {key} has to be {'a list of texts' if key in _LISTS else 'one text'}"
        raise CatalogueError(msg)
    items = value if isinstance(value, list) else [value]
    if not items:
        msg = f"{place}: {key} is empty; leave the key out"
        raise CatalogueError(msg)
    allowed = VOCABULARY.get(key)
    for item in items:
        if not isinstance(item, str) or not item or (allowed and not allowed.fullmatch(item)):
            shape = f"; it has to match {allowed.pattern}" if allowed else "; it has to be a text"
            msg = f"{place}: {key} can't hold {item!r}{shape}"
            raise CatalogueError(msg)


def _effective_grade(table: Table, at_most: Grade | None, place: str) -> Grade:
    default = default_grade(table["level"], table["basis"], at_most)
    if ("grade" in table) != ("why" in table):
        msg = f"{place}: grade and why stand together: a departure says why, nothing else does"
        raise CatalogueError(msg)
    if "grade" not in table:
        return default
    grade = Grade(table["grade"])
    if grade == default:
        msg = f"{place}: grade = {str(grade)!r} is the default; leave grade and why out"
        raise CatalogueError(msg)
    if at_most and softest(grade, at_most) != grade:
        msg = f"{place}: grade = {str(grade)!r} is louder than at_most = {str(at_most)!r}"
        raise CatalogueError(msg)
    return grade


def _digest(index: Table, tables: list[Table]) -> str:
    documents = [
        {key: value for key, value in table.items() if key != "file"} for table in index["document"]
    ]
    content = {
        "version": index["version"],
        "documents": sorted(documents, key=lambda table: str(table["name"])),
        "requirements": sorted(tables, key=lambda table: str(table["id"])),
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
