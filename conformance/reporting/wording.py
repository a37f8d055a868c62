"""Words and lines that the reports for the terminal share.

Widths are in columns.
"""

import textwrap

from conformance.judging.verdict import Verdict
from conformance.target.provisions import PROVISIONS

WIDTH = 100
NARROWEST = 60

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

# Where the operator writes each thing that can be provided.
PLACES = {one.name: one.place for one in PROVISIONS.values()}

_MOST_LINES = 4


def hanging(
    start: str, text: str, width: int, *, most_lines: int | None = _MOST_LINES
) -> list[str]:
    """Wrap a text with a hanging indent; text beyond the last line becomes an ellipsis."""
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


def painted(verdict: str, *, colour: bool, shown: str | None = None) -> str:
    """Return a verdict in its colour, or another word in the colour of that verdict."""
    word = shown or verdict
    return f"{_COLOURS[verdict]}{word}{_RESET}" if colour and verdict in _COLOURS else word


def rows_of(count: int) -> str:
    """Return `1 row`, `2 rows` and so on."""
    return counted(count, "row")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is 1."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
