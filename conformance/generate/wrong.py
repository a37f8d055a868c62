"""Values that are of the right shape and not the right ones."""

from typing import Any


def wrong_value(name: str, value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return another value for a Transmitter-Supplied property, never a mere reordering."""
    if isinstance(value, bool) or value is None:
        return "something else"
    if isinstance(value, (int, float)):
        return int(value) + 1
    if isinstance(value, list):
        return [*value, f"urn:example:another:{name}"]
    return f"https://another.example/{name}"
