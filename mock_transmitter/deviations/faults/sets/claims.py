"""Faults of the claims of SETs: RFC 8417, RFC 7519, SSF 1.0 section 4."""

from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Json
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.deviations.kinds.sets import (
    UNVERIFIABLE,
    ClaimsDeviation,
    HeaderDeviation,
    SubjectDeviation,
    TextDeviation,
)
from mock_transmitter.domain.events import SUBJECT
from mock_transmitter.domain.keys import base64url, compact_json
from mock_transmitter.domain.stream import Stream


@fault_at(ClaimsDeviation, breaks=("SSF-4.1.2-NO-SUB", "SSE-11.1.2-NO-SUB"))
def set_has_a_sub(claims: Json) -> Json:
    """Every SET has the JWT claim sub."""
    return {**claims, "sub": "user@example.com"}


@fault_at(ClaimsDeviation, breaks=("SSF-4.1.7-NO-EXP", "SSE-11.1.5-NO-EXP", "RFC8417-2.2-NO-EXP"))
def set_has_an_exp(claims: Json) -> Json:
    """Every SET has the JWT claim exp."""
    return {**claims, "exp": claims["iat"] + 3600}


@fault_at(
    ClaimsDeviation,
    breaks=("RFC7519-2-NUMERICDATE",),
    also=("RFC7519-4.1.6-IAT-NOT-FUTURE", "RFC8417-2.2-IAT"),
)
def set_iat_counts_milliseconds(claims: Json) -> Json:
    """The iat of every SET counts milliseconds."""
    return {**claims, "iat": claims["iat"] * 1000}


@fault_at(
    ClaimsDeviation,
    breaks=("RFC8417-2.2-IAT",),
    also=("RFC7519-2-NUMERICDATE", "RFC7519-4.1.6-IAT-NOT-FUTURE"),
)
def set_iat_is_a_string(claims: Json) -> Json:
    """The iat of every SET is a string of digits."""
    return {**claims, "iat": str(claims["iat"])}


@fault_at(
    ClaimsDeviation,
    breaks=(
        "SSF-4.1.6-ISS-MATCHES-STREAM",
        "SSF-7.1-ISSUER-EQUALS-SET-ISS",
        "SSE-6.1-ISSUER-EQUALS-SET-ISS",
    ),
    also=("SSE-7.1.2-ISS", "JAMF-ISS"),
)
def set_iss_has_a_trailing_slash(claims: Json) -> Json:
    """The iss of every SET has a slash at its end that the issuer has not."""
    return {**claims, "iss": f"{claims['iss']}/"}


@fault_at(ClaimsDeviation, breaks=("SSF-4.1.8-AUD-MATCHES-STREAM",))
def set_aud_is_anothers(claims: Json) -> Json:
    """The aud of every SET names another Receiver than the stream's."""
    return {**claims, "aud": "https://another-receiver.example.net"}


@fault_at(
    ClaimsDeviation,
    breaks=("RFC8417-2.2-TXN-STRING",),
    also=("SSF-4.1.9-TXN-PRESENT",),
)
def set_txn_is_a_number(claims: Json) -> Json:
    """The txn of every SET is a number."""
    return {**claims, "txn": int(claims["txn"][:8], 16)}


@fault_at(
    ClaimsDeviation,
    breaks=("SSF-3.1-SUBID-PRESENT", "SSF-3.1.1-SUBID-WITH-LEGACY-SUBJECT"),
    also=(
        "SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT",
        "SSF-3.2-SIMPLE-IS-SUBID",
        "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",
        "SSF-8.1.5-SUBID-OPAQUE-STREAMID",
    ),
)
def set_subject_stands_in_the_event(claims: Json) -> Json:
    """The subject of every SET stands inside the event, and there is no sub_id."""
    if "sub_id" not in claims:
        return claims
    events = {
        event_type: {"subject": claims["sub_id"], **payload}
        for event_type, payload in claims["events"].items()
    }
    return {**without(claims, "sub_id"), "events": events}


@fault
class SetTellsOfTwoEvents(ClaimsDeviation):
    """Every SET bundles a second event of another type, with another payload."""

    breaks: ClassVar[tuple[str, ...]] = (
        "SSF-4.2.1-SINGLE-EVENT",
        "SSF-4.2.1-MULTI-ONLY-ALIASES",
        "SSE-11.1.7-SINGLE-EVENT",
    )
    also: ClassVar[tuple[str, ...]] = (
        "RFC8417-2.2-ONE-LOGICAL-EVENT",
        "SSE-7.1.5-TYPE-URI",
        "SSF-8.1.5-TYPE-URI",
        "CAEPIOP-2.8.1-SINGLE-EVENT",
    )

    def edit(self, claims: Json, stream: Stream) -> Json:
        second = {"urn:example:secevent:events:heartbeat": {"sequence": 1}}
        return {**claims, "events": {**claims["events"], **second}}


