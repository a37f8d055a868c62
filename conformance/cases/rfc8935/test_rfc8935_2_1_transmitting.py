"""Transmitting a SET by push: RFC 8935, section 2.1; SSF 1.0, section 6.1.1."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.receiver.push_replies import Push, answered
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import delivery_of
from conformance.receiver.stream import Stream
from conformance.sets import jws
from conformance.spec.requirement import Grade

PUSHES = Needs(stream=True, sets=1, delivery="push")
CHANGES = Needs(stream=True, sets=2, delivery="push", model="explicit")
REPLACES = Needs(
    stream=True, sets=2, delivery="push", model="explicit", operations=("replace_stream",)
)

# Twin sentences of the final text and the draft of 2021.
TO_THE_RECEIVERS_URL = ("SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER", "SSE-11.2.1.1-PUSH-ENDPOINT")
WITH_THE_HEADER = ("SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT", "SSE-11.2.1.1-PUSH-AUTHZ-HEADER")

# A JWS in compact form. Parts of it may be empty.
A_JWS = re.compile(rb"[\w-]+(?:\.[\w-]*){2}")
JSON = "application/json"
# Paths are case-sensitive, escapes stay escaped, and a query is kept.
TAILS = ("Events/Of/A", "events/%41?stream=1&of=A")
by_each_operation = pytest.mark.parametrize("operation", ["update_stream", "replace_stream"])
HEADERS = ("Bearer c29tZS1yZWNlaXZlcg==", 'Custom-Scheme realm="suite", nonce=17')


def pushed(stream: Stream) -> tuple[Push, ...]:
    """Raise one more SET, and return the pushes since then. Raises Blocked."""
    before = len(stream.pushes)
    stream.raise_set()
    came = stream.await_pushes(before + 1)[before:]
    if not came:
        raise Blocked("no SET was pushed within the patience; does the target reach --push-url?")
    return came


def is_set(body: bytes) -> bool:
    """Return whether a body is one SET in compact form, signed or encrypted."""
    return bool(A_JWS.fullmatch(body)) or jws.is_encrypted(body.decode("latin-1"))


def pushed_so(stream: Stream, wanted: Callable[[Push], bool]) -> bool:
    """Raise one more SET, and return whether a push since then is as wanted.

    Pushes that were already under way may differ. Raises Blocked if nothing came.
    """
    before = len(stream.pushes)
    stream.raise_set()
    came = stream.await_pushes(lambda found: any(map(wanted, found[before:])))[before:]
    if not came:
        raise Blocked("no SET was pushed within the patience")
    return any(map(wanted, came))


def pushed_of_every_kind(stream: Stream) -> tuple[Push, ...]:
    """Return pushes of a SET, of its repetition, and of both kinds of events about the stream.

    Those are Verification Events and Stream Updated Events. The stream is disabled in between, and
    its last SET is from afterwards. Missing pushes are judged elsewhere. Raises Blocked if nothing
    comes.
    """
    transmitter = stream.operations
    stream.answer_pushes(answered(503))
    before = len(pushed(stream))
    stream.await_pushes(before + 1)
    # Without a hook that raises events, the SET was a Verification Event.
    if transmitter.raises_events and transmitter.offers("verify"):
        before = len(stream.pushes)
        if stream.verify().served:
            stream.await_pushes(before + 1)
    if transmitter.target.has_hook("transmitter_status"):
        before = len(stream.pushes)
        with suppress(Blocked):
            stream.act_on_status("disabled")
            stream.await_pushes(before + 1)
            if transmitter.offers("update_status") and stream.update_status("enabled").served:
                pushed(stream)
    return stream.pushes


@judges("RFC8935-2.1-POST", "RFC8935-2.1-BODY-IS-SET", needs=PUSHES)
def test_a_set_is_the_body_of_a_post(transmitter: RemoteTransmitter) -> None:
    """A SET is pushed by a POST whose body is that one SET."""
    with transmitter.new_push_stream() as stream:
        for push in pushed_of_every_kind(stream):
            verify("RFC8935-2.1-POST", push.method == "POST", expected="POST", got=push.method)
            alone = is_set(push.body.strip())
            verify(
                "RFC8935-2.1-BODY-IS-SET",
                is_set(push.body),
                expected="one SET in its compact form",
                got=f"a SET with white space around it: {push.body!r}" if alone else push.body,
                at_most=Grade.WARN if alone else None,
            )


@judges("RFC8935-2.1-CONTENT-TYPE", "RFC8935-2.1-ACCEPT", needs=PUSHES)
def test_a_push_says_what_it_carries_and_what_it_takes(transmitter: RemoteTransmitter) -> None:
    """A push has the media type of a SET, and accepts JSON."""
    with transmitter.new_push_stream() as stream:
        for push in pushed(stream):
            verify_media_types(push)


@judges(
    "RFC8935-2.1-CONTENT-TYPE",
    "RFC8935-2.1-ACCEPT",
    *TO_THE_RECEIVERS_URL,
    *WITH_THE_HEADER,
    needs=PUSHES,
)
def test_pushes_of_every_kind_are_made_alike(transmitter: RemoteTransmitter) -> None:
    """A push is made so, too, where it repeats another or tells of the stream itself."""
    with transmitter.new_push_stream(tail=TAILS[0], authorization_header=HEADERS[0]) as stream:
        for push in pushed_of_every_kind(stream):
            verify_url(push, stream.endpoint_url(TAILS[0]))
            verify_media_types(push)
            verify_header(WITH_THE_HEADER, push, HEADERS[0])


@judges("RFC8935-2.1-ACCEPT-LANGUAGE", needs=PUSHES)
def test_a_push_may_ask_for_a_language(transmitter: RemoteTransmitter) -> None:
    """A push may name the languages of an error's description."""
    with transmitter.new_push_stream() as stream:
        for push in pushed(stream):
            if "accept-language" in push.headers:
                languages = push.headers["accept-language"]
                observe("RFC8935-2.1-ACCEPT-LANGUAGE", f"Accept-Language: {languages}")


