"""Pure functions over a poll and acknowledge history: what came back, and when.

Times are seconds on the target's clock. A SET's deliveries are the answers that carried its jti.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Delivery:
    """One answer that carried a jti."""

    jti: str
    token: str
    at: float
    order: int


@dataclass(slots=True)
class History:
    """What happened on one stream, in order."""

    deliveries: list[Delivery] = field(default_factory=list)
    acknowledgements: dict[str, int] = field(default_factory=dict)
    _order: int = 0

    def delivered(self, sets: Mapping[str, str], at: float) -> None:
        """Record the SETs of one answer."""
        self._order += 1
        self.deliveries += [Delivery(jti, token, at, self._order) for jti, token in sets.items()]

    def acknowledged(self, jtis: Iterable[str], at: float) -> None:
        """Record an acknowledgement (`ack` or `setErrs`) that was answered with success."""
        del at
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

    def of(self, jti: str) -> list[Delivery]:
        """Return the deliveries of one jti."""
        return [one for one in self.deliveries if one.jti == jti]


def returned_after_acknowledgement(history: History) -> dict[str, int]:
    """Return how often each acknowledged jti came back afterwards.

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
    """Return, for each jti that came in more than one form, the number of its forms."""
    forms: dict[str, set[str]] = {}
    for one in history.deliveries:
        forms.setdefault(one.jti, set()).add(one.token)
    return {jti: len(tokens) for jti, tokens in forms.items() if len(tokens) > 1}


def gaps(times: list[float]) -> list[float]:
    """Return the seconds between one delivery and the next."""
    return [later - earlier for earlier, later in pairwise(times)]


def shrinking(series: list[float], tolerance: float) -> list[tuple[float, float]]:
    """Return the neighbouring gaps of which the second is shorter beyond the tolerance.

    `tolerance` is a share of the gap: the profile's jitter, applied to both, and the error of
    measuring.
    """
    return [
        (before, after)
        for before, after in pairwise(series)
        if after < before * (1 - tolerance) / (1 + tolerance)
    ]
