"""Pure functions over the history of polls and acknowledgements: which SETs returned, and when.

Times are seconds on the target's clock. A SET's deliveries are the answers that carried its jti.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Delivery:
    """One answer that carried a jti: it was asked for at `sent`, and there at `at`."""

    jti: str
    token: str
    sent: float
    at: float
    order: int


@dataclass(frozen=True, slots=True)
class Gap:
    """The time between two deliveries of a SET, in seconds, as closely as polls can measure it."""

    at_least_s: float
    at_most_s: float

    def __str__(self) -> str:
        if math.isinf(self.at_most_s):
            return f"more than {self.at_least_s:.2f} s"
        return f"{self.at_least_s:.2f} to {self.at_most_s:.2f} s"

    def surely_below(self, other: "Gap", share: float) -> bool:
        """Return whether this gap is certainly shorter than that share of another."""
        return self.at_most_s < other.at_least_s * share


@dataclass(slots=True)
class History:
    """What happened on one stream, in order."""

    deliveries: list[Delivery] = field(default_factory=list)
    acknowledgements: dict[str, int] = field(default_factory=dict)
    nothing_due: list[tuple[int, float]] = field(default_factory=list)
    _order: int = 0

    def delivered(self, sets: Mapping[str, str], at: float, *, sent: float | None = None) -> None:
        """Record the SETs of one answer.

        With the time at which it was `sent`, a poll that got none shows that none was due then; a
        poll that asked for none has no such time.
        """
        self._order += 1
        if sent is not None and not sets:
            self.nothing_due.append((self._order, sent))
        self.deliveries += [
            Delivery(jti, token, at if sent is None else sent, at, self._order)
            for jti, token in sets.items()
        ]

    def acknowledged(self, jtis: Iterable[str]) -> None:
        """Record an acknowledgement (`ack` or `setErrs`) that was answered with success."""
        self._order += 1
        for jti in jtis:
            self.acknowledgements.setdefault(jti, self._order)

    @property
    def outstanding(self) -> list[str]:
        """Return the jtis that were delivered and not acknowledged, oldest first."""
        seen = dict.fromkeys(one.jti for one in self.deliveries)
        return [jti for jti in seen if jti not in self.acknowledgements]

    @property
    def jtis(self) -> frozenset[str]:
        """Return every jti that was delivered."""
        return frozenset(one.jti for one in self.deliveries)

    @property
    def said(self) -> dict[str, str]:
        """Return the jti of each SET by its payload, whatever its signature.

        A jti is unique within one feed alone (RFC 8417 section 2.2).
        """
        return {(one.token.split(".") * 2)[1]: one.jti for one in self.deliveries}

    def of(self, jti: str) -> list[Delivery]:
        """Return the deliveries of one jti."""
        return [one for one in self.deliveries if one.jti == jti]


def returned_after_acknowledgement(history: History) -> dict[str, int]:
    """Return how often each acknowledged jti was delivered again.

    An answer to the very request that acknowledged it counts: RFC 8936 section 2.4.3 acknowledges
    first.
    """
    counts: dict[str, int] = {}
    for one in history.deliveries:
        acknowledged = history.acknowledgements.get(one.jti)
        if acknowledged is not None and one.order > acknowledged:
            counts[one.jti] = counts.get(one.jti, 0) + 1
    return counts


def changed_tokens(history: History) -> dict[str, int]:
    """Return, for each jti delivered as different tokens, the number of tokens."""
    forms: dict[str, set[str]] = {}
    for one in history.deliveries:
        forms.setdefault(one.jti, set()).add(one.token)
    return {jti: len(tokens) for jti, tokens in forms.items() if len(tokens) > 1}


def gaps_of(history: History, jti: str) -> list[Gap]:
    """Return the gaps between the deliveries of a SET."""
    return [
        Gap(_nothing_for(history, earlier, later), later.at - earlier.sent)
        for earlier, later in pairwise(history.of(jti))
    ]


def silence_of(history: History, jti: str) -> float:
    """Return for how many seconds after its last delivery a SET was surely not due."""
    return _nothing_for(history, history.of(jti)[-1], None)


def shrinking(series: Sequence[Gap], jitter: float) -> list[tuple[Gap, Gap]]:
    """Return the neighbouring gaps of which the second is shorter than jitter can make it.

    `jitter` is the share by which each may be shorter or longer than it should.
    """
    share = (1 - jitter) / (1 + jitter)
    return [(one, other) for one, other in pairwise(series) if other.surely_below(one, share)]


def _nothing_for(history: History, since: Delivery, until: Delivery | None) -> float:
    """Return how long after a delivery the last poll before the next found that nothing was due."""
    looks = history.nothing_due
    end = len(looks) if until is None else bisect_left(looks, (until.order, 0.0))
    if end == 0 or looks[end - 1][0] < since.order:
        return 0.0
    return max(looks[end - 1][1] - since.at, 0.0)
