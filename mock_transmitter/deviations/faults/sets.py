"""Faults of the claims of SETs: RFC 8417, RFC 7519, SSF 1.0 section 4."""

from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json
from mock_transmitter.deviations.documents import without
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.signing import ClaimsDeviation, TextDeviation
from mock_transmitter.domain.stream import Stream


@fault
class SetHasASub(ClaimsDeviation):
    """Every SET has the JWT claim sub."""

    breaks = ("SSF-4.1.2-NO-SUB", "SSE-11.1.2-NO-SUB")

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "sub": "user@example.com"}


@fault
class SetHasAnExp(ClaimsDeviation):
    """Every SET has the JWT claim exp."""

    breaks = ("SSF-4.1.7-NO-EXP", "SSE-11.1.5-NO-EXP", "RFC8417-2.2-NO-EXP")

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "exp": claims["iat"] + 3600}


@fault
class SetIatCountsMilliseconds(ClaimsDeviation):
    """The iat of every SET counts milliseconds."""

    breaks = ("RFC7519-2-NUMERICDATE",)
    also = ("RFC7519-4.1.6-IAT-NOT-FUTURE", "RFC8417-2.2-IAT")

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "iat": claims["iat"] * 1000}


@fault
class SetIatIsAString(ClaimsDeviation):
    """The iat of every SET is a string of digits."""

    breaks = ("RFC8417-2.2-IAT",)
    also = ("RFC7519-2-NUMERICDATE", "RFC7519-4.1.6-IAT-NOT-FUTURE")

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "iat": str(claims["iat"])}


@fault
class SetIssHasATrailingSlash(ClaimsDeviation):
    """The iss of every SET has a slash at its end that the issuer has not."""

    breaks = (
        "SSF-4.1.6-ISS-MATCHES-STREAM",
        "SSF-7.1-ISSUER-EQUALS-SET-ISS",
        "SSE-6.1-ISSUER-EQUALS-SET-ISS",
    )
    also = ("SSE-7.1.2-ISS", "JAMF-ISS")

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "iss": f"{claims['iss']}/"}


@fault
class SetAudIsAnothers(ClaimsDeviation):
    """The aud of every SET names another Receiver than the stream's."""

    breaks = ("SSF-4.1.8-AUD-MATCHES-STREAM",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "aud": "https://another-receiver.example.net"}


@fault
class SetTxnIsANumber(ClaimsDeviation):
    """The txn of every SET is a number."""

    breaks = ("RFC8417-2.2-TXN-STRING",)
    also = ("SSF-4.1.9-TXN-PRESENT", "SSF-4.1.9-TXN-UNIQUE-PER-CAUSE")

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "txn": int(claims["txn"][:8], 16)}


@fault
class SetSubjectStandsInTheEvent(ClaimsDeviation):
    """The subject of every SET stands inside the event, and there is no sub_id."""

    breaks = ("SSF-3.1-SUBID-PRESENT", "SSF-3.1.1-SUBID-WITH-LEGACY-SUBJECT")
    also = (
        "SSF-3.1.2-NEW-TYPES-NO-PAYLOAD-SUBJECT",
        "SSF-3.2-SIMPLE-IS-SUBID",
        "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",
    )

    def edit(self, claims: Json, stream: Stream) -> Json:
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
        "SSF-8.1.1-UNDELIVERED-NOT-SENT",
        "SSE-7.1.5-TYPE-URI",
        "SSF-8.1.5-TYPE-URI",
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
        "RFC8936-2.2-MAXEVENTS-ZERO",
        "RFC8936-2.3-MORE-AVAILABLE",
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
    )

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def edit(self, claims: Json, stream: Stream) -> Json:
        last = self._last.setdefault(stream.stream_id, claims["jti"])
        waiting = any(pending.jti == last and not pending.attempts for pending in stream.queue)
        return claims if waiting else {**claims, "jti": last}


@fault
class SetHasNoIss(ClaimsDeviation):
    """No SET says who issued it."""

    breaks = ("RFC8417-2.2-ISS",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return without(claims, "iss")


@fault
class SetHasNoJti(Deviation):
    """No SET has a jti, though each is delivered under one."""

    breaks = ("RFC8417-2.2-JTI",)
    also = (
        "RFC8936-2.3-SETS-OBJECT",
        "VEPA-POLL-RESPONSE-SETS",
        "RFC8935-2.2-HANDLES-202",
        "SSE-7.1.1.1-ENABLED",
        "SSE-7.1.1.1-PAUSED-HOLDS",
    )

    def token(self, token: str, at: At) -> str:
        return at.key.sign(at.header, without(at.claims, "jti"))


@fault
class SetJtiIsNotItsKey(Deviation):
    """Every SET is delivered under another name than its jti."""

    breaks = ("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS")

    def token(self, token: str, at: At) -> str:
        return at.key.sign(at.header, {**at.claims, "jti": at.claims["jti"][::-1]})


@fault
class SetHasNoAud(ClaimsDeviation):
    """No SET says whom it is for."""

    breaks = ("RFC8417-2.2-AUD",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return without(claims, "aud")


@fault
class SetAudIsAnObject(ClaimsDeviation):
    """The aud of every SET is an object."""

    breaks = ("SSF-4.1.8-AUD-SHAPE", "SSE-11.1.6-AUD-SHAPE")

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "aud": {"receiver": claims["aud"]}}


@fault
class SetIatIsAnHourAhead(ClaimsDeviation):
    """The iat of every SET is an hour ahead of the clock."""

    breaks = ("RFC7519-4.1.6-IAT-NOT-FUTURE",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "iat": claims["iat"] + 3600}


@fault
class SetToeIsAText(ClaimsDeviation):
    """Every SET has a toe that is a date in words."""

    breaks = ("RFC8417-2.2-TOE",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "toe": "2026-01-01T00:00:00Z"}


@fault
class SetToeCountsMilliseconds(ClaimsDeviation):
    """Every SET has a toe that counts milliseconds."""

    breaks = ("RFC7519-2-NUMERICDATE",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "toe": claims["iat"] * 1000}


@fault
class SetHasNoTxn(ClaimsDeviation):
    """No SET has a txn."""

    breaks = ("SSF-4.1.9-TXN-PRESENT",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return without(claims, "txn")


@fault
class SetTxnIsTheSameForEverything(ClaimsDeviation):
    """All SETs of a stream share one txn, whatever they tell of."""

    breaks = ("SSF-4.1.9-TXN-UNIQUE-PER-CAUSE",)

    def edit(self, claims: Json, stream: Stream) -> Json:
        return {**claims, "txn": stream.stream_id}


@fault
class SetNamesAClaimTwice(TextDeviation):
    """Every SET has the claim iss twice."""

    breaks = ("RFC7519-4-UNIQUE-CLAIMS",)

    def edit_claims(self, text: str, claims: Json) -> str:
        return '{"iss":"https://staging.example.com",' + text.removeprefix("{")
