"""When an unacknowledged SET is delivered again.

The profile names the model and a cap; the numbers are the mock's own, or set by an option.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import ClassVar, Protocol

from conformance.spec.profile import Redelivery

DAY_S = 86400.0


class UnusableCurve(ValueError):
    """These numbers make no backoff; the message names the number and the next step."""


class RedeliveryPolicy(Protocol):
    """How long a SET waits after a delivery, and how long it is kept at all."""

    @property
    def window_s(self) -> float:
        """Return the seconds after which a SET is given up; math.inf for never."""
        ...

    def gap(self, attempt: int, random: Random) -> float:
        """Return the seconds from the attempt-th delivery, counted from 1, to the next."""
        ...


@dataclass(frozen=True, slots=True)
class Immediate:
    """Unacknowledged SETs come again with the next poll: RFC 8936 section 2.4.

    They are given up `window_s` after they were queued, if there is such a window.
    """

    window_s: float = math.inf

    def gap(self, attempt: int, random: Random) -> float:
        """Return 0: it is due at once."""
        del attempt, random
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExponentialBackoff:
    """Each gap is the previous one times a factor, up to a cap; no SET is ever given up.

    Jitter is the largest share by which a gap may be shorter; no gap is longer, so the cap holds.
    """

    FIRST_GAP_S: ClassVar[float] = 1.0
    FACTOR: ClassVar[float] = 2.0
    CAP_S: ClassVar[float] = DAY_S

    initial_s: float = FIRST_GAP_S
    factor: float = FACTOR
    cap_s: float = CAP_S
    jitter: float = 0.0

    @property
    def window_s(self) -> float:
        """Return never."""
        return math.inf

    def gap(self, attempt: int, random: Random) -> float:
        """Return initial_s * factor ** (attempt - 1) seconds, or the cap."""
        try:
            gap = self.initial_s * self.factor ** (attempt - 1)
        except OverflowError:
            gap = self.cap_s
        gap = min(gap, self.cap_s)
        return gap * (1.0 - self.jitter * random.random()) if self.jitter else gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The backoff numbers that the operator has set; None leaves a number as it is."""

    initial_s: float | None = None
    factor: float | None = None
    cap_s: float | None = None
    jitter: float | None = None


AS_IT_IS = Curve()

# No text has a schedule for pushes that fail, so this is the mock's own: gaps of 1 s, 2 s, 4 s and
# so on up to an hour. After the last attempt, some eight hours later, a SET is a dead letter.
PUSH_RETRIES = ExponentialBackoff(cap_s=3600.0)
MOST_PUSH_ATTEMPTS = 20

_MEMBERS: Mapping[str, str] = MappingProxyType(
    {"initial": "initial_s", "factor": "factor", "cap": "cap_s", "jitter": "jitter"}
)
_BOUNDS: Mapping[str, tuple[str, Callable[[float], bool]]] = MappingProxyType(
    {
        "initial": ("a number of seconds above 0", lambda value: 0 < value < math.inf),
        "factor": ("a number from 1 on", lambda value: 1 <= value < math.inf),
        "cap": ("a number of seconds above 0", lambda value: 0 < value < math.inf),
        "jitter": ("a share from 0 to less than 1", lambda value: 0 <= value < 1),
    }
)


def parse_curve(text: str) -> Curve:
    """Parse `initial=10,factor=3,cap=3600,jitter=0.1`; each number may be missing.

    `initial` and `cap` are seconds, `jitter` is a share of the gap. Raises UnusableCurve.
    """
    numbers: dict[str, float] = {}
    for part in text.split(","):
        name, separator, value = part.partition("=")
        name = name.strip()
        if not separator or name not in _MEMBERS or _MEMBERS[name] in numbers:
            raise UnusableCurve(
                f"{part!r}: write NAME=NUMBER once for each of {', '.join(_MEMBERS)},"
                " such as initial=10,factor=3,cap=3600"
            )
        wanted, holds = _BOUNDS[name]
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not holds(number):
            raise UnusableCurve(f"{name}={value}: write {wanted}")
        numbers[_MEMBERS[name]] = number
    return Curve(**numbers)


def policy_of(rules: Redelivery, curve: Curve = AS_IT_IS) -> RedeliveryPolicy:
    """Return the profile's policy with the curve's numbers, or the mock's own.

    Raises UnusableCurve if the profile has no backoff, or a lower cap than the curve.
    """
    if rules.model == "exponential-backoff":
        return _backoff(rules, curve)
    if curve != AS_IT_IS:
        raise UnusableCurve(
            f"the profile's poll.redelivery.model is {rules.model!r}, which has no curve; choose a"
            " profile with a backoff, or --set poll.redelivery.model=exponential-backoff"
        )
    if rules.model == "give-up-window":
        return Immediate(window_s=DAY_S if rules.cap_s is None else rules.cap_s)
    return Immediate()


def _backoff(rules: Redelivery, curve: Curve) -> ExponentialBackoff:
    highest = ExponentialBackoff.CAP_S if rules.cap_s is None else rules.cap_s
    cap = highest if curve.cap_s is None else curve.cap_s
    if cap > highest:
        raise UnusableCurve(
            f"cap={cap:g} is above the {highest:g} s that the profile allows; raise"
            " poll.redelivery.cap_s with --set, or play a fault"
        )
    first = min(ExponentialBackoff.FIRST_GAP_S, cap)
    initial = first if curve.initial_s is None else curve.initial_s
    if initial > cap:
        raise UnusableCurve(f"initial={initial:g} is above the cap of {cap:g} s; lower it")
    return ExponentialBackoff(
        initial_s=initial,
        factor=ExponentialBackoff.FACTOR if curve.factor is None else curve.factor,
        cap_s=cap,
        jitter=0.0 if curve.jitter is None else curve.jitter,
    )
