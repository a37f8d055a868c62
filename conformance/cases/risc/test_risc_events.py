"""RISC events: OpenID RISC Profile 1.0, section 2.

The contents of the SETs are judged with all others once the cases are done: see test_sets.py.
"""

from conformance.judging import Needs, judges, verify
from conformance.judging.raised_events import raisable, raise_each, receive_each
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.sets import event_payloads


@judges(
    *(one for one in event_payloads.REQUIREMENTS if one.startswith(("RISC", "SSE"))),
    *event_payloads.OF_STREAM,
    needs=Needs(stream=True, sets=1, events=True),
)
def test_each_risc_event_type_can_be_raised(transmitter: RemoteTransmitter) -> None:
    """A stream names RISC events as the text does, and carries each type that it delivers."""
    wanted = raisable(transmitter, event_payloads.RISC_TYPES)
    if not wanted:
        return
    with transmitter.new_stream(events_requested=wanted) as stream:
        supported = stream.configuration.get("events_supported")
        for finding in event_payloads.judge_types(event_payloads.RISC, supported):
            verify(
                finding.requirement,
                finding.held,
                expected=finding.expected,
                got=finding.got,
                at_most=finding.at_most,
            )
        receive_each(stream, raise_each(stream, wanted))
