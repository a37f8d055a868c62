"""Words of a POSIX shell script, with variables in place of values that may change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# A shorter value is replaced only if it is a whole path segment or a whole JSON string.
_TELLING_LENGTH = 8


@dataclass(slots=True)
class Variables:
    """The values that have a variable so far, and the names in use."""

    issuer: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """Return scheme, host and port of the issuer."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    def learn(self, variable: str, value: str) -> str | None:
        """Return a variable name for a new value, None for a known one."""
        if not value or value in self.values:
            return None
        name, count = variable, 1
        while name in self.names:
            count += 1
            name = f"{variable}_{count}"
        self.names.add(name)
        self.values[value] = name
        return name

    def pieces(self, text: str, *, url: bool) -> Iterator[tuple[str, str | None]]:
        """Yield the parts of a text, each with its variable, or None for plain text."""
        meanings = {self.origin: "ORIGIN", self.issuer: "ISSUER", **self.values}
        # The longest first, because a captured URL may begin with the issuer.
        longest_first = sorted(self.values, key=len, reverse=True)
        patterns = [_pattern(value, url=url) for value in longest_first]
        patterns += [rf"{re.escape(self.issuer)}(?![\w.:%~-])"]
        if url:
            # A path may stand before the issuer's own: /.well-known/ssf-configuration/tenant.
            patterns += [rf"^{re.escape(self.origin)}(?![\w.:%~-])"]
            if is_in_process(self.issuer):
                patterns += [r"^https?://[\w.-]+\.invalid(?![\w.:-])"]
        position = 0
        for match in re.finditer("|".join(patterns), text):
            if match.start() > position:
                yield text[position : match.start()], None
            yield match.group(), meanings.get(match.group(), "ORIGIN")
            position = match.end()
        if position < len(text):
            yield text[position:], None


def word(text: str, known: Variables, *, url: bool) -> str:
    """Quote one word: variables expand, and everything else stays as it is."""
    pieces = list(known.pieces(text, url=url))
    if not any(name for _, name in pieces):
        return quoted(text)
    if '"' in text:
        return "".join(f'"${{{name}}}"' if name else quoted(part) for part, name in pieces)
    return '"' + "".join(f"${{{name}}}" if name else escaped(part) for part, name in pieces) + '"'


def quoted(text: str) -> str:
    """Return a word in single quotes, in which nothing expands."""
    return "'" + text.replace("'", "'\\''") + "'"


def escaped(text: str) -> str:
    """Return a text for double quotes, in which nothing of it expands."""
    return re.sub(r'([$`\\"])', r"\\\1", text)


def is_in_process(issuer: str) -> bool:
    """Return whether an issuer is that of a mock in process, which no request reaches."""
    return (urlsplit(issuer).hostname or "").endswith(".invalid")


def _pattern(value: str, *, url: bool) -> str:
    text = re.escape(value)
    if len(value) >= _TELLING_LENGTH:
        return rf"(?<![A-Za-z0-9]){text}(?![A-Za-z0-9])"
    return rf"(?<=[/=]){text}(?![^/?&#])" if url else rf'(?<="){text}(?=")'
