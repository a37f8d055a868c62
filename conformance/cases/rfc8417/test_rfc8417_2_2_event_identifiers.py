"""The identifiers of events: RFC 8417, section 2.2."""

from collections.abc import Collection

from conformance.judging import Blocked, Needs, judges, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.sets.contents import events_of


@judges(
    "RFC8417-2.2-STABLE-IDS",
    needs=Needs(stream=True, sets=2, events=True),
)
def test_events_of_one_kind_have_one_identifier(transmitter: RemoteTransmitter) -> None:
    """An event of the same kind, raised twice, comes under the same URI."""
    with transmitter.new_stream() as stream:
        first, jtis = raised(stream, before=())
        stream.release(sorted(jtis))
        second, _ = raised(stream, before=jtis)
        verify(
            "RFC8417-2.2-STABLE-IDS",
            first & second,
            expected=f"one of {sorted(first)} again",
            got=sorted(second),
        )


def raised(stream: Stream, *, before: Collection[str]) -> tuple[set[str], set[str]]:
    """Raise an event; return the identifiers of the new events and the jtis of their SETs.

    Earlier SETs and Verification Events are skipped. Raises Blocked if nothing else came.
    """
    stream.emit()
    verification_event = stream.profile.sets.verification_event

    def identifiers(jti: str, token: str) -> set[str]:
        return set() if jti in before else events_of(token).keys() - {verification_event}

    sets = stream.await_sets_that(
        lambda found: any(identifiers(jti, token) for jti, token in found.items())
    )
    told = {jti: identifiers(jti, token) for jti, token in sets.items()}
    if not any(told.values()):
        raise Blocked("no SET came for an event that was raised")
    return set().union(*told.values()), {jti for jti, names in told.items() if names}
