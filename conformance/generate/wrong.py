"""Values that are of the right shape and not the right ones."""

import math
from typing import Any


def wrong_value(name: str, value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return another value for a Transmitter-Supplied property, never a mere reordering."""
    if isinstance(value, bool) or value is None:
        return "something else"
    if isinstance(value, (int, float)):
        return int(value) + 1 if math.isfinite(value) else 1
    if isinstance(value, list):
        return [*value, f"urn:example:another:{name}"]
    another = f"https://another.example/{name}"
    return another if value != another else f"{another}/still"
