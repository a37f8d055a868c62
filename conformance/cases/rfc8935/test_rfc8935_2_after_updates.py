"""The delivery of a stream after an update: SSF 1.0 section 8.1.1.3, SSE ID1 7.1.2.2.

A Transmitter that does not show secrets may easily lose them in an update.
"""

from typing import Any

from hypothesis import given

from conformance.generate import replacements
from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

PATCHES = Needs(
    stream=True, sets=2, delivery="push", model="explicit", operations=("update_stream",)
)
POSTS = Needs(stream=True, sets=2, model="implicit", operations=("replace_stream",))
POSTS_AND_PUSHES = Needs(
    stream=True, sets=2, delivery="push", model="implicit", operations=("replace_stream",)
)

HEADERS = ("Bearer YmVmb3Jl", "Bearer YWZ0ZXI=")


@judges("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED", needs=PATCHES)
def test_a_patch_of_something_else_leaves_the_pushes(transmitter: RemoteTransmitter) -> None:
    """A PATCH without delivery leaves a stream that pushes, with its authorization_header."""
    with transmitter.new_push_stream(authorization_header=HEADERS[0]) as stream:
        stream.raise_set()
        before = stream.await_pushes()
        if not before:
            raise Blocked(
                "no SET was pushed within the patience; does the target reach --push-url?"
            )
        # Pushes that are wrong from the start are judged elsewhere.
        usual = before[-1].headers.get("authorization")
        require(stream.update({"description": "after"}).served, "the update was refused")
        stream.raise_set()
        came = stream.await_pushes(len(before) + 1)[len(before) :]
        verify(
            "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
            came and all(push.headers.get("authorization") == usual for push in came),
            expected="the next SET pushed, with the authorization_header as it was",
            got=f"{len(came)} pushes, of which not all have that Authorization",
        )


@judges("SSE-7.1.2.2-POST-UPDATES-200", "JAMF-POST-UPDATES", needs=POSTS)
@given(posted=replacements())
def test_a_stream_delivers_what_comes_after_a_post(
    transmitter: RemoteTransmitter, posted: dict[str, Any]
) -> None:
    """A POST of the full editable set leaves a stream on which what is raised then arrives."""
    pushes = transmitter.listener is not None and transmitter.delivers("push")
    with transmitter.new_push_stream() if pushes else transmitter.new_stream() as stream:
        before = stream.obtain_sets()
        if stream.endpoint is None:
            delivery = {"method": transmitter.profile.delivery.poll}
        else:
            delivery = pushing_to(stream, stream.endpoint.url)
        require(stream.replace({**posted, "delivery": delivery}).served, "the POST was refused")
        stream.read()
        if not stream.can_carry:
            return
        stream.raise_set()
        came = stream.await_sets_that(lambda seen: bool(seen.keys() - before.keys()))
        verify(
            ("SSE-7.1.2.2-POST-UPDATES-200", "JAMF-POST-UPDATES"),
            came.keys() - before.keys(),
            expected="a SET that is raised after the POST",
            got="no SET within the patience",
        )


@judges("SSE-11.2.1.1-PUSH-AUTHZ-HEADER", "SSE-11.2.1.1-PUSH-ENDPOINT", needs=POSTS_AND_PUSHES)
def test_a_posted_delivery_is_the_one_that_is_used(transmitter: RemoteTransmitter) -> None:
    """Once a POST has changed URL and authorization_header, pushes use the new ones."""
    with transmitter.new_push_stream(tail="before", authorization_header=HEADERS[0]) as stream:
        stream.raise_set()
        before = len(stream.await_pushes())
        wanted = stream.endpoint_url("after")
        delivery = {**pushing_to(stream, wanted), "authorization_header": HEADERS[1]}
        events = stream.configuration.get("events_requested")
        answer = stream.replace({"events_requested": events, "delivery": delivery})
        require(answer.served, f"the delivery could not be changed: {answer.text}")
        stream.raise_set()
        came = stream.await_pushes(before + 1)[before:]
        if not came:
            raise Blocked("no SET was pushed within the patience")
        verify(
            "SSE-11.2.1.1-PUSH-ENDPOINT",
            came[-1].url == wanted,
            expected=f"a push to {wanted}, as the POST says",
            got=came[-1].url,
        )
        verify(
            "SSE-11.2.1.1-PUSH-AUTHZ-HEADER",
            came[-1].headers.get("authorization") == HEADERS[1],
            expected="the Authorization that the POST says",
            got="another Authorization, or none",
        )


def pushing_to(stream: Stream, url: str) -> dict[str, Any]:
    """Return a delivery that pushes to a URL."""
    return {"method": stream.profile.delivery.push, "endpoint_url": url}
