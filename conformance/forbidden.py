"""Asking for what belongs to somebody else: what to send, and what an answer gives away."""

from collections.abc import Mapping

from conformance.client import Answer
from conformance.stream import Stream

STATUSES = frozenset({"enabled", "paused", "disabled"})

# Nobody else speaks of this one, so that nothing has to be put back where a call was served.
SUBJECT = {"format": "email", "email": "asked-for-by-somebody-else@example.com"}


def request_body(
    operation: str, before: Mapping[str, object], description: str
) -> dict[str, object] | None:
    """Return a valid body for an operation on a stream: a change of its description, or a pause."""
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


def status_of(stream: Stream, operation: str) -> object:
    """Return the status that a stream shows; None where the operation can't have changed it."""
    is_about_it = operation == "update_status" and stream.transmitter.offers("read_status")
    return stream.status if is_about_it else None


def is_shown(configuration: Mapping[str, object], answer: Answer, sent: object) -> bool:
    """Say whether an answer tells something of one stream alone that was not sent with the call."""
    delivery = configuration.get("delivery")
    url = delivery.get("endpoint_url") if isinstance(delivery, dict) else None
    body = repr(answer.document) if answer.is_json else answer.body.decode("utf-8", "replace")
    told = any(
        isinstance(one, str) and bool(one) and one in body and one not in repr(sent)
        for one in (configuration.get("description"), url)
    )
    status = answer.document.get("status") if isinstance(answer.document, dict) else None
    return told or (isinstance(status, str) and status in STATUSES and status not in repr(sent))
