"""A variant that hides what SETs say: RFC 8417 section 2.4."""

import json

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from mock_transmitter.deviations.deviation import At
from mock_transmitter.deviations.entry import variant_at
from mock_transmitter.domain.keys import base64url
from mock_transmitter.domain.seed import source

_KEY_BYTES = 32
_HEADER = {"alg": "dir", "enc": "A128CBC-HS256", "cty": "JWT", "typ": "secevent+jwt"}


@variant_at("token", exercises=("RFC8417-2.4-SIGNED-OR-ENCRYPTED",))
def sets_are_signed_and_encrypted(token: str, at: At) -> str:
    """Every SET is signed, and then encrypted with a key that its Receiver has been given."""
    secret = base64url(source(0, at.key.kid, "encryption").randbytes(_KEY_BYTES))
    outer = JWE(token.encode(), json.dumps(_HEADER))
    outer.add_recipient(JWK(kty="oct", k=secret))
    return str(outer.serialize(compact=True))
