"""Faults against the CAEP Interoperability Profile 1.0: metadata, streams, SETs, use cases."""

from abc import ABC
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault_at, fault_row
from mock_transmitter.deviations.faults.sets.claims import SetTellsOfTwoEvents
from mock_transmitter.deviations.faults.sets.tokens import (
    NO_KEY_VERIFIES,
    SetIsSignedWithAShortRsaKey,
)
from mock_transmitter.deviations.kinds.documents import ChangedReply, ShownConfiguration, without
from mock_transmitter.deviations.kinds.sets import (
    UNVERIFIABLE,
    ClaimsDeviation,
    EdwardsKey,
    is_verification,
)
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.events import CAEP
from mock_transmitter.domain.keys import SigningKey
from mock_transmitter.domain.seed import source
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome, Reply

SESSION_REVOKED = f"{CAEP}/session-revoked"
CREDENTIAL_CHANGE = f"{CAEP}/credential-change"

NO_KEY_SET = (
    *UNVERIFIABLE,
    "CAEPIOP-2.3.3-CURRENT-KEY",
)


class _MetadataLacks(Deviation, ABC):
    """Leaves members out of the metadata."""

    on = ("discover",)
    MEMBERS: ClassVar[tuple[str, ...]]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, document=without(outcome.document, *self.MEMBERS))


fault_row(
    "interop-metadata-has-no-version",
    "The metadata has no spec_version.",
    _MetadataLacks,
    MEMBERS=("spec_version",),
    breaks=("CAEPIOP-2.3.1-SPEC-VERSION",),
)


@fault_at(ChangedReply, on=("discover",), breaks=("CAEPIOP-2.3.1-SPEC-VERSION",))
def interop_metadata_names_a_draft(reply: Reply) -> Outcome:
    """The spec_version is that of a draft before 1_0."""
    return replace(reply, document={**reply.document, "spec_version": "1_0-ID3"})


fault_row(
    "interop-metadata-names-no-delivery-methods",
    "The metadata has no delivery_methods_supported.",
    _MetadataLacks,
    MEMBERS=("delivery_methods_supported",),
    breaks=("CAEPIOP-2.3.2-DELIVERY-METHODS",),
)
fault_row(
    "interop-metadata-names-no-key-set",
    "The metadata has no jwks_uri.",
    _MetadataLacks,
    MEMBERS=("jwks_uri",),
    breaks=("CAEPIOP-2.3.3-JWKS-URI",),
    also=NO_KEY_SET,
)
fault_row(
    "interop-metadata-names-no-configuration-endpoint",
    "The metadata has no configuration_endpoint.",
    _MetadataLacks,
    MEMBERS=("configuration_endpoint",),
    breaks=("CAEPIOP-2.3.4-CONFIG-ENDPOINT",),
)
fault_row(
    "interop-metadata-names-no-status-endpoint",
    "The metadata has no status_endpoint.",
    _MetadataLacks,
    MEMBERS=("status_endpoint",),
    breaks=("CAEPIOP-2.3.5-STATUS-ENDPOINT",),
)
fault_row(
    "interop-metadata-names-no-verification-endpoint",
    "The metadata has no verification_endpoint.",
    _MetadataLacks,
    MEMBERS=("verification_endpoint",),
    breaks=("CAEPIOP-2.3.6-VERIFICATION-ENDPOINT",),
)


@fault_at(ChangedReply, on=("discover",), breaks=("CAEPIOP-2.3.7-AUTHZ-SCHEMES",))
def interop_metadata_names_bearer_tokens_alone(reply: Reply) -> Outcome:
    """The authorization_schemes have RFC 6750, and not OAuth 2.0."""
    schemes = [{"spec_urn": "urn:ietf:rfc:6750"}]
    return replace(reply, document={**reply.document, "authorization_schemes": schemes})


class _Answers(Deviation, ABC):
    """Answers some operations with a status only, and does nothing."""

    status: ClassVar[int]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return Reply(status=self.status, document={"error": "refused"})


