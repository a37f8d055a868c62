"""Recording one request and its answer as an exchange, without secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.receiver.answer import Answer
from conformance.receiver.exchange import Capture, Exchange, Recorder
from conformance.spec.profile import Profile
from conformance.spec.redaction import redact_headers, redact_text
from conformance.target.credentials import Headers

_SHOWN_HEADERS = frozenset({"content-type", "content-language"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is sent; header names are in lower case, `timeout_s` is in seconds."""

    operation: str
    channel: str
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    timeout_s: float
    held: bool = False
    secret_headers: frozenset[str] = frozenset({"authorization"})

    def carrying(self, carried: Headers) -> "Request":
        """Return the request with the headers of a credential."""
        return replace(
            self,
            headers={**self.headers, **carried},
            secret_headers=self.secret_headers | set(carried),
        )


def record(
    recorder: Recorder,
    request: Request,
    profile: Profile,
    secrets: frozenset[str],
    *,
    seconds: float,
    answer: Answer | None = None,
    error: str | None = None,
) -> Exchange:
    """Add an exchange to the recorder and return it; `error` says why there was no answer."""
    shown = {
        name: value
        for name, value in request.headers.items()
        if name in _SHOWN_HEADERS or name in request.secret_headers
    }
    exchange = Exchange(
        number=len(recorder.exchanges) + 1,
        operation=request.operation,
        channel=request.channel,
        method=request.method,
        url=redact_text(request.url, secrets),
        request_headers=redact_headers(shown, request.secret_headers),
        request_body=None if request.content is None else redacted(request.content, secrets),
        status=None if answer is None else answer.status,
        response_headers={} if answer is None else _redacted_headers(answer, secrets),
        response_body=None if answer is None else answer.shown,
        error=error,
        duration_s=seconds,
        captures=() if answer is None else _captures(recorder, request.operation, answer, profile),
    )
    recorder.exchanges.append(exchange)
    return exchange


def redacted(body: bytes, secrets: frozenset[str]) -> str:
    """Return a body as text, without secrets."""
    return redact_text(body.decode("utf-8", "replace"), secrets)


def _redacted_headers(answer: Answer, secrets: frozenset[str]) -> dict[str, str]:
    return {
        name: redact_text(value, secrets) for name, value in redact_headers(answer.headers).items()
    }


def _captures(
    recorder: Recorder, operation: str, answer: Answer, profile: Profile
) -> tuple[Capture, ...]:
    """Name what the target minted in an answer: a stream_id, a poll URL, the jtis."""
    document = answer.document
    if not isinstance(document, dict):
        return ()
    found: list[tuple[str, str, object]] = []
    if operation.endswith("_stream"):
        spelled = profile.spelling("stream", "stream_id")
        found.append(("STREAM_ID", f".{spelled}", document.get(spelled)))
        delivery = document.get("delivery")
        if isinstance(delivery, dict) and delivery.get("method") == profile.delivery.poll:
            url = delivery.get("endpoint_url")
            found.append(("POLL_URL", ".delivery.endpoint_url", url))
    sets = document.get("sets")
    if operation == "poll" and isinstance(sets, dict):
        found += [("JTI", f".sets|keys_unsorted[{n}]", jti) for n, jti in enumerate(sets)]
    captures = []
    for kind, path, value in found:
        if isinstance(value, str) and value:
            variable = recorder.variable_for(kind, value)
            if variable is not None:
                captures.append(Capture(variable, path, value))
    return tuple(captures)
