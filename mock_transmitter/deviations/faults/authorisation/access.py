"""Faults of authorisation: SSF 1.0 section 8, RFC 6750, RFC 9110 section 15.5.2."""

from abc import ABC
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.kinds.calls import POLLING
from mock_transmitter.deviations.kinds.documents import ChangedReply, with_header
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.authorisation import REALM, Decision, Denied, Granted
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply

MISSING_TOKEN = (
    "SSF-8.1.1.1-ERR-401",
    "SSF-8.1.1.2-ERR-401",
    "SSF-8.1.1.3-ERR-401",
    "SSF-8.1.1.4-ERR-401",
    "SSF-8.1.1.5-ERR-401",
    "SSF-8.1.2.1-ERR-401",
    "SSF-8.1.2.2-ERR-401",
    "SSF-8.1.3.2-ERR-401",
    "SSF-8.1.3.3-ERR-401",
    "SSF-8.1.4.2-ERR-401",
    "SSE-7.1.1.1-ERR-401",
    "SSE-7.1.1.2-ERR-401",
    "SSE-7.1.2.1-ERR-401",
    "SSE-7.1.2.2-ERR-401",
    "SSE-7.1.2.3-ERR-401",
    "SSE-7.1.3.1-ERR-401",
    "SSE-7.1.3.2-ERR-401",
    "SSE-7.1.4.2-ERR-401",
)
FORBIDDEN_ON_STREAMS = (
    "SSF-8.1.1.1-ERR-403",
    "SSF-8.1.1.2-ERR-403",
    "SSF-8.1.1.3-ERR-403",
    "SSF-8.1.1.4-ERR-403",
    "SSF-8.1.1.5-ERR-403",
    "SSF-8.1.2.2-ERR-403",
    "SSE-7.1.1.2-ERR-403",
    "SSE-7.1.2.1-ERR-403",
    "SSE-7.1.2.2-ERR-403",
    "SSE-7.1.2.3-ERR-403",
)
FORBIDDEN = (
    *FORBIDDEN_ON_STREAMS,
    "SSF-8.1.3.2-ERR-403",
    "SSF-8.1.3.3-ERR-403",
    "SSE-7.1.3.1-ERR-403",
    "SSE-7.1.3.2-ERR-403",
)
CHALLENGES = (
    "RFC6750-3-BEARER-CHALLENGE",
    "RFC6750-3.1-INVALID-TOKEN",
    "RFC8936-3-WWW-AUTHENTICATE",
)


@fault_at(
    "authorisation",
    breaks=("SSF-8-HTTP-AUTH", *MISSING_TOKEN, "JAMF-BEARER"),
    also=(
        *CHALLENGES,
        "SSE-8-OAUTH-BEARER",
    ),
)
def management_is_open_without_a_token(decision: Decision, at: At) -> Decision:
    """Management calls without a token are served as if the first Receiver had made them."""
    if (
        at.access.token is None
        and at.access.operation not in POLLING
        and isinstance(decision, Denied)
    ):
        return Granted(at.access.receivers[0])
    return decision


@fault_at(
    "authorisation",
    breaks=MISSING_TOKEN,
    also=(
        *CHALLENGES,
        "SSF-8-HTTP-AUTH",
        "SSF-7.1.1-POLL-PROTECTED",
        "SSE-8-OAUTH-BEARER",
        "JAMF-BEARER",
    ),
)
def unknown_tokens_are_taken_for_the_first_receiver(decision: Decision, at: At) -> Decision:
    """Any token that is not known is served as if the first Receiver had sent it."""
    if isinstance(decision, Denied) and decision.error == "invalid_token":
        return Granted(at.access.owner or at.access.receivers[0])
    return decision


@fault_at(
    "authorisation",
    on=POLLING,
    breaks=("SSF-7.1.1-POLL-PROTECTED", "VEPA-POLL-AUTH"),
    also=CHALLENGES,
)
def poll_is_open_without_a_token(decision: Decision, at: At) -> Decision:
    """SETs are handed out, and acknowledgements taken, without a token."""
    if at.access.token is None and isinstance(decision, Denied):
        return Granted(at.access.owner or at.access.receivers[0])
    return decision


