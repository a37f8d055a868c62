"""A case that has run: its record, how it ended, and its ruling on each requirement."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis.errors import Flaky

from conformance.engine.plan import Case
from conformance.judging.record import CaseRecord, Nonconformance
from conformance.judging.verdict import Ruling, Verdict
from conformance.receiver.preconditions import Blocked, NotReached
from conformance.spec.requirement import Grade


@dataclass(slots=True)
class FinishedCase:
    """A case that has run, its record, and why it ended early if it did.

    `blocked`: the target gave it nothing to judge. `not_reached`: a precondition did not hold.
    `crashed`: the traceback of an error in the suite. `issuer` is set if the case had a Transmitter
    of its own.
    """

    case: Case
    record: CaseRecord
    started: str
    duration_s: float = 0.0
    blocked: str | None = None
    not_reached: str | None = None
    crashed: str | None = None
    issuer: str | None = None

    def ended_by(self, error: Exception) -> None:
        """Keep the reason why the case ended early. The breaches are in its record already."""
        leaves = list(_leaves(error))
        for leaf in leaves:
            if isinstance(leaf, Blocked):
                self.blocked = self.blocked or str(leaf)
            elif isinstance(leaf, NotReached):
                self.not_reached = self.not_reached or str(leaf)
        if self.record.breached:
            return
        if any(not isinstance(leaf, (Nonconformance, NotReached)) for leaf in leaves):
            self.crashed = "".join(traceback.format_exception(error))
        elif not leaves:
            self.not_reached = "the target answered otherwise when an example was repeated"

    def ruling_on(self, requirement: str) -> Ruling:
        """Return what the case says about one requirement."""
        judgement = self.record.judgements.get(requirement)
        breach = None if judgement is None else judgement.worst()
        if breach is not None:
            return Ruling(Verdict.FAILED if breach.grade is Grade.FAIL else Verdict.WARNING)
        if self.crashed is not None:
            return Ruling(Verdict.NOT_REACHED, "the case ended in an error of the suite itself")
        if self.not_reached is not None:
            return Ruling(Verdict.NOT_REACHED, self.not_reached)
        if self.blocked is not None:
            return Ruling(Verdict.NOT_TESTABLE, self.blocked)
        if judgement is not None and judgement.checks:
            return Ruling(Verdict.PASSED)
        return Ruling(Verdict.NOT_SEEN)


def _leaves(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the exceptions inside groups, and the one behind a failure called flaky."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    elif isinstance(error, Flaky):
        yield from _leaves(error.__cause__ or error.__context__)
    elif error is not None:
        yield error
