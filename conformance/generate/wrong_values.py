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


def wrong_values(name: str, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 (JSON)
    """Return other values for a Transmitter-Supplied property, the near ones included.

    A list may have an item more or less; one text may hide in a list of two.
    """
    another = wrong_value(name, value)
    if isinstance(value, list):
        fewer = [value[:-1]] if len(value) > 1 else []
        return (another, *fewer, []) if value else (another,)
    if name == "iss" and isinstance(value, str):
        slash = value[:-1] if value.endswith("/") else f"{value}/"
        return another, slash, f"{value}{'' if value.endswith('/') else '/'}another"
    if name == "aud":
        return another, [another], [value, another]
    return (another,)
