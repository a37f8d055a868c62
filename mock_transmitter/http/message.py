"""What goes in and out of the mock: requests, responses, and polls that wait."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request: `target` is path and query as sent, header names are in lower case."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """Return the path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """Return the query without its question mark, still percent-encoded."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next((value for key, value in self.headers if key == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    @classmethod
    def json(
        cls,
        status: int,
        document: Any,  # noqa: ANN401 (JSON)
        headers: Iterable[tuple[str, str]] = (),
    ) -> "Response":
        """Return a response that carries a JSON document."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, (("content-type", "application/json"), *headers), body)


@dataclass(frozen=True, slots=True)
class Lasting:
    """An answer that may take real time because others take part; `answer` waits for it."""

    answer: Callable[[], Response]


@dataclass(frozen=True, slots=True)
class Parked:
    """A long poll that waits. Times are seconds on the tenant's clock.

    `attempt` returns an answer once there is something to say, and always from `deadline` on;
    before that it returns None and takes nothing from the queue, so a dropped poll loses no SET.
    `wake_at` is the next time at which an attempt may succeed: the deadline, or a redelivery.
    `expire` answers as at the deadline, for a front that cannot wait so long.
    """

    deadline: float
    wake_at: Callable[[], float]
    attempt: Callable[[], Response | None]
    expire: Callable[[], Response]
    now: Callable[[], float] = field(repr=False, default=lambda: 0.0)
