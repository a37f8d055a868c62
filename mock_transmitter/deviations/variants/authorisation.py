"""Variants of authorisation: who is refused, and how."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.faults.authorisation.access import FORBIDDEN
from mock_transmitter.deviations.kinds.calls import POLLING, target
from mock_transmitter.deviations.kinds.documents import with_body, with_configurations, with_header
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.http.authorisation import REALM, Decision, Denied
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply


@variant_at(
    "operation", exercises=("SSF-8.1.1.2-ERR-403", "SSF-8.1.1.3-ERR-403", "SSF-8.1.1.5-ERR-403")
)
def foreign_streams_are_forbidden(call: Call, proceed: Proceed) -> Outcome:
    """Another Receiver's stream is answered with 403 instead of 404."""
    try:
        return proceed(call)
    except StreamNotFound:
        known = {stream.stream_id for stream in call.transmitter.streams()}
        if call.stream_id not in known:
            raise
        refusal = {"error": "access_denied", "error_description": "not your stream"}
        return Reply(status=403, document=refusal)


@variant_at(
    "response",
    exercises=(
        "RFC6750-3-BEARER-CHALLENGE",
        "RFC8936-3-RECIPIENT-AUTH",
        "RFC9110-15.5.2-401-CHALLENGE",
    ),
)
def challenge_offers_another_scheme(response: Response) -> Response:
    """A 401 offers a second authentication scheme before Bearer."""
    challenge = dict(response.headers).get("www-authenticate")
    if challenge is None:
        return response
    return with_header(response, "www-authenticate", f'Basic realm="{REALM}", {challenge}')


@variant_at("authorisation", on=POLLING, exercises=("VEPA-POLL-AUTH-AUDIENCE",))
def foreign_poll_tokens_are_unknown(decision: Decision) -> Decision:
    """A poll with the token of another audience is answered with 401 instead of 403."""
    if isinstance(decision, Denied):
        return replace(decision, status=401, error=decision.error and "invalid_token")
    return decision


@variant_at("response", exercises=FORBIDDEN)
def refusals_have_no_body(response: Response, at: At) -> Response:
    """A 401, a 403 and a 404 have an empty body."""
    if at.operation is None or response.status not in {401, 403, 404}:
        return response
    return replace(with_header(response, "content-type", None), body=b"")


@variant_at(
    "response",
    exercises=(
        "RFC6750-3-BEARER-CHALLENGE",
        "RFC8936-3-RECIPIENT-AUTH",
        "RFC9110-15.5.2-401-CHALLENGE",
    ),
)
def challenges_are_spelled_otherwise(response: Response) -> Response:
    """A challenge has its scheme in lower case, and another scheme in a header field of its own."""
    challenge = dict(response.headers).get("www-authenticate")
    if challenge is None:
        return response
    spelled = with_header(
        response, "www-authenticate", challenge.replace("Bearer realm=", "bearer  realm=")
    )
    other = ("www-authenticate", 'DPoP algs="ES256 PS256"')
    return replace(spelled, headers=(other, *spelled.headers))


@variant
class PollUrlsAreSharedByReceivers(Deviation):
    """The first poll stream of every Receiver has one poll URL, the second another, and so on."""

    exercises = (
        "SSF-6.1.2-POLL-URL-REUSE-ACROSS-RECEIVERS",
        "SSF-8.1-SHARED-ENDPOINT-URLS",
        "SSE-7.1-SHARED-URLS",
    )

    def __init__(self) -> None:
        self._streams: dict[str, list[str]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Have each Receiver's streams numbered, and the number stand for the stream in URLs."""
        own = self._streams.setdefault(call.audience, [])
        if call.operation in POLLING:
            number = call.stream_id or ""
            known = number.isdecimal() and 0 < int(number) <= len(own)
            return proceed(replace(call, stream_id=own[int(number) - 1]) if known else call)
        stream = target(call)
        if stream is not None:
            delivery = stream.configuration.delivery.document()
            if call.body.get("delivery") == self._numbered(delivery, own):
                call = with_body(call, delivery=delivery)
        outcome = proceed(call)
        own += [
            one.stream_id
            for one in call.transmitter.streams(call.audience)
            if one.stream_id not in own
        ]
        return with_configurations(
            outcome,
            lambda document: {**document, "delivery": self._numbered(document["delivery"], own)},
            needs="delivery",
        )

    def _numbered(self, delivery: Json, own: list[str]) -> Json:
        url = delivery.get("endpoint_url")
        for number, stream_id in enumerate(own, start=1):
            url = url.replace(stream_id, str(number)) if isinstance(url, str) else url
        return {**delivery, "endpoint_url": url}


_ANOTHER: Json = {"format": "email", "email": "jane.roe@example.com"}
_FEW = 2


@variant_at(
    "operation",
    on=("verify",),
    exercises=("SSF-8.1-MULTI-SUBJECT-STREAM", "SSE-7.1-MULTI-SUBJECT-STREAM"),
)
def stream_tells_of_another_principal(call: Call, proceed: Proceed) -> Outcome:
    """Beside each Verification Event that was asked for, something happens to another principal."""
    outcome = proceed(call)
    stream = target(call)
    if stream is not None:
        for event_type in stream.configuration.events_delivered[:1]:
            call.transmitter.emit(event_type, streams=[stream], subject=_ANOTHER)
    return outcome


@variant_at("schedule", exercises=("SSE-7.1.2-EVENTS-DELIVERED-MAY", "JAMF-DELIVERED-MAY"))
def last_delivered_type_never_comes(gap: float, at: At) -> float | None:
    """Where a stream delivers several types of events, those of the last are never sent."""
    delivered = at.stream.configuration.events_delivered
    silent = delivered[_FEW:][-1:]
    return None if set(silent) & set(at.pending.claims["events"]) else gap


@variant
class MalformedCredentialsAreInvalidRequests(Deviation):
    """A header that carries no Bearer token is answered with 400 and error="invalid_request"."""

    exercises = ("SSF-8-HTTP-AUTH", "SSE-8-OAUTH-BEARER")

    def __init__(self) -> None:
        self._has_header = False

    def request(self, request: Request, at: At) -> Request:
        self._has_header = request.header("authorization") is not None
        return request

    def authorisation(self, decision: Decision, at: At) -> Decision:
        if isinstance(decision, Denied) and at.access.token is None and self._has_header:
            return replace(decision, status=400, error="invalid_request")
        return decision