@fault_at(
    "authorisation",
    on=POLLING,
    breaks=("VEPA-POLL-AUTH-AUDIENCE", "SSF-7.1.1-POLL-PROTECTED"),
    also=(
        "RFC8936-2-UNACKED-KEPT",
        "VEPA-UNACKED-REDELIVERED",
    ),
)
def poll_takes_another_audiences_token(decision: Decision, at: At) -> Decision:
    """A stream can be polled and acknowledged with the token of another audience."""
    known = {one.token(at.access.channel) for one in at.access.receivers}
    if isinstance(decision, Denied) and at.access.token in known:
        return Granted(at.access.owner)
    return decision


class OpenToOtherReceivers(Deviation, ABC):
    """Performs some operations on a stream for any Receiver that knows its id."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        owner = foreign_stream(call)
        if owner is None or call.receiver is None:
            return proceed(call)
        return proceed(replace(call, receiver=replace(call.receiver, audience=owner.audience)))


def foreign_stream(call: Call) -> Stream | None:
    """Return the stream that a call names if it belongs to another Receiver."""
    if call.stream_id is None or call.receiver is None or call.operation in POLLING:
        return None
    try:
        stream = call.transmitter.stream(call.stream_id)
    except StreamNotFound:
        return None
    return None if stream.audience == call.audience else stream


fault_row(
    "streams-of-other-receivers-are-open",
    "A Receiver that knows the id of another's stream can read, change and delete it.",
    OpenToOtherReceivers,
    on=frozenset(
        {
            "read_stream",
            "update_stream",
            "replace_stream",
            "delete_stream",
            "read_status",
            "update_status",
            "add_subject",
            "remove_subject",
            "verify",
        }
    ),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)
fault_row(
    "streams-of-other-receivers-can-be-read",
    "A Receiver that knows the id of another's stream can read it, and no more.",
    OpenToOtherReceivers,
    on=("read_stream",),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)
fault_row(
    "streams-of-other-receivers-can-be-replaced",
    "A Receiver that knows the id of another's stream can replace it, though not update it.",
    OpenToOtherReceivers,
    on=("replace_stream",),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)
fault_row(
    "streams-of-other-receivers-can-be-verified",
    "A Receiver that knows the id of another's stream can have Verification Events sent to it.",
    OpenToOtherReceivers,
    on=("verify",),
    breaks=("SSF-8-AUTH-BINDS-STREAMS",),
)


@fault_at("operation", on=("delete_stream",), breaks=("SSF-8-AUTH-BINDS-STREAMS",))
def foreign_delete_is_refused_and_done(call: Call, proceed: Proceed) -> Outcome:
    """Deleting another Receiver's stream is answered with 404, and the stream is gone."""
    stream = foreign_stream(call)
    if stream is not None:
        call.transmitter.delete_stream(stream)
    return proceed(call)


@fault_at("operation", on=("read_stream",), breaks=("SSF-8-AUTH-BINDS-STREAMS",))
def refusal_shows_the_foreign_stream(call: Call, proceed: Proceed) -> Outcome:
    """Reading another Receiver's stream is answered with 403 and its configuration."""
    stream = foreign_stream(call)
    if stream is None:
        return proceed(call)
    return Reply(
        status=403, document=call.transmitter.document(stream), message="stream_configuration"
    )


@fault_at(
    ChangedReply,
    on=("list_streams",),
    breaks=("SSF-8.1.1.2-LIST-ONLY-OWN",),
    also=("SSF-8.1.1.2-LIST-EMPTY",),
)
def list_shows_the_streams_of_other_receivers(reply: Reply, call: Call) -> Outcome:
    """The list of streams holds those of every Receiver."""
    transmitter = call.transmitter
    everyone = [transmitter.document(stream) for stream in transmitter.streams()]
    return replace(reply, document=everyone)


@fault_at(
    ChangedReply,
    on=("list_streams",),
    breaks=("SSF-8.1.1.2-LIST-ONLY-OWN",),
    also=("SSF-8.1.1.2-LIST-EMPTY",),
)
def list_of_a_new_receiver_shows_everybodys_streams(reply: Reply, call: Call) -> Outcome:
    """The list of a Receiver that has no stream yet holds those of every Receiver."""
    if reply.document:
        return reply
    transmitter = call.transmitter
    everyone = [transmitter.document(stream) for stream in transmitter.streams()]
    return replace(reply, document=everyone)


