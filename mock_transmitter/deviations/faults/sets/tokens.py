"""Faults of SETs as tokens: their form, header, signature and key. RFC 7515, RFC 7518."""

import hmac
from abc import ABC, abstractmethod
from base64 import urlsafe_b64decode
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.kinds.documents import ChangedReply, without
from mock_transmitter.deviations.kinds.sets import UNVERIFIABLE, HeaderDeviation, TextDeviation
from mock_transmitter.domain.keys import SigningKey, base64url, compact_json
from mock_transmitter.domain.seed import source
from mock_transmitter.http.operations import Outcome, Reply

# What is seen where no published key verifies any signature.
NO_KEY_VERIFIES = (
    "RFC7515-5.2-SIGNATURE-VALID",
    "RFC8417-5.1-SIGNED",
    "SSF-4.1.4-KEY-FROM-JWKS",
    "SSE-11.1.1-KEY-FROM-JWKS",
    "VEPA-SIGNED",
)
fault_row(
    "set-typ-is-jwt",
    "The typ of every SET is JWT.",
    HeaderDeviation,
    changes={"typ": "JWT"},
    breaks=("SSF-4.1.1-TYP", "SSE-11.1.4-TYP"),
    also=("RFC8417-2.3-TYP-VALUE", "RFC8417-2.3-TYP-WHEN-CONFUSABLE"),
)
fault_row(
    "set-typ-has-the-application-prefix",
    "The typ of every SET is the whole media type, application/secevent+jwt.",
    HeaderDeviation,
    changes={"typ": "application/secevent+jwt"},
    breaks=("RFC8417-2.3-TYP-VALUE",),
    also=("SSF-4.1.1-TYP", "SSE-11.1.4-TYP"),
)
fault_row(
    "set-kid-is-unknown",
    "The kid of every SET names a key that is not published.",
    HeaderDeviation,
    changes={"kid": "2019-key"},
    breaks=("RFC7515-4.1.4-KID-RESOLVES",),
    also=UNVERIFIABLE,
)


@fault_at("token", breaks=("VEPA-SIGNED",), also=UNVERIFIABLE)
def set_is_unsigned(token: str, at: At) -> str:
    """Every SET has the algorithm none and an empty signature."""
    unsigned = at.key.sign({**without(at.header, "kid"), "alg": "none"}, at.claims)
    return unsigned.rpartition(".")[0] + "."


@fault_at("token", breaks=NO_KEY_VERIFIES, also=(*UNVERIFIABLE, "CAEPIOP-2.3.3-CURRENT-KEY"))
def set_signature_is_broken(token: str, at: At) -> str:
    """The signature of every SET is that of other bytes."""
    other = at.key.sign(at.header, {**at.claims, "jti": "another"})
    return f"{token.rpartition('.')[0]}.{other.rpartition('.')[2]}"


fault_row(
    "set-has-no-typ",
    "The header of no SET has a typ.",
    HeaderDeviation,
    changes={"typ": None},
    breaks=("SSF-4.1.1-TYP", "SSE-11.1.4-TYP", "RFC8417-2.3-TYP-WHEN-CONFUSABLE"),
)
fault_row(
    "set-has-no-alg",
    "The header of no SET names the algorithm.",
    HeaderDeviation,
    changes={"alg": None},
    breaks=("RFC7515-4.1.1-ALG",),
    also=(*UNVERIFIABLE, "CAEPIOP-2.6-RS256"),
)
fault_row(
    "set-crit-is-empty",
    "The header of every SET has a crit that lists nothing.",
    HeaderDeviation,
    changes={"crit": []},
    breaks=("RFC7515-4.1.11-CRIT",),
)
fault_row(
    "set-crit-names-what-is-not-there",
    "The header of every SET has a crit with a name that no member has.",
    HeaderDeviation,
    changes={"crit": ["b64"]},
    breaks=("RFC7515-4.1.11-CRIT",),
)


@fault_at(TextDeviation, "edit_header", breaks=("RFC7515-7.1-COMPACT",), also=UNVERIFIABLE)
def set_header_names_a_member_twice(text: str) -> str:
    """The header of every SET has typ twice."""
    return '{"typ":"JWT",' + text.removeprefix("{")


class _TokenDeviation(Deviation, ABC):
    """Changes every SET after it was signed."""

    @abstractmethod
    def edit(self, header: str, claims: str, signature: str) -> str:
        """Return the token, from its three parts."""

    def token(self, token: str, at: At) -> str:
        return self.edit(*at.key.sign(at.header, at.claims).split("."))


@fault_at(
    _TokenDeviation,
    breaks=("RFC8417-2.4-JWT-FORM", "RFC7515-7.1-COMPACT"),
    also=(
        *UNVERIFIABLE,
        "RFC8935-2.1-BODY-IS-SET",
    ),
)
def set_is_padded(header: str, claims: str, signature: str) -> str:
    """The parts of every SET are filled up with equals signs."""
    return ".".join(f"{part}{'=' * (-len(part) % 4)}" for part in (header, claims, signature))