@fault
class SetJtiIsUsedAgain(ClaimsDeviation):
    """Once a SET was delivered, the next on the stream takes its jti and its place."""

    breaks = ("RFC8417-2.2-JTI-UNIQUE",)
    also = (
        "RFC8936-2-UNACKED-KEPT",
        "RFC8936-2.2-ACK-ACCEPTED",
        "RFC8936-2.4.3-COMBINED",
        "SSF-8.1.3.1-MATCHED-SENT",
        "VEPA-ACK-STOPS-REDELIVERY",
        "VEPA-BACKOFF-INDEPENDENT",
        "VEPA-BACKOFF-NEW-NOT-HELD-UP",
        "VEPA-BACKOFF-SAME-SET",
        "VEPA-UNACKED-REDELIVERED",
        "SSE-7.1.1.1-ENABLED",
        "SSE-7.1.5-SENT",
        "SSE-7.1-SUBJECT-CHANGE-ENABLED",
        "RFC8935-2.2-HANDLES-202",
        "RFC8935-2.3-HANDLES-400-ERR",
        "RFC8935-2.4-UNKNOWN-ERR-CODE",
        "RFC8935-4-RETRY-STRATEGY",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-7.1.4.2-STATE-ECHO",
        "SSF-8.1.2-INDEPENDENT-CHANGE-ANNOUNCED",
        "SSF-8.1.2.1-ENABLED-TRANSMITS",
        "SSF-8.1.3.2-ADD-IDEMPOTENT",
        "SSF-8.1.4.2-204-MEANS-WILL-SEND",
        "SSF-8.1.5-SENT-BEFORE-STOP",
        "SSF-8.1.5-SENT-ON-REENABLE",
        "VEPA-BACKOFF-CONTINUES",
        "JAMF-POST-UPDATES",
    )

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def edit(self, claims: Json, stream: Stream) -> Json:
        last = self._last.setdefault(stream.stream_id, claims["jti"])
        waiting = any(pending.jti == last and not pending.attempts for pending in stream.queue)
        return claims if waiting else {**claims, "jti": last}


@fault_at(ClaimsDeviation, breaks=("RFC8417-2.2-ISS",))
def set_has_no_iss(claims: Json) -> Json:
    """No SET says who issued it."""
    return without(claims, "iss")


@fault_at(
    "token",
    breaks=("RFC8417-2.2-JTI",),
    also=(
        "RFC8936-2.3-SETS-OBJECT",
        "VEPA-POLL-RESPONSE-SETS",
    ),
)
def set_has_no_jti(token: str, at: At) -> str:
    """No SET has a jti, though each is delivered under one."""
    return at.key.sign(at.header, without(at.claims, "jti"))


@fault_at("token", breaks=("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS"))
def set_jti_is_not_its_key(token: str, at: At) -> str:
    """Every SET is delivered under another name than its jti."""
    return at.key.sign(at.header, {**at.claims, "jti": at.claims["jti"][::-1]})


@fault_at(ClaimsDeviation, breaks=("RFC8417-2.2-AUD",))
def set_has_no_aud(claims: Json) -> Json:
    """No SET says whom it is for."""
    return without(claims, "aud")


@fault_at(ClaimsDeviation, breaks=("SSF-4.1.8-AUD-SHAPE", "SSE-11.1.6-AUD-SHAPE"))
def set_aud_is_an_object(claims: Json) -> Json:
    """The aud of every SET is an object."""
    return {**claims, "aud": {"receiver": claims["aud"]}}


@fault_at(ClaimsDeviation, breaks=("RFC7519-4.1.6-IAT-NOT-FUTURE",))
def set_iat_is_an_hour_ahead(claims: Json) -> Json:
    """The iat of every SET is an hour ahead of the clock."""
    return {**claims, "iat": claims["iat"] + 3600}


@fault_at(ClaimsDeviation, breaks=("RFC8417-2.2-TOE",))
def set_toe_is_a_text(claims: Json) -> Json:
    """Every SET has a toe that is a date in words."""
    return {**claims, "toe": "2026-01-01T00:00:00Z"}


@fault_at(ClaimsDeviation, breaks=("RFC7519-2-NUMERICDATE",))
def set_toe_counts_milliseconds(claims: Json) -> Json:
    """Every SET has a toe that counts milliseconds."""
    return {**claims, "toe": claims["iat"] * 1000}


@fault_at(ClaimsDeviation, breaks=("SSF-4.1.9-TXN-PRESENT",))
def set_has_no_txn(claims: Json) -> Json:
    """No SET has a txn."""
    return without(claims, "txn")


