"""Asking for what belongs to somebody else: what to send, and what an answer gives away."""

from collections.abc import Mapping

from conformance.client import Answer


def request_body(
    operation: str, before: Mapping[str, object], description: str
) -> dict[str, object] | None:
    """Return a valid body for an operation on a stream, which changes its description."""
    kept = {name: before[name] for name in ("events_requested", "delivery") if name in before}
    bodies: dict[str, dict[str, object]] = {
        "update_stream": {"description": description},
        "replace_stream": {**kept, "description": description},
        "verify": {"state": description},
    }
    return bodies.get(operation)


def is_shown(configuration: Mapping[str, object], answer: Answer, sent: object) -> bool:
    """Say whether an answer tells something of one stream alone that was not sent with the call."""
    delivery = configuration.get("delivery")
    url = delivery.get("endpoint_url") if isinstance(delivery, dict) else None
    body = repr(answer.document) if answer.is_json else answer.body.decode("utf-8", "replace")
    return any(
        isinstance(one, str) and bool(one) and one in body and one not in repr(sent)
        for one in (configuration.get("description"), url)
    )
