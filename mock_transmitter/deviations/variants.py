"""Variants: Transmitters that differ from the reference and conform; nothing may alarm on them."""

from dataclasses import replace

from mock_transmitter.delivery_queue import PendingSet
from mock_transmitter.deviations.documents import (
    with_body,
    with_configurations,
    with_header,
    without,
)
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.redelivery import DAY_S, BackoffDeviation, GapDeviation
from mock_transmitter.deviations.faults.update import UPDATES, target
from mock_transmitter.deviations.seams import Deviation, Json, Proceed
from mock_transmitter.errors import StreamExists, StreamNotFound
from mock_transmitter.http.authorisation import REALM, Access, Decision, Denied
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply
from mock_transmitter.keys import SigningKey
from mock_transmitter.stream import Stream, StreamConfiguration
from mock_transmitter.transmitter import Batch

UNKNOWN_MEMBER = {"x_example_vendor": {"since": 2026}}


@variant
class OneStreamPerReceiver(Deviation):
    """A Receiver may have one stream; creating another is refused with 409."""

    exercises = ("SSF-8.1.1.1-SECOND-REFUSED-409",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Refuse the second."""
        if call.operation == "create_stream" and call.transmitter.streams(call.audience):
            raise StreamExists("there may be one stream for each Receiver")
        return proceed(call)


@variant
class MoreAvailableIsLeftOut(Deviation):
    """moreAvailable is left out where it would be false."""

    exercises = ("RFC8936-2.3-MORE-OMITTED",)

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Leave it unsaid."""
        del key
        return replace(batch, more_available=batch.more_available or None)


@variant
class PollAnswersOneSetAtATime(Deviation):
    """A poll returns one SET at most, whatever maximum it states."""

    exercises = ("RFC8936-2.2-MAXEVENTS-OMITTED", "VEPA-POLL-NO-MORE-AVAILABLE")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Ask for one."""
        if call.operation == "poll" and call.body.get("maxEvents") != 0:
            call = with_body(call, maxEvents=1)
        return proceed(call)


@variant
class PollAnswersInReverseOrder(Deviation):
    """The SETs of one answer stand in it newest first."""

    exercises = ("RFC8936-2.2-ORDER-FREE",)

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Reverse them."""
        del key
        return replace(batch, sets=dict(reversed(list(batch.sets.items()))))


@variant
class RedeliveryWaitsFiveSeconds(GapDeviation):
    """A SET that was not acknowledged comes again after five seconds, not with the next poll."""

    exercises = ("RFC8936-2.4-REDELIVERY",)

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Where it would come at once, wait."""
        return gap or super().schedule(gap, pending, stream, now)

    def gap(self, attempt: int, waited: float) -> float | None:
        """Return five seconds."""
        del attempt, waited
        return 5.0


@variant
class UnsolicitedVerification(Deviation):
    """A new poll stream begins with a Verification Event that nobody asked for."""

    exercises = ("SSF-8.1.4-UNSOLICITED-VERIFICATION", "SSF-8.1.4.2-ASYNC")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Send it; it does not count against the interval."""
        outcome = proceed(call)
        if call.operation == "create_stream" and call.transmitter.profile.offers("verify"):
            stream = call.transmitter.streams(call.audience)[-1]
            call.transmitter.verify(stream, None)
            stream.verified_at = None
        return outcome


@variant
class LongDescriptionsAreTruncated(Deviation):
    """A description is cut to 40 characters."""

    exercises = ("SSF-8.1.1-DESCRIPTION-TRUNCATED",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Cut it."""
        description = call.body.get("description")
        if isinstance(description, str):
            call = with_body(call, description=description[:40])
        return proceed(call)


@variant
class UnknownEventTypesAreNotShown(Deviation):
    """events_requested shows only those of the requested types that the Transmitter knows."""

    exercises = ("SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Keep those alone."""
        requested = call.body.get("events_requested")
        if requested is not None and call.transmitter.explicit:
            known = [uri for uri in requested if uri in call.transmitter.supported]
            call = with_body(call, events_requested=known)
        return proceed(call)


@variant
class EventsSupportedIsNotShown(Deviation):
    """The configuration does not show events_supported; it is published elsewhere."""

    exercises = ("SSF-8.1.1-EVENTS-SUPPORTED-ELSEWHERE", "JAMF-EVENTS-SUPPORTED")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Leave it out."""
        return with_configurations(
            proceed(call), lambda document: without(document, "events_supported")
        )


@variant
class AudIsAnArrayOfOne(Deviation):
    """aud is an array with one audience, in configurations and SETs."""

    exercises = ("SSF-4.1.8-AUD-VALUE-FREE", "SSF-8.1.1.1.1-AUD-OUT-OF-BAND")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show it so."""
        return with_configurations(
            proceed(call), lambda document: {**document, "aud": [document["aud"]]}, needs="aud"
        )

    def claims(self, claims: Json, stream: Stream) -> Json:
        """Send it so."""
        del stream
        return {**claims, "aud": [claims["aud"]]}


@variant
class UnknownMembersEverywhere(Deviation):
    """Metadata, configurations, poll answers and SETs have members that no text defines."""

    exercises = (
        "SSF-7.2.3-EXTRA-CLAIMS",
        "SSF-4.2.3-EXTRA-FIELDS",
        "SSE-6.2.2-EXTRA-CLAIMS",
        "SSE-11.1.3-EXTRA-CLAIMS",
        "RFC8417-2-ENVELOPE-EXTRAS",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Add one to each document."""
        outcome = with_configurations(proceed(call), lambda document: document | UNKNOWN_MEMBER)
        others = {"transmitter_configuration", "poll_response", "key_set"}
        if isinstance(outcome, Reply) and outcome.message in others:
            return replace(outcome, document=outcome.document | UNKNOWN_MEMBER)
        return outcome

    def claims(self, claims: Json, stream: Stream) -> Json:
        """Add one to the claims and to each event."""
        del stream
        events = {uri: payload | UNKNOWN_MEMBER for uri, payload in claims["events"].items()}
        return {**claims, "events": events} | UNKNOWN_MEMBER


@variant
class UpdatesAreAnswered202(Deviation):
    """An update is answered with 202 before it is applied, and its repetition with the result."""

    exercises = ("SSF-8.1.1.3-PATCH-202", "SSF-8.1.1.4-PUT-202", "SSE-7.1.2.2-202")

    def __init__(self) -> None:
        self._accepted: list[tuple[Stream, StreamConfiguration]] = []
        self._last: Call | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Take the change back, and apply it when the next call comes."""
        for accepted, configuration in self._accepted:
            accepted.configuration = configuration
        self._accepted.clear()
        stream = target(call)
        if call.operation not in UPDATES or stream is None:
            return proceed(call)
        if call == self._last:
            # Tables 3 and 4: the same request, tried again later, gets the result.
            self._last = None
            return Reply(
                status=200,
                document=call.transmitter.document(stream),
                message="stream_configuration",
            )
        before = stream.configuration
        proceed(call)
        self._accepted.append((stream, stream.configuration))
        stream.configuration = before
        self._last = call
        return Reply(status=202)


@variant
class ForeignStreamsAreForbidden(Deviation):
    """Another Receiver's stream is answered with 403 instead of 404."""

    exercises = ("SSF-8.1.1.2-ERR-403", "SSF-8.1.1.3-ERR-403", "SSF-8.1.1.5-ERR-403")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Answer so."""
        try:
            return proceed(call)
        except StreamNotFound:
            known = {stream.stream_id for stream in call.transmitter.streams()}
            if call.stream_id not in known:
                raise
            refusal = {"error": "access_denied", "error_description": "not your stream"}
            return Reply(status=403, document=refusal)


@variant
class ChallengeOffersAnotherScheme(Deviation):
    """A 401 offers a second authentication scheme before Bearer."""

    exercises = ("RFC6750-3-BEARER-CHALLENGE", "RFC9110-15.5.2-401-CHALLENGE")

    def response(self, response: Response, operation: str | None) -> Response:
        """Offer it."""
        del operation
        challenge = dict(response.headers).get("www-authenticate")
        if challenge is None:
            return response
        return with_header(response, "www-authenticate", f'Basic realm="{REALM}", {challenge}')


@variant
class ForeignPollTokensAreUnknown(Deviation):
    """A poll with the token of another audience is answered with 401 instead of 403."""

    exercises = ("VEPA-POLL-AUTH-AUDIENCE",)

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Answer so."""
        if isinstance(decision, Denied) and access.operation in {"poll", "acknowledge"}:
            return replace(decision, status=401, error=decision.error and "invalid_token")
        return decision


@variant
class AcknowledgeAnswers204(Deviation):
    """An acknowledgement that is a call of its own is answered with an empty 204."""

    exercises = ("VEPA-ACK-PATH",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Answer so."""
        outcome = proceed(call)
        return Reply(status=204) if call.operation == "acknowledge" else outcome


@variant
class BackoffCapIsOneHour(BackoffDeviation):
    """The gaps between two deliveries of a SET grow to one hour."""

    exercises = ("VEPA-BACKOFF-CAP-24H", "VEPA-BACKOFF-CONTINUES")

    def gap(self, attempt: int, waited: float) -> float | None:
        """Double it up to there."""
        del waited
        return min(2.0 ** min(attempt - 1, 30), 3600.0)


@variant
class BackoffFactorIsOneAndAHalf(BackoffDeviation):
    """Each gap between two deliveries of a SET is one and a half times the one before."""

    exercises = ("VEPA-BACKOFF-GAPS-GROW", "VEPA-BACKOFF-GAPS-NONDECREASING")

    def gap(self, attempt: int, waited: float) -> float | None:
        """Multiply it."""
        del waited
        return min(1.5 ** min(attempt - 1, 60), DAY_S)


@variant
class BackoffFactorIsFour(BackoffDeviation):
    """Each gap between two deliveries of a SET is four times the one before."""

    exercises = ("VEPA-BACKOFF-GAPS-GROW",)

    def gap(self, attempt: int, waited: float) -> float | None:
        """Multiply it."""
        del waited
        return min(4.0 ** min(attempt - 1, 30), DAY_S)


@variant
class BackoffStartsAtTenMinutes(BackoffDeviation):
    """A SET comes again ten minutes after its first delivery at the earliest."""

    exercises = ("VEPA-UNACKED-REDELIVERED", "VEPA-BACKOFF-GAPS-GROW")

    def gap(self, attempt: int, waited: float) -> float | None:
        """Begin there and double it."""
        del waited
        return min(600.0 * 2.0 ** min(attempt - 1, 30), DAY_S)


@variant
class BackoffJitters(BackoffDeviation):
    """Each gap between two deliveries of a SET is up to a fifth shorter than its nominal length."""

    exercises = ("VEPA-BACKOFF-GAPS-NONDECREASING", "VEPA-BACKOFF-GAPS-GROW")

    # The same run gives the same gaps, so this is a pattern rather than a source of chance.
    SHARES = (0.0, 0.2, 0.05, 0.15, 0.1)

    def gap(self, attempt: int, waited: float) -> float | None:
        """Shorten it."""
        del waited
        share = self.SHARES[attempt % len(self.SHARES)]
        return min(2.0 ** min(attempt - 1, 30), DAY_S) * (1.0 - share)
