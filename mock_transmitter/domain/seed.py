"""All randomness comes from the seed: the same run gives the same ids, tokens and keys."""

from random import Random


def source(seed: int, tenant: str, purpose: str) -> Random:
    """Return a source for one purpose, so that a value drawn for one shifts no other."""
    return Random(f"{seed}/{tenant}/{purpose}")  # noqa: S311 (repeatable on purpose)


def hex_id(random: Random) -> str:
    """Return 128 random bits in hexadecimal, which a URI need not escape."""
    return f"{random.getrandbits(128):032x}"
