"""A compact token as a Receiver reads it: its parts, its header, and the verifying key.

RFC 7515 sections 5.2 and 7.1. The signature is checked over the bytes as received. Keys that the
token itself offers (`jwk`, `jku`, `x5c`) are ignored. Neither `none` nor a shared-key algorithm
ever verifies.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from jwcrypto.jwa import JWA
from jwcrypto.jwk import JWK

from conformance.sets import raw_json

SIGNED_PARTS = 3
ENCRYPTED_PARTS = 5


@dataclass(frozen=True, slots=True)
class _Algorithm:
    """The key kind, curves and signature size in bytes of an algorithm (None: any size)."""

    kty: str
    curves: tuple[str, ...] = ()
    size: int | None = None


# A key is never used for an algorithm of another kind. RFC 7518 section 3.4 fixes the sizes, which
# jwcrypto does not check.
_ALGORITHMS: Mapping[str, _Algorithm] = MappingProxyType(
    {
        **{f"{kind}{bits}": _Algorithm("RSA") for kind in ("RS", "PS") for bits in (256, 384, 512)},
        "ES256": _Algorithm("EC", ("P-256",), 64),
        "ES384": _Algorithm("EC", ("P-384",), 96),
        "ES512": _Algorithm("EC", ("P-521",), 132),
        "ES256K": _Algorithm("EC", ("secp256k1",), 64),
        "EdDSA": _Algorithm("OKP", ("Ed25519", "Ed448")),
        "Ed25519": _Algorithm("OKP", ("Ed25519",)),
        "Ed448": _Algorithm("OKP", ("Ed448",)),
    }
)
_PUBLIC_MEMBERS = MappingProxyType({"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)})
# RFC 9864 gives each curve a name of its own; the older name covers both.
_EDDSA = ("EdDSA", "Ed25519", "Ed448")

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_NEVER_A_LENGTH = 1


class NotCompact(ValueError):
    """The token is not a compact serialization.

    `parts` is its number of parts. `beyond_us` says that it may be one and the suite can't tell.
    """

    def __init__(self, message: str, parts: int, *, beyond_us: bool = False) -> None:
        super().__init__(message)
        self.parts = parts
        self.beyond_us = beyond_us


@dataclass(frozen=True, slots=True)
class Compact:
    """The decoded parts of a token; `repeated` are names that its header uses twice.

    For an encrypted token only the header is meaningful.
    """

    header: Mapping[str, Any]
    repeated: tuple[str, ...]
    payload: bytes
    signature: bytes
    signing_input: bytes
    encrypted: bool

    @property
    def alg(self) -> str | None:
        """Return the algorithm, or None if the header names none."""
        alg = self.header.get("alg")
        return alg if isinstance(alg, str) and alg else None


@dataclass(frozen=True, slots=True)
class Verification:
    """The published key that verifies a signature, or None, and the keys that were tried."""

    key: Mapping[str, Any] | None
    tried: str


def read(token: object) -> Compact:
    """Take a compact token apart. Raises NotCompact for anything else."""
    if not isinstance(token, str):
        raise NotCompact(f"a {type(token).__name__}, not a text", 0)
    return _read(token)


# Each token is looked at several times, for its key, its claims and its signature.
@lru_cache(maxsize=128)
def _read(token: str) -> Compact:
    count = token.count(".") + 1
    if count not in {SIGNED_PARTS, ENCRYPTED_PARTS}:
        raise NotCompact(f"{count} parts", count)
    parts = token.split(".")
    decoded = [_decoded(part, number, count) for number, part in enumerate(parts, start=1)]
    try:
        header = raw_json.read(decoded[0])
    except raw_json.NotJson as error:
        beyond_us = isinstance(error, raw_json.TooDeep)
        raise NotCompact(f"a header that is {error}", count, beyond_us=beyond_us) from error
    if not isinstance(header.value, dict):
        raise NotCompact("a header that is no JSON object", count)
    # RFC 7516 section 4.1.2.
    if count == ENCRYPTED_PARTS and not isinstance(header.value.get("enc"), str):
        raise NotCompact(f"{count} parts and a header without enc", count)
    return Compact(
        header=header.value,
        repeated=header.repeated.get((), ()),
        payload=decoded[1],
        signature=decoded[-1],
        signing_input=".".join(parts[:2]).encode("ascii"),
        encrypted=count == ENCRYPTED_PARTS,
    )


def is_encrypted(token: object) -> bool:
    """Return whether the token is encrypted, so that its claims can't be read."""
    try:
        return read(token).encrypted
    except NotCompact:
        return False


