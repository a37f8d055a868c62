"""The documents of tests/golden: what the texts show, and how to break it."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

GOLDEN = Path(__file__).parents[1] / "golden"
REMOVED = object()


class Example(NamedTuple):
    """A document that a text shows; `observed` is what its schema records about it."""

    source: str
    schema: str
    document: Any
    observed: list[str]


class Break(NamedTuple):
    """The first example of `schema`, with `value` at `path`, breaks a keyword of `requirement`."""

    schema: str
    path: str
    value: Any
    keyword: str
    requirement: str | None

    def document(self) -> Any:
        """Return the broken document."""
        if not self.path:
            return self.value
        document = copy.deepcopy(FIRST_EXAMPLE[self.schema])
        *way, last = (step.replace("~1", "/") for step in self.path[1:].split("/"))
        place = document
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        key = int(last) if isinstance(place, list) else last
        if self.value is REMOVED:
            del place[key]
        else:
            place[key] = self.value
        return document


def _examples() -> Iterator[Example]:
    for path in sorted((GOLDEN / "examples").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8")):
            yield Example(
                entry["source"], entry["schema"], entry["document"], entry.get("observed", [])
            )


def _breaks() -> Iterator[Break]:
    broken = json.loads((GOLDEN / "broken.json").read_text(encoding="utf-8"))
    for schema, entries in broken.items():
        for entry in entries:
            value = entry.get("value", REMOVED)
            yield Break(schema, entry["at"], value, entry["breaks"], entry["requirement"])


ALL_EXAMPLES = list(_examples())
FIRST_EXAMPLE = {
    example.schema: example.document for example in reversed(ALL_EXAMPLES) if not example.observed
}
BREAKS = list(_breaks())


def name_of(value: Example | Break) -> str:
    """Return what a test run on it is called."""
    return value.source if isinstance(value, Example) else f"{value.schema} {value.path or '/'}"
