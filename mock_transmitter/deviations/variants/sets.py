"""Variants of SETs and their keys: RFC 8417, RFC 7515, RFC 9493, SSF 1.0 sections 3 and 4."""

import json
from types import MappingProxyType

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from mock_transmitter.deviations.deviation import At, Json
from mock_transmitter.deviations.entry import variant, variant_at, variant_row
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.deviations.kinds.sets import (
    ClaimsDeviation,
    EdwardsKey,
    EventsDeviation,
    HeaderDeviation,
    OwnKeys,
    SubjectDeviation,
    TextDeviation,
    has_chosen_subject,
    is_verification,
    with_subject,
)
from mock_transmitter.domain.events import CAEP
from mock_transmitter.domain.keys import SigningKey, base64url
from mock_transmitter.domain.seed import source

SIGNED = ("RFC8417-2.4-SIGNED-OR-ENCRYPTED",)
EXTRAS = ("SSF-4.2.3-EXTRA-FIELDS", "SSE-11.1.3-EXTRA-CLAIMS", "RFC8417-2-ENVELOPE-EXTRAS")


# -- keys and algorithms


@variant
class SignsWithAnRsaKey(OwnKeys):
    """SETs are signed with RS256 and a key of 2048 bits, published beside another."""

    exercises = SIGNED

    def __init__(self) -> None:
        self.keys = (SigningKey.rs256(2048),)


variant_row(
    "signs-with-an-edwards-key",
    "SETs are signed with EdDSA and an Ed25519 key, published beside another.",
    EdwardsKey,
    exercises=SIGNED,
)


@variant
class RotatesItsKeyEveryFewSets(OwnKeys):
    """Each third SET is the first under a new key, and the keys before stay published."""

    exercises = SIGNED

    def __init__(self) -> None:
        self._signed = 0

    def signing(self, key: SigningKey) -> SigningKey:
        """Make a new one where it is time."""
        if self._signed % 3 == 0:
            rotated = source(self._signed, key.kid, "rotated")
            self.keys = (*self.keys, SigningKey.es256(rotated))
        self._signed += 1
        return self.keys[-1]


@variant
class OnlyKeyHasNoKid(HeaderDeviation):
    """The one key of the key set has no kid, and no SET names one."""

    exercises = SIGNED
    changes = MappingProxyType({"kid": None})

    def key_set(self, key_set: Json, at: At) -> Json:
        return {**key_set, "keys": [without(one, "kid") for one in key_set["keys"]]}


@variant_at("key_set", exercises=SIGNED)
def key_says_no_more_than_it_must(key_set: Json) -> Json:
    """The published key has no use and no alg."""
    return {**key_set, "keys": [without(one, "use", "alg") for one in key_set["keys"]]}


# -- header and claims


variant_row(
    "header-says-more",
    "The typ of every SET is in other letters, and its header has more members.",
    HeaderDeviation,
    changes={
        "typ": "SecEvent+JWT",
        "cty": "json",
        "jku": "https://transmitter.invalid/keys",
        "x-example-tenant": {"id": 7},
    },
    exercises=(*SIGNED, *EXTRAS),
)


@variant_at(TextDeviation, "edit_claims", exercises=SIGNED)
def claims_have_blanks_and_escapes(text: str) -> str:
    """The claims of every SET begin and end with white space, and escape what they need not."""
    escaped = text.replace("https:", "https\\u003a")
    return f"\n {escaped}\t\n"


@variant_at(ClaimsDeviation, exercises=("SSF-4.1.8-AUD-VALUE-FREE", *SIGNED))
def aud_is_an_array(claims: Json) -> Json:
    """The aud of every SET is an array with the one Receiver in it."""
    return {**claims, "aud": [claims["aud"]]}


@variant_at(ClaimsDeviation, exercises=EXTRAS)
def iat_has_a_fraction(claims: Json) -> Json:
    """The iat of every SET counts fractions of seconds, and a toe says when it happened."""
    return {**claims, "iat": claims["iat"] + 0.25, "toe": claims["iat"] - 1.5}


