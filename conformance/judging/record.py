"""The record of a case: its checks, its breaches and the exchanges behind them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.receiver.exchange import Exchange, Recorder
from conformance.spec.redaction import redact_text
from conformance.spec.requirement import Grade, softest


class Nonconformance(AssertionError):
    """The target breaks requirements. Each set of ids has its own subclass."""


class JudgedWithoutCase(RuntimeError):
    """verify() was called outside a case, or with an id that the case does not declare."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach of a requirement in one example.

    `together` are the ids that the same example broke.
    """

    grade: Grade
    expected: str
    got: str
    exchanges: tuple[Exchange, ...]
    broke_at: int
    together: frozenset[str]

    @property
    def size(self) -> tuple[int, int]:
        """Return how much a person has to read, so that breaches can be ordered by it."""
        return len(self.exchanges), sum(
            len(one.request_body or "") for one in self.exchanges if not one.is_hook
        )


@dataclass(slots=True)
class Judgement:
    """The findings of one case about one requirement."""

    checks: int = 0
    breaches: dict[frozenset[str], Breach] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def worst(self) -> Breach | None:
        """Return the loudest breach, and among equally loud ones the smallest."""
        loudness = [Grade.FAIL, Grade.WARN, Grade.NOTE]
        return min(
            self.breaches.values(),
            key=lambda breach: (loudness.index(breach.grade), breach.size),
            default=None,
        )


@dataclass(slots=True)
class CaseRecord:
    """The findings of one case.

    `ids` are declared by the case. `grades` are the effective grades of the rows that this run
    judges. `stopped` raises an exception if the run was stopped.
    """

    ids: frozenset[str]
    grades: dict[str, Grade]
    recorder: Recorder = field(default_factory=Recorder)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    examples: int = 0
    series: list[dict[str, Any]] = field(default_factory=list)
    stopped: Callable[[], None] = lambda: None
    # Called each time, because tokens may be obtained during the run.
    secrets: Callable[[], frozenset[str]] = frozenset
    _failed: list[tuple[str, Grade, str, str, int]] = field(default_factory=list)

    def close(self) -> None:
        """Release what only a running case needs: the last example, and the way to its target."""
        self.recorder.restart()
        self.secrets = frozenset
        self.stopped = lambda: None

    def judgement(self, requirement: str) -> Judgement:
        """Return this case's judgement of a requirement; a new one if there is none."""
        return self.judgements.setdefault(requirement, Judgement())

    def begin_example(self) -> None:
        """Start an example with no exchanges and no breaches. Raises what `stopped` raises."""
        self.stopped()
        self.examples += 1
        self.recorder.restart()
        self._failed = []

    @property
    def breached(self) -> bool:
        """Return whether any requirement was broken."""
        return any(judgement.breaches for judgement in self.judgements.values())

    def check(
        self, requirement: str, *, held: bool, expected: str, got: str, at_most: Grade | None
    ) -> None:
        """Record one check. Ids outside the plan do not apply to this target.

        Raises JudgedWithoutCase for an id that the case does not declare.
        """
        if requirement not in self.ids:
            msg = f"the case checks {requirement} but does not declare it in @judges"
            raise JudgedWithoutCase(msg)
        if requirement not in self.grades:
            return
        judgement = self.judgement(requirement)
        judgement.checks += 1
        if held:
            return
        grade = softest(self.grades[requirement], at_most or Grade.FAIL)
        secrets = self.secrets()
        expected, got = redact_text(expected, secrets), redact_text(got, secrets)
        if grade is Grade.NOTE:
            judgement.notes[f"expected {expected}; got {got}"] = None
            return
        self._failed.append((requirement, grade, expected, got, self.recorder.last))

    def end_example(self) -> None:
        """Raise the breaches of this example together, as a subclass of Nonconformance."""
        failed, self._failed = self._failed, []
        if not failed:
            return
        together = frozenset(one[0] for one in failed)
        exchanges = tuple(self.recorder.exchanges)
        first: dict[str, tuple[Grade, str, str, int]] = {}
        for requirement, grade, expected, got, at in failed:
            known = first.get(requirement)
            if known is None or softest(known[0], grade) != grade:
                first[requirement] = (grade, expected, got, at)
        for requirement, (grade, expected, got, at) in first.items():
            self.judgement(requirement).breaches[together] = Breach(
                grade, expected, got, exchanges, at, together
            )
        lines = [
            f"{one}: expected {first[one][1]}; got {first[one][2]}" for one in sorted(together)
        ]
        raise _type_for(together)("\n".join(lines))


_types: dict[frozenset[str], type[Nonconformance]] = {}
_types_lock = threading.Lock()


def _type_for(ids: frozenset[str]) -> type[Nonconformance]:
    with _types_lock:
        if ids not in _types:
            _types[ids] = type(f"Nonconformance[{', '.join(sorted(ids))}]", (Nonconformance,), {})
        return _types[ids]
