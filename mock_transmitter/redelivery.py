"""When a SET that was not acknowledged is delivered again.

The numbers are the mock's own, not the profiles'.
"""

from dataclasses import dataclass
from random import Random
from typing import ClassVar, Protocol

from conformance.spec.profile import Redelivery
from mock_transmitter.errors import UnservedProfile


class RedeliveryPolicy(Protocol):
    """Says how long a SET is kept back after a delivery."""

    def gap(self, attempt: int, random: Random) -> float:
        """Return the seconds from the attempt-th delivery, counted from 1, to the next."""
        ...


@dataclass(frozen=True, slots=True)
class Immediate:
    """RFC 8936 section 2.4: what was not acknowledged comes again, here with the next poll."""

    def gap(self, attempt: int, random: Random) -> float:
        """Return 0: it is due at once."""
        del attempt, random
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExponentialBackoff:
    """Each gap is the one before times a factor, up to a cap, where it stays; nothing is lost.

    Jitter is the largest share by which a gap may be shorter; none is ever longer, so the cap
    holds.
    """

    FIRST_GAP_S: ClassVar[float] = 1.0
    FACTOR: ClassVar[float] = 2.0
    CAP_S: ClassVar[float] = 86400.0

    initial_s: float = FIRST_GAP_S
    factor: float = FACTOR
    cap_s: float = CAP_S
    jitter: float = 0.0

    def gap(self, attempt: int, random: Random) -> float:
        """Return initial_s * factor ** (attempt - 1) seconds, or the cap."""
        try:
            gap = self.initial_s * self.factor ** (attempt - 1)
        except OverflowError:
            gap = self.cap_s
        gap = min(gap, self.cap_s)
        return gap * (1.0 - self.jitter * random.random()) if self.jitter else gap


def policy_of(rules: Redelivery) -> RedeliveryPolicy:
    """Return the profile's policy, with the mock's own numbers where the profile is silent.

    Raises UnservedProfile for a model that the mock can't play.
    """
    if rules.model == "exponential-backoff":
        cap = ExponentialBackoff.CAP_S if rules.cap_s is None else rules.cap_s
        return ExponentialBackoff(cap_s=cap)
    if rules.model == "give-up-window":
        raise UnservedProfile("poll.redelivery.model: the mock doesn't play 'give-up-window'")
    return Immediate()
