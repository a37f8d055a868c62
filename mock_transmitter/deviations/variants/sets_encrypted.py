"""A variant that hides what SETs say: RFC 8417 section 2.4."""

import json

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation, Json
from mock_transmitter.keys import SigningKey, base64url
from mock_transmitter.seed import source

_KEY_BYTES = 32
_HEADER = {"alg": "dir", "enc": "A128CBC-HS256", "cty": "JWT", "typ": "secevent+jwt"}


@variant
class SetsAreSignedAndEncrypted(Deviation):
    """Every SET is signed, and then encrypted with a key that its Receiver has been given."""

    exercises = ("RFC8417-2.4-SIGNED-OR-ENCRYPTED",)

    def token(self, token: str, header: Json, claims: Json, key: SigningKey) -> str:
        """Put the signed token into an encrypted one."""
        del header, claims
        secret = base64url(source(0, key.kid, "encryption").randbytes(_KEY_BYTES))
        outer = JWE(token.encode(), json.dumps(_HEADER))
        outer.add_recipient(JWK(kty="oct", k=secret))
        return str(outer.serialize(compact=True))
