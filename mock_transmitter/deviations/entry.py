"""How a deviation gets into the catalogue: a decorator on its class."""

import inspect
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mock_transmitter.deviations.deviation import Deviation

Kind: TypeAlias = Literal["fault", "variant"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One deviation: its summary is a claim, `needs` are operations, the rest are requirements.

    `over_tls` says that it touches handshakes, so that only a server over TLS can show it.
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
    return _register(deviation, "fault")


def variant(deviation: type[Deviation]) -> type[Deviation]:
    """Put a class into the catalogue as a variant, under its own name in kebab-case."""
    return _register(deviation, "variant")


def _register(deviation: type[Deviation], kind: Kind) -> type[Deviation]:
    name = _WORD_BEGINS.sub("-", deviation.__name__).lower()
    summary = " ".join(inspect.cleandoc(deviation.__doc__ or "").split())
    ENTRIES[name] = Entry(
        name=name,
        kind=kind,
        summary=summary,
        breaks=deviation.breaks,
        # Deviations of one family share their `also`, where each one's own breach stands too.
        also=tuple(one for one in deviation.also if one not in deviation.breaks),
        exercises=deviation.exercises,
        needs=deviation.needs,
        over_tls=deviation.tls is not Deviation.tls,
        deviation=deviation,
    )
    return deviation
