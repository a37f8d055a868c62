"""Several streams of one Receiver and of two, polled in any order: RFC 8936, section 2."""

from contextlib import ExitStack

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, rule

from conformance.generate import explore
from conformance.judging import Needs, example, judges, verify
from conformance.judging.poll_sequences import (
    KEPT,
    RELEASED,
    TIMES_NOT_RELEASED,
    collect,
    loudness_of,
    stream_of_the_second,
)
from conformance.receiver.deliveries import returned_after_acknowledgement
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

MOST_SETS = 4
OWN = ("SSF-8.1.2-STREAMS-INDEPENDENT", "VEPA-POLL-PATH")
ANOTHERS = ("SSF-7.1.1-POLL-PROTECTED", "VEPA-POLL-AUTH-AUDIENCE")
places = st.integers(0, 2)


class SeveralStreams(RuleBasedStateMachine):
    """Polls and acknowledges on two streams of one Receiver and one of another."""

    jtis = Bundle("jtis")

    def __init__(self, transmitter: RemoteTransmitter) -> None:
        super().__init__()
        self._closing = ExitStack()
        self._closing.enter_context(example())
        give = self._closing.enter_context
        own = give(transmitter.new_stream())
        second = give(transmitter.another_stream())
        is_given = transmitter.target.has_hook("second_receiver")
        foreign = give(stream_of_the_second(transmitter)) if is_given else None
        self.streams = [one for one in (own, second, foreign) if one is not None]
        self.foreign = foreign
        self.raised = dict.fromkeys(self.streams, 0)

    @rule(place=places)
    def raise_set(self, place: int) -> None:
        """Raise one more SET on one of the streams."""
        stream = self._at(place)
        if self.raised[stream] < MOST_SETS:
            stream.raise_set()
            self.raised[stream] += 1

    @rule(target=jtis, place=places, max_events=st.sampled_from([None, 1]))
    def poll(self, place: int, max_events: int | None) -> MultipleResults[str]:
        """Poll one of the streams."""
        return multiple(*self._at(place).poll(max_events=max_events).sets)

    @rule(place=places, first=jtis, second=jtis)
    def acknowledge(self, place: int, first: str, second: str) -> None:
        """Acknowledge SETs of one of the streams, on it or on another."""
        self._at(place).acknowledge(list(dict.fromkeys([first, second])))

    def _at(self, place: int) -> Stream:
        return self.streams[place % len(self.streams)]

    def teardown(self) -> None:
        """Wait for what is due on each stream, and judge."""
        with self._closing:
            for stream in self.streams:
                settle(stream, self.raised[stream])
            judge_apart(self.streams, self.foreign)


def settle(stream: Stream, raised: int) -> None:
    """Judge one stream by the SETs that came, that still come, and that come back."""
    outstanding = stream.history.outstanding
    came = collect(stream, outstanding, raised=raised)
    for _ in range(TIMES_NOT_RELEASED):
        if not stream.poll().sets:
            break
    missing = [jti for jti in outstanding if jti not in came]
    count = len(stream.history.jtis)
    # If every SET was acknowledged, none had to come again.
    if outstanding or count < raised:
        verify(
            KEPT,
            not missing and count >= raised,
            expected=f"the {raised} SETs that were raised, and again what was not acknowledged",
            got=f"{count} SETs; not again: {missing}",
        )
    known = returned_after_acknowledgement(stream.history)
    most = max(known.values(), default=0)
    if stream.history.acknowledgements:
        verify(
            RELEASED,
            not known,
            expected="an acknowledged SET to be released",
            got=f"answers that carried it afterwards: {known}",
            at_most=loudness_of(most),
        )


def judge_apart(streams: list[Stream], foreign: Stream | None) -> None:
    """Judge that no SET came on two streams."""
    for stream in streams:
        others = [one for one in streams if one is not stream]
        said = stream.history.said
        shared = {
            one: [said[text] for text in said.keys() & one.history.said.keys()] for one in others
        }
        leaks = {one.id: sorted(jtis) for one, jtis in shared.items() if jtis}
        across = stream is foreign or bool(foreign and shared.get(foreign))
        verify(
            ANOTHERS if across else OWN,
            not leaks,
            expected=f"the SETs of stream {stream.id} alone",
            got=f"SETs that came on another stream as well: {leaks}",
        )


@judges(
    *KEPT,
    *RELEASED,
    *OWN,
    *ANOTHERS,
    needs=Needs(stream=True, sets=3 * MOST_SETS, delivery="poll", model="explicit"),
)
def test_streams_do_not_mix(transmitter: RemoteTransmitter) -> None:
    """In any order of polls and acks on several streams, each has its own SETs, and keeps them."""
    explore(lambda: SeveralStreams(transmitter))


@judges(
    *OWN,
    *ANOTHERS,
    needs=Needs(stream=True, sets=3, delivery="poll", model="explicit"),
)
def test_a_poll_brings_the_sets_of_its_own_stream(transmitter: RemoteTransmitter) -> None:
    """With SETs on every stream at once, a poll of each gets what was raised on it."""
    is_given = transmitter.target.has_hook("second_receiver")
    with ExitStack() as given:
        own = given.enter_context(transmitter.new_stream())
        second = given.enter_context(transmitter.another_stream())
        foreign = given.enter_context(stream_of_the_second(transmitter)) if is_given else None
        streams = [one for one in (own, second, foreign) if one is not None]
        if len(streams) == 1:
            return
        for stream in streams:
            stream.raise_set()
        for stream in streams:
            collect(stream, [], raised=1)
        judge_apart(streams, foreign)
