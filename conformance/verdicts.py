"""verify(), require(), Nonconformance, and the record that a case leaves in the ledger.

`verify` records and goes on. At the end of an example what failed is raised together, one exception
type for each set of requirement ids, so that Hypothesis keeps each set apart and shrinks it.
"""

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from conformance.exchange import Exchange, Recorder
from conformance.spec.redaction import redact_text
from conformance.spec.requirement import Grade, softest

F = TypeVar("F", bound=Callable[..., None])

DECLARATION = "ssf_declaration"


class Nonconformance(AssertionError):
    """The target breaks requirements. Each set of ids has a subclass of its own."""


class NotReached(Exception):
    """A precondition did not hold, without which the rest of the case has no meaning."""


class Blocked(NotReached):
    """The target gave nothing to look at, such as no SET within the patience."""


class JudgedWithoutCase(RuntimeError):
    """verify() was called outside a case, or with an id that the case does not declare."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a case needs of a target, besides the operations of its rows.

    `stream` says that it gets one of its own (or borrows the implicit one), `sets` how many SETs an
    example has to be able to raise, `events` that it chooses what happens, `subjects` also whom it
    is about, `status_changes` that the Transmitter itself changes a status, `clock` that the
    target's time can be moved, `destructive` that the API can't undo what the case does,
    `second_receiver`, `limited_receiver` and `oauth_client` the credential of that name, `delivery`
    a delivery method to receive by (without one, SETs may come by either), `model` that it speaks
    of explicit or implicit streams alone, `handshakes` that it shakes hands with the target's
    hosts.
    """

    operations: tuple[str, ...] = ()
    stream: bool = False
    sets: int = 0
    events: bool = False
    subjects: bool = False
    status_changes: bool = False
    clock: bool = False
    destructive: bool = False
    second_receiver: bool = False
    limited_receiver: bool = False
    oauth_client: bool = False
    delivery: str | None = None
    model: str | None = None
    handshakes: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a case says of itself: the ids that it may judge, and its needs."""

    ids: tuple[str, ...]
    needs: Needs


@dataclass(frozen=True, slots=True)
class Breach:
    """A requirement seen broken in one example."""

    grade: Grade
    expected: str
    got: str
    exchanges: tuple[Exchange, ...]
    broke_at: int
    together: frozenset[str]

    @property
    def size(self) -> tuple[int, int]:
        """Order breaches by what a person has to read."""
        return len(self.exchanges), sum(
            len(one.request_body or "") for one in self.exchanges if not one.is_hook
        )


@dataclass(slots=True)
class Judgement:
    """What one case found on one requirement."""

    checks: int = 0
    breaches: dict[frozenset[str], Breach] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def worst(self) -> Breach | None:
        """Return the loudest breach, and of those the smallest."""
        loudness = [Grade.FAIL, Grade.WARN, Grade.NOTE]
        return min(
            self.breaches.values(),
            key=lambda breach: (loudness.index(breach.grade), breach.size),
            default=None,
        )


@dataclass(slots=True)
class CaseRecord:
    """The ledger of one case.

    `grades` are the effective grades of the rows that this run judges.
    """

    ids: frozenset[str]
    grades: dict[str, Grade]
    recorder: Recorder = field(default_factory=Recorder)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    examples: int = 0
    series: list[dict[str, Any]] = field(default_factory=list)
    stopped: Callable[[], None] = lambda: None
    # Asked each time: a token may be obtained in mid-run.
    secrets: Callable[[], frozenset[str]] = frozenset
    _failed: list[tuple[str, Grade, str, str, int]] = field(default_factory=list)

    def judgement(self, requirement: str) -> Judgement:
        """Return this case's judgement of a requirement, new if there is none."""
        return self.judgements.setdefault(requirement, Judgement())

    def begin_example(self) -> None:
        """Start an example: its exchanges and checks stand alone. Raises what `stopped` raises."""
        self.stopped()
        self.examples += 1
        self.recorder.restart()
        self._failed = []

    @property
    def breached(self) -> bool:
        """Say whether anything was seen broken."""
        return any(judgement.breaches for judgement in self.judgements.values())

    def check(
        self, requirement: str, *, held: bool, expected: str, got: str, at_most: Grade | None
    ) -> None:
        """Record one check. An id that is not planned here is none of this target's."""
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
        """Raise what failed in this example, together. Raises a subclass of Nonconformance."""
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


