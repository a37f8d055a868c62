"""Access to another Receiver's streams: what to send, and what an answer discloses."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from conformance.receiver.answer import Answer
from conformance.receiver.connection import Credential
from conformance.receiver.operations import Operations
from conformance.receiver.shown_values import delivery_of
from conformance.receiver.stream import Stream
from conformance.target.credentials import Bearer

STATUSES = frozenset({"enabled", "paused", "disabled"})

CLOSED = ("SSF-8-HTTP-AUTH", "SSE-8-OAUTH-BEARER", "JAMF-BEARER")
CLOSED_POLLING = ("SSF-7.1.1-POLL-PROTECTED", "VEPA-POLL-AUTH")
# Valid requests that have no effect if they are served.
POLLING: Mapping[str, dict[str, object]] = MappingProxyType(
    {"poll": {"maxEvents": 1, "returnImmediately": True}, "acknowledge": {"acks": []}}
)
# Operations that change a stream without ending it, or have something sent on it.
CHANGES = (
    "update_stream",
    "replace_stream",
    "update_status",
    "add_subject",
    "remove_subject",
    "verify",
)
# Deleting comes last, because it takes effect if it is served.
_EVERYWHERE = (
    "create_stream",
    "read_stream",
    "list_streams",
    "read_status",
    *CHANGES,
    *POLLING,
    "delete_stream",
)

NEAR = ("another letter in the middle", "the first half of the own one", "longer than the own one")

# No case uses this subject otherwise, so nothing has to be undone if the call is served.
SUBJECT = {"format": "email", "email": "asked-for-by-somebody-else@example.com"}


def request_body(
    operation: str, before: Mapping[str, object], description: str
) -> dict[str, object] | None:
    """Return a valid body for an operation on a stream, such as a new description or a pause."""
    kept = {name: before[name] for name in ("events_requested", "delivery") if name in before}
    bodies: dict[str, dict[str, object]] = {
        "update_stream": {"description": description},
        "replace_stream": {**kept, "description": description},
        "update_status": {"status": "paused"},
        "add_subject": {"subject": SUBJECT},
        "remove_subject": {"subject": SUBJECT},
        "verify": {"state": description},
    }
    return bodies.get(operation)


def at_each_endpoint(
    stream: Stream, credential: Credential, query: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Answer]]:
    """Call each operation on a stream with a credential, and yield it with the answer.

    An implicit stream is neither made nor deleted. A stream that was made is deleted, and a status
    that was changed is restored.
    """
    implicit = stream.profile.stream.model == "implicit"
    left_out = {"create_stream", "delete_stream"} if implicit else set()
    before = stream.read()
    for operation in _EVERYWHERE:
        if operation in left_out or not stream.operations.offers(operation):
            continue
        is_new = operation == "create_stream"
        asked = POLLING.get(operation) or request_body(operation, before, "asked for by nobody")
        answer = stream.operations.call(
            operation,
            body=stream.operations.usual_properties() if is_new else asked,
            stream_id=None if is_new else stream.id,
            stream=None if is_new else stream.configuration,
            query=query,
            credential=credential,
        )
        if is_new:
            delete_if_made(stream.operations, answer)
        elif answer.served and operation == "update_status":
            stream.update_status("enabled")
        yield operation, answer


def near(own: Bearer) -> dict[str, Bearer]:
    """Return invalid tokens that resemble a valid one, keyed by how they differ."""
    token = own.token
    middle = len(token) // 2
    letter = "A" if token[middle] != "A" else "B"
    spoilt = (f"{token[:middle]}{letter}{token[middle + 1 :]}", token[:middle], f"{token}-another")
    return dict(zip(NEAR, map(Bearer, spoilt), strict=True))


def delete_if_made(operations: Operations, answer: Answer, credential: Credential = "own") -> None:
    """Delete a stream that should not have been made."""
    made = operations.configuration_in(answer).get("stream_id")
    if answer.served and isinstance(made, str):
        operations.call("delete_stream", stream_id=made, credential=credential)


def status_of(stream: Stream, operation: str) -> object:
    """Return the status of a stream, or None if the operation can't have changed it."""
    is_about_it = operation == "update_status" and stream.operations.offers("read_status")
    return stream.status if is_about_it else None


def is_shown(configuration: Mapping[str, object], answer: Answer, sent: object) -> bool:
    """Return whether an answer discloses something about a stream that the request lacked."""
    url = delivery_of(configuration).get("endpoint_url")
    body = repr(answer.document) if answer.is_json else answer.body.decode("utf-8", "replace")
    told = any(
        isinstance(one, str) and bool(one) and one in body and one not in repr(sent)
        for one in (configuration.get("description"), url)
    )
    status = answer.document.get("status") if isinstance(answer.document, dict) else None
    return told or (isinstance(status, str) and status in STATUSES and status not in repr(sent))
