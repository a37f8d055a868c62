"""The seams of the core: the only places where a deviation can touch it.

The core hands a value to a seam and goes on with what comes back. It knows no deviation: without
any, every seam returns what it was given.
"""

from collections.abc import Callable, Collection, Iterable
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar, cast

Seam: TypeAlias = Literal[
    "request",  # as it came, before it is routed
    "authorisation",  # the decision: who is served, or why nobody is
    "schedule",  # seconds until a SET is due (next); None: never
    "covers",  # whether events about a subject are for a stream
    "handling",  # what becomes of a SET in the status that its stream has now
    "claims",  # of a SET that is about to be queued
    "token",  # a SET's compact form, once, at its first delivery
    "key_set",  # as it is published
    "batch",  # the SETs that one poll takes
    "push",  # an attempt, before it is made; None: never
    "pushed",  # its outcome, before anything is made of it
    "response",  # the last word
]

_Value = TypeVar("_Value")
_Call = TypeVar("_Call", bound="Operated")
_Outcome = TypeVar("_Outcome")


class Operated(Protocol):
    """A call of one operation."""

    @property
    def operation(self) -> str:
        """Return the name of the operation."""


class Deviating(Protocol):
    """A deviation as the core knows it: it also has a method for each seam.

    `on` names the operations that it changes; empty means all.
    """

    on: ClassVar[Collection[str]]

    def operation(self, call: Any, proceed: Callable[[Any], Any]) -> Any:  # noqa: ANN401 (a type of the layers above)
        """Perform a call, or do something else; `proceed` performs it."""


class Seams:
    """The deviations of one tenant, in order: the first is nearest to the core.

    `asked` holds each seam that the core has reached, with its operation if it has one.
    """

    def __init__(self) -> None:
        self.asked: set[tuple[str, str | None]] = set()
        self._deviations: tuple[Deviating, ...] = ()

    def use(self, deviations: Iterable[Deviating]) -> None:
        """Play these deviations in place of those before."""
        self._deviations = tuple(deviations)

    def apply(self, seam: Seam, value: _Value, **at: object) -> _Value:
        """Return what the deviations make of a value; `at` is the context that they may look at.

        If `at` has an `operation`, only deviations that change this operation are called. None ends
        the chain: the remaining deviations do not see what one has taken away.
        """
        operation = at.get("operation")
        self.asked.add((seam, operation if isinstance(operation, str) else None))
        if not self._deviations:
            return value
        context = SimpleNamespace(**at)
        for one in self._deviations:
            if value is None:
                break
            if "operation" not in at or not one.on or at["operation"] in one.on:
                value = getattr(one, seam)(value, context)
        return value

    def operate(self, call: _Call, perform: Callable[[_Call], _Outcome]) -> _Outcome:
        """Perform a call with the deviations around it, the last one outermost."""
        self.asked.add(("operation", call.operation))
        for one in self._deviations:
            if not one.on or call.operation in one.on:
                perform = _around(one, perform)
        return perform(call)


def _around(
    deviation: Deviating, proceed: Callable[[_Call], _Outcome]
) -> Callable[[_Call], _Outcome]:
    return lambda call: cast("_Outcome", deviation.operation(call, proceed))
