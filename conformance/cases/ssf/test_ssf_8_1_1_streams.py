"""Several streams of one Receiver, configured in any order: SSF 1.0, section 8.1.1."""

from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
)

from conformance.generate import explore, replacements, stream_patches, stream_properties
from conformance.generate.wrong_values import wrong_value
from conformance.judging import Needs, example, judges, verify
from conformance.judging.stream_model import JUDGED, Step, findings
from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

MOST_STREAMS = 3


class StreamsTogether(RuleBasedStateMachine):
    """Makes, updates, replaces, lists and deletes streams, and judges all steps at the end."""

    streams = Bundle("streams")

    def __init__(self, transmitter: RemoteTransmitter) -> None:
        super().__init__()
        self.transmitter = transmitter
        self.steps: list[Step] = []
        self.broken = False
        self.shown: dict[str, dict[str, Any]] = {}
        self._closing = ExitStack()
        self._closing.enter_context(example())

    @initialize(target=streams, properties=stream_properties())
    def create_the_first(self, properties: dict[str, Any]) -> MultipleResults[Stream]:
        """Make a stream, because the other steps need one."""
        answer, stream = self._closing.enter_context(self.transmitter.creating(properties))
        if stream is None:
            self.transmitter.explain_no_stream(answer)
        self.shown = self.transmitter.survey()
        return multiple(stream)

    @rule(target=streams, properties=stream_properties())
    def create(self, properties: dict[str, Any]) -> MultipleResults[Stream]:
        """Make another stream, if more are allowed."""
        if self.broken or len(self.shown) >= MOST_STREAMS:
            return multiple()
        answer, stream = self._closing.enter_context(self.transmitter.creating(properties))
        if stream is None:
            return multiple()
        self._record("create_stream", stream, answer, properties)
        return multiple(stream)

    @rule(stream=streams, patch=stream_patches())
    def update(self, stream: Stream, patch: dict[str, Any]) -> None:
        """Change some properties of one stream."""
        if not self.broken:
            self._record("update_stream", stream, stream.update(patch), patch)

    @rule(stream=streams, properties=replacements())
    def replace(self, stream: Stream, properties: dict[str, Any]) -> None:
        """Replace the properties of one stream."""
        if not self.broken and self.transmitter.offers("replace_stream"):
            self._record("replace_stream", stream, stream.replace(properties), properties)

    @rule(stream=streams, name=st.sampled_from(["iss", "aud"]), patch=stream_patches())
    def update_wrongly(self, stream: Stream, name: str, patch: dict[str, Any]) -> None:
        """Send a valid change with a wrong Transmitter-Supplied value."""
        held = self.shown.get(stream.id or "", {}).get(name)
        if not self.broken and held is not None:
            answer = stream.update({**patch, name: wrong_value(name, held)})
            self._record("update_stream", stream, answer, patch, invalid=True)

    @rule(stream=streams)
    def read_the_list(self, stream: Stream) -> None:
        """List the streams, which changes nothing."""
        if not self.broken:
            self._record("list_streams", stream, self.transmitter.list_streams(), {})

    @rule(stream=consumes(streams))
    def delete(self, stream: Stream) -> None:
        """Delete one stream."""
        if not self.broken:
            self._record("delete_stream", stream, stream.delete(), {})

    def _record(
        self,
        operation: str,
        stream: Stream,
        answer: Answer,
        named: dict[str, Any],
        *,
        invalid: bool = False,
    ) -> None:
        before, self.shown = self.shown, self.transmitter.survey()
        listed = self.transmitter.configurations_in(answer)
        step = Step(
            operation=operation,
            answer=answer,
            stream_id=stream.id or "",
            before=before,
            after=self.shown,
            listed=listed if operation == "list_streams" else None,
            named=named,
            invalid=invalid,
        )
        self.steps.append(step)
        # Later breaches may follow from the first one, so the sequence ends with it.
        self.broken = not all(found.held for found in findings(step))

    def teardown(self) -> None:
        """Judge every step."""
        with self._closing:
            for step in self.steps:
                for found in findings(step):
                    verify(found.requirement, found.held, expected=found.expected, got=found.got)


@judges(
    *JUDGED,
    needs=Needs(
        stream=True,
        model="explicit",
        operations=("update_stream", "list_streams", "delete_stream"),
    ),
)
def test_each_stream_is_what_was_made_of_it(transmitter: RemoteTransmitter) -> None:
    """In any order of operations on several streams, each shows its own changes and no other's."""
    explore(lambda: StreamsTogether(transmitter))
