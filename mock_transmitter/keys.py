"""The Transmitter's signing key and the signatures made with it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cached_property
from random import Random
from typing import Any, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwcrypto.jwk import JWK

Json: TypeAlias = dict[str, Any]

ALGORITHM = "ES256"

# The number of points of P-256 (FIPS 186-5): a private key is a number from 1 to one less.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_COORDINATE_BYTES = 32


class SigningKey:
    """A P-256 key that signs with ES256.

    The same source gives the same key, and the same key the same bytes.
    """

    def __init__(self, random: Random) -> None:
        self._private = ec.derive_private_key(random.randrange(1, _P256_ORDER), ec.SECP256R1())

    @cached_property
    def kid(self) -> str:
        """Return the key's id: its thumbprint (RFC 7638)."""
        return str(JWK.from_pyca(self._private.public_key()).thumbprint())

    @cached_property
    def public(self) -> Json:
        """Return the public key as a member of a JWK Set (RFC 7517)."""
        key: Json = JWK.from_pyca(self._private.public_key()).export_public(as_dict=True)
        return {**key, "kid": self.kid, "use": "sig", "alg": ALGORITHM}

    @cached_property
    def private_member(self) -> str:
        """Return `d`, the member that no key set may show."""
        return str(JWK.from_pyca(self._private).export_private(as_dict=True)["d"])

    def key_set(self) -> Json:
        """Return the JWK Set to publish."""
        return {"keys": [self.public]}

    def header(self) -> Json:
        """Return the header of a SET (RFC 8417 section 2.3 for `typ`)."""
        return {"alg": ALGORITHM, "kid": self.kid, "typ": "secevent+jwt"}

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """Return the JWS compact serialization (RFC 7515 section 7.1).

        The nonce is derived from key and message (RFC 6979), so signing twice gives the same bytes.
        """
        signed = f"{_part(header)}.{_part(claims)}"
        der = self._private.sign(
            signed.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        )
        r, s = decode_dss_signature(der)
        raw = r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")
        return f"{signed}.{base64url(raw)}"


def base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _part(document: Mapping[str, Any]) -> str:
    return base64url(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