@judges("SSE-11.2.1.1-PUSH-METHOD-URI", needs=PUSHES)
def test_push_has_the_method_of_the_draft(transmitter: RemoteTransmitter) -> None:
    """A stream that pushes shows the URI that the draft has for it, or that of RFC 8935."""
    with transmitter.new_push_stream() as stream:
        method = delivery_of(stream.read()).get("method")
        verify(
            "SSE-11.2.1.1-PUSH-METHOD-URI",
            method in {transmitter.profile.delivery.push, "urn:ietf:rfc:8935"},
            expected=f"method {transmitter.profile.delivery.push}",
            got=method,
        )


@pytest.mark.parametrize("tail", TAILS)
@judges(*TO_THE_RECEIVERS_URL, needs=PUSHES)
def test_a_set_is_pushed_to_the_url_of_the_receiver(
    transmitter: RemoteTransmitter, tail: str
) -> None:
    """SETs go to the endpoint_url that the Receiver supplied, character for character."""
    with transmitter.new_push_stream(tail=tail) as stream:
        wanted = stream.endpoint_url(tail)
        for push in pushed(stream):
            verify_url(push, wanted)
        shown = delivery_of(stream.read()).get("endpoint_url")
        verify(
            TO_THE_RECEIVERS_URL,
            shown == wanted,
            expected=f"a configuration with endpoint_url {wanted}",
            got=shown,
            at_most=Grade.WARN,
        )


