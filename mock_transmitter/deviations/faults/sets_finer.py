"""Finer faults of SETs: values that come near to what RFC 7515, 7519, 9493 and SSF want."""

from types import MappingProxyType

from mock_transmitter.deviations.deviation import At, Json
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.signing import (
    UNVERIFIABLE,
    ClaimsDeviation,
    HeaderDeviation,
    SubjectDeviation,
)
from mock_transmitter.domain.events import SUBJECT
from mock_transmitter.domain.keys import base64url, compact_json

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@fault
class SetCritNamesWhatIsNoExtension(HeaderDeviation):
    """The header of every SET has a crit that lists typ, which RFC 7515 defines itself."""

    breaks = ("RFC7515-4.1.11-CRIT",)
    changes = MappingProxyType({"crit": ["typ"]})


@fault
class SetCritListsANameTwice(HeaderDeviation):
    """The header of every SET has a crit that lists an extension twice."""

    breaks = ("RFC7515-4.1.11-CRIT",)
    changes = MappingProxyType({"crit": ["trace", "trace"], "trace": "1"})


@fault
class SetAlgIsInLowerCase(HeaderDeviation):
    """The alg of every SET is es256, which no algorithm is called."""

    breaks = (
        "RFC7515-5.2-SIGNATURE-VALID",
        "RFC8417-5.1-SIGNED",
        "SSF-4.1.4-KEY-FROM-JWKS",
        "SSE-11.1.1-KEY-FROM-JWKS",
        "VEPA-SIGNED",
    )
    changes = MappingProxyType({"alg": "es256"})


@fault_at(
    "token",
    breaks=("RFC7515-7.1-COMPACT", "RFC8417-2.4-JWT-FORM"),
    also=(*UNVERIFIABLE, "SSF-8.1.1-EVENTS-DELIVERED-SENT"),
)
def set_signature_ends_in_another_character(token: str, at: At) -> str:
    """The last character of every SET says more bits than the signature has."""
    signed = at.key.sign(at.header, at.claims)
    return signed[:-1] + _ALPHABET[_ALPHABET.index(signed[-1]) | 1]


@fault_at(
    "token",
    breaks=("RFC8417-2.4-JWT-FORM",),
    also=(*UNVERIFIABLE, "SSF-8.1.1-EVENTS-DELIVERED-SENT", "RFC8935-2.1-BODY-IS-SET"),
)
def set_has_five_parts_and_is_not_encrypted(token: str, at: At) -> str:
    """Every SET has five parts as an encrypted one has, and a header without enc."""
    further = base64url(compact_json({}))
    return f"{at.key.sign(at.header, at.claims)}.{further}.{further}"


@fault_at(ClaimsDeviation, breaks=("RFC7519-2-NUMERICDATE",), also=("CAEP-2-EVENT-TIMESTAMP",))
def set_iat_counts_minutes(claims: Json) -> Json:
    """The iat of every SET counts minutes."""
    return {**claims, "iat": claims["iat"] // 60}


@fault_at(ClaimsDeviation, breaks=("RFC7519-2-NUMERICDATE",))
def set_nbf_counts_milliseconds(claims: Json) -> Json:
    """Every SET has an nbf that counts milliseconds."""
    return {**claims, "nbf": claims["iat"] * 1000}


@fault_at(ClaimsDeviation, breaks=("SSF-4.1.8-AUD-MATCHES-STREAM",))
def set_aud_is_empty(claims: Json) -> Json:
    """The aud of every SET is an array with nobody in it."""
    return {**claims, "aud": []}


@fault_at(
    "key_set",
    breaks=(
        "RFC7515-5.2-SIGNATURE-VALID",
        "RFC8417-5.1-SIGNED",
        "SSF-4.1.4-KEY-FROM-JWKS",
        "SSE-11.1.1-KEY-FROM-JWKS",
        "VEPA-SIGNED",
    ),
)
def published_key_is_in_padded_base_64(key_set: Json) -> Json:
    """The numbers of the published key are filled up with equals signs."""
    keys = [
        {name: f"{value}=" if name in {"x", "y"} else value for name, value in published.items()}
        for published in key_set["keys"]
    ]
    return {**key_set, "keys": keys}


@fault
class SubjectAccountHasNoHost(SubjectDeviation):
    """The account in the subject of every event names no host."""

    breaks = ("RFC9493-3.2.1-ACCOUNT", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "account", "uri": "acct:user"})


@fault
class SubjectEmailHasADisplayName(SubjectDeviation):
    """The email in the subject of every event has a name before the address."""

    breaks = ("RFC9493-3.2.2-EMAIL", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "email", "email": "A User <user@example.com>"})


@fault
class SubjectPhoneNumberEndsInALineBreak(SubjectDeviation):
    """The phone number in the subject of every event has a line break at its end."""

    breaks = ("RFC9493-3.2.5-PHONE", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "phone_number", "phone_number": "+12065550100\n"})


@fault
class SubjectDidHasABlank(SubjectDeviation):
    """The DID in the subject of every event has a blank in it."""

    breaks = ("RFC9493-3.2.6-DID", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "did", "url": "did:example:12 34"})


@fault
class SubjectUriIsATemplate(SubjectDeviation):
    """The URI in the subject of every event has a place left to fill in."""

    breaks = ("RFC9493-3.2.7-URI", "RFC9493-3-MEMBER-RULES")
    subject = MappingProxyType({"format": "uri", "uri": "https://example.com/users/{id}"})


@fault
class SubjectDidIsWrittenAsAUri(SubjectDeviation):
    """The subject of every event is a DID in format uri."""

    breaks = ("RFC9493-3.2-MOST-SPECIFIC",)
    subject = MappingProxyType({"format": "uri", "uri": "did:example:123456"})


@fault
class SubjectFormatIsComplexInCapitals(SubjectDeviation):
    """The format of the complex subject of every event is Complex."""

    breaks = ("SSF-3.3-COMPLEX-FORMAT",)
    also = ("SSF-3.4-FORMAT-KNOWN", "SSE-3.3-FORMAT-KNOWN")
    subject = MappingProxyType({"format": "Complex", "user": SUBJECT})
