"""Exchanges: one request and its answer each, with secrets already redacted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

# What a report keeps of an answer; the judge itself sees all of it, and a request is kept whole.
BODY_LIMIT = 8192
# How the operation of what the operator's side did begins: by HTTP, by a command, by hand.
HOOKS = ("hook:", "command:", "manual:")
# The operation of a request that the target sent, and that was answered here.
_PUSH = "push"
_READS = frozenset({"GET", "HEAD"})
# How many characters of a body `Answer.text` shows.
TEXT_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Capture:
    """A value that the target minted: a reproducer has to read it from the new answer.

    `path` is a jq path into the answer's JSON body.
    """

    variable: str
    path: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One recorded request and response. `error` is set if there was no response.

    Durations are seconds.
    """

    number: int
    operation: str
    channel: str
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str | None
    status: int | None
    response_headers: Mapping[str, str]
    response_body: str | None
    error: str | None
    duration_s: float
    captures: tuple[Capture, ...] = ()

    @property
    def is_hook(self) -> bool:
        """Return whether the operator's side was called, not the target's."""
        return self.operation.startswith(HOOKS)

    @property
    def answer_text(self) -> str | None:
        """Return the target's answer as `Answer.text` shows it, None if there was none."""
        if self.status is None or self.is_hook or self.operation == _PUSH:
            return None
        return f"{self.status} {(self.response_body or '')[:TEXT_LIMIT]}".rstrip()

    def as_json(self, *, broke: bool) -> dict[str, Any]:
        """Return the exchange as results.json holds it.

        `broke` marks the one that a breach was seen in.
        """
        return {
            "number": self.number,
            "operation": self.operation,
            "method": self.method,
            "url": self.url,
            "request_headers": {**self.request_headers, "x-ssf-channel": self.channel},
            "request_body": self.request_body,
            "status": self.status,
            "response_headers": dict(self.response_headers),
            "response_body": _cut(self.response_body),
            "error": self.error,
            "duration_s": round(self.duration_s, 6),
            "broke": broke,
            "captures": [
                {"variable": one.variable, "path": one.path, "value": one.value}
                for one in self.captures
            ],
        }


@dataclass(slots=True)
class Recorder:
    """The exchanges of one example; `restart` begins the next one."""

    exchanges: list[Exchange] = field(default_factory=list)
    minted: dict[str, str] = field(default_factory=dict)

    def restart(self) -> None:
        """Forget the example before."""
        self.exchanges = []
        self.minted = {}

    def adopt(self, exchanges: list[Exchange]) -> None:
        """Append the exchanges of another recorder, in their order."""
        for one in exchanges:
            self.exchanges.append(replace(one, number=len(self.exchanges) + 1))

    @property
    def last(self) -> int:
        """Return the number of the last exchange with the target, hooks aside; 0 for none."""
        own = (one.number for one in reversed(self.exchanges) if not one.is_hook)
        return next(own, 0)

    def variable_for(self, kind: str, value: str) -> str | None:
        """Return a new variable's name for a minted value, or None if it already has one."""
        if value in self.minted:
            return None
        count = sum(name.startswith(kind) for name in self.minted.values())
        self.minted[value] = f"{kind}_{count + 1}"
        return self.minted[value]


def told_of(exchanges: Sequence[Exchange], got: str, *, upto: int) -> int:
    """Return the number of the exchange that a breach tells of; `upto` is the last before it.

    That is the last one whose answer `got` begins with. Where `got` goes on, with what was looked
    up afterwards, a read that was answered alike is such a look, and what it looked at is meant.
    Without such an answer it is `upto`.
    """
    before = [one for one in exchanges if one.number <= upto and one.answer_text is not None]
    alike = [one for one in before if one.answer_text == got]
    if not alike:
        alike = [one for one in before if got.startswith(f"{one.answer_text}; ")]
        alike = [one for one in alike if one.method not in _READS] or alike
    return alike[-1].number if alike else upto


def _cut(body: str | None) -> str | None:
    if body is None or len(body) <= BODY_LIMIT:
        return body
    return f"{body[:BODY_LIMIT]}... ({len(body)} characters)"
