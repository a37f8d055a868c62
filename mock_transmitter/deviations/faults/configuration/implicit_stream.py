"""Faults of replacing the one implicit stream, mostly subtle: the 2021 draft's section 7.1.2."""

import json
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import as_it_is, target
from mock_transmitter.deviations.kinds.documents import with_body, with_configurations, without
from mock_transmitter.deviations.kinds.streams import PostDeviation, with_format
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome

UPDATES = ("JAMF-POST-UPDATES", "SSE-7.1.2.2-POST-UPDATES-200")
INTERSECTION = ("JAMF-DELIVERED-INTERSECTION", "SSE-7.1.2-EVENTS-DELIVERED-INTERSECTION")
DELETES = ("JAMF-FORMAT-DELETABLE", "SSE-7.1.2.2-MISSING-DELETES")
EDITS = ("JAMF-READ-MODIFY-WRITE", "SSE-7.1.2.2-RO-MATCH-OK")
MISMATCH = ("JAMF-RO-MUST-MATCH", "SSE-7.1.2.2-RO-MISMATCH")
NOT_MERGED = ("JAMF-REQUIRED-NOT-MERGED", "SSE-7.1.2.2-PARTIAL-NOT-MERGED")


@fault
class EverySecondPostLosesTheDeliveryMethod(PostDeviation):
    """The second POST, and each second one after it, empties the delivery method."""

    breaks = UPDATES
    also = (
        *EDITS,
        *DELETES,
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.4.2-STATE-ECHO",
    )

    def __init__(self) -> None:
        self._posts = 0

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        self._posts += 1
        if self._posts % 2:
            return outcome
        delivery = replace(stream.configuration.delivery, method="")
        stream.configuration = replace(stream.configuration, delivery=delivery)
        return as_it_is(outcome, call, stream)


@fault
class EveryThirdPostIsAnsweredAndForgotten(PostDeviation):
    """The third POST, and each third one after it, is answered as if it were taken, and is not."""

    breaks = UPDATES
    also = (*EDITS, *DELETES, *INTERSECTION)

    def __init__(self) -> None:
        self._posts = 0

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        before = stream.configuration
        outcome = proceed(call)
        self._posts += 1
        if self._posts % 3 == 0:
            stream.configuration = before
        return outcome