fault_row(
    "interop-streams-cannot-be-made",
    "Creating a stream is answered with 501, though there is an endpoint for it.",
    _Answers,
    on=("create_stream",),
    status=501,
    breaks=("CAEPIOP-2.3.4-CONFIG-ENDPOINT", "CAEPIOP-2.3.8.2-CREATE"),
    also=(
        "CAEPIOP-2.3.8.1-CREATE-BOTH-METHODS",
        "SSF-8.1.1.1-CREATE-201",
        "SSF-8.1.1.1-ERR-400",
        "SSF-8.1.1.1-MINIMAL-BODY",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-7.1-DELIVERY-METHODS-HONOURED",
    ),
)
fault_row(
    "interop-streams-are-not-listed",
    "The list of streams is answered with 501; each can be read alone.",
    _Answers,
    on=("list_streams",),
    status=501,
    breaks=("CAEPIOP-2.3.8.2-READ",),
    also=("CAEPIOP-2.7.3-BEARER-HEADER", "SSF-8.1.1.2-LIST-ARRAY", "SSF-8.1.1.2-LIST-EMPTY"),
)
fault_row(
    "interop-status-is-not-shown",
    "Reading the status is answered with 405, though setting it works.",
    _Answers,
    on=("read_status",),
    status=405,
    breaks=("CAEPIOP-2.3.5-STATUS-ENDPOINT", "CAEPIOP-2.3.8.2-STATUS"),
    also=(
        "CAEPIOP-2.3.5-STATUS-VALUES",
        "RFC9110-15.5.6-405-ALLOW",
        "SSF-8.1.2.1-ERR-404",
        "SSF-8.1.2.1-STATUS-200",
    ),
)


@fault_at(
    "operation",
    on=("update_status",),
    breaks=("CAEPIOP-2.3.5-STATUS-VALUES",),
    also=("SSF-8.1.2.2-ERR-404",),
)
def interop_streams_cannot_be_paused(call: Call, proceed: Proceed) -> Outcome:
    """A stream can be enabled and disabled, and not paused."""
    if call.body.get("status") == "paused":
        raise InvalidRequest("streams can't be paused", "status")
    return proceed(call)


@fault_at(
    "operation",
    on=("create_stream",),
    breaks=("CAEPIOP-2.3.8.1-CREATE-BOTH-METHODS",),
)
def interop_streams_are_for_poll_alone(call: Call, proceed: Proceed) -> Outcome:
    """A stream for push is refused, though the metadata lists both methods."""
    delivery = call.body.get("delivery")
    push = call.transmitter.profile.delivery.push
    asked = isinstance(delivery, dict) and delivery.get("method") == push
    if asked:
        raise InvalidRequest("here is poll only", "delivery")
    return proceed(call)


@fault_at(
    ShownConfiguration,
    on=("list_streams",),
    breaks=("CAEPIOP-2.3.8.1-DELIVERY-PRESENT",),
    also=("SSF-8.1.1.2-LIST-ARRAY", "SSF-8.1.1-DELIVERY-PRESENT"),
)
def interop_list_leaves_delivery_out(document: Json) -> Json:
    """The list shows streams without their delivery."""
    return without(document, "delivery")


@fault_at(
    "operation",
    on=("verify",),
    breaks=("CAEPIOP-2.3.8.2-VERIFY",),
    also=(
        "SSF-8-AUTH-BINDS-STREAMS",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.5-DELETE-STOPS-DELIVERY",
        "SSF-8.1.4.2-ERR-404",
        "SSF-8.1.4.2-NO-STATE-REQUEST",
        "SSF-8.1.4.2-204-MEANS-WILL-SEND",
    ),
)
def interop_verification_brings_nothing(call: Call) -> Outcome:
    """A request for verification is answered with 204, and no event comes."""
    return Reply(status=204)


fault_row(
    "interop-sets-are-signed-with-an-edwards-key",
    "SETs are signed with EdDSA, where the profile has RS256 alone.",
    EdwardsKey,
    breaks=("CAEPIOP-2.6-RS256",),
)
fault_row(
    "interop-key-is-short",
    "SETs are signed with an RSA key of 1024 bits.",
    SetIsSignedWithAShortRsaKey,
    breaks=("CAEPIOP-2.6-RSA-2048",),
    also=("RFC7518-3.3-RSA-2048",),
)


