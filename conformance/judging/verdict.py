"""What a run says about a requirement, and about an entry in the list of known failures."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What a run says about one requirement, in the order in which reports list them."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    KNOWN_FAILURE = "known failure"
    NOT_SEEN = "not seen"
    NOT_REACHED = "not reached"
    NOT_TESTABLE = "not testable"
    NOT_APPLICABLE = "not applicable"
    EXCLUDED = "excluded"


# The target was seen to break the requirement; the loudest first.
BROKEN = (Verdict.FAILED, Verdict.KNOWN_FAILURE, Verdict.WARNING)
# The same, unless the operator has listed it as known.
ALARMS = frozenset({Verdict.FAILED, Verdict.WARNING})
# The target has shown whether it keeps the requirement.
JUDGED = frozenset({Verdict.PASSED, *BROKEN})
# The run should have judged the requirement and could not.
LACKING = frozenset({Verdict.NOT_TESTABLE, Verdict.NOT_REACHED})
# The requirement does not count for this target.
OUT_OF_SCOPE = frozenset({Verdict.NOT_APPLICABLE, Verdict.EXCLUDED})


class KnownFailureState(StrEnum):
    """What a run says about a requirement that the operator has listed as a known failure."""

    CURRENT = "current"  # still broken, and the date has not passed
    STALE = "stale"  # no longer broken: the entry has to go
    EXPIRED = "expired"  # still broken, and the date has passed


class Ruling(NamedTuple):
    """A verdict, and the reason for it where it needs one."""

    verdict: Verdict
    reason: str | None = None


# A row is as bad as its worst case; a row with a case that was not reached never passes.
_WORST_FIRST = (
    Verdict.FAILED,
    Verdict.WARNING,
    Verdict.NOT_REACHED,
    Verdict.PASSED,
    Verdict.NOT_TESTABLE,
    Verdict.NOT_SEEN,
)


def combine(rulings: Sequence[Ruling]) -> Ruling:
    """Return the ruling on a requirement, given those of its cases."""
    if not rulings:
        return Ruling(Verdict.NOT_REACHED, "its cases did not run")
    return min(rulings, key=lambda ruling: _WORST_FIRST.index(ruling.verdict))
