"""The catalogue of named deviations: each fault and variant, by its name."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from pkgutil import walk_packages
from types import MappingProxyType

from mock_transmitter.deviations import faults, variants
from mock_transmitter.deviations.entry import ENTRIES, Entry, Kind

__all__ = ["FAULTS", "VARIANTS", "Entry", "UnknownDeviation", "find"]

# Importing a module is what registers its deviations.
for _package in (faults, variants):
    for _module in walk_packages(_package.__path__, f"{_package.__name__}."):
        import_module(_module.name)


class UnknownDeviation(LookupError):
    """No fault and no variant has that name; the message says which names are near."""


def _of(kind: Kind) -> Mapping[str, Entry]:
    return MappingProxyType(
        {name: entry for name, entry in sorted(ENTRIES.items()) if entry.kind == kind}
    )


FAULTS: Mapping[str, Entry] = _of("fault")
VARIANTS: Mapping[str, Entry] = _of("variant")


def find(name: str) -> Entry:
    """Return a fault or variant by its name. Raises UnknownDeviation."""
    entry = FAULTS.get(name) or VARIANTS.get(name)
    if entry is None:
        near = difflib.get_close_matches(name, [*FAULTS, *VARIANTS], n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "the catalogue lists all names"
        raise UnknownDeviation(f"no fault and no variant is named {name!r}; {hint}")
    return entry
