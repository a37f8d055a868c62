"""Faults of the SETs themselves: RFC 8417, RFC 7515, RFC 7519, SSF 1.0 section 4."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from mock_transmitter.deviations.documents import without
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.seams import Deviation, Json
from mock_transmitter.keys import SigningKey
from mock_transmitter.stream import Stream

UNVERIFIABLE = (
    "RFC7515-4.1.4-KID-RESOLVES",
    "RFC7515-5.2-SIGNATURE-VALID",
    "RFC7515-7.1-COMPACT",
    "RFC8417-2.4-JWT-FORM",
    "RFC8417-2.4-UNSIGNED-NEEDS-TLS",
    "RFC8417-5.1-SIGNED",
    "SSF-4.1.4-KEY-FROM-JWKS",
    "SSF-7.1-JWKS-URI-WHEN-SIGNING",
    "SSE-11.1.1-KEY-FROM-JWKS",
    "VEPA-SIGNED",
)


class _ClaimsDeviation(Deviation, ABC):
    """Changes the claims of every SET."""

    @abstractmethod
    def edit(self, claims: Json, stream: Stream) -> Json:
        """Return the claims to sign."""

    def claims(self, claims: Json, stream: Stream) -> Json:
        """Edit them."""
        return self.edit(claims, stream)


@fault
class SetHasASub(_ClaimsDeviation):
    """Every SET has the JWT claim sub."""

    breaks = ("SSF-4.1.2-NO-SUB", "SSE-11.1.2-NO-SUB")

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Add it."""
        del stream
        return {**claims, "sub": "user@example.com"}


@fault
class SetHasAnExp(_ClaimsDeviation):
    """Every SET has the JWT claim exp."""

    breaks = ("SSF-4.1.7-NO-EXP", "SSE-11.1.5-NO-EXP", "RFC8417-2.2-NO-EXP")

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Add it, an hour away."""
        del stream
        return {**claims, "exp": claims["iat"] + 3600}


@fault
class SetIatCountsMilliseconds(_ClaimsDeviation):
    """The iat of every SET counts milliseconds."""

    breaks = ("RFC7519-2-NUMERICDATE",)
    also = ("RFC7519-4.1.6-IAT-NOT-FUTURE", "RFC8417-2.2-IAT")

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Multiply it."""
        del stream
        return {**claims, "iat": claims["iat"] * 1000}


@fault
class SetIatIsAString(_ClaimsDeviation):
    """The iat of every SET is a string of digits."""

    breaks = ("RFC8417-2.2-IAT",)
    also = ("RFC7519-2-NUMERICDATE", "RFC7519-4.1.6-IAT-NOT-FUTURE")

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Quote it."""
        del stream
        return {**claims, "iat": str(claims["iat"])}


@fault
class SetIssHasATrailingSlash(_ClaimsDeviation):
    """The iss of every SET has a slash at its end that the issuer has not."""

    breaks = ("SSF-4.1.6-ISS-MATCHES-STREAM", "SSF-7.1-ISSUER-EQUALS-SET-ISS")
    also = ("SSE-6.1-ISSUER-EQUALS-SET-ISS", "SSE-7.1.2-ISS", "JAMF-ISS")

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Add it."""
        del stream
        return {**claims, "iss": f"{claims['iss']}/"}


