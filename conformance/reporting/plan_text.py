"""The plan of a run, as `run --plan` prints it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired, TypedDict

from conformance.judging.verdict import Verdict
from conformance.reporting.wording import NARROWEST, PLACES, WIDTH, counted, hanging, rows_of
from conformance.text import printable

# Rows by what the plan expects of them, and what that means.
OUTLOOKS = {
    "judged": "judged: a case judges them",
    "decided in the run": "decided in the run: an answer says whether they apply",
    str(Verdict.NOT_TESTABLE): "not testable: something is missing",
    str(Verdict.NOT_APPLICABLE): "not applicable to this target",
    str(Verdict.EXCLUDED): "excluded: no run can show them",
    str(Verdict.NOT_SEEN): "not seen: the text allows both, and no case looks",
}


class Entry(TypedDict):
    """One row of the plan: `outlook` is a key of OUTLOOKS, `cases` the names of its cases."""

    id: str
    level: str
    outlook: str
    reason: str | None
    cases: Sequence[str]


class Cost(TypedDict):
    """The cost of a run: requests, minutes, and how many rows each missing hook would unlock.

    `waits` is how many Verification Events are requested at the pace that the target allows.
    """

    requests: int
    minutes: float
    unlocks: Mapping[str, int]
    waits: NotRequired[int]


def render(rows: Sequence[Entry], cost: Cost, *, width: int = WIDTH) -> str:
    """Return the plan: rows by outlook and reason, what hooks would unlock, and the cost."""
    width = max(width, NARROWEST)
    blocks = []
    for outlook, meaning in OUTLOOKS.items():
        members = [row for row in rows if row["outlook"] == outlook]
        if members:
            blocks += ["\n".join([f"{rows_of(len(members))} {meaning}", *_planned(members, width)])]
    counts = Counter(row["outlook"] for row in rows)
    lines = [f"{rows_of(counts[one])} {one}" for one in OUTLOOKS if counts[one]]
    blocks += [", ".join(lines)] if lines else ["the plan is empty: no row was selected"]
    last = [
        f"{PLACES.get(name, name)} would unlock {rows_of(count)}"
        for name, count in cost["unlocks"].items()
        if count
    ]
    requests = counted(cost["requests"], "request")
    last += [f"to expect: {requests}, {_minutes(cost['minutes'])}"]
    if "waits" in cost:
        events = counted(cost["waits"], "Verification Event")
        last += [
            f"plus the target's min_verification_interval before each of about {events};",
            "[hooks.emit_event], or a clock that can be moved, avoids these waits",
        ]
    last += ["next: run the same command without --plan"]
    return "\n\n".join([*blocks, "\n".join(last)])


def _planned(members: Sequence[Entry], width: int) -> Iterator[str]:
    by_reason: dict[str, list[Entry]] = defaultdict(list)
    for row in members:
        by_reason[row["reason"] or ""].append(row)
    for reason, rows in by_reason.items():
        if reason:
            yield from hanging("  ", f"{printable(reason)} ({rows_of(len(rows))})", width)
        for row in rows:
            yield f"    {row['level']:<10}  {row['id']}"
            functions = Counter(case.partition("[")[0] for case in row["cases"])
            for name, times in functions.items():
                yield f"{' ' * 16}{name}" + (f", {times} times" if times > 1 else "")


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "less than a minute"
    return f"about {counted(round(minutes), 'minute')}"
