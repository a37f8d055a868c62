"""Faults of the requests that push SETs: RFC 8935 section 2.1, SSF 1.0 section 6.1.1."""

import json
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from mock_transmitter.deviations.deviation import At, Deviation, Json
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import is_push
from mock_transmitter.deviations.kinds.documents import ShownConfiguration
from mock_transmitter.domain.push import Attempt
from mock_transmitter.http.operations import Call

TO_THE_RECEIVERS_URL = ("SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER", "SSE-11.2.1.1-PUSH-ENDPOINT")
WITH_THE_HEADER = ("SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT", "SSE-11.2.1.1-PUSH-AUTHZ-HEADER")


def with_header(attempt: Attempt, name: str, value: str | None) -> Attempt:
    """Return an attempt with a header set, or without it."""
    others = {key: one for key, one in attempt.headers.items() if key != name}
    return replace(attempt, headers=others if value is None else {**others, name: value})


def with_authorization(attempt: Attempt, value: str | None) -> Attempt:
    """Return an attempt with another Authorization, where the Receiver asks for one."""
    if "authorization" not in attempt.headers:
        return attempt
    return with_header(attempt, "authorization", value)


@fault_at("push", breaks=("RFC8935-2.1-POST",))
def pushes_with_put(attempt: Attempt) -> Attempt:
    """SETs are pushed with PUT."""
    return replace(attempt, method="PUT")


@fault_at("push", breaks=TO_THE_RECEIVERS_URL)
def push_path_begins_with_two_slashes(attempt: Attempt) -> Attempt:
    """The path of the Receiver's URL has a slash more at its beginning when it is pushed to."""
    parts = urlsplit(attempt.url)
    return replace(attempt, url=urlunsplit(parts._replace(path=f"/{parts.path}")))


@fault_at("push", breaks=("RFC8935-2.1-CONTENT-TYPE",))
def push_is_labelled_as_plain_jwt(attempt: Attempt) -> Attempt:
    """A push has the media type application/jwt."""
    return with_header(attempt, "content-type", "application/jwt")


@fault_at("push", breaks=("RFC8935-2.1-CONTENT-TYPE",))
def push_has_no_content_type(attempt: Attempt) -> Attempt:
    """A push does not say what it carries."""
    return with_header(attempt, "content-type", None)


@fault_at("push", breaks=("RFC8935-2.1-ACCEPT",))
def push_accepts_anything(attempt: Attempt) -> Attempt:
    """A push accepts */*, as HTTP clients do when nobody tells them otherwise."""
    return with_header(attempt, "accept", "*/*")


@fault_at("push", breaks=("RFC8935-2.1-BODY-IS-SET",))
def push_wraps_the_set_in_json(attempt: Attempt) -> Attempt:
    """A push carries the SET as a member of a JSON object, as the answer to a poll does."""
    body = json.dumps({"sets": {attempt.jti: attempt.body.decode()}})
    return replace(attempt, body=body.encode())


@fault_at("push", breaks=("RFC8935-2.1-BODY-IS-SET",))
def push_quotes_the_set(attempt: Attempt) -> Attempt:
    """A push carries the SET as a JSON string, with its quotes."""
    return replace(attempt, body=b'"%s"' % attempt.body)


@fault_at("push", breaks=TO_THE_RECEIVERS_URL)
def push_url_loses_its_paths_case(attempt: Attempt) -> Attempt:
    """SETs are pushed to the endpoint_url in lower case."""
    return replace(attempt, url=attempt.url.lower())


@fault_at("push", breaks=TO_THE_RECEIVERS_URL)
def push_url_loses_its_query(attempt: Attempt) -> Attempt:
    """SETs are pushed to the endpoint_url without its query."""
    return replace(attempt, url=urlunsplit(urlsplit(attempt.url)._replace(query="")))


@fault
class PushUrlIsTheFirstForEver(Deviation):
    """SETs are pushed to the first endpoint_url of their stream, also after it was changed."""

    breaks = TO_THE_RECEIVERS_URL
    also = ("JAMF-POST-UPDATES",)

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def push(self, attempt: Attempt, at: At) -> Attempt:
        return replace(attempt, url=self._first.setdefault(attempt.stream_id, attempt.url))


@fault_at("push", breaks=WITH_THE_HEADER)
def push_leaves_the_authorization_out(attempt: Attempt) -> Attempt:
    """A push does not carry the stream's authorization_header."""
    return with_authorization(attempt, None)


@fault_at("push", breaks=WITH_THE_HEADER)
def push_puts_bearer_before_the_authorization(attempt: Attempt) -> Attempt:
    """A push puts "Bearer" before the stream's authorization_header, whatever that is."""
    return with_authorization(attempt, f"Bearer {attempt.headers.get('authorization', '')}")


@fault
class OnlyTheFirstPushIsAuthorized(Deviation):
    """Only the first push of a stream carries its authorization_header."""

    breaks = WITH_THE_HEADER

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def push(self, attempt: Attempt, at: At) -> Attempt:
        if attempt.stream_id in self._seen:
            return with_authorization(attempt, None)
        self._seen.add(attempt.stream_id)
        return attempt


@fault
class PushKeepsAChangedAuthorization(Deviation):
    """Pushes carry the first authorization_header of their stream, also after it was changed."""

    breaks = WITH_THE_HEADER

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def push(self, attempt: Attempt, at: At) -> Attempt:
        sent = attempt.headers.get("authorization")
        if sent is None:
            return attempt
        return with_authorization(attempt, self._first.setdefault(attempt.stream_id, sent))


@fault
class PushKeepsARemovedAuthorization(Deviation):
    """Pushes carry the authorization_header that a PUT has removed from their stream."""

    breaks = ("SSF-8.1.1.4-PUT-MISSING-DELETES",)

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def push(self, attempt: Attempt, at: At) -> Attempt:
        sent = attempt.headers.get("authorization")
        if sent is None:
            return with_header(attempt, "authorization", self._last.get(attempt.stream_id))
        self._last[attempt.stream_id] = sent
        return attempt


@fault_at(
    ShownConfiguration,
    where="delivery",
    breaks=("SSE-11.2.1.1-PUSH-METHOD-URI",),
    also=(
        "JAMF-DELIVERY-METHOD",
        "JAMF-POST-UPDATES",
        "JAMF-READ-MODIFY-WRITE",
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.2-DELIVERY",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-7.1.2.2-RO-MATCH-OK",
    ),
)
def push_method_of_the_draft_is_a_word(document: Json, call: Call) -> Json:
    """A stream of the draft shows its delivery method as the word "push"."""
    if call.transmitter.explicit or not is_push(document["delivery"], call):
        return document
    return {**document, "delivery": {**document["delivery"], "method": "push"}}
