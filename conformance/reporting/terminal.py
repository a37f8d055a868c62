"""The report of a run in a terminal: header, failures, table, and the verdict in one word.

Plain text; `colour` colours verdict words and nothing else. Widths are in columns.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from conformance.judging.verdict import (
    BROKEN,
    JUDGED,
    LACKING,
    Verdict,
)
from conformance.receiver.exchange import HOOKS as OF_HOOKS
from conformance.reporting.next_step import next_step
from conformance.reporting.reproducers import FOLDER
from conformance.reporting.results import (
    Case,
    Exchange,
    Plan,
    Requirement,
    Results,
    Selection,
    Suite,
    Target,
    smallest_broken,
)
from conformance.reporting.wording import (
    NARROWEST,
    PLACES,
    WIDTH,
    counted,
    hanging,
    painted,
    rows_of,
)
from conformance.spec.requirement import LEVELS
from conformance.text import printable, shortened

# The verdicts of rows that the run looked at. A section without any gets no line.
_LOOKED_AT = JUDGED | {Verdict.NOT_SEEN, Verdict.NOT_REACHED}

_MOST_REASONS = 8
_MOST_EXCHANGES = 12
_MOST_SHORT_BODY = 60
_COLUMN = 20


class Heading(TypedDict):
    """The contents of a header, before or after a run."""

    suite: Suite
    target: Target
    selection: Selection
    plan: Plan


def header(heading: Heading, *, width: int = WIDTH) -> str:
    """Return the lines that say what is judged, and what is left out and why."""
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
    lines += hanging("  selected  ", selected, width)
    if chosen:
        lines += ["            the verdict is about this selection only"]
    lines += [
        line
        for name, given in plan["hooks"].items()
        if not given and plan["unlocks"].get(name)
        for line in hanging(
            "  left out  ",
            f"{rows_of(plan['unlocks'][name])}: give {PLACES.get(name, name)}",
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
    """Return the whole report of a run. Its last line is the verdict, one word.

    `directory` is where the run wrote, and `reports` are the files to open. With `verbose`, each
    row that was not judged is named.
    """
    width = max(width, NARROWEST)
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
    return "\n\n".join(block for block in blocks if block) + f"\n{painted(verdict, colour=colour)}"


def _sections(document: Results, *, colour: bool) -> Iterator[str]:
    counts: dict[str, Counter[str]] = {}
    for row in document["requirements"]:
        counts.setdefault(row["citation"], Counter())[row["verdict"]] += 1
    seen = {title: tally for title, tally in counts.items() if _LOOKED_AT & tally.keys()}
    column = max(map(len, seen), default=0)
    for title, tally in seen.items():
        parts = [
            f"{tally[verdict]} {painted(verdict, colour=colour)}"
            for verdict in Verdict
            if tally[verdict]
        ]
        yield f"{title:<{column}}  {', '.join(parts)}"
    if rest := len(counts) - len(seen):
        sections = counted(rest, "section")
        yield f"and {sections} in which nothing was judged: --plan says why"


def _left_out(document: Results, width: int, *, verbose: bool) -> Iterator[str]:
    """Yield why rows could not be judged, the most frequent reason first."""
    groups: dict[tuple[str, str, str | None], list[str]] = defaultdict(list)
    for row in document["requirements"]:
        if row["verdict"] in LACKING:
            groups[row["verdict"], row["reason"] or "", row.get("hook")] += [row["id"]]
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    shown = ordered if verbose else ordered[:_MOST_REASONS]
    for (verdict, reason, hook), ids in shown:
        unlock = f"; give {PLACES.get(hook, hook)}" if hook else ""
        because = f": {printable(reason)}" if reason else ""
        text = f"{verdict}{because}{unlock}"
        yield from hanging(f"{rows_of(len(ids)):>9}  ", text, width)
        if verbose:
            yield from hanging(" " * 11, ", ".join(ids), width, most_lines=None)
    if rest := ordered[len(shown) :]:
        rows = rows_of(sum(len(ids) for _, ids in rest))
        yield f"and {rows} for {counted(len(rest), 'other reason')}: --verbose names them all"
    elif ordered and not verbose:
        yield "--verbose names each of them"


def _troubles(document: Results, width: int) -> Iterator[str]:
    for trouble in document["run"].get("troubles", ()):
        yield from hanging("trouble  ", printable(trouble), width)


def _failure(
    row: Requirement, again: str, directory: Path, *, colour: bool, width: int
) -> Iterator[str]:
    yield _first_line(row, colour=colour)
    yield from hanging("  ", row["summary"], width)
    if row["url"]:
        yield f"  {row['url']}"
    if row["known_failure"]:
        yield from hanging("  known: ", printable(row["known_failure"]), width)
    case = smallest_broken(row)
    if case is None:
        yield from hanging(
            "    because   ", printable(row["reason"] or "seen across several cases"), width
        )
    else:
        if row["reason"]:
            yield from hanging("    because   ", printable(row["reason"]), width)
        yield from _expected_and_got(case, width)
        yield from _exchanges(case, width)
        if case["reproducer"]:
            yield f"    reproduce  {(directory / case['reproducer']).as_posix()}"
    yield f"    run again  {again} --requirement {row['id']}"


def _first_line(row: Requirement, *, colour: bool) -> str:
    word = painted(row["verdict"], colour=colour, shown=row["verdict"].upper())
    return f"{word}  {row['id']}  {row['level']}   {row['citation']}"


def _expected_and_got(case: Case, width: int) -> Iterator[str]:
    if case["expected"] is not None:
        yield from hanging("    expected  ", printable(case["expected"]), width)
    if case["got"] is not None:
        yield from hanging("         got  ", printable(case["got"]), width)


def _exchanges(case: Case, width: int) -> Iterator[str]:
    exchanges = case["exchanges"]
    if not exchanges:
        return
    yield f"    smallest case, {counted(len(exchanges), 'exchange')}"
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
    """Choose the exchanges of a long case to show: the first, the last, those at the breach."""
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
        yield "interrupted: the results cover what was judged until then"
    for path in reports:
        yield f"wrote {path.as_posix()}"
    if any(case["reproducer"] for row in document["requirements"] for case in row["cases"]):
        scripts = (directory / FOLDER).as_posix()
        yield f"wrote {scripts}: the head of each script names the variables that it takes"
    yield from hanging("next: ", next_step(document), width)
