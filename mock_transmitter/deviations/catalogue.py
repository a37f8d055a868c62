"""The catalogue of named deviations: each fault and variant, by its name."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from mock_transmitter.deviations import variants
from mock_transmitter.deviations.entry import ENTRIES, Entry, Kind
from mock_transmitter.deviations.faults import (
    acknowledge,
    authorisation,
    create_and_read,
    delete,
    discovery,
    poll,
    redelivery,
    replace,
    sets,
    update,
    verification,
)

__all__ = ["FAULTS", "VARIANTS", "Entry", "UnknownDeviation", "find"]

# Importing a module is what registers its deviations.
MODULES = (
    acknowledge,
    authorisation,
    create_and_read,
    delete,
    discovery,
    poll,
    redelivery,
    replace,
    sets,
    update,
    variants,
    verification,
)


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
