"""The catalogue of named deviations: each fault and variant, by its name.

The deviations are imported on first use: importing them takes a third of a second, and most runs
need none.
"""

import difflib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import MappingProxyType

from mock_transmitter import deviations
from mock_transmitter.deviations.entry import ENTRIES, Entry, Kind

__all__ = ["Entry", "UnknownDeviation", "faults", "find", "variants"]


class UnknownDeviation(LookupError):
    """No fault and no variant has that name; the message suggests similar names."""


@cache
def faults() -> Mapping[str, Entry]:
    """Return every fault by its name, sorted by name."""
    return _of("fault")


@cache
def variants() -> Mapping[str, Entry]:
    """Return every variant by its name, sorted by name."""
    return _of("variant")


def _of(kind: Kind) -> Mapping[str, Entry]:
    # Importing a module is what registers its deviations.
    for module in walk_packages(deviations.__path__, f"{deviations.__name__}."):
        import_module(module.name)
    return MappingProxyType(
        {name: entry for name, entry in sorted(ENTRIES.items()) if entry.kind == kind}
    )


def find(name: str) -> Entry:
    """Return a fault or variant by its name. Raises UnknownDeviation."""
    entry = faults().get(name) or variants().get(name)
    if entry is None:
        near = difflib.get_close_matches(name, [*faults(), *variants()], n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "the catalogue lists all names"
        raise UnknownDeviation(f"no fault and no variant is named {name!r}; {hint}")
    return entry
