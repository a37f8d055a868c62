"""What a person reads in a terminal: the header, the failures, the table, one word.

Plain text; `colour` adds colour to verdict words and to nothing else. Widths are columns.
"""

import shlex
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

from conformance.judging.verdict import (
    ALARMS,
    BROKEN,
    JUDGED,
    LACKING,
    KnownFailureState,
    Verdict,
)
from conformance.receiver.exchange import HOOKS as OF_HOOKS
from conformance.reporting.reproducers import FOLDER, smallest_broken
from conformance.reporting.results import (
    Case,
    Exchange,
    Plan,
    Requirement,
    Results,
    Selection,
    Suite,
    Target,
)
from conformance.text import printable, shortened

WIDTH = 100
_NARROWEST = 60

LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY")

# The verdicts of rows that the run looked at; a section without any has no line of its own.
_LOOKED_AT = JUDGED | {Verdict.NOT_SEEN, Verdict.NOT_REACHED}

_RED, _GREEN, _YELLOW, _MAGENTA, _RESET = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[35m", "\x1b[0m"
_COLOURS: dict[str, str] = {
    Verdict.PASSED: _GREEN,
    Verdict.FAILED: _RED,
    Verdict.WARNING: _YELLOW,
    Verdict.KNOWN_FAILURE: _MAGENTA,
    "CONFORMANT": _GREEN,
    "NONCONFORMANT": _RED,
    "INCOMPLETE": _YELLOW,
}

# What the operator gives to have each hook.
_HOOKS = {
    "emit_event": "[hooks.emit_event] in target.toml",
    "transmitter_status": "[hooks.transmitter_status] in target.toml",
    "second_receiver": "[second_receiver.auth.management] in target.toml",
    "limited_receiver": "[limited_receiver.auth.management] in target.toml",
    "oauth_client": "[auth.management] of kind oauth2-client-credentials in target.toml",
    "clock": "[hooks.clock.now] and [hooks.clock.advance] in target.toml",
    "push_listener": "--push-listen HOST:PORT or [push] in target.toml",
}

_MOST_LINES = 4
_MOST_REASONS = 8
_MOST_EXCHANGES = 12
_MOST_SHORT_BODY = 60
_COLUMN = 20

# Rows by what the plan expects of them, and what that means.
OUTLOOKS = {
    "judged": "judged: a case judges them",
    "decided in the run": "decided in the run: an answer says whether they apply",
    str(Verdict.NOT_TESTABLE): "not testable: something is missing",
    str(Verdict.NOT_APPLICABLE): "not applicable to this target",
    str(Verdict.EXCLUDED): "excluded: no run can show them",
    str(Verdict.NOT_SEEN): "not seen: the text allows both, and no case looks",
}


class Heading(TypedDict):
    """What a header tells, before a run or after it."""

    suite: Suite
    target: Target
    selection: Selection
    plan: Plan


class PlanEntry(TypedDict):
    """One row of the plan: `outlook` is a key of OUTLOOKS, `cases` the names of its cases."""

    id: str
    level: str
    outlook: str
    reason: str | None
    cases: Sequence[str]


class Cost(TypedDict):
    """What a run will take: requests, minutes, and the rows that each missing hook would unlock.

    `waits` is how many Verification Events are asked for at the pace that the target allows.
    """

    requests: int
    minutes: float
    unlocks: Mapping[str, int]
    waits: NotRequired[int]


def header(heading: Heading, *, width: int = WIDTH) -> str:
    """Return the lines that say what is judged, against what, and what is left out and why."""
    target, plan, selection = heading["target"], heading["plan"], heading["selection"]
    version = f" {target['version']}" if target.get("version") else ""
    lines = [
        f"{heading['suite']['name']} {heading['suite']['version']}",
        f"  target    {printable(target['name'] + version)}  {printable(target['issuer'])}",
        f"  profile   {target['profile']}  {target['title']}",
    ]
    chosen = [
        *(f"--requirement {one}" for one in selection["requirements"]),
        *(f"--section {one}" for one in selection["sections"]),
    ]
    selected = " ".join(chosen) if chosen else "every requirement of the profile"
    lines += _hanging("  selected  ", selected, width)
    if chosen:
        lines += ["            the verdict speaks of this selection only"]
    lines += [
        line
        for name, given in plan["hooks"].items()
        if not given and plan["unlocks"].get(name)
        for line in _hanging(
            "  left out  ",
            f"{_rows(plan['unlocks'][name])}: give {_HOOKS.get(name, name)}",
            width,
        )
    ]
    return "\n".join(lines)


def render(
    document: Results,
    *,
    colour: bool,
    width: int = WIDTH,
    directory: Path = Path("reports"),
    reports: Iterable[Path] = (),
    with_header: bool = True,
    verbose: bool = False,
) -> str:
    """Return the whole report of a run; its last line is the verdict, one word.

    `directory` is where the run wrote, `reports` the files that a reader may open. `verbose` names
    each row that was not judged.
    """
    width = max(width, _NARROWEST)
    heading = Heading(
        suite=document["suite"],
        target=document["target"],
        selection=document["run"]["selection"],
        plan=document["plan"],
    )
    broken = {
        verdict: [row for row in document["requirements"] if row["verdict"] == verdict]
        for verdict in BROKEN
    }
    again = document["run"]["again"]
    blocks = [header(heading, width=width)] if with_header else []
    blocks += ["\n".join(_sections(document, colour=colour))]
    blocks += [
        "\n".join(_failure(row, again, directory, colour=colour, width=width))
        for verdict in BROKEN
        for row in broken[verdict]
    ]
    blocks += ["\n".join(_left_out(document, width, verbose=verbose))]
    blocks += ["\n".join(_troubles(document, width))]
    blocks += ["\n".join(_table(document))]
    blocks += ["\n".join(_closing(document, directory, reports, width))]
    verdict = document["run"]["verdict"]
    return "\n\n".join(block for block in blocks if block) + f"\n{_painted(verdict, colour=colour)}"


def plan_text(rows: Sequence[PlanEntry], cost: Cost, *, width: int = WIDTH) -> str:
    """Return the plan: rows by state and reason, what missing hooks would unlock, what it costs."""
    width = max(width, _NARROWEST)
    blocks = []
    for outlook, meaning in OUTLOOKS.items():
        members = [row for row in rows if row["outlook"] == outlook]
        if members:
            blocks += ["\n".join([f"{_rows(len(members))} {meaning}", *_planned(members, width)])]
    counts = Counter(row["outlook"] for row in rows)
    lines = [f"{_rows(counts[one])} {one}" for one in OUTLOOKS if counts[one]]
    blocks += [", ".join(lines)] if lines else ["the plan is empty: no row was selected"]
    last = [
        f"{_HOOKS.get(name, name)} would unlock {_rows(count)}"
        for name, count in cost["unlocks"].items()
        if count
    ]
    requests = _counted(cost["requests"], "request")
    last += [f"to expect: {requests}, {_minutes(cost['minutes'])}"]
    if "waits" in cost:
        events = _counted(cost["waits"], "Verification Event")
        last += [
            f"and the target's min_verification_interval before each of about {events}, which",
            "[hooks.emit_event], or a clock that can be moved, spares",
        ]
    last += ["next: run the same command without --plan"]
    return "\n\n".join([*blocks, "\n".join(last)])


def _planned(members: Sequence[PlanEntry], width: int) -> Iterator[str]:
    by_reason: dict[str, list[PlanEntry]] = defaultdict(list)
    for row in members:
        by_reason[row["reason"] or ""].append(row)
    for reason, rows in by_reason.items():
        if reason:
            yield from _hanging("  ", f"{printable(reason)} ({_rows(len(rows))})", width)
        for row in rows:
            yield f"    {row['level']:<10}  {row['id']}"
            functions = Counter(case.partition("[")[0] for case in row["cases"])
            for name, times in functions.items():
                yield f"{' ' * 16}{name}" + (f", {times} times" if times > 1 else "")


def _sections(document: Results, *, colour: bool) -> Iterator[str]:
    counts: dict[str, Counter[str]] = {}
    for row in document["requirements"]:
        counts.setdefault(row["citation"], Counter())[row["verdict"]] += 1
    seen = {title: tally for title, tally in counts.items() if _LOOKED_AT & tally.keys()}
    column = max(map(len, seen), default=0)
    for title, tally in seen.items():
        parts = [
            f"{tally[verdict]} {_painted(verdict, colour=colour)}"
            for verdict in Verdict
            if tally[verdict]
        ]
        yield f"{title:<{column}}  {', '.join(parts)}"
    if rest := len(counts) - len(seen):
        sections = _counted(rest, "section")
        yield f"and {sections} in which nothing was judged: --plan says why"


def _left_out(document: Results, width: int, *, verbose: bool) -> Iterator[str]:
    """Yield why rows could not be judged, what most of them lack first."""
    groups: dict[tuple[str, str, str | None], list[str]] = defaultdict(list)
    for row in document["requirements"]:
        if row["verdict"] in LACKING:
            groups[row["verdict"], row["reason"] or "", row.get("hook")] += [row["id"]]
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    shown = ordered if verbose else ordered[:_MOST_REASONS]
    for (verdict, reason, hook), ids in shown:
        unlock = f"; give {_HOOKS.get(hook, hook)}" if hook else ""
        because = f": {printable(reason)}" if reason else ""
        text = f"{verdict}{because}{unlock}"
        yield from _hanging(f"{_rows(len(ids)):>9}  ", text, width)
        if verbose:
            yield from _hanging(" " * 11, ", ".join(ids), width, most_lines=None)
    if rest := ordered[len(shown) :]:
        rows = _rows(sum(len(ids) for _, ids in rest))
        yield f"and {rows} for {_counted(len(rest), 'other reason')}: --verbose names them all"
    elif ordered and not verbose:
        yield "--verbose names each of them"


def _troubles(document: Results, width: int) -> Iterator[str]:
    for trouble in document["run"].get("troubles", ()):
        yield from _hanging("trouble  ", printable(trouble), width)


def _failure(
    row: Requirement, again: str, directory: Path, *, colour: bool, width: int
) -> Iterator[str]:
    yield _first_line(row, colour=colour)
    yield from _hanging("  ", row["summary"], width)
    if row["url"]:
        yield f"  {row['url']}"
    if row["known_failure"]:
        yield from _hanging("  known: ", printable(row["known_failure"]), width)
    case = smallest_broken(row)
    if case is None:
        yield from _hanging(
            "    because   ", printable(row["reason"] or "of no single case"), width
        )
    else:
        if row["reason"]:
            yield from _hanging("    because   ", printable(row["reason"]), width)
        yield from _expected_and_got(case, width)
        yield from _exchanges(case, width)
        if case["reproducer"]:
            yield f"    reproduce  {(directory / case['reproducer']).as_posix()}"
    yield f"    run again  {again} --requirement {row['id']}"


def _first_line(row: Requirement, *, colour: bool) -> str:
    word = _painted(row["verdict"], colour=colour, shown=row["verdict"].upper())
    return f"{word}  {row['id']}  {row['level']}   {row['citation']}"


def _expected_and_got(case: Case, width: int) -> Iterator[str]:
    if case["expected"] is not None:
        yield from _hanging("    expected  ", printable(case["expected"]), width)
    if case["got"] is not None:
        yield from _hanging("         got  ", printable(case["got"]), width)


def _exchanges(case: Case, width: int) -> Iterator[str]:
    exchanges = case["exchanges"]
    if not exchanges:
        return
    yield f"    smallest case, {_counted(len(exchanges), 'exchange')}"
    minted = {
        capture["value"]: f"${capture['variable']}"
        for exchange in exchanges
        for capture in exchange["captures"]
        if capture["value"]
    }
    broke = next((at for at, one in enumerate(exchanges) if one["broke"]), None)
    lines = [_Line.of(exchange, minted) for exchange in exchanges]
    shown = _shown(len(exchanges), broke)
    last = -1
    for at in shown:
        if at > last + 1:
            yield f"      ... {at - last - 1} more"
        last = at
        yield lines[at].render(width)
    if last < len(exchanges) - 1:
        yield f"      ... {len(exchanges) - 1 - last} more"


class _Line:
    """One exchange in one line."""

    def __init__(self, start: str, target: str, answer: str, body: str, *, broke: bool) -> None:
        self.start, self.target, self.answer, self.body = start, target, answer, body
        self.broke = broke

    @classmethod
    def of(cls, exchange: Exchange, minted: Mapping[str, str]) -> "_Line":
        if exchange["operation"].startswith(OF_HOOKS):
            target = printable(exchange["operation"])
        else:
            target = printable(_named(_path_of(exchange["url"]), minted))
        answer = "no answer" if exchange["status"] is None else str(exchange["status"])
        if exchange["operation"].startswith(("command:", "manual:")):
            answer = ""
        start = f"{exchange['number']:>7}  {exchange['method']:<6} "
        body = printable(_named(exchange["request_body"] or "", minted))
        return cls(start, target, answer, body, broke=exchange["broke"])

    def render(self, width: int) -> str:
        mark = "    <- broke here" if self.broke else ""
        line = f"{self.start}{shortened(self.target, width // 2):<{_COLUMN}}  {self.answer:<4}"
        room = min(width - len(line) - len(mark) - 1, _MOST_SHORT_BODY)
        if self.body and room > len("{...}"):
            line += f" {shortened(self.body, room)}"
        return f"{line.rstrip()}{mark}"


def _shown(count: int, broke: int | None) -> list[int]:
    """Choose which exchanges of a long case to show: its start, its end, and where it broke."""
    if count <= _MOST_EXCHANGES:
        return list(range(count))
    middle = count - 1 if broke is None else broke
    wanted = {0, 1, 2, count - 1, *range(middle - 4, middle + 3)}
    return sorted(at for at in wanted if 0 <= at < count)


def _path_of(url: str) -> str:
    rest = url.partition("://")[2] or url
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else "/"


def _named(text: str, minted: Mapping[str, str]) -> str:
    for value in sorted(minted, key=len, reverse=True):
        text = text.replace(value, minted[value])
    return text


def _table(document: Results) -> Iterator[str]:
    levels = document["counts"]["levels"]
    columns = [name for name in Verdict if any(tally.get(name) for tally in levels.values())]
    if not columns:
        return
    names = [*columns, "total"]
    widths = [max(len(word) for word in [*name.split(), "total"]) for name in names]
    for title in (
        [name.rpartition(" ")[0] for name in names],
        [name.split()[-1] for name in names],
    ):
        if any(title):
            cells = [f"{word:>{w}}" for word, w in zip(title, widths, strict=True)]
            yield "  ".join([" " * 10, *cells]).rstrip()
    sums: Counter[str] = Counter()
    rows = [(level, levels[level]) for level in LEVELS if sum(levels.get(level, {}).values())]
    for level, tally in rows:
        sums.update(tally)
        yield _table_row(level, tally, columns, widths)
    if len(rows) > 1:
        yield _table_row("total", sums, columns, widths)


def _table_row(
    title: str, tally: Mapping[str, int], columns: Sequence[str], widths: Sequence[int]
) -> str:
    cells = [*(tally.get(name, 0) for name in columns), sum(tally.values())]
    numbers = [f"{cell or '.':>{w}}" for cell, w in zip(cells, widths, strict=True)]
    return "  ".join([f"{title:<10}", *numbers])


def _closing(
    document: Results, directory: Path, reports: Iterable[Path], width: int
) -> Iterator[str]:
    run, counts = document["run"], document["counts"]
    obligations = counts["obligations"]
    sentence = f"{obligations['judged']} of {obligations['applicable']} obligations judged"
    if obligations["not_seen"]:
        sentence += f", {obligations['not_seen']} not seen"
    chosen = run["selection"]["requirements"] or run["selection"]["sections"]
    yield sentence + (" (of the selection only)" if chosen else "")
    if run["interrupted"]:
        yield "interrupted: what follows speaks of what was judged until then"
    for path in reports:
        yield f"wrote {path.as_posix()}"
    if any(case["reproducer"] for row in document["requirements"] for case in row["cases"]):
        scripts = (directory / FOLDER).as_posix()
        yield f"wrote {scripts}: each script says at its head which variables it takes"
    yield from _hanging("next: ", _next_step(document), width)


def _next_step(document: Results) -> str:
    verdict, verdicts = document["run"]["verdict"], document["counts"]["verdicts"]
    if document["run"].get("troubles") and verdict != "NONCONFORMANT":
        return "mend what is told above as trouble, then run the same command again"
    if verdict == "NONCONFORMANT":
        return "; ".join(_to_mend(document))
    if verdict == "INCOMPLETE" and document["run"]["exit_code"]:
        unlocks = document["plan"]["unlocks"]
        steps = [
            f"give {_HOOKS.get(name, name)} ({_rows(count)})"
            for name, count in unlocks.items()
            if count
        ]
        if any("--allow-destructive" in (row["reason"] or "") for row in document["requirements"]):
            steps += ["give --allow-destructive, where the target is one for tests"]
        if verdicts.get(Verdict.NOT_REACHED):
            missed = verdicts[Verdict.NOT_REACHED]
            was = "was" if missed == 1 else "were"
            steps += [f"see above why {_rows(missed)} {was} not reached"]
        steps = steps or ["see in results.json which obligations lack a verdict, and why"]
        return "; ".join(steps)
    if verdicts.get(Verdict.WARNING):
        return "read the warnings above; --strict makes them count"
    return "explore with other examples: --seed 1, or more of them: --examples 200"


def _to_mend(document: Results) -> Iterator[str]:
    """Yield what to do about failures: of the target, and of the list of known ones."""
    rows = document["requirements"]
    in_state = {
        state: [row["id"] for row in rows if row.get("known_failure_state") == state]
        for state in KnownFailureState
    }
    stale, expired = in_state[KnownFailureState.STALE], in_state[KnownFailureState.EXPIRED]
    failed = [row for row in rows if row["verdict"] == Verdict.FAILED]
    if len(failed) > len(stale) + len(expired) or not failed:
        told = [row for row in rows if row["verdict"] in ALARMS]
        if any(case["reproducer"] for row in told for case in row["cases"]):
            yield (
                "reproduce a failure above with its script, mend it, and run that requirement again"
            )
        else:
            yield "mend a failure above, and run that requirement again"
    place = printable(_known_failures_of(document["run"]["again"]))
    if stale:
        why = "it holds" if len(stale) == 1 else "they hold"
        yield f"take {', '.join(stale)} off {place}: {why}"
    if expired:
        them = "it" if len(expired) == 1 else "them"
        yield f"mend {', '.join(expired)} and take {them} off {place}, or set a later date there"


def _known_failures_of(again: str) -> str:
    """Return the file that a command names as its known failures."""
    words = shlex.split(again)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, _, value = word.partition("=")
        # The command line takes an option by any start of its name that no other has.
        if len(name) > len("--") and "--known-failures".startswith(name):
            return value or following
    return "the list of known failures"


def _hanging(
    start: str, text: str, width: int, *, most_lines: int | None = _MOST_LINES
) -> list[str]:
    """Wrap a text behind its start, at most a few lines; what is left out is an ellipsis."""
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        max_lines=most_lines,
        placeholder=" ...",
        break_on_hyphens=False,
    )
    return lines or [start.rstrip()]


def _painted(verdict: str, *, colour: bool, shown: str | None = None) -> str:
    word = shown or verdict
    return f"{_COLOURS[verdict]}{word}{_RESET}" if colour and verdict in _COLOURS else word


def _rows(count: int) -> str:
    return _counted(count, "row")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "less than a minute"
    return f"about {_counted(round(minutes), 'minute')}"
