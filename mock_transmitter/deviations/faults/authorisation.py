"""Faults of authorisation: SSF 1.0 section 8, RFC 6750, RFC 9110 section 15.5.2."""

from dataclasses import replace

from mock_transmitter.deviations.documents import with_header
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.seams import Deviation, Proceed
from mock_transmitter.errors import StreamNotFound
from mock_transmitter.http.authorisation import Access, Decision, Denied, Granted
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply

POLLING = frozenset({"poll", "acknowledge"})

MISSING_TOKEN = (
    "SSF-8.1.1.1-ERR-401",
    "SSF-8.1.1.2-ERR-401",
    "SSF-8.1.1.3-ERR-401",
    "SSF-8.1.1.4-ERR-401",
    "SSF-8.1.1.5-ERR-401",
    "SSF-8.1.4.2-ERR-401",
    "SSE-7.1.2.1-ERR-401",
    "SSE-7.1.2.2-ERR-401",
    "SSE-7.1.2.3-ERR-401",
    "SSE-7.1.4.2-ERR-401",
)
CHALLENGES = (
    "RFC6750-3-BEARER-CHALLENGE",
    "RFC6750-3.1-INVALID-TOKEN",
    "RFC6750-3.1-NO-ERROR-WITHOUT-CREDS",
    "RFC8936-3-WWW-AUTHENTICATE",
)


@fault
class ManagementIsOpenWithoutAToken(Deviation):
    """Management calls without a token are served as if the first Receiver had made them."""

    breaks = ("SSF-8-HTTP-AUTH", *MISSING_TOKEN, "JAMF-BEARER")
    also = (
        *CHALLENGES,
        "SSE-8-OAUTH-BEARER",
        "SSF-8-AUTH-BINDS-STREAMS",
        "SSF-8.1.1.5-DELETE-EFFECTIVE",
        "RFC9110-15.5.2-401-CHALLENGE",
    )

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Grant what lacks a token."""
        if (
            access.token is None
            and access.operation not in POLLING
            and isinstance(decision, Denied)
        ):
            return Granted(access.receivers[0])
        return decision


@fault
class UnknownTokensAreTakenForTheFirstReceiver(Deviation):
    """Any token that is not known is served as if the first Receiver had sent it."""

    breaks = MISSING_TOKEN
    also = (
        *CHALLENGES,
        "SSF-8-HTTP-AUTH",
        "SSF-7.1.1-POLL-PROTECTED",
        "SSF-8.1.1.5-DELETE-EFFECTIVE",
        "SSE-8-OAUTH-BEARER",
        "JAMF-BEARER",
        "VEPA-POLL-AUTH",
        "RFC8936-2.5.1-GENERAL-ERRORS",
    )

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Grant what is not known."""
        if isinstance(decision, Denied) and decision.error == "invalid_token":
            return Granted(access.owner or access.receivers[0])
        return decision


@fault
class PollIsOpenWithoutAToken(Deviation):
    """SETs are handed out, and acknowledgements taken, without a token."""

    breaks = ("SSF-7.1.1-POLL-PROTECTED", "VEPA-POLL-AUTH")
    also = (*CHALLENGES, "RFC8936-2.5.1-GENERAL-ERRORS", "RFC9110-15.5.2-401-CHALLENGE")

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Grant polls that lack a token."""
        if access.token is None and access.operation in POLLING and isinstance(decision, Denied):
            return Granted(access.owner or access.receivers[0])
        return decision


@fault
class PollTakesAnotherAudiencesToken(Deviation):
    """A stream can be polled and acknowledged with the token of another audience."""

    breaks = ("VEPA-POLL-AUTH-AUDIENCE",)
    also = ("SSF-6.1.2-POLL-URL-REUSE-ACROSS-RECEIVERS",)

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Grant what another audience asks for."""
        known = {one.token(access.channel) for one in access.receivers}
        if access.operation in POLLING and isinstance(decision, Denied) and access.token in known:
            return Granted(access.owner)
        return decision


@fault
class StreamsOfOtherReceiversAreOpen(Deviation):
    """A Receiver that knows the id of another's stream can read, change and delete it."""

    breaks = ("SSF-8-AUTH-BINDS-STREAMS",)
    also = ("SSF-8.1.1.2-ERR-403", "SSF-8.1.1.3-ERR-403", "SSF-8.1.1.4-ERR-403")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Call in the owner's name."""
        if call.stream_id is None or call.receiver is None:
            return proceed(call)
        try:
            owner = call.transmitter.stream(call.stream_id).audience
        except StreamNotFound:
            return proceed(call)
        return proceed(replace(call, receiver=replace(call.receiver, audience=owner)))


@fault
class ListShowsTheStreamsOfOtherReceivers(Deviation):
    """The list of streams holds those of every Receiver."""

    breaks = ("SSF-8.1.1.2-LIST-ONLY-OWN",)
    also = ("SSF-8-AUTH-BINDS-STREAMS", "SSF-8.1.1.2-LIST-EMPTY")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show all."""
        outcome = proceed(call)
        if call.operation != "list_streams" or not isinstance(outcome, Reply):
            return outcome
        transmitter = call.transmitter
        everyone = [transmitter.document(stream) for stream in transmitter.streams()]
        return replace(outcome, document=everyone)


@fault
class RefusalsLackTheChallenge(Deviation):
    """A 401 says in no header how to authenticate."""

    breaks = ("RFC9110-15.5.2-401-CHALLENGE",)
    also = CHALLENGES

    def response(self, response: Response, operation: str | None) -> Response:
        """Take WWW-Authenticate away."""
        del operation
        return with_header(response, "www-authenticate", None)


@fault
class UnknownTokensAreAnswered404(Deviation):
    """A token that is not known is answered with 404, as if the endpoint did not exist."""

    breaks = MISSING_TOKEN
    also = (*CHALLENGES, "JAMF-BEARER", "VEPA-POLL-AUTH", "SSE-8-OAUTH-BEARER")

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Answer so."""
        del access
        if isinstance(decision, Denied) and decision.error == "invalid_token":
            return replace(decision, status=404)
        return decision
