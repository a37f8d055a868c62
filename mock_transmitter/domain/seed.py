"""Everything random comes from the seed: the same run gives the same ids, tokens and keys."""

from random import Random


def source(seed: int, tenant: str, purpose: str) -> Random:
    """Return a source for one purpose: drawing one more of one kind shifts no other kind."""
    return Random(f"{seed}/{tenant}/{purpose}")  # noqa: S311 (repeatable on purpose)


def hex_id(random: Random) -> str:
    """Return 128 bits in hexadecimal: only characters that a URI need not escape."""
    return f"{random.getrandbits(128):032x}"