_current: ContextVar[CaseRecord | None] = ContextVar("case_record", default=None)


def current() -> CaseRecord:
    """Return the record of the running case. Raises JudgedWithoutCase outside one."""
    record = _current.get()
    if record is None:
        msg = "verify() and require() speak only inside a case that the suite runs"
        raise JudgedWithoutCase(msg)
    return record


@contextmanager
def recording(record: CaseRecord) -> Iterator[CaseRecord]:
    """Make a record the current one, in this thread."""
    token = _current.set(record)
    try:
        yield record
    finally:
        _current.reset(token)


@contextmanager
def example() -> Iterator[None]:
    """Run one example: what its checks found is raised at its end, also where it ended early."""
    record = current()
    record.begin_example()
    try:
        yield
    except Exception:
        # A target odd enough to stop the case has first of all broken what was already seen.
        record.end_example()
        raise
    record.end_example()


def verify(
    requirement: str,
    held: object,
    *,
    expected: str,
    got: object = "otherwise",
    at_most: Grade | None = None,
) -> bool:
    """Record one check of one requirement, and go on; say whether it held.

    `at_most` softens this check alone (another success code of the same class only warns); nothing
    makes a check louder than its row.
    """
    current().check(
        requirement, held=bool(held), expected=expected, got=_shown(got), at_most=at_most
    )
    return bool(held)


def observe(requirement: str, text: str) -> None:
    """Note what the target does where the text leaves it free: a tolerance was seen in use."""
    record = current()
    if requirement in record.grades:
        judgement = record.judgement(requirement)
        judgement.checks += 1
        judgement.notes[text] = None


def require(held: object, reason: str) -> None:
    """Go on only if a precondition holds.

    Raises NotReached: the case's remaining rows are not reached.
    """
    if not held:
        raise NotReached(reason)


def judges(*ids: str, needs: Needs | None = None) -> Callable[[F], F]:
    """Declare which requirements a case may judge and what it needs.

    Wraps the body so that each example is judged on its own; under `@given` it wraps each example.
    """

    def declare(function: F) -> F:
        declaration = Declaration(tuple(dict.fromkeys(ids)), needs or Needs())
        setattr(function, DECLARATION, declaration)
        hypothesis = getattr(function, "hypothesis", None)
        if hypothesis is not None:
            # The documented place for wrapping what @given runs for each example.
            hypothesis.inner_test = _one_example(hypothesis.inner_test)
            return function
        wrapped: F = _one_example(function)
        setattr(wrapped, DECLARATION, declaration)
        return wrapped

    return declare


def declaration_of(function: object) -> Declaration | None:
    """Return what a case declares, or None for a function that is no case."""
    found = getattr(function, DECLARATION, None)
    return found if isinstance(found, Declaration) else None


def claim_of(function: object) -> str:
    """Return the claim that a case makes: the first sentence of its docstring."""
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n")[0].split())


def _one_example(function: Callable[..., Any]) -> Any:  # noqa: ANN401 (keeps the signature it wraps)
    @functools.wraps(function)
    def run(*args: object, **kwargs: object) -> None:
        with example():
            function(*args, **kwargs)

    return run


_types: dict[frozenset[str], type[Nonconformance]] = {}
_types_lock = threading.Lock()


def _type_for(ids: frozenset[str]) -> type[Nonconformance]:
    with _types_lock:
        if ids not in _types:
            _types[ids] = type(f"Nonconformance[{', '.join(sorted(ids))}]", (Nonconformance,), {})
        return _types[ids]


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    text = repr(value)
    return text if len(text) <= 2000 else f"{text[:2000]}..."  # noqa: PLR2004 (what a person reads)