@by_each_operation
@judges("SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER", needs=CHANGES)
def test_a_changed_url_is_where_sets_go_from_then_on(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """Once an update has changed the endpoint_url, what is raised goes to the new one."""
    if not transmitter.offers(operation):
        return
    with transmitter.new_push_stream(tail=TAILS[0]) as stream:
        pushed(stream)
        wanted = stream.endpoint_url(TAILS[1])
        change(stream, operation, endpoint_url=wanted)
        verify(
            "SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER",
            pushed_so(stream, lambda push: push.url == wanted),
            expected=f"a push to {wanted}, as the update says",
            got=stream.pushes[-1].url,
        )


@pytest.mark.parametrize("header", HEADERS)
@judges(*WITH_THE_HEADER, needs=PUSHES)
def test_every_push_carries_the_authorization_header(
    transmitter: RemoteTransmitter, header: str
) -> None:
    """An authorization_header is sent with each push, character for character."""
    with transmitter.new_push_stream(authorization_header=header) as stream:
        for push in (*pushed(stream), *pushed(stream)):
            verify_header(WITH_THE_HEADER, push, header)


@by_each_operation
@judges("SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT", needs=CHANGES)
def test_a_changed_authorization_header_is_the_one_that_is_sent(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """Once an update has changed the authorization_header, pushes carry the new one."""
    if not transmitter.offers(operation):
        return
    old, new = HEADERS
    with transmitter.new_push_stream(authorization_header=old) as stream:
        pushed(stream)
        change(stream, operation, endpoint_url=stream.endpoint_url(), header=new)
        verify(
            "SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT",
            pushed_so(stream, lambda push: push.headers.get("authorization") == new),
            expected="the Authorization that the update says",
            got="another Authorization, or none",
        )


@judges("SSF-8.1.1.4-PUT-MISSING-DELETES", needs=REPLACES)
def test_a_removed_authorization_header_is_sent_no_more(transmitter: RemoteTransmitter) -> None:
    """Once a PUT has left the authorization_header out, pushes don't carry it."""
    with transmitter.new_push_stream(authorization_header=HEADERS[0]) as stream:
        pushed(stream)
        change(stream, "replace_stream", endpoint_url=stream.endpoint_url())
        verify(
            "SSF-8.1.1.4-PUT-MISSING-DELETES",
            pushed_so(stream, lambda push: push.headers.get("authorization") != HEADERS[0]),
            expected="no Authorization, for the PUT has no authorization_header",
            got="the Authorization of before",
        )


def change(stream: Stream, operation: str, *, endpoint_url: str, header: str | None = None) -> None:
    """Update or replace the delivery of a stream. Raises NotReached if that is refused."""
    delivery: dict[str, Any] = {
        "method": stream.profile.delivery.push,
        "endpoint_url": endpoint_url,
    }
    if header is not None:
        delivery["authorization_header"] = header
    if operation == "update_stream":
        answer = stream.update({"delivery": delivery})
    else:
        events = stream.configuration.get("events_requested")
        answer = stream.replace({"events_requested": events, "delivery": delivery})
    require(answer.served, f"the delivery could not be changed: {answer.text}")


def verify_url(push: Push, wanted: str) -> None:
    """Judge the URL of a push."""
    verify(TO_THE_RECEIVERS_URL, push.url == wanted, expected=wanted, got=push.url)


def verify_media_types(push: Push) -> None:
    """Judge the Content-Type and the Accept of a push."""
    content_type = push.headers.get("content-type", "")
    verify(
        "RFC8935-2.1-CONTENT-TYPE",
        media_types(content_type) == ["application/secevent+jwt"],
        expected="Content-Type: application/secevent+jwt",
        got=content_type or "no Content-Type",
    )
    accept = push.headers.get("accept", "")
    verify(
        "RFC8935-2.1-ACCEPT",
        accept.strip().lower() == JSON,
        expected=f"Accept: {JSON}",
        got=accept or "no Accept",
        at_most=Grade.WARN if JSON in media_types(accept) else None,
    )


def verify_header(requirements: tuple[str, ...], push: Push, header: str) -> None:
    """Judge the Authorization of a push, without showing its value."""
    sent = push.headers.get("authorization")
    verify(
        requirements,
        sent == header,
        expected="the Authorization that the stream's authorization_header says",
        got="no Authorization" if sent is None else "another Authorization",
    )


def media_types(header: str) -> list[str]:
    """Return the media types in a header, without parameters, in lower case."""
    return [one.partition(";")[0].strip().lower() for one in header.split(",")]