@variant_at(ClaimsDeviation, exercises=("SSF-4.1.9-TXN-SHARED-OK", *EXTRAS))
def events_of_one_moment_share_a_txn(claims: Json) -> Json:
    """Events that happen in the same second have one cause, and one txn."""
    if any(is_verification(event_type) for event_type in claims["events"]):
        return claims
    return {**claims, "txn": f"cause-{claims['iat']}"}


# -- events and subjects


@variant_at(EventsDeviation, exercises=("SSF-4.2.2-EVENT-FIELDS", *EXTRAS))
def events_say_all_that_their_type_allows(event_type: str, payload: Json, iat: int) -> Json:
    """Every CAEP event has the optional members that CAEP gives to all its types."""
    if not event_type.startswith(CAEP):
        return {event_type: payload}
    said = {
        "initiating_entity": "policy",
        "reason_admin": {"en": "Landspeed Policy Violation: C076E82F"},
        "reason_user": {"en": "Access attempt from multiple regions."},
    }
    return {event_type: {**payload, **said, "event_timestamp": iat}}


@variant_at(ClaimsDeviation, exercises=("SSF-3.1.1-LEGACY-SUBJECT-TOLERATED",))
def event_repeats_the_subject(claims: Json) -> Json:
    """Every CAEP event has the subject in its payload as well, as older Receivers expect it."""
    events = {
        event_type: {**payload, "subject": claims.get("sub_id")}
        if "/caep/" in event_type
        else payload
        for event_type, payload in claims["events"].items()
    }
    return {**claims, "events": events}


@variant_at(EventsDeviation, exercises=("SSF-3.1.3-EXTRA-SUBJECTS-ALLOWED",))
def event_names_a_further_subject(event_type: str, payload: Json) -> Json:
    """Every event names another subject under a name of its own."""
    moved_by = {"format": "iss_sub", "iss": "https://idp.example.com", "sub": "admin-7"}
    return {event_type: {**payload, "moved_by": moved_by}}


@variant_at(
    ClaimsDeviation,
    exercises=(
        "SSF-3.1.4-SIMPLE-OR-COMPLEX",
        "SSF-3.3-COMPLEX-MEMBER-NAMES-OPEN",
        "SSE-3.2-COMPLEX-MEMBER-NAMES-OPEN",
    ),
)
def subject_is_complex(claims: Json) -> Json:
    """The subject of every event is complex, with a member that no text names."""
    if has_chosen_subject(claims):
        return claims
    subject = {
        "user": {"format": "email", "email": "user@example.com"},
        "device": {"format": "ip-addresses", "ip-addresses": ["2001:db8::8a2e:370:7334"]},
        "robot": {"format": "opaque", "id": "robot-1"},
    }
    return with_subject(claims, {"format": "complex", **subject} if "sub_id" in claims else subject)


variant_row(
    "subject-has-aliases",
    "The subject of every event is a list of identifiers in several formats.",
    SubjectDeviation,
    subject={
        "format": "aliases",
        "identifiers": [
            {"format": "account", "uri": "acct:user@example.com"},
            {"format": "phone_number", "phone_number": "+12065550100"},
            {"format": "did", "url": "did:example:123456/did/url/path?versionId=1"},
            {"format": "uri", "uri": "urn:uuid:4e851e98-83c4-4743-a5da-150ecb53042f"},
        ],
    },
    exercises=("SSF-3.1.4-SIMPLE-OR-COMPLEX", *EXTRAS),
)


_KEY_BYTES = 32
_HEADER = {"alg": "dir", "enc": "A128CBC-HS256", "cty": "JWT", "typ": "secevent+jwt"}


@variant_at("token", exercises=("RFC8417-2.4-SIGNED-OR-ENCRYPTED",))
def sets_are_signed_and_encrypted(token: str, at: At) -> str:
    """Every SET is signed, and then encrypted with a key that its Receiver has been given."""
    secret = base64url(source(0, at.key.kid, "encryption").randbytes(_KEY_BYTES))
    outer = JWE(token.encode(), json.dumps(_HEADER))
    outer.add_recipient(JWK(kty="oct", k=secret))
    return str(outer.serialize(compact=True))
