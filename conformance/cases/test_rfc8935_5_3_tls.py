"""SETs travel over TLS, to whom they are meant for: RFC 8935, sections 2.1, 3 and 5.3."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.push_listener import Endpoint, Flaw, redirected
from conformance.spec.requirement import Grade
from conformance.stream import Stream
from conformance.transmitter import Transmitter
from conformance.verdicts import Blocked, Needs, NotReached, judges, observe, require, verify

PUSHES = Needs(stream=True, sets=1, delivery="push")
CHANGES = Needs(
    stream=True, sets=1, delivery="push", model="explicit", operations=("update_stream",)
)

CERTIFICATES = (Flaw.UNKNOWN_AUTHORITY, Flaw.EXPIRED, Flaw.WRONG_NAME)

# How long is waited, at the target, for a SET that must not come, once it can have come.
MOMENT_S = 5.0


@contextmanager
def flawed_endpoint(transmitter: Transmitter, flaw: Flaw) -> Iterator[Endpoint]:
    """Give an endpoint with a flaw, beside that of a stream. Raises Blocked where there is none."""
    listener = transmitter.listener
    if listener is None or flaw not in listener.flaws:
        raise Blocked(f"the listener can't have {flaw} here; see --push-listen and --push-cert")
    with transmitter.flawed_endpoint(flaw) as endpoint:
        yield endpoint


@contextmanager
def stream_to(transmitter: Transmitter, flaw: Flaw) -> Iterator[Stream | None]:
    """Give a stream that pushes to an endpoint with a flaw, None where that is refused."""
    listener = transmitter.listener
    if listener is None or flaw not in listener.flaws:
        raise Blocked(f"the listener can't have {flaw} here; see --push-listen and --push-cert")
    ...
