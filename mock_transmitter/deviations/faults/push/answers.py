"""Faults of what follows from the answer to a push: RFC 8935 sections 2, 3, 4 and 5.3."""

import ssl
import warnings
from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.domain.keys import SigningKey
from mock_transmitter.domain.push import Attempt, PushOutcome
from mock_transmitter.http.operations import Call, Outcome

REGISTERED = frozenset(
    {
        "invalid_request",
        "invalid_key",
        "invalid_issuer",
        "invalid_audience",
        "authentication_failed",
        "access_denied",
    }
)

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for.
_NO_CHECK_TIME = 0x200000


@fault
class AcceptedSetIsPushedOnceMore(Deviation):
    """A SET that was answered 202 is pushed once more."""

    breaks = ("RFC8935-2-NO-NEEDLESS-RESEND",)

    def __init__(self) -> None:
        self._delivered: set[str] = set()

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        if outcome.ending != "delivered" or at.attempt.jti in self._delivered:
            return outcome
        self._delivered.add(at.attempt.jti)
        return replace(outcome, ending="failed")


@fault
class WhatAPauseHeldIsPushedTwice(AcceptedSetIsPushedOnceMore):
    """What a stream held when it was enabled is pushed once more after it was answered 202."""

    on = ("update_status",)
    breaks = ("RFC8935-2-NO-NEEDLESS-RESEND",)

    def __init__(self) -> None:
        super().__init__()
        self._held: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.body.get("status") == "enabled":
            stream = target(call)
            self._held |= {pending.jti for pending in stream.queue} if stream else set()
        return proceed(call)

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        return super().pushed(outcome, at) if at.attempt.jti in self._held else outcome


@fault
class AcceptedPushCountsAsFailed(Deviation):
    """A push that is answered 202 counts as failed: what is waited for is a 200."""

    breaks = ("RFC8935-2.2-HANDLES-202",)
    # What waits for another try holds up whatever is about the same subject.
    also = (
        "RFC8935-2-NO-NEEDLESS-RESEND",
        "SSF-8.1.2.1-ENABLED-TRANSMITS",
        "SSF-8.1.2.1-PAUSED-HOLDS",
        "SSE-7.1.1.1-ENABLED",
        "SSE-7.1.1.1-PAUSED-HOLDS",
    )

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        return replace(outcome, ending="failed") if outcome.ending == "delivered" else outcome


@fault_at("pushed", breaks=("RFC8935-2-NO-NEEDLESS-RESEND",))
def refused_set_is_pushed_again_and_again(outcome: PushOutcome) -> PushOutcome:
    """A SET that the Receiver has refused is pushed again as if the network had failed."""
    return replace(outcome, ending="failed") if outcome.ending == "refused" else outcome


class _StopsThePushes(Deviation, ABC):
    """Pushes nothing more to a stream after some outcome."""

    def __init__(self) -> None:
        self._stopped: set[str] = set()

    @abstractmethod
    def is_the_end(self, outcome: PushOutcome) -> bool:
        """Return whether an outcome ends it all."""

    def push(self, attempt: Attempt, at: At) -> Attempt | None:
        return None if attempt.stream_id in self._stopped else attempt

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        if self.is_the_end(outcome):
            self._stopped.add(at.attempt.stream_id)
        return outcome


@fault_at(_StopsThePushes, breaks=("RFC8935-2.3-HANDLES-400-ERR",))
def refused_set_ends_the_pushes(outcome: PushOutcome) -> bool:
    """After a SET that the Receiver has refused with a registered code, no other is pushed."""
    return outcome.err in REGISTERED


@fault_at(_StopsThePushes, breaks=("RFC8935-2.3-HANDLES-400-ERR",))
def denied_access_ends_the_pushes(outcome: PushOutcome) -> bool:
    """After a SET that is answered 400 with err access_denied, no other is pushed."""
    return outcome.err == "access_denied"


@fault_at(_StopsThePushes, breaks=("RFC8935-2.4-UNKNOWN-ERR-CODE",))
def unknown_error_code_ends_the_pushes(outcome: PushOutcome) -> bool:
    """After a SET that is refused with a code that RFC 8935 does not list, no other is pushed."""
    return outcome.err is not None and outcome.err not in REGISTERED


@fault_at(_StopsThePushes, breaks=("RFC8935-4-RETRY-STRATEGY",))
def unauthorized_push_ends_the_pushes(outcome: PushOutcome) -> bool:
    """After a push that was answered 401 or 403, no other SET is pushed."""
    return outcome.reason in {"answered 401", "answered 403"}


@fault_at(_StopsThePushes, breaks=("RFC8935-4-RETRY-STRATEGY",))
def time_out_ends_the_pushes(outcome: PushOutcome) -> bool:
    """After a push that was not answered in time, no other SET is pushed."""
    return outcome.reason.startswith("no answer")


class _LosesTheSet(Deviation, ABC):
    """Gives a SET up after some failures."""

    @abstractmethod
    def is_lost(self, reason: str) -> bool:
        """Return whether a failure with this reason is the end of a SET."""

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        lost = outcome.ending == "failed" and self.is_lost(outcome.reason)
        return replace(outcome, ending="delivered") if lost else outcome


@fault_at(_LosesTheSet, breaks=("RFC8935-4-RETRY-STRATEGY",))
def server_error_loses_the_set(reason: str) -> bool:
    """A SET whose push is answered with a 5xx is never pushed again."""
    return reason.startswith("answered 5")


