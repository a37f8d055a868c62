"""The txn of SETs: SSF 1.0, section 4.1.9."""

from collections.abc import Mapping
from typing import Any

from conformance.judging import Needs, judges, require, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.sets.contents import claims_of, events_in

STATES = ("first-cause", "second-cause")


@judges(
    "SSF-4.1.9-TXN-UNIQUE-PER-CAUSE",
    needs=Needs(stream=True, operations=("verify",), sets=2),
)
def test_two_verification_requests_share_no_txn(transmitter: RemoteTransmitter) -> None:
    """Two verification requests are two causes: the SETs that they bring have a txn each."""
    verification_event = transmitter.profile.sets.verification_event
    with transmitter.new_stream() as stream:
        for state in STATES:
            answer = stream.verify(state)
            require(answer.served, f"a verification request was answered {answer.text}")
        sets = stream.await_sets_that(
            lambda found: set(STATES) <= set(txns_by_state(found, verification_event))
        )
        txns = txns_by_state(sets, verification_event)
        first, second = (txns.get(state) for state in STATES)
        if first is not None and second is not None:
            verify(
                "SSF-4.1.9-TXN-UNIQUE-PER-CAUSE",
                first != second,
                expected="another txn for each of two verification requests",
                got=f"{first!r} and {second!r}",
            )


@judges("SSF-4.1.9-TXN-UNIQUE-PER-CAUSE", needs=Needs(stream=True, events=True, sets=2))
def test_two_events_share_no_txn(transmitter: RemoteTransmitter) -> None:
    """Two events that are raised one after the other are two causes, with a txn each."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        first = stream.await_sets()
        # Events raised at the same time could have one cause.
        transmitter.clock.advance(1.0)
        stream.raise_set()
        both = stream.await_sets_that(lambda found: bool(found.keys() - first.keys()))
        earlier, later = (
            {txn for token in tokens if (txn := claims_of(token).get("txn")) is not None}
            for tokens in (first.values(), [both[jti] for jti in both.keys() - first.keys()])
        )
        if earlier and later:
            verify(
                "SSF-4.1.9-TXN-UNIQUE-PER-CAUSE",
                earlier.isdisjoint(later),
                expected="another txn for each of two events",
                got=f"{sorted(map(str, earlier))} and {sorted(map(str, later))}",
            )


def txns_by_state(sets: Mapping[str, str], verification_event: str) -> dict[str, Any]:
    """Return the txn of each Verification Event by its state; None if it has no txn."""
    found = {}
    for token in sets.values():
        claims = claims_of(token)
        payload = events_in(claims).get(verification_event)
        if isinstance(payload, dict) and isinstance(payload.get("state"), str):
            found[payload["state"]] = claims.get("txn")
    return found
