"""How a deviation gets into the catalogue.

As a row if a kind of deviation needs nothing but data; as a function if it acts at one seam; as a
class if it must remember, or acts at several seams.
"""

import inspect
import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar, Unpack

from mock_transmitter.deviations.deviation import Deviation
from mock_transmitter.domain.seams import Seam

Kind: TypeAlias = Literal["fault", "variant"]
Place: TypeAlias = Seam | Literal["operation"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Members(TypedDict, total=False):
    """The members of a deviation: see Deviation."""

    on: Collection[str]
    needs: tuple[str, ...]
    exercises: tuple[str, ...]
    breaks: tuple[str, ...]
    also: tuple[str, ...]
    where: str  # the member that a ShownConfiguration must have
    member: str  # the one that a kind of deviation changes


@dataclass(frozen=True, slots=True)
class Entry:
    """One deviation: its summary is a claim, `needs` are operations, the rest are requirements.

    `over_tls` means that it changes handshakes, so that only a server over TLS can show it.
    """

    name: str
    kind: Kind
    summary: str
    breaks: tuple[str, ...]
    also: tuple[str, ...]
    exercises: tuple[str, ...]
    needs: tuple[str, ...]
    over_tls: bool
    deviation: type[Deviation]


_WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z0-9])(?=[A-Z])")

ENTRIES: dict[str, Entry] = {}


def fault(deviation: type[Deviation]) -> type[Deviation]:
    """Put a class into the catalogue as a fault, under its own name in kebab-case."""
    return _register(deviation, "fault", _WORD_BEGINS.sub("-", deviation.__name__).lower())


def variant(deviation: type[Deviation]) -> type[Deviation]:
    """Put a class into the catalogue as a variant, under its own name in kebab-case."""
    return _register(deviation, "variant", _WORD_BEGINS.sub("-", deviation.__name__).lower())


def fault_at(
    seam: Place | type[Deviation], hook: str | None = None, **members: Unpack[Members]
) -> Callable[[_Function], _Function]:
    """Put a function into the catalogue as a fault, named like the function, with hyphens.

    `seam` is the seam at which to call it, or a kind of deviation: then the function is its one
    abstract method, or the method named by `hook`. The function takes as many of the method's
    arguments as it declares, from the left.
    """
    return _function(seam, hook, members, "fault")


def variant_at(
    seam: Place | type[Deviation], hook: str | None = None, **members: Unpack[Members]
) -> Callable[[_Function], _Function]:
    """Put a function into the catalogue as a variant, as `fault_at` does with a fault."""
    return _function(seam, hook, members, "variant")


def fault_row(name: str, claim: str, kind: type[Deviation], **members: Any) -> None:  # noqa: ANN401
    """Put a fault that is only data into the catalogue: `members` complete a kind of deviation."""
    _register(_row(name, claim, kind, members), "fault", name)


def variant_row(name: str, claim: str, kind: type[Deviation], **members: Any) -> None:  # noqa: ANN401
    """Put a variant that is only data into the catalogue, as `fault_row` does with a fault."""
    _register(_row(name, claim, kind, members), "variant", name)


def _row(
    name: str, claim: str, kind: type[Deviation], members: Mapping[str, Any]
) -> type[Deviation]:
    # The deviation belongs to the module that has the row, as with a namedtuple.
    module = sys._getframe(2).f_globals["__name__"]  # noqa: SLF001
    return type(name, (kind,), {"__doc__": claim, "__module__": module, **members})


def _function(
    seam: Place | type[Deviation], hook: str | None, members: Members, kind: Kind
) -> Callable[[_Function], _Function]:
    def register(function: _Function) -> _Function:
        made = _class_of(function, seam, hook, members)
        _register(made, kind, function.__name__.replace("_", "-"))
        return function

    return register


def _class_of(
    function: Callable[..., Any], seam: str | type[Deviation], hook: str | None, members: Members
) -> type[Deviation]:
    if isinstance(seam, str):
        base, name = Deviation, seam
    else:
        base = seam
        name = hook or _one_of(getattr(base, "__abstractmethods__", ()), base)
    if not callable(getattr(base, name, None)):
        raise TypeError(f"{function.__name__}: {base.__name__} has no method {name!r}")
    taken = len(inspect.signature(function).parameters)

    def method(_: Deviation, *given: object) -> object:
        return function(*given[:taken])

    about = {"__doc__": function.__doc__, "__module__": function.__module__}
    return type(function.__name__, (base,), {**about, name: method, **members})


def _one_of(names: Collection[str], base: type[Deviation]) -> str:
    if len(names) != 1:
        raise TypeError(f"{base.__name__} has {len(names)} abstract methods: name one as `hook`")
    return next(iter(names))


def _register(deviation: type[Deviation], kind: Kind, name: str) -> type[Deviation]:
    if name in ENTRIES:
        raise ValueError(f"two deviations are named {name}")
    summary = " ".join(inspect.cleandoc(deviation.__doc__ or "").split())
    ENTRIES[name] = Entry(
        name=name,
        kind=kind,
        summary=summary,
        breaks=deviation.breaks,
        # Deviations of one family share their `also`, which may hold what this one breaks.
        also=tuple(one for one in deviation.also if one not in deviation.breaks),
        exercises=deviation.exercises,
        needs=deviation.needs,
        over_tls=deviation.tls is not Deviation.tls,
        deviation=deviation,
    )
    return deviation
