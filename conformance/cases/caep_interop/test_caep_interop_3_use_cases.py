"""The use cases: CAEP Interoperability Profile 1.0, section 3."""

import pytest

from conformance.judging import Needs, judges, observe, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import event_types_in
from conformance.sets.caep_interop import CREDENTIAL_CHANGE, SESSION_REVOKED
from conformance.sets.contents import events_of

USE_CASES = {
    "CAEPIOP-3.1-SESSION-REVOKED": SESSION_REVOKED,
    "CAEPIOP-3.2-CREDENTIAL-CHANGE": CREDENTIAL_CHANGE,
}


@pytest.mark.parametrize("requirement", USE_CASES)
@judges(
    *USE_CASES,
    "CAEPIOP-3-ANY-USE-CASE",
    "CAEPIOP-3.2-ANY-VALUES",
    # Judged with all SETs at the end. These cases only raise them.
    "CAEPIOP-3.1-REASON-ADMIN",
    "CAEPIOP-3.2-REASON-ADMIN",
    needs=Needs(model="explicit", stream=True, sets=1, events=True, delivery="poll"),
)
def test_the_event_of_a_use_case_is_sent(transmitter: RemoteTransmitter, requirement: str) -> None:
    """A stream that delivers the event type of a use case brings its events."""
    event_type = USE_CASES[requirement]
    with transmitter.new_stream(events_requested=list(USE_CASES.values())) as stream:
        if event_type not in event_types_in(stream.configuration):
            observe("CAEPIOP-3-ANY-USE-CASE", f"no use case of {event_type}")
            return
        stream.raise_set(event_type)
        sets = stream.await_sets_that(
            lambda seen: any(event_type in events_of(token) for token in seen.values())
        )
        payloads = [
            events_of(token)[event_type]
            for token in sets.values()
            if event_type in events_of(token)
        ]
        verify(
            requirement,
            payloads,
            expected=f"a SET with {event_type}",
            got=f"{len(sets)} SETs, none of them with it",
        )
        if event_type == CREDENTIAL_CHANGE and payloads and isinstance(payloads[0], dict):
            kind, change = (payloads[0].get(one) for one in ("credential_type", "change_type"))
            observe("CAEPIOP-3.2-ANY-VALUES", f"{change} of {kind}")