@fault_at(_LosesTheSet, breaks=("RFC8935-4-RETRY-STRATEGY",))
def unavailable_receiver_loses_the_set(reason: str) -> bool:
    """A SET whose push is answered 503 is never pushed again, whatever Retry-After says."""
    return reason == "answered 503"


@fault_at(_LosesTheSet, breaks=("RFC8935-4-RETRY-STRATEGY",))
def client_error_loses_the_set(reason: str) -> bool:
    """A SET whose push is answered with a 4xx is never pushed again, 429 included."""
    return reason.startswith("answered 4")


@fault_at("schedule", breaks=("RFC8935-2-RESEND-DELAY",))
def retries_come_at_once(gap: float, at: At) -> float | None:
    """A SET whose push has failed is pushed again without delay."""
    pushes = at.stream.configuration.delivery.method.endswith(("8935", "/push"))
    return 0.0 if pushes and at.pending.attempts else gap


class _SignsRetriesAnew(Deviation, ABC):
    """Pushes another token when a SET is tried again."""

    def __init__(self) -> None:
        self._signed: dict[str, tuple[SigningKey, Json, Json]] = {}

    @abstractmethod
    def edit(self, claims: Json, attempts: int) -> Json:
        """Return the claims of that attempt."""

    def token(self, token: str, at: At) -> str:
        self._signed[at.claims["jti"]] = (at.key, at.header, at.claims)
        return token

    def push(self, attempt: Attempt, at: At) -> Attempt:
        """Sign it again from the second attempt on."""
        if attempt.pending.attempts < 2 or attempt.jti not in self._signed:
            return attempt
        key, header, claims = self._signed[attempt.jti]
        token = key.sign(header, self.edit(claims, attempt.pending.attempts))
        return replace(attempt, body=token.encode())


@fault_at(_SignsRetriesAnew, breaks=("RFC8935-4-RETRY-STRATEGY",))
def retry_has_a_new_jti(claims: Json, attempts: int) -> Json:
    """Each time a SET is pushed again, it has another jti."""
    return {**claims, "jti": f"{claims['jti']}-{attempts}"}


@fault_at(
    _SignsRetriesAnew,
    needs=("RFC8935-4-RETRY-STRATEGY",),
    breaks=("RFC8417-2.2-JTI-UNIQUE",),
)
def retry_has_a_new_txn(claims: Json, attempts: int) -> Json:
    """Each time a SET is pushed again, it has another txn under its jti, and so other bytes."""
    return {**claims, "txn": f"{claims.get('txn', '')}-{attempts}"}


@fault_at("push", breaks=("RFC8935-5.3-TLS",))
def push_follows_redirects(attempt: Attempt) -> Attempt:
    """A push goes wherever a redirect points, also out of TLS."""
    return replace(attempt, follow_redirects=True)


def _trust_anybody(context: ssl.SSLContext) -> None:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def _trust_any_name(context: ssl.SSLContext) -> None:
    context.check_hostname = False


def _trust_at_any_time(context: ssl.SSLContext) -> None:
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)


def _take_no_encryption(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:eNULL:!aNULL:@SECLEVEL=0")


def _speak_old_tls_alone(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        # Python warns of the old versions, which is what this is for.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")


@fault
class PushSpeaksOldTlsAlone(Deviation):
    """SETs are pushed over TLS 1.1 at most."""

    breaks = ("RFC8417-5.1-TLS12", "CAEPIOP-2.1-OUTBOUND-TLS")
    # Whoever is pushed to over something newer gets nothing at all.
    also = (
        "RFC8935-5.3-BCP195",
        "SSF-8.1.1-INACTIVITY-STREAM-UPDATED",
        "SSF-8.1.2-INDEPENDENT-CHANGE-ANNOUNCED",
        "SSF-8.1.2.1-ENABLED-TRANSMITS",
        "SSF-8.1.5-SENT-BEFORE-STOP",
        "SSF-8.1.5-SENT-ON-REENABLE",
        "SSE-7.1.1.1-ENABLED",
        "SSE-7.1.5-SENT",
    )

    def push(self, attempt: Attempt, at: At) -> Attempt:
        return replace(attempt, tls=_speak_old_tls_alone)


@fault_at("push", breaks=("RFC8935-3-VALIDATES-CERT",))
def push_trusts_any_certificate(attempt: Attempt) -> Attempt:
    """A SET is pushed whatever certificate the other side has."""
    return replace(attempt, tls=_trust_anybody)


@fault_at("push", breaks=("RFC8935-3-VALIDATES-CERT",))
def push_trusts_any_host_name(attempt: Attempt) -> Attempt:
    """A SET is pushed to a host with the certificate of another one."""
    return replace(attempt, tls=_trust_any_name)


@fault_at("push", breaks=("RFC8935-3-VALIDATES-CERT",))
def push_trusts_expired_certificates(attempt: Attempt) -> Attempt:
    """A SET is pushed to a host whose certificate has expired."""
    return replace(attempt, tls=_trust_at_any_time)


@fault_at("push", breaks=("RFC8935-5.3-BCP195",))
def push_does_without_encryption(attempt: Attempt) -> Attempt:
    """A SET is pushed by a cipher suite without encryption, where the other side has no other."""
    return replace(attempt, tls=_take_no_encryption)