@fault_at(PostDeviation, breaks=UPDATES, also=(*EDITS, *DELETES, "JAMF-RO-MUST-MATCH"))
def same_post_again_is_refused(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A POST that would change nothing is refused."""
    before = stream.configuration
    outcome = proceed(call)
    if stream.configuration == before:
        raise InvalidRequest("nothing would change")
    return outcome


@fault_at(PostDeviation, breaks=UPDATES)
def post_answers_with_the_editable_properties_alone(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A POST is answered with the editable properties and nothing that is read-only."""
    names = call.transmitter.profile.stream.transmitter_supplied
    return with_configurations(proceed(call), lambda document: without(document, *names))


@fault_at(PostDeviation, breaks=(*UPDATES, *DELETES))
def post_without_format_is_refused(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A POST that leaves out the format that was set is refused."""
    if "format" in stream.configuration.others and "format" not in call.body:
        raise InvalidRequest("format is missing", "format")
    return proceed(call)


@fault
class FormatIsKeptOnceItWasPostedTwice(PostDeviation):
    """A format that two POSTs in a row carried stays when a later POST leaves it out."""

    breaks = DELETES
    also = UPDATES

    def __init__(self) -> None:
        self._settled: object = None

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        wish = call.body.get("format")
        if wish is None and self._settled is not None:
            return proceed(with_body(call, format=self._settled))
        if wish is not None and wish == stream.configuration.others.get("format"):
            self._settled = wish
        return proceed(call)


@fault
class DeletedFormatReturnsWithTheNextPost(PostDeviation):
    """A format that a POST left out is gone, and is there again after the next one."""

    breaks = DELETES
    also = UPDATES

    def __init__(self) -> None:
        self._deleted: object = None

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        if "format" in call.body:
            self._deleted = None
            return proceed(call)
        old = stream.configuration.others.get("format")
        if old is None and self._deleted is not None:
            return proceed(with_body(call, format=self._deleted))
        self._deleted = old
        return proceed(call)


@fault
class RemadeStreamHasItsOldFormat(Deviation):
    """A stream that is made anew after it was deleted has the format of the one before."""

    breaks = ("JAMF-POST-UPDATES",)

    def __init__(self) -> None:
        self._left: Json = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if call.operation == "delete_stream" and stream is not None:
            self._left = dict(stream.configuration.others)
        if call.operation == "replace_stream" and stream is None:
            call = replace(call, body={**self._left, **call.body})
        return proceed(call)


@fault
class StaleMembersAreMerged(PostDeviation):
    """A POST of the format that the last POST replaced keeps the new one: taken for unchanged."""

    breaks = UPDATES
    also = (*DELETES, *EDITS)

    def __init__(self) -> None:
        self._replaced: object = None

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        """Keep what another client seems to have set."""
        current = stream.configuration.others.get("format")
        wish = call.body.get("format")
        if wish is not None and wish == self._replaced and current is not None:
            call = with_body(call, format=current)
        self._replaced = current
        return proceed(call)


@fault_at(PostDeviation, breaks=UPDATES)
def post_changes_the_streams_of_all_receivers(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """The format that one Receiver posts becomes that of every other Receiver's stream."""
    outcome = proceed(call)
    wish = stream.configuration.others.get("format")
    for one in call.transmitter.streams():
        one.configuration = with_format(one.configuration, wish)
    return outcome


@fault_at(PostDeviation, breaks=UPDATES)
def format_beyond_ascii_is_mangled(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Each character of a format beyond ASCII becomes a question mark."""
    wish = call.body.get("format")
    if wish is not None:
        call = with_body(call, format=wish.encode("ascii", "replace").decode())
    return proceed(call)


@fault_at(PostDeviation, breaks=UPDATES)
def format_is_cut_at_255_characters(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A format of more than 255 characters is cut there."""
    wish = call.body.get("format")
    return proceed(call if wish is None else with_body(call, format=wish[:255]))


@fault_at(PostDeviation, breaks=MISMATCH)
def another_min_verification_interval_is_taken(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A POST with another min_verification_interval is answered with 200 and applied."""
    wish = call.body.get("min_verification_interval")
    if wish is not None:
        stream.configuration = replace(stream.configuration, min_verification_interval=wish)
    return proceed(call)


@fault_at(PostDeviation, breaks=("SSE-7.1.2.2-RO-MISMATCH",), also=("JAMF-RO-MUST-MATCH",))
def read_only_arrays_may_be_parts(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A POST with a part of events_supported or events_delivered is answered with 200."""
    current = call.transmitter.document(stream)
    parts = [
        name
        for name in ("events_supported", "events_delivered")
        if set(call.body.get(name, ())) < set(current[name])
    ]
    return proceed(replace(call, body=without(call.body, *parts)))


@fault_at(PostDeviation, breaks=("JAMF-RO-MUST-MATCH", *EDITS))
def min_verification_interval_may_not_come_along(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A POST with min_verification_interval is refused, right or not."""
    if "min_verification_interval" in call.body:
        raise InvalidRequest("min_verification_interval can't be set")
    return proceed(call)


@fault
class RefusedPostReturnsWithTheNext(PostDeviation):
    """The format of a POST that was refused is set by the next POST that is taken."""

    breaks = UPDATES
    also = (*DELETES, *EDITS)

    def __init__(self) -> None:
        self._refused: object = None

    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        try:
            outcome = proceed(
                call if self._refused is None else with_body(call, format=self._refused)
            )
        except InvalidRequest:
            self._refused = call.body.get("format")
            raise
        self._refused = None
        return outcome


@fault_at(PostDeviation, breaks=(*MISMATCH, *NOT_MERGED, "SSE-7.1.2.2-ERR-400"))
def refused_post_has_set_the_format(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A POST that is refused for another member has nevertheless set the format."""
    if "format" in call.body:
        stream.configuration = with_format(stream.configuration, call.body["format"])
    return proceed(call)


@fault
class FormatThatIsNoStringIsAServerError(Deviation):
    """A POST whose format is no string is answered with 500."""

    on = ("replace_stream",)
    breaks = ("SSE-7.1.2.2-ERR-400",)

    def __init__(self) -> None:
        self._odd = False

    def request(self, request: Request, at: At) -> Request:
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        wish = body.get("format", "") if isinstance(body, dict) else ""
        self._odd = not isinstance(wish, str)
        return request

    def response(self, response: Response, at: At) -> Response:
        return replace(response, status=500) if self._odd else response