def can_verify(alg: str) -> bool:
    """Return whether the suite knows this asymmetric algorithm."""
    return alg in _ALGORITHMS


def is_misspelled(alg: str) -> bool:
    """Return whether the suite would know this algorithm in another case or without blanks.

    Names of algorithms are compared exactly (RFC 7515 section 4.1.1).
    """
    known = {name.lower() for name in _ALGORITHMS}
    return alg not in _ALGORITHMS and alg.strip().lower() in known


def has_kid(key_set: object, kid: object) -> bool:
    """Return whether a key set document has a key with that id."""
    return isinstance(kid, str) and any(key.get("kid") == kid for key in _keys(key_set))


def has_key_of(token: object, key_set: object) -> bool:
    """Return whether a key set has the key that a token names by its kid, or any key.

    A token that names no key, because it can't be read or verified, misses none.
    """
    try:
        compact = read(token)
    except NotCompact:
        return True
    if "kid" in compact.header:
        return has_kid(key_set, compact.header["kid"])
    if compact.encrypted or not can_verify(compact.alg or ""):
        return True
    return verify(compact, key_set).key is not None


def verify(token: Compact, key_set: object) -> Verification:
    """Find a key of a JWK Set document that verifies the token.

    `kid` chooses the key. Without one, or with one that is not in the set, every key that fits the
    algorithm is tried. Only the public members of a key are used.
    """
    alg = token.alg
    if alg is None or alg not in _ALGORITHMS:
        return Verification(None, "no asymmetric algorithm that the suite knows")
    kid = token.header.get("kid")
    known = has_kid(key_set, kid)
    chosen = [key for key in _keys(key_set) if not known or key.get("kid") == kid]
    fitting = [key for key in chosen if _fits(key, alg)]
    for key in fitting:
        if _verifies(token, alg, key):
            return Verification(key, "a key verifies it")
    which = "with the token's kid" if known else "in the key set"
    return Verification(
        None, f"none of the {len(fitting)} keys {which} that fit the algorithm verifies it"
    )


@lru_cache(maxsize=128)
def _public_key(members: tuple[tuple[str, str], ...]) -> JWK:
    return JWK(**dict(members))


def rsa_bits(key: Mapping[str, Any]) -> int | None:
    """Return the size of an RSA key's modulus in bits; None for another kind of key."""
    modulus = key.get("n")
    if key.get("kty") != "RSA" or not isinstance(modulus, str):
        return None
    return int.from_bytes(_bytes(modulus), "big").bit_length()


def _decoded(part: str, number: int, count: int) -> bytes:
    if not _BASE64URL.fullmatch(part) or len(part) % 4 == _NEVER_A_LENGTH:
        raise NotCompact(f"part {number} is not base64url without padding", count)
    found = _bytes(part)
    # RFC 4648 section 3.5: the unused bits of the last character are zero.
    if urlsafe_b64encode(found).rstrip(b"=") != part.encode("ascii"):
        raise NotCompact(f"part {number} ends in a character that base64url never ends in", count)
    return found


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _keys(key_set: object) -> Iterator[Mapping[str, Any]]:
    keys = key_set.get("keys") if isinstance(key_set, Mapping) else None
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, Mapping):
            yield key


def _fits(key: Mapping[str, Any], alg: str) -> bool:
    algorithm = _ALGORITHMS[alg]
    own = key.get("alg")
    operations = key.get("key_ops")
    return (
        key.get("kty") == algorithm.kty
        and (not algorithm.curves or key.get("crv") in algorithm.curves)
        and (own in (None, alg) or (alg in _EDDSA and own in _EDDSA))
        and key.get("use") in (None, "sig")
        and (not isinstance(operations, list) or "verify" in operations)
    )


def _verifies(token: Compact, alg: str, key: Mapping[str, Any]) -> bool:
    algorithm = _ALGORITHMS[alg]
    if algorithm.size not in (None, len(token.signature)):
        return False
    names = ("kty", "crv", *_PUBLIC_MEMBERS[algorithm.kty])
    members = tuple((name, key[name]) for name in names if name in key)
    # RFC 7518 section 6 requires base64url, but jwcrypto also decodes other numbers.
    if not all(isinstance(member, str) and _BASE64URL.fullmatch(member) for _, member in members):
        return False
    # An old jwcrypto knows the curves only by the name that covers both.
    engine = "EdDSA" if alg in _EDDSA else alg
    try:
        JWA.signing_alg(engine).verify(  # type: ignore[attr-defined]
            _public_key(members), token.signing_input, token.signature
        )
    except Exception:  # noqa: BLE001 (hostile keys and signatures fail in many ways, all of them a no)
        return False
    return True
