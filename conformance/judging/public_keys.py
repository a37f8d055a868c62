"""What a JWK Set must not disclose: RFC 7517, section 9.2."""

from collections.abc import Iterator

from conformance.judging.checks import verify

PUBLIC = "RFC7517-9.2-NO-PRIVATE-KEYS"

# RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1.
_SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# RFC 7468 sections 10 and 11, and the older labels that name an algorithm before it.
_PEM = "PRIVATE KEY-----"


def verify_public(key_set: object) -> None:
    """Judge that a key set contains no private key, at any place and in any notation."""
    found = sorted(set(_secrets_in(key_set, "")))
    verify(PUBLIC, not found, expected="public keys alone", got=f"private ones at {found}")


def _secrets_in(value: object, place: str) -> Iterator[str]:
    """Yield the places of private keys, not the keys."""
    if isinstance(value, dict):
        if "kty" in value:
            yield from (f"{place}/{name}" for name in _SECRET & value.keys())
        for name, part in value.items():
            yield from _secrets_in(part, f"{place}/{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _secrets_in(part, f"{place}/{number}")
    elif isinstance(value, str) and _PEM in value:
        yield place
