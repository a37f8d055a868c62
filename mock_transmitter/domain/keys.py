"""The Transmitter's signing keys, and the signatures made with them."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property, partial
from itertools import combinations, count
from random import Random
from typing import Any, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwcrypto.jwk import JWK

from mock_transmitter.domain.rsa_primes import PRIMES

Json: TypeAlias = dict[str, Any]
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

# The algorithms that the mock can sign with, in order of preference.
ALGORITHMS = ("ES256", "RS256")

# The number of points of P-256 (FIPS 186-5): a private key is a number from 1 to one less.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_COORDINATE_BYTES = 32
_ED25519_BYTES = 32
_PUBLIC_EXPONENT = 65537
# RFC 7518 section 3.3 has no shorter ones.
_RSA_BITS = 2048


class UnknownKey(LookupError):
    """No key of that id is published."""


class KeyStillSigns(ValueError):
    """The key that signs can't be withdrawn."""


class UnusableAlgorithms(ValueError):
    """The mock signs with none of the algorithms."""


class SigningKey:
    """A private key with its algorithm; the same bytes give the same signature."""

    def __init__(
        self, private: PrivateKey, algorithm: str, signature: Callable[[bytes], bytes]
    ) -> None:
        self._private = private
        self.algorithm = algorithm
        self._signature = signature

    @classmethod
    def es256(cls, random: Random) -> "SigningKey":
        """Return a P-256 key that signs with ES256; the same source gives the same key.

        The nonce is derived from key and message (RFC 6979).
        """
        private = ec.derive_private_key(random.randrange(1, _P256_ORDER), ec.SECP256R1())
        how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return cls(private, "ES256", lambda octets: _raw(private.sign(octets, how)))

    @classmethod
    def eddsa(cls, random: Random) -> "SigningKey":
        """Return an Ed25519 key that signs with EdDSA; the same source gives the same key."""
        private = ed25519.Ed25519PrivateKey.from_private_bytes(random.randbytes(_ED25519_BYTES))
        return cls(private, "EdDSA", private.sign)

    @classmethod
    def rs256(cls, bits: int, number: int = 0) -> "SigningKey":
        """Return an RSA key of 1024 or 2048 bits that signs with RS256.

        `number` distinguishes keys of one size; once all primes are used, the keys repeat.
        """
        pairs = list(combinations(PRIMES[bits], 2))
        private = _rsa_key(*pairs[number % len(pairs)])
        return cls(
            private,
            "RS256",
            lambda octets: private.sign(octets, padding.PKCS1v15(), hashes.SHA256()),
        )

    @cached_property
    def _jwk(self) -> JWK:
        return JWK.from_pyca(self._private)

    @cached_property
    def kid(self) -> str:
        """Return the key's id: its thumbprint (RFC 7638)."""
        return str(self._jwk.thumbprint())

    @cached_property
    def public(self) -> Json:
        """Return the public key as a member of a JWK Set (RFC 7517)."""
        key: Json = self._jwk.export_public(as_dict=True)
        return {**key, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    @cached_property
    def private_member(self) -> str:
        """Return `d`, the member that no key set may contain."""
        return str(self._jwk.export_private(as_dict=True)["d"])

    def header(self) -> Json:
        """Return the header of a SET (RFC 8417 section 2.3 for `typ`)."""
        return {"alg": self.algorithm, "kid": self.kid, "typ": "secevent+jwt"}

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """Return the JWS compact serialization (RFC 7515 section 7.1)."""
        return self.sign_parts(compact_json(header), compact_json(claims))

    def sign_parts(self, header: bytes, payload: bytes) -> str:
        """Return the JWS compact serialization of a header and a payload, byte for byte."""
        signed = f"{base64url(header)}.{base64url(payload)}"
        return f"{signed}.{base64url(self._signature(signed.encode()))}"


class KeyRing:
    """The keys of one Transmitter: the newest signs, and all published ones verify.

    They use the first of ALGORITHMS that is in `algorithms`. Raises UnusableAlgorithms if none is.
    """

    def __init__(self, random: Random, algorithms: Collection[str] = ALGORITHMS) -> None:
        algorithm = next((one for one in ALGORITHMS if one in algorithms), None)
        if algorithm is None:
            raise UnusableAlgorithms(f"the mock signs with {' or '.join(ALGORITHMS)} only")
        self._new = _maker(algorithm, random)
        self._keys = [self._new()]

    @property
    def signing(self) -> SigningKey:
        """Return the key that signs."""
        return self._keys[-1]

    @property
    def kids(self) -> tuple[str, ...]:
        """Return the ids of the published keys, oldest first."""
        return tuple(key.kid for key in self._keys)

    def key_set(self) -> Json:
        """Return the JWK Set to publish."""
        return {"keys": [key.public for key in self._keys]}

    def rotate(self) -> None:
        """Sign with a new key from now on; earlier keys stay published until withdrawn.

        A signed SET keeps its bytes.
        """
        self._keys.append(self._new())

    def withdraw(self, kid: str) -> None:
        """Stop publishing a key. Raises UnknownKey, or KeyStillSigns for the newest."""
        if kid not in self.kids:
            raise UnknownKey(f"no published key has the kid {kid!r}")
        if kid == self.signing.kid:
            raise KeyStillSigns("the key that signs stays published; rotate first")
        self._keys = [key for key in self._keys if key.kid != kid]


def _maker(algorithm: str, random: Random) -> Callable[[], SigningKey]:
    if algorithm == "ES256":
        return partial(SigningKey.es256, random)
    numbers = count(random.randrange(len(PRIMES[_RSA_BITS])))
    return lambda: SigningKey.rs256(_RSA_BITS, next(numbers))


def base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact_json(document: Mapping[str, Any]) -> bytes:
    """Return JSON without whitespace."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _raw(der: bytes) -> bytes:
    """Return an ECDSA signature as JWS has it: both numbers at full length (RFC 7518 3.4)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")


@cache
def _rsa_key(p: int, q: int) -> rsa.RSAPrivateKey:
    d = pow(_PUBLIC_EXPONENT, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(_PUBLIC_EXPONENT, p * q),
    ).private_key()
