"""Delivery over TLS, to the right Receiver only: RFC 8935, sections 2.1, 3 and 5.3."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.judging import Blocked, Needs, judges, verify
from conformance.receiver.answer import Answer
from conformance.receiver.push_replies import Push, redirected
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.receiver.tls.server_context import Flaw
from conformance.spec.requirement import Grade

PUSHES = Needs(stream=True, sets=1, delivery="push")

CERTIFICATES = (Flaw.UNKNOWN_AUTHORITY, Flaw.EXPIRED, Flaw.WRONG_NAME)
CHANGES = ("create_stream", "update_stream", "replace_stream")

# How long to wait, on the target's clock, for a SET that must not come.
MOMENT_S = 5.0


@contextmanager
def configured(
    transmitter: RemoteTransmitter, operation: str, url: str
) -> Iterator[tuple[Answer, Stream | None]]:
    """Make a stream that pushes to a URL by an operation; yield its answer and the stream.

    The stream is None if it was refused.
    """
    usual = {
        "events_requested": transmitter.usual_properties()["events_requested"],
        "delivery": {"method": transmitter.profile.delivery.push, "endpoint_url": url},
    }
    if operation == "create_stream":
        with transmitter.creating(usual) as made:
            yield made
        return
    with transmitter.new_push_stream() as stream:
        if operation == "update_stream":
            yield stream.update({"delivery": usual["delivery"]}), stream
        else:
            yield stream.replace(usual), stream


def pushed_in_spite_of(transmitter: RemoteTransmitter, flaw: Flaw) -> tuple[Push, ...]:
    """Return the pushes to a listener with a flaw after a connection to it. Raises Blocked."""
    listener = transmitter.listener
    if listener is None:
        raise Blocked("nothing listens for pushes; give --push-listen")
    with transmitter.new_push_stream(flaw=flaw) as stream:
        before = listener.connections(flaw)
        stream.raise_set()
        stream.await_pushes(lambda found: bool(found) or listener.connections(flaw) > before)
        if listener.connections(flaw) == before:
            raise Blocked("the listener was not connected to within the patience")
        return stream.await_pushes(1, patience_s=MOMENT_S)


@pytest.mark.parametrize("operation", CHANGES)
@judges("RFC8935-2.1-ENDPOINT-TLS", needs=PUSHES)
def test_a_stream_does_not_push_without_tls(transmitter: RemoteTransmitter, operation: str) -> None:
    """An http endpoint_url is refused, or at least nothing is pushed there."""
    if not transmitter.offers(operation):
        return
    with (
        transmitter.new_endpoint(Flaw.PLAIN_HTTP) as plain,
        configured(transmitter, operation, plain.url) as (answer, stream),
    ):
        if stream is not None and answer.served:
            stream.raise_set()
            stream.await_pushes(lambda _: bool(plain.pushes), patience_s=MOMENT_S)
        verify(
            "RFC8935-2.1-ENDPOINT-TLS",
            answer.refused,
            expected=f"{plain.url} refused as an endpoint_url",
            got=f"{answer.text}; SETs pushed there: {len(plain.pushes)}",
            at_most=None if plain.pushes else Grade.WARN,
        )


@judges("RFC8935-5.3-TLS", needs=PUSHES)
def test_no_redirect_leads_a_set_out_of_tls(transmitter: RemoteTransmitter) -> None:
    """A redirect from https to http is not followed."""
    with (
        transmitter.new_endpoint(Flaw.PLAIN_HTTP) as plain,
        transmitter.new_push_stream() as stream,
    ):
        stream.answer_pushes(redirected(plain.url))
        stream.raise_set()
        if not stream.await_pushes():
            raise Blocked("no SET was pushed within the patience")
        stream.await_pushes(lambda _: bool(plain.pushes), patience_s=MOMENT_S)
        verify(
            "RFC8935-5.3-TLS",
            not plain.pushes,
            expected=f"nothing pushed to {plain.url}, where a redirect points",
            got=f"{len(plain.pushes)} requests there",
        )


@pytest.mark.parametrize("flaw", CERTIFICATES)
@judges("RFC8935-3-VALIDATES-CERT", needs=PUSHES)
def test_the_certificate_of_a_receiver_is_verified(
    transmitter: RemoteTransmitter, flaw: Flaw
) -> None:
    """No SET is sent to a host whose certificate does not prove who it is."""
    pushes = pushed_in_spite_of(transmitter, flaw)
    verify(
        "RFC8935-3-VALIDATES-CERT",
        not pushes,
        expected=f"no SET sent to a host with {flaw}",
        got=f"{len(pushes)} pushes",
    )


@pytest.mark.parametrize("flaw", [Flaw.OLD_TLS, Flaw.NO_ENCRYPTION])
@judges("RFC8935-5.3-BCP195", needs=PUSHES)
def test_weak_tls_is_not_good_enough_for_a_set(transmitter: RemoteTransmitter, flaw: Flaw) -> None:
    """No SET is sent by a version of TLS, or a cipher suite, that BCP 195 advises against."""
    pushes = pushed_in_spite_of(transmitter, flaw)
    verify(
        "RFC8935-5.3-BCP195",
        not pushes,
        expected=f"no SET sent to a host with {flaw}",
        got=f"{len(pushes)} pushes",
        # RFC 7525, which RFC 8935 cites, has a SHOULD NOT for these versions.
        at_most=Grade.WARN if flaw is Flaw.OLD_TLS else None,
    )


@judges("RFC8417-5.1-TLS12", "CAEPIOP-2.1-OUTBOUND-TLS", needs=PUSHES)
def test_sets_are_pushed_over_tls_of_today(transmitter: RemoteTransmitter) -> None:
    """A listener with TLS 1.2 or newer is pushed to, not only one with less."""
    with transmitter.new_push_stream() as stream:
        stream.raise_set()
        versions = {push.tls for push in stream.await_pushes()}
    if not versions and not pushed_in_spite_of(transmitter, Flaw.OLD_TLS):
        raise Blocked("no SET was pushed within the patience; does the target reach --push-url?")
    if None in versions:
        return
    verify(
        ("RFC8417-5.1-TLS12", "CAEPIOP-2.1-OUTBOUND-TLS"),
        versions,
        expected="pushes over TLS 1.2 or newer",
        got=f"pushes to a host with {Flaw.OLD_TLS} alone",
    )
