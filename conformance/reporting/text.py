"""What a target sent is shown as text and nothing else: no control sequence, no line of its own."""

import re

# C0 and C1 controls, and the characters that turn the direction of writing.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """Return the text on one line, each character that a terminal would act on as its escape."""
    return _UNPRINTABLE.sub(_escape, text)


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text, with an ellipsis where some are left out."""
    return text if len(text) <= limit else f"{text[: max(limit - 3, 0)].rstrip()}..."


def _escape(match: re.Match[str]) -> str:
    return _NAMED.get(match.group()) or f"\\u{ord(match.group()):04x}"
