"""verify(), observe() and judges(): how a case states its findings.

`verify` records a check and goes on. The breaches of an example are raised together at its end, as
one exception type per set of requirement ids, so that Hypothesis keeps each set apart and shrinks
it.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from conformance.judging.needs import DECLARATION, Declaration, Needs
from conformance.judging.record import CaseRecord, JudgedWithoutCase
from conformance.spec.requirement import Grade

F = TypeVar("F", bound=Callable[..., None])

_current: ContextVar[CaseRecord | None] = ContextVar("case_record", default=None)


def current() -> CaseRecord:
    """Return the record of the running case. Raises JudgedWithoutCase outside one."""
    record = _current.get()
    if record is None:
        msg = "verify() and observe() work only inside a case that the suite runs"
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
    """Run one example, and raise its breaches at the end, even where it ended early."""
    record = current()
    record.begin_example()
    try:
        yield
    except Exception:
        # The breaches seen so far count for more than whatever stopped the case.
        record.end_example()
        raise
    record.end_example()


def verify(
    requirements: str | Sequence[str],
    held: object,
    *,
    expected: str,
    got: object = "otherwise",
    at_most: Grade | None = None,
) -> bool:
    """Record one check and go on; return whether it held.

    A check is about one statement: several ids are given only where twin texts make the same one.
    `at_most` softens this check alone (another success code of the same class only warns); nothing
    makes a check louder than its row.
    """
    record = current()
    shown = _shown(got)
    for requirement in _each(requirements):
        record.check(requirement, held=bool(held), expected=expected, got=shown, at_most=at_most)
    return bool(held)


def observe(requirements: str | Sequence[str], text: str) -> None:
    """Note how the target uses a freedom that the text, or several twin texts, give it."""
    record = current()
    for requirement in _each(requirements):
        if requirement in record.grades:
            judgement = record.judgement(requirement)
            judgement.checks += 1
            judgement.notes[text] = None


def _each(requirements: str | Sequence[str]) -> Sequence[str]:
    return (requirements,) if isinstance(requirements, str) else requirements


def judges(*ids: str, needs: Needs | None = None) -> Callable[[F], F]:
    """Declare which requirements a case may judge and what it needs.

    The body is wrapped so that each example is judged on its own, under `@given` too.
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


def _one_example(function: Callable[..., Any]) -> Any:  # noqa: ANN401 (keeps the signature it wraps)
    @functools.wraps(function)
    def run(*args: object, **kwargs: object) -> None:
        with example():
            function(*args, **kwargs)

    return run


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    text = repr(value)
    return text if len(text) <= 2000 else f"{text[:2000]}..."  # noqa: PLR2004 (what a person reads)
