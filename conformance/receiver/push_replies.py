"""A push that arrived, and the replies that an endpoint can give to it (RFC 8935, section 2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

# The longest time that a reply is held back, in seconds.
LONGEST_HOLD_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How one push is answered: after `after_s` seconds, or with a connection reset."""

    status: int = 202
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_s: float = 0.0
    resets: bool = False


ACCEPTED = Reply()


def refused(err: str, description: str = "refused by the conformance suite") -> Reply:
    """Return a 400 that refuses the SET with an error code (RFC 8935 section 2.3)."""
    body = json.dumps({"err": err, "description": description}).encode()
    headers = {"Content-Type": "application/json", "Content-Language": "en"}
    return Reply(status=400, headers=headers, body=body)


def answered(status: int, *, retry_after_s: int | None = None) -> Reply:
    """Return a bare status, such as 401, 403, 500 or, with a Retry-After in seconds, 429 or 503."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Reply(status=status, headers=headers)


def redirected(url: str) -> Reply:
    """Return a 307 to another URL."""
    return Reply(status=307, headers={"Location": url})


def slow(seconds: float, reply: Reply = ACCEPTED) -> Reply:
    """Return a reply that is sent after so many seconds."""
    return replace(reply, after_s=seconds)


def silent() -> Reply:
    """Return a reply that is sent later than any Transmitter waits."""
    return replace(ACCEPTED, after_s=LONGEST_HOLD_S)


def reset() -> Reply:
    """Return a reset of the connection instead of a reply."""
    return Reply(resets=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One request that arrived.

    `at` is in seconds since 1970, real time. `url` is the one that the sender used, as the listener
    is reached; header names are in lower case. `answered` is the status that it gets, sooner or
    later, None for a reset; `tls` the protocol version, None without TLS.
    """

    at: float
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    reply: Reply
    tls: str | None

    @property
    def answered(self) -> int | None:
        """Return the status that it gets; None where the connection is reset."""
        return None if self.reply.resets else self.reply.status