@fault_at(
    _TokenDeviation,
    breaks=("RFC8417-2.4-JWT-FORM", "RFC7515-7.1-COMPACT"),
    also=(
        *UNVERIFIABLE,
        "RFC8935-2.1-BODY-IS-SET",
    ),
)
def set_has_no_signature_part(header: str, claims: str) -> str:
    """Every SET has two parts, header and claims."""
    return f"{header}.{claims}"


@fault_at(_TokenDeviation, breaks=NO_KEY_VERIFIES, also=("CAEPIOP-2.3.3-CURRENT-KEY",))
def set_signature_is_stripped(header: str, claims: str) -> str:
    """Every SET names its algorithm and has an empty signature."""
    return f"{header}.{claims}."


@fault_at("token", breaks=NO_KEY_VERIFIES, also=("CAEPIOP-2.3.3-CURRENT-KEY",))
def set_is_changed_after_it_was_signed(token: str, at: At) -> str:
    """The claims of every SET say more than what was signed."""
    first, _, last = at.key.sign(at.header, at.claims).split(".")
    return f"{first}.{base64url(compact_json({**at.claims, 'amr': ['pwd']}))}.{last}"


@fault_at("token", breaks=NO_KEY_VERIFIES, also=("CAEPIOP-2.3.3-CURRENT-KEY",))
def set_signature_is_in_der(token: str, at: At) -> str:
    """The signature of every SET is the ASN.1 structure that cryptography libraries make."""
    signed, _, last = at.key.sign(at.header, at.claims).rpartition(".")
    raw = urlsafe_b64decode(f"{last}==")
    numbers = b"".join(b"\x02\x21\x00" + raw[at : at + 32] for at in (0, 32))
    return f"{signed}.{base64url(bytes((0x30, len(numbers))) + numbers)}"


@fault_at(
    "token",
    breaks=(
        "RFC7515-5.2-SIGNATURE-VALID",
        "SSF-4.1.4-KEY-FROM-JWKS",
        "SSE-11.1.1-KEY-FROM-JWKS",
        "VEPA-SIGNED",
    ),
    also=("RFC8417-5.1-SIGNED", "CAEPIOP-2.6-RS256"),
)
def set_is_authenticated_with_the_public_key(token: str, at: At) -> str:
    """Every SET is an HS256 token, with the published key as the shared secret."""
    signed = at.key.sign({**at.header, "alg": "HS256"}, at.claims).rpartition(".")[0]
    code = hmac.digest(compact_json(at.key.public), signed.encode(), "sha256")
    return f"{signed}.{base64url(code)}"


# -- keys


class _OtherKey(Deviation):
    """Signs every SET with another key; `published` says whether the key set holds it."""

    published = False

    def key_of(self, key: SigningKey) -> SigningKey:
        """Return the key to sign with; the usual one is `key`."""
        return SigningKey.es256(source(0, key.kid, "another"))

    def token(self, token: str, at: At) -> str:
        other = self.key_of(at.key)
        return other.sign(other.header(), at.claims)

    def key_set(self, key_set: Json, at: At) -> Json:
        keys = [*key_set["keys"], self.key_of(at.key).public] if self.published else key_set["keys"]
        return {**key_set, "keys": keys}


fault_row(
    "set-is-signed-with-a-key-that-was-never-published",
    "Every SET is signed with a key that the key set never had, and names it.",
    _OtherKey,
    breaks=("RFC7515-4.1.4-KID-RESOLVES", *NO_KEY_VERIFIES),
    also=("CAEPIOP-2.6-RS256",),
)


@fault
class SetIsSignedWithAWithdrawnKey(_OtherKey):
    """Every SET is signed with a key that the key set had when it was read first, and no more."""

    breaks = ("RFC7515-4.1.4-KID-RESOLVES", *NO_KEY_VERIFIES)
    also = ("CAEPIOP-2.6-RS256",)
    published = True

    def key_set(self, key_set: Json, at: At) -> Json:
        shown = super().key_set(key_set, at)
        self.published = False
        return shown


@fault
class SetIsSignedWithAnotherKeyOfThatKid(_OtherKey):
    """Every SET names the published key and is signed with another."""

    breaks = NO_KEY_VERIFIES
    also = ("CAEPIOP-2.3.3-CURRENT-KEY",)

    def token(self, token: str, at: At) -> str:
        return self.key_of(at.key).sign(at.header, at.claims)


@fault
class SetIsSignedWithAShortRsaKey(_OtherKey):
    """Every SET is signed with an RSA key of 1024 bits."""

    breaks = ("RFC7518-3.3-RSA-2048",)
    also = ("CAEPIOP-2.6-RSA-2048",)
    published = True

    def key_of(self, key: SigningKey) -> SigningKey:
        return SigningKey.rs256(1024)


@fault_at(
    ChangedReply,
    on=("discover",),
    breaks=("SSF-7.1-JWKS-URI-WHEN-SIGNING",),
    also=UNVERIFIABLE,
)
def sets_are_signed_and_no_key_set_is_named(reply: Reply) -> Outcome:
    """SETs are signed, and the metadata has no jwks_uri."""
    return replace(reply, document=without(reply.document, "jwks_uri"))