@fault
class SetAudIsAnothers(_ClaimsDeviation):
    """The aud of every SET names another Receiver than the stream's."""

    breaks = ("SSF-4.1.8-AUD-MATCHES-STREAM",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Name it."""
        del stream
        return {**claims, "aud": "https://another-receiver.example.net"}


@fault
class SetTxnIsANumber(_ClaimsDeviation):
    """The txn of every SET is a number."""

    breaks = ("RFC8417-2.2-TXN-STRING",)
    also = ("SSF-4.1.9-TXN-PRESENT", "SSF-4.1.9-TXN-UNIQUE-PER-CAUSE")

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Read its digits."""
        del stream
        return {**claims, "txn": int(claims["txn"][:8], 16)}


@fault
class SetSubjectStandsInTheEvent(_ClaimsDeviation):
    """The subject of every SET stands inside the event, and there is no sub_id."""

    breaks = ("SSF-3.1-SUBID-PRESENT",)
    also = (
        "SSF-3.1.1-SUBID-WITH-LEGACY-SUBJECT",
        "SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT",
        "SSF-3.2-SIMPLE-IS-SUBID",
        "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",
    )

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Move it."""
        del stream
        if "sub_id" not in claims:
            return claims
        events = {
            event_type: {"subject": claims["sub_id"], **payload}
            for event_type, payload in claims["events"].items()
        }
        return {**without(claims, "sub_id"), "events": events}


@fault
class SetTellsOfTwoEvents(_ClaimsDeviation):
    """Every SET bundles a second event of another type, with another payload."""

    breaks = ("SSF-4.2.1-SINGLE-EVENT", "SSF-4.2.1-MULTI-ONLY-ALIASES")
    also = ("RFC8417-2.2-ONE-LOGICAL-EVENT", "SSF-8.1.1-UNDELIVERED-NOT-SENT")

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Add it."""
        del stream
        second = {"urn:example:secevent:events:heartbeat": {"sequence": 1}}
        return {**claims, "events": {**claims["events"], **second}}


@fault
class SetJtiIsUsedAgain(_ClaimsDeviation):
    """Once a SET was delivered, the next on the stream takes its jti and its place."""

    breaks = ("RFC8417-2.2-JTI-UNIQUE",)
    also = (
        "RFC8936-2-UNACKED-KEPT",
        "RFC8936-2.2-ACK-ACCEPTED",
        "RFC8936-2.2-MAXEVENTS-ZERO",
        "RFC8936-2.3-MORE-AVAILABLE",
        "RFC8936-2.4.3-COMBINED",
        "VEPA-ACK-STOPS-REDELIVERY",
        "VEPA-BACKOFF-INDEPENDENT",
        "VEPA-BACKOFF-NEW-NOT-HELD-UP",
        "VEPA-BACKOFF-SAME-SET",
        "VEPA-UNACKED-REDELIVERED",
    )

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Use it again."""
        last = self._last.setdefault(stream.stream_id, claims["jti"])
        waiting = any(pending.jti == last and not pending.attempts for pending in stream.queue)
        return claims if waiting else {**claims, "jti": last}


class _HeaderDeviation(Deviation):
    """Signs with another header."""

    changes: ClassVar[Mapping[str, str]]

    def token(self, token: str, header: Json, claims: Json, key: SigningKey) -> str:
        """Sign so."""
        del token
        return key.sign({**header, **self.changes}, claims)


@fault
class SetTypIsJwt(_HeaderDeviation):
    """The typ of every SET is JWT."""

    breaks = ("SSF-4.1.1-TYP", "SSE-11.1.4-TYP")
    also = ("RFC8417-2.3-TYP-VALUE", "RFC8417-2.3-TYP-WHEN-CONFUSABLE")
    changes = MappingProxyType({"typ": "JWT"})


@fault
class SetTypHasTheApplicationPrefix(_HeaderDeviation):
    """The typ of every SET is the whole media type, application/secevent+jwt."""

    breaks = ("RFC8417-2.3-TYP-VALUE",)
    also = ("SSF-4.1.1-TYP", "SSE-11.1.4-TYP")
    changes = MappingProxyType({"typ": "application/secevent+jwt"})


@fault
class SetKidIsUnknown(_HeaderDeviation):
    """The kid of every SET names a key that is not published."""

    breaks = ("RFC7515-4.1.4-KID-RESOLVES",)
    also = UNVERIFIABLE
    changes = MappingProxyType({"kid": "2019-key"})


@fault
class SetIsUnsigned(Deviation):
    """Every SET has the algorithm none and an empty signature."""

    breaks = ("VEPA-SIGNED",)
    also = UNVERIFIABLE

    def token(self, token: str, header: Json, claims: Json, key: SigningKey) -> str:
        """Take the signature away."""
        del token
        unsigned = key.sign({**without(header, "kid"), "alg": "none"}, claims)
        return unsigned.rpartition(".")[0] + "."


@fault
class SetSignatureIsBroken(Deviation):
    """The signature of every SET is that of other bytes."""

    breaks = ("RFC7515-5.2-SIGNATURE-VALID", "VEPA-SIGNED")
    also = UNVERIFIABLE

    def token(self, token: str, header: Json, claims: Json, key: SigningKey) -> str:
        """Sign something else."""
        other = key.sign(header, {**claims, "jti": "another"})
        return f"{token.rpartition('.')[0]}.{other.rpartition('.')[2]}"
