"""Recording: one exchange is one request and what came back, secrets already redacted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# What a report keeps of an answer; the judge itself sees all of it, and a request is kept whole.
BODY_LIMIT = 8192
# How the operation of what the operator's side did begins: by HTTP, by a command, by hand.
HOOKS = ("hook:", "command:", "manual:")


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
    """One recorded request and response. `error` is set where no response came.

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
        """Say whether the operator's side was called, not the target's."""
        return self.operation.startswith(HOOKS)

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
        """Take over what was recorded beside this one, in the order in which it came."""
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


def _cut(body: str | None) -> str | None:
    if body is None or len(body) <= BODY_LIMIT:
        return body
    return f"{body[:BODY_LIMIT]}... ({len(body)} characters)"
