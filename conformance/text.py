"""Text for people: what a target sent made printable, tables aligned, paragraphs wrapped."""

import difflib
import re
import textwrap
from collections.abc import Collection, Sequence

# Columns of a terminal.
WIDTH = 100

# C0 and C1 controls, and the characters that turn the direction of writing.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """Return the text on one line, each character that a terminal would act on as its escape."""
    return _UNPRINTABLE.sub(_escape, text)


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text, with an ellipsis where some are left out."""
    return text if len(text) <= limit else f"{text[: max(limit - 3, 0)].rstrip()}..."


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that a misspelled one is nearest to; None where none is near."""
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Return a line for each row, all columns but the last as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def hanging(start: str, text: str) -> list[str]:
    """Wrap a text behind its start, at words alone: a URL stays whole."""
    lead = len(text) - len(text.lstrip())
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * (len(start) + lead),
        break_on_hyphens=False,
        break_long_words=False,
    ) or [start.rstrip()]


def _escape(match: re.Match[str]) -> str:
    return _NAMED.get(match.group()) or f"\\u{ord(match.group()):04x}"
