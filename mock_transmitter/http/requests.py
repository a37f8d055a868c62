"""From an HTTP request to a call in canonical names, or to the reason why it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from conformance.spec import codec, schema
from conformance.spec.profile import Operation, Profile
from mock_transmitter.domain.errors import InvalidRequest, SubjectNotFound
from mock_transmitter.http import json_body
from mock_transmitter.http.message import Request

Json: TypeAlias = dict[str, Any]

MOST_BYTES = 1 << 20

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "create_stream": "create_stream_request",
        "update_stream": "update_stream_request",
        "replace_stream": "replace_stream_request",
        "update_status": "update_status_request",
        "add_subject": "add_subject_request",
        "remove_subject": "remove_subject_request",
        "verify": "verification_request",
        "poll": "poll_request",
        "acknowledge": "acknowledge_request",
    }
)

_MOST_SAID = 300

# A poll without a body is one with all defaults: RFC 8936 section 2.4.1 has `{}` for it, and
# clients send nothing. A verification of the one implicit stream has nothing that it must say.
_MAY_BE_EMPTY = frozenset({"poll", "verify"})

_STATUS = frozenset({"read_status", "update_status"})
_NAMES_SUBJECT = _STATUS | {"add_subject", "remove_subject"}


class BodyTooLarge(Exception):
    """A body of more than MOST_BYTES bytes."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a request says: the stream that it names, and its body in canonical names."""

    stream_id: str | None
    body: Mapping[str, Any]


def query_stream_id(profile: Profile, request: Request) -> str | None:
    """Return the stream_id of the query, or None.

    Raises InvalidRequest if the query has it twice.
    """
    return _query_value(request, profile.spelling("stream", "stream_id"))


def _query_value(request: Request, name: str) -> str | None:
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise InvalidRequest("the query can't be decoded") from None
    values = [value for key, value in pairs if key == name]
    if len(values) > 1:
        raise InvalidRequest(f"{name} occurs twice in the query", name)
    return values[0] if values else None


def read(profile: Profile, operation: str, request: Request, path_stream_id: str | None) -> Read:
    """Return what a request says.

    Raises InvalidRequest, SubjectNotFound, MalformedJson or BodyTooLarge.
    """
    rules = profile.operations.get(operation)
    stream_id = path_stream_id
    if rules is not None and rules.stream_id == "query" and stream_id is None:
        stream_id = query_stream_id(profile, request)
        if stream_id is None:
            raise InvalidRequest("stream_id is missing in the query", "stream_id")
    if operation == "read_status" and profile.stream.subject_status:
        return Read(stream_id, _with_valid_subject(profile, operation, _queried(request)))
    message = MESSAGES.get(operation)
    if message is None or rules is None:
        return Read(stream_id, {})
    body = _parsed(operation, request)
    canonical = codec.decode(profile, message, body)
    if not isinstance(canonical, dict):
        raise InvalidRequest("the body must be a JSON object")
    if operation == "poll":
        canonical = _without_what_polls_do_not_read(profile, canonical)
    if operation != "poll":
        stream_id = _body_stream_id(rules, canonical, stream_id)
    body = _valid(profile, message, canonical)
    return Read(stream_id, _with_valid_subject(profile, operation, body))


def _queried(request: Request) -> Json:
    """Return the subject that a query names in JSON: the 2021 draft's section 7.1.1.1."""
    text = _query_value(request, "subject")
    if text is None:
        return {}
    try:
        return {"subject": json_body.parse(text.encode())}
    except json_body.MalformedJson:
        return {"subject": text}


def _with_valid_subject(profile: Profile, operation: str, body: Json) -> Json:
    """Validate the subject that a request names, if it names one.

    Only the 2021 draft has a status for each subject (section 7.1.1); there an invalid one is not
    found: SubjectNotFound. Adding or removing an invalid one is an InvalidRequest.
    """
    if "subject" not in body or operation not in _NAMES_SUBJECT:
        return body
    of_status = operation in _STATUS
    if of_status and not profile.stream.subject_status:
        return {member: value for member, value in body.items() if member != "subject"}
    wrong = schema.problems(profile.schemas["subject"], body["subject"])
    judged = next((one for one in wrong if one.requirement is not None), None)
    if judged is not None:
        text = f"subject{judged.path}: {judged.message[:_MOST_SAID]}"
        raise SubjectNotFound(text) if of_status else InvalidRequest(text, "subject")
    return body


def _parsed(operation: str, request: Request) -> Any:  # noqa: ANN401 (JSON)
    if len(request.body) > MOST_BYTES:
        raise BodyTooLarge(f"the body has more than {MOST_BYTES} bytes")
    if not request.body.strip() and operation in _MAY_BE_EMPTY:
        return {}
    return json_body.parse(request.body)


def _without_what_polls_do_not_read(profile: Profile, body: Json) -> Json:
    rules = profile.poll
    ignored = set() if rules.acknowledge == "in-poll" else {"ack"}
    if not rules.set_errors:
        ignored.add("setErrs")
    return {member: value for member, value in body.items() if member not in ignored}


def _body_stream_id(rules: Operation, body: Json, stream_id: str | None) -> str | None:
    """Return the stream that a request names, and put its id where the schemas expect it."""
    given = body.get("stream_id")
    if rules.stream_id == "path":
        if "stream_id" in body and given != stream_id:
            raise InvalidRequest("the body names another stream than the path", "stream_id")
        body["stream_id"] = stream_id
    if rules.stream_id != "body":
        return stream_id
    if not isinstance(given, str):
        raise InvalidRequest("stream_id is missing in the body, or no string", "stream_id")
    return given


def _valid(profile: Profile, message: str, body: Json) -> Json:
    """Validate a body against the profile's schema of the message.

    The operation itself judges three things. A Receiver-Supplied property may be missing, which
    asks to delete it. `events_requested` should not be empty, but the text does not say what the
    answer is. And a value in it that is not understood is ignored (SSF 1.0 section 8.1.1), even one
    that is not a URI and so cannot be shown.
    """
    name = profile.schemas.get(message)
    if name is None:
        return body
    ignored = set()
    for breach in schema.problems(name, body):
        member, _, index = breach.path.removeprefix("/").partition("/")
        if breach.keyword == "required" and not member:
            continue
        if member == "events_requested" and index:
            ignored.add(index.partition("/")[0])
        elif not (member == "events_requested" and breach.keyword in {"minItems", "uniqueItems"}):
            raise InvalidRequest(f"{breach.path}: {breach.message[:_MOST_SAID]}", member or None)
    if ignored:
        requested = enumerate(body["events_requested"])
        kept = [value for index, value in requested if str(index) not in ignored]
        body = {**body, "events_requested": kept}
    return body