@fault_at("key_set", breaks=("CAEPIOP-2.3.3-CURRENT-KEY",), also=(*NO_KEY_VERIFIES, *UNVERIFIABLE))
def interop_key_set_is_that_of_another_transmitter(key_set: Json, at: At) -> Json:
    """The key set has an RSA key under the right kid, and not the one that signs."""
    number = source(0, at.key.kid, "another").randrange(1, 6)
    others = (SigningKey.rs256(2048, (number + step) % 6) for step in range(2))
    other = next(one for one in others if one.kid != at.key.kid)
    return {"keys": [{**other.public, "kid": at.key.kid}]}


fault_row(
    "interop-sets-tell-of-two-events",
    "Every SET bundles a second event of another type.",
    SetTellsOfTwoEvents,
    breaks=("CAEPIOP-2.8.1-SINGLE-EVENT",),
    also=("SSF-4.2.1-SINGLE-EVENT", "SSF-4.2.1-MULTI-ONLY-ALIASES", *SetTellsOfTwoEvents.also),
)


@fault_at(
    ClaimsDeviation,
    breaks=("CAEPIOP-2.5-SUBJECT-FORMATS",),
    also=("SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",),
)
def interop_verification_is_about_an_issuer_and_subject(claims: Json, stream: Stream) -> Json:
    """The sub_id of a Verification Event names the stream in format iss_sub."""
    if not any(map(is_verification, claims["events"])):
        return claims
    subject = {"format": "iss_sub", "iss": claims["iss"], "sub": stream.stream_id}
    return {**claims, "sub_id": subject}


class _PayloadDeviation(ClaimsDeviation, ABC):
    """Changes the reason of one type of event."""

    EVENT_TYPE: ClassVar[str]
    REASON: ClassVar[Json | str | None]

    def edit(self, claims: Json, stream: Stream) -> Json:
        """Change it."""
        payload = claims["events"].get(self.EVENT_TYPE)
        if payload is None:
            return claims
        edited = without(payload, "reason_admin")
        if self.REASON is not None:
            edited["reason_admin"] = self.REASON
        return {**claims, "events": {**claims["events"], self.EVENT_TYPE: edited}}


fault_row(
    "interop-sessions-are-revoked-without-a-reason",
    "A session-revoked event has no reason_admin.",
    _PayloadDeviation,
    EVENT_TYPE=SESSION_REVOKED,
    REASON=None,
    breaks=("CAEPIOP-3.1-REASON-ADMIN",),
)
fault_row(
    "interop-credentials-change-for-an-empty-reason",
    "The reason_admin of a credential-change event is an empty text.",
    _PayloadDeviation,
    EVENT_TYPE=CREDENTIAL_CHANGE,
    REASON={"en": ""},
    breaks=("CAEPIOP-3.2-REASON-ADMIN",),
)


class _NeverSends(Deviation, ABC):
    """Loses the events of one type."""

    EVENT_TYPE: ClassVar[str]

    def schedule(self, gap: float, at: At) -> float | None:
        return None if self.EVENT_TYPE in at.pending.claims.get("events", {}) else gap


LOST = (
    "RFC8936-2-UNACKED-KEPT",
    "RFC8936-2.5-LONGPOLL-HOLDS",
    "SSF-8.1.1-EVENTS-DELIVERED-SENT",
    "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    "SSF-8.1.1.4-PUT-200",
)
fault_row(
    "interop-session-revoked-is-never-sent",
    "A stream delivers session-revoked by its configuration, and no such event comes.",
    _NeverSends,
    EVENT_TYPE=SESSION_REVOKED,
    breaks=("CAEPIOP-3.1-SESSION-REVOKED",),
    also=(
        *LOST,
        "SSF-8.1.2.1-ENABLED-TRANSMITS",
        "SSF-7.1-DEFAULT-ALL-DELIVERS",
        "SSF-8.1.3.1-COMPLEX-WILDCARD",
        "SSF-8.1.3.1-MATCHED-SENT",
    ),
)
fault_row(
    "interop-credential-change-is-never-sent",
    "A stream delivers credential-change by its configuration, and no such event comes.",
    _NeverSends,
    EVENT_TYPE=CREDENTIAL_CHANGE,
    breaks=("CAEPIOP-3.2-CREDENTIAL-CHANGE",),
    also=LOST,
)