class LimitedDeviation(Deviation, ABC):
    """Grants some operations to a valid token that allows none."""

    GRANTED: ClassVar[frozenset[str]] = frozenset(
        {
            "create_stream",
            "read_stream",
            "update_stream",
            "replace_stream",
            "delete_stream",
            "update_status",
            "add_subject",
            "remove_subject",
        }
    )

    def authorisation(self, decision: Decision, at: At) -> Decision:
        for receiver in at.access.receivers:
            if at.access.token == receiver.limited_token and at.access.operation in self.GRANTED:
                return Granted(receiver)
        return decision


fault_row(
    "limited-tokens-manage-streams",
    "A token that may not manage streams is served as one that may.",
    LimitedDeviation,
    breaks=FORBIDDEN,
)
fault_row(
    "limited-tokens-read-streams",
    "A token that may not manage streams can read them.",
    LimitedDeviation,
    GRANTED=frozenset({"read_stream"}),
    breaks=("SSF-8.1.1.2-ERR-403", "SSE-7.1.2.1-ERR-403"),
)
fault_row(
    "limited-tokens-replace-streams",
    "A token that may not manage streams can replace a configuration, and do nothing else.",
    LimitedDeviation,
    GRANTED=frozenset({"replace_stream"}),
    breaks=("SSF-8.1.1.4-ERR-403", "SSE-7.1.2.2-ERR-403"),
)


class RefusedAndDone(LimitedDeviation, ABC):
    """Performs what a limited token asks for, and answers with 403."""

    def __init__(self) -> None:
        self._limited = False

    def authorisation(self, decision: Decision, at: At) -> Decision:
        granted = super().authorisation(decision, at)
        self._limited = granted is not decision
        return granted

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not self._limited or not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, status=403)


@fault
class ForbiddenCallsAreDoneAllTheSame(RefusedAndDone):
    """What a token may not do to a stream is answered with 403, and done and shown."""

    # Only events show what was done with subjects.
    breaks = FORBIDDEN_ON_STREAMS
    also = ("SSF-8.1.3.2-ERR-403", "SSF-8.1.3.3-ERR-403")


fault_row(
    "forbidden-streams-are-made",
    "Creating a stream with a token that may not is answered with 403, and the stream is there.",
    RefusedAndDone,
    GRANTED=frozenset({"create_stream"}),
    breaks=("SSF-8.1.1.1-ERR-403",),
)
fault_row(
    "forbidden-streams-are-deleted",
    "Deleting a stream with a token that may not is answered with 403, and the stream is gone.",
    RefusedAndDone,
    GRANTED=frozenset({"delete_stream"}),
    breaks=("SSF-8.1.1.5-ERR-403", "SSE-7.1.2.3-ERR-403"),
)


@fault_at("authorisation", breaks=FORBIDDEN)
def limited_tokens_are_a_server_error(decision: Decision, at: At) -> Decision:
    """A token that may not manage streams is answered with 500."""
    limited = {receiver.limited_token for receiver in at.access.receivers}
    if isinstance(decision, Denied) and at.access.token in limited:
        return replace(decision, status=500)
    return decision


@fault_at(
    "response",
    breaks=("RFC9110-15.5.2-401-CHALLENGE",),
    also=(*CHALLENGES, "CAEPIOP-2.7.3-RFC6750-ERRORS"),
)
def refusals_lack_the_challenge(response: Response) -> Response:
    """A 401 says in no header how to authenticate."""
    return with_header(response, "www-authenticate", None)


@fault_at(
    "authorisation",
    breaks=MISSING_TOKEN,
    also=CHALLENGES,
)
def unknown_tokens_are_answered_404(decision: Decision) -> Decision:
    """A token that is not known is answered with 404, as if the endpoint did not exist."""
    if isinstance(decision, Denied) and decision.error == "invalid_token":
        return replace(decision, status=404)
    return decision


UNAUTHORIZED = 401


@fault_at("response", breaks=("RFC6750-3-BEARER-CHALLENGE",), also=("RFC6750-3.1-INVALID-TOKEN",))
def challenge_offers_basic_alone(response: Response, at: At) -> Response:
    """A 401 asks for the scheme Basic, though a bearer token is what is taken."""
    if at.operation is None or response.status != UNAUTHORIZED:
        return response
    return with_header(response, "www-authenticate", f'Basic realm="{REALM}"')
