"""Variants of the management API's answers: headers, JSON syntax, bodies of refusals."""

import json
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at, variant_row
from mock_transmitter.deviations.kinds.documents import with_configurations, with_header
from mock_transmitter.deviations.kinds.streams import UnnamedStream
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

_REFUSED = range(400, 500)
_MANAGES = frozenset(
    {
        "create_stream",
        "read_stream",
        "list_streams",
        "update_stream",
        "replace_stream",
        "delete_stream",
    }
)


@variant_at("response", on=("create_stream",), exercises=("SSF-8.1.1.1-CREATE-201",))
def create_names_its_location(response: Response) -> Response:
    """A new stream is answered with its location, an entity tag and the charset of its JSON."""
    if response.status != 201:
        return response
    answer = with_header(response, "location", "/ssf/streams/new")
    answer = with_header(answer, "etag", 'W/"1"')
    return with_header(answer, "content-type", "application/json; charset=utf-8")


@variant_at("response", on=_MANAGES, exercises=("SSF-8.1.1.1-CREATE-201", "SSF-8.1.1.2-READ-200"))
def json_is_indented_ascii_in_any_order(response: Response) -> Response:
    """JSON is written with escapes beyond ASCII, indented, its members sorted."""
    if not response.body:
        return response
    document = json.loads(response.body)
    text = json.dumps(document, ensure_ascii=True, indent=2, sort_keys=True)
    return replace(response, body=f"\r\n{text}\n".encode())


@variant_at(
    "response",
    on=_MANAGES,
    exercises=("SSF-8.1.1.3-ERR-400", "SSF-8.1.1.4-ERR-400", "SSF-8.1.1.5-ERR-404"),
)
def refusals_are_text(response: Response) -> Response:
    """Whatever the management API refuses has a line of text for a body."""
    if response.status not in _REFUSED:
        return response
    plain = with_header(response, "content-type", "text/plain; charset=utf-8")
    return replace(plain, body=b"The request was refused.\n")


@variant_at(
    "response",
    on=_MANAGES,
    exercises=("SSF-8.1.1.3-ERR-400", "SSF-8.1.1.4-ERR-400", "SSF-8.1.1.5-ERR-404"),
)
def refusals_are_problem_details(response: Response) -> Response:
    """Whatever the management API refuses has problem details (RFC 9457) for a body."""
    if response.status not in _REFUSED:
        return response
    details = {"type": "about:blank", "title": "refused", "status": response.status}
    answer = with_header(response, "content-type", "application/problem+json")
    return replace(answer, body=json.dumps(details).encode())


variant_row(
    "unnamed-updates-are-not-found",
    "A PATCH or PUT that names no stream is answered with 404.",
    UnnamedStream,
    exercises=("SSF-8.1.1.3-PATCH-STREAMID-REQUIRED", "SSF-8.1.1.4-PUT-STREAMID-REQUIRED"),
)


class _UnnamedDelete(Deviation):
    """Answers a DELETE without a stream_id with another refusal than 400."""

    status = 400

    def __init__(self) -> None:
        self._unnamed = False

    def request(self, request: Request, at: At) -> Request:
        self._unnamed = request.method == "DELETE" and not request.query
        return request

    def response(self, response: Response, at: At) -> Response:
        refused = self._unnamed and at.operation == "delete_stream"
        if not refused or response.status != 400:
            return response
        return replace(response, status=self.status)


variant_row(
    "unnamed-deletes-are-not-found",
    "A DELETE that names no stream is answered with 404.",
    _UnnamedDelete,
    status=404,
    exercises=("SSF-8.1.1.5-DELETE-STREAMID-QUERY",),
)


@variant
class UnnamedDeletesAreNotAllowed(_UnnamedDelete):
    """A DELETE that names no stream is answered with 405, and what is allowed."""

    exercises = ("SSF-8.1.1.5-DELETE-STREAMID-QUERY",)
    status = 405

    def response(self, response: Response, at: At) -> Response:
        answer = super().response(response, at)
        same = answer.status == response.status
        return answer if same else with_header(answer, "allow", "GET, PATCH, POST, PUT")


UNKNOWN_MEMBER = {"x_example_vendor": {"since": 2026}}
NAMED_BY_URI = {f"https://vendor.example/{name}": value for name, value in UNKNOWN_MEMBER.items()}


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
        outcome = with_configurations(proceed(call), lambda document: document | UNKNOWN_MEMBER)
        others = {"transmitter_configuration", "poll_response", "key_set"}
        if isinstance(outcome, Reply) and outcome.message in others:
            return replace(outcome, document=outcome.document | UNKNOWN_MEMBER)
        return outcome

    def claims(self, claims: Json, at: At) -> Json:
        """Add one to the claims and to each event, where the draft of 2021 wants a URI."""
        events = {kind: payload | NAMED_BY_URI for kind, payload in claims["events"].items()}
        return {**claims, "events": events} | UNKNOWN_MEMBER