@fault_at(ClaimsDeviation, breaks=("SSF-4.1.9-TXN-UNIQUE-PER-CAUSE",))
def set_txn_is_the_same_for_everything(claims: Json, stream: Stream) -> Json:
    """All SETs of a stream share one txn, whatever they tell of."""
    return {**claims, "txn": stream.stream_id}


@fault_at(TextDeviation, "edit_claims", breaks=("RFC7519-4-UNIQUE-CLAIMS",))
def set_names_a_claim_twice(text: str) -> str:
    """Every SET has the claim iss twice."""
    return '{"iss":"https://staging.example.com",' + text.removeprefix("{")


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
fault_row(
    "set-crit-names-what-is-no-extension",
    "The header of every SET has a crit that lists typ, which RFC 7515 defines itself.",
    HeaderDeviation,
    changes={"crit": ["typ"]},
    breaks=("RFC7515-4.1.11-CRIT",),
)
fault_row(
    "set-crit-lists-a-name-twice",
    "The header of every SET has a crit that lists an extension twice.",
    HeaderDeviation,
    changes={"crit": ["trace", "trace"], "trace": "1"},
    breaks=("RFC7515-4.1.11-CRIT",),
)
fault_row(
    "set-alg-is-in-lower-case",
    "The alg of every SET is es256, which no algorithm is called.",
    HeaderDeviation,
    changes={"alg": "es256"},
    breaks=(
        "RFC7515-5.2-SIGNATURE-VALID",
        "RFC8417-5.1-SIGNED",
        "SSF-4.1.4-KEY-FROM-JWKS",
        "SSE-11.1.1-KEY-FROM-JWKS",
        "VEPA-SIGNED",
    ),
    also=("CAEPIOP-2.6-RS256",),
)


@fault_at(
    "token",
    breaks=("RFC7515-7.1-COMPACT", "RFC8417-2.4-JWT-FORM"),
    also=UNVERIFIABLE,
)
def set_signature_ends_in_another_character(token: str, at: At) -> str:
    """The last character of every SET says more bits than the signature has."""
    signed = at.key.sign(at.header, at.claims)
    return signed[:-1] + _ALPHABET[_ALPHABET.index(signed[-1]) | 1]


@fault_at(
    "token",
    breaks=("RFC8417-2.4-JWT-FORM",),
    also=(*UNVERIFIABLE, "RFC8935-2.1-BODY-IS-SET"),
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
    also=("CAEPIOP-2.3.3-CURRENT-KEY",),
)
def published_key_is_in_padded_base_64(key_set: Json) -> Json:
    """The numbers of the published key are filled up with equals signs."""
    keys = [
        {
            name: f"{value}=" if name in {"x", "y", "n", "e"} else value
            for name, value in published.items()
        }
        for published in key_set["keys"]
    ]
    return {**key_set, "keys": keys}


fault_row(
    "subject-account-has-no-host",
    "The account in the subject of every event names no host.",
    SubjectDeviation,
    subject={"format": "account", "uri": "acct:user"},
    breaks=("RFC9493-3.2.1-ACCOUNT", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-email-has-a-display-name",
    "The email in the subject of every event has a name before the address.",
    SubjectDeviation,
    subject={"format": "email", "email": "A User <user@example.com>"},
    breaks=("RFC9493-3.2.2-EMAIL", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-phone-number-ends-in-a-line-break",
    "The phone number in the subject of every event has a line break at its end.",
    SubjectDeviation,
    subject={"format": "phone_number", "phone_number": "+12065550100\n"},
    breaks=("RFC9493-3.2.5-PHONE", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-did-has-a-blank",
    "The DID in the subject of every event has a blank in it.",
    SubjectDeviation,
    subject={"format": "did", "url": "did:example:12 34"},
    breaks=("RFC9493-3.2.6-DID", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-uri-is-a-template",
    "The URI in the subject of every event has a place left to fill in.",
    SubjectDeviation,
    subject={"format": "uri", "uri": "https://example.com/users/{id}"},
    breaks=("RFC9493-3.2.7-URI", "RFC9493-3-MEMBER-RULES"),
)
fault_row(
    "subject-did-is-written-as-a-uri",
    "The subject of every event is a DID in format uri.",
    SubjectDeviation,
    subject={"format": "uri", "uri": "did:example:123456"},
    breaks=("RFC9493-3.2-MOST-SPECIFIC",),
)
fault_row(
    "subject-format-is-complex-in-capitals",
    "The format of the complex subject of every event is Complex.",
    SubjectDeviation,
    subject={"format": "Complex", "user": SUBJECT},
    breaks=("SSF-3.3-COMPLEX-FORMAT",),
    also=("SSF-3.4-FORMAT-KNOWN", "SSE-3.3-FORMAT-KNOWN"),
)
