"""SETs as the texts want them, and what it takes to break them.

They are signed with joserfc, or put together by hand: the suite itself verifies with jwcrypto.
"""

import json
import warnings
from base64 import urlsafe_b64encode
from functools import cache

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from conformance.sets.validator import Context
from conformance.spec.profile_files import load_profile

ISSUER = "https://transmitter.example"
STREAM_ID = "f67e39a0a4d34d56b3aa1bc4cff0069f"
AUDIENCE = "https://receiver.example"
NOW = 1_767_225_600
SESSION_REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
CREDENTIAL_CHANGE = "https://schemas.openid.net/secevent/caep/event-type/credential-change"
VERIFICATION = "https://schemas.openid.net/secevent/ssf/event-type/verification"
VERIFICATION_2021 = "https://schemas.openid.net/secevent/sse/event-type/verification"
EMAIL = {"format": "email", "email": "user@example.com"}
COMPLEX = {
    "format": "complex",
    "user": EMAIL,
    "tenant": {"format": "iss_sub", "iss": "https://idp.example", "sub": "1234"},
}
STREAM_SUBJECT = {"format": "opaque", "id": STREAM_ID}

GONE = object()

profile_of = cache(load_profile)
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")


@cache
def key(kind):
    """Return the session's key pair of a kind, named by its kid."""
    makers = {
        "rsa": lambda: RSAKey.generate_key(2048, {"kid": "rsa"}),
        "rsa-short": lambda: RSAKey.generate_key(1024, {"kid": "rsa-short"}),
        "rsa-unpublished": lambda: RSAKey.generate_key(2048, {"kid": "rsa"}),
        "ec": lambda: ECKey.generate_key("P-256", {"kid": "ec"}),
        "ed": lambda: OKPKey.generate_key("Ed25519", {"kid": "ed"}),
        "shared": lambda: OctKey.generate_key(256, {"kid": "shared"}),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc warns of the short key, which is what it is for
        return makers[kind]()


KEY_OF = {"RS256": "rsa", "PS256": "rsa", "ES256": "ec", "EdDSA": "ed", "Ed25519": "ed"}


def key_set(*kinds):
    """Return the JWK Set with the public halves of some keys."""
    return {"keys": [key(kind).as_dict(private=False) for kind in kinds or ("rsa", "ec", "ed")]}


def context(profile="ssf-1.0", **changes):
    """Return the context in which the good tokens come; `profile` is an id or a Profile."""
    known = {
        "profile": profile_of(profile) if isinstance(profile, str) else profile,
        "metadata": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks.json"},
        "issuer": ISSUER,
        "stream": {"stream_id": STREAM_ID, "iss": ISSUER, "aud": AUDIENCE},
        "key_set": key_set(),
        "key": "jti-1",
        "received_at": NOW,
    }
    return Context(**(known | changes))


def claims(subject=EMAIL, events=None, **changes):
    """Return the claims of a SET of SSF 1.0; a claim that is GONE is left out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": NOW - 1,
        "jti": "jti-1",
        "txn": "8675309",
        "sub_id": subject,
        "events": {SESSION_REVOKED: {"event_timestamp": NOW - 2}} if events is None else events,
    }
    return without_gone(good | changes)


def claims_2021(subject=EMAIL, events=None, **changes):
    """Return the claims of a SET of the draft of 2021."""
    event = {SESSION_REVOKED: {"subject": subject, "event_timestamp": NOW - 2}}
    return without_gone(
        claims(events=event if events is None else events, sub_id=GONE, txn=GONE) | changes
    )


def verification(state="VGhpcw==", **changes):
    """Return the claims of a Verification Event of SSF 1.0."""
    return claims(subject=STREAM_SUBJECT, events={VERIFICATION: {"state": state}}, **changes)


def without_gone(members):
    """Return an object without its members that are GONE."""
    return {name: value for name, value in members.items() if value is not GONE}


def signed(body, alg="ES256", kind=None, **header):
    """Return a compact token signed by joserfc; `body` is claims or raw bytes."""
    kind = kind or KEY_OF[alg]
    full = without_gone({"alg": alg, "kid": key(kind).kid, "typ": "secevent+jwt"} | header)
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc warns of EdDSA, the older name of Ed25519
        return jws.serialize_compact(full, payload, key(kind), registry=registry)


def base64url(raw):
    """Return base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_spare_bits(token):
    """Set a bit of the last character that stands for no octet, as no encoder of base64url does."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) | 1]


def by_hand(header, body, signature=b"no signature"):
    """Return a compact token whose parts are what they are; texts and bytes go in as they stand."""
    parts = [part.encode() if isinstance(part, str) else part for part in (header, body)]
    return ".".join(base64url(part) for part in (*parts, signature))
