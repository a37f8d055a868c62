"""Variants of stream configuration: SSF 1.0 section 8.1.1."""

from mock_transmitter.deviations.documents import (
    with_body,
    with_configurations,
    without,
)
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.update import UPDATES, target
from mock_transmitter.deviations.seams import Deviation, Json, Proceed
from mock_transmitter.errors import StreamExists
from mock_transmitter.http.operations import Call, Outcome, Reply
from mock_transmitter.stream import Stream, StreamConfiguration


@variant
class OneStreamPerReceiver(Deviation):
    """A Receiver may have one stream; creating another is refused with 409."""

    exercises = ("SSF-8.1.1.1-SECOND-REFUSED-409",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Refuse the second."""
        if call.operation == "create_stream" and call.transmitter.streams(call.audience):
            raise StreamExists("there may be one stream for each Receiver")
        return proceed(call)


@variant
class LongDescriptionsAreTruncated(Deviation):
    """A description is cut to 40 characters."""

    exercises = ("SSF-8.1.1-DESCRIPTION-TRUNCATED",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Cut it."""
        description = call.body.get("description")
        if isinstance(description, str):
            call = with_body(call, description=description[:40])
        return proceed(call)


@variant
class UnknownEventTypesAreNotShown(Deviation):
    """events_requested shows only those of the requested types that the Transmitter knows."""

    exercises = ("SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Keep those alone."""
        requested = call.body.get("events_requested")
        if requested is not None and call.transmitter.explicit:
            known = [uri for uri in requested if uri in call.transmitter.supported]
            call = with_body(call, events_requested=known)
        return proceed(call)


@variant
class EventsSupportedIsNotShown(Deviation):
    """The configuration does not show events_supported; it is published elsewhere."""

    exercises = ("SSF-8.1.1-EVENTS-SUPPORTED-ELSEWHERE", "JAMF-EVENTS-SUPPORTED")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Leave it out."""
        return with_configurations(
            proceed(call), lambda document: without(document, "events_supported")
        )


@variant
class AudIsAnArrayOfOne(Deviation):
    """aud is an array with one audience, in configurations and SETs."""

    exercises = ("SSF-4.1.8-AUD-VALUE-FREE", "SSF-8.1.1.1.1-AUD-OUT-OF-BAND")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show it so."""
        return with_configurations(
            proceed(call), lambda document: {**document, "aud": [document["aud"]]}, needs="aud"
        )

    def claims(self, claims: Json, stream: Stream) -> Json:
        """Send it so."""
        del stream
        return {**claims, "aud": [claims["aud"]]}


@variant
class UpdatesAreAnswered202(Deviation):
    """An update is answered with 202 before it is applied, and its repetition with the result."""

    exercises = ("SSF-8.1.1.3-PATCH-202", "SSF-8.1.1.4-PUT-202", "SSE-7.1.2.2-202")

    def __init__(self) -> None:
        self._accepted: list[tuple[Stream, StreamConfiguration]] = []
        self._last: Call | None = None

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Take the change back, and apply it when the next call comes."""
        for accepted, configuration in self._accepted:
            accepted.configuration = configuration
        self._accepted.clear()
        stream = target(call)
        if call.operation not in UPDATES or stream is None:
            return proceed(call)
        if call == self._last:
            # Tables 3 and 4: the same request, tried again later, gets the result.
            self._last = None
            return Reply(
                status=200,
                document=call.transmitter.document(stream),
                message="stream_configuration",
            )
        before = stream.configuration
        proceed(call)
        self._accepted.append((stream, stream.configuration))
        stream.configuration = before
        self._last = call
        return Reply(status=202)
