"""Faults of configuring push delivery: SSF 1.0 sections 6.1.1, 8.1.1.3 and 8.1.1.4."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.faults.push.requests import with_authorization
from mock_transmitter.deviations.kinds.calls import OnStream, is_push, target
from mock_transmitter.deviations.kinds.documents import (
    ChangedReply,
    ShownConfiguration,
    with_body,
    with_configurations,
    without,
)
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.domain.push import Attempt
from mock_transmitter.domain.stream import DeliveryConfiguration, Stream
from mock_transmitter.http.operations import Call, Outcome, Reply


@fault_at(
    ShownConfiguration,
    where="delivery",
    breaks=("SSF-6.1.1-PUSH-METHOD-URN",),
    also=(
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
    ),
)
def push_method_is_the_old_uri(document: Json, call: Call) -> Json:
    """A push stream shows its delivery method by the URI that drafts had for it."""
    old = "https://schemas.openid.net/secevent/risc/delivery-method/push"
    if not call.transmitter.explicit or not is_push(document["delivery"], call):
        return document
    return {**document, "delivery": {**document["delivery"], "method": old}}


@fault_at(OnStream, on=("replace_stream",), breaks=("SSF-8.1.1.4-PUT-MISSING-DELIVERY",))
def replace_without_delivery_keeps_the_push_url(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A PUT without delivery leaves a push stream pushing to where it did."""
    if not call.transmitter.explicit:
        return proceed(call)
    shown = call.transmitter.document(stream)["delivery"]
    if is_push(shown, call) and call.body.get("delivery") is None:
        call = with_body(call, delivery=shown)
    return proceed(call)


@fault_at(
    "operation",
    breaks=("SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",),
    also=(
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.4-PUT-200",
        "JAMF-POST-UPDATES",
    ),
)
def push_url_is_lowercased(call: Call, proceed: Proceed) -> Outcome:
    """The endpoint_url of a push stream is kept in lower case."""
    delivery = call.body.get("delivery")
    if is_push(delivery, call) and isinstance(delivery.get("endpoint_url"), str):
        url = delivery["endpoint_url"].lower()
        call = with_body(call, delivery={**delivery, "endpoint_url": url})
    return proceed(call)


@fault_at(OnStream, on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-APPLIES",))
def patch_from_poll_to_push_is_ignored(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A PATCH that turns a poll stream into a push stream is answered and not applied."""
    polls = stream.configuration.delivery.method == call.transmitter.profile.delivery.poll
    if polls and is_push(call.body.get("delivery"), call):
        call = replace(call, body=without(call.body, "delivery"))
    return proceed(call)


@fault_at(ChangedReply, on=("list_streams",), breaks=("SSF-8.1.1.2-LIST-ARRAY",))
def list_leaves_push_streams_out(reply: Reply, call: Call) -> Outcome:
    """The list of a Receiver's streams holds those that it polls alone."""
    if not isinstance(reply.document, list):
        return reply
    kept = [one for one in reply.document if not is_push(one.get("delivery"), call)]
    return replace(reply, document=kept)


@fault_at(OnStream, on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",))
def refused_patch_keeps_its_delivery(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A PATCH that is refused has nevertheless changed where a push stream delivers to."""
    delivery = call.body.get("delivery")
    if is_push(delivery, call):
        proceed(replace(call, body={"stream_id": stream.stream_id, "delivery": delivery}))
    return proceed(call)


@fault
class PushCarriesTheAuthorizationOfAnotherStream(Deviation):
    """Each push carries the authorization_header of whichever stream was first to have one."""

    breaks = ("SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT",)

    def __init__(self) -> None:
        self._first: tuple[str, str] | None = None

    def push(self, attempt: Attempt, at: At) -> Attempt:
        sent = attempt.headers.get("authorization")
        if self._first is None and sent is not None:
            self._first = (attempt.stream_id, sent)
        if self._first is None or self._first[0] == attempt.stream_id:
            return attempt
        return with_authorization(attempt, self._first[1])


@fault
class PushGoesToTheUrlOfAnotherStream(Deviation):
    """A stream's second push goes to the URL of the stream that was pushed to before it."""

    breaks = ("SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER",)
    also = ("SSF-6.1.1-PUSH-AUTHZ-HEADER-SENT",)

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def push(self, attempt: Attempt, at: At) -> Attempt:
        others = [url for stream, url in self._last.items() if stream != attempt.stream_id]
        again = attempt.stream_id in self._last
        self._last[attempt.stream_id] = attempt.url
        return replace(attempt, url=others[-1]) if again and others else attempt


@fault
class DeletedStreamIsStillPushed(Deviation):
    """A stream that was deleted is nowhere to be seen, and what waits on it is pushed."""

    breaks = ("SSF-8.1.1.5-DELETE-STOPS-DELIVERY",)

    def __init__(self) -> None:
        self._deleted: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Keep the stream of which SETs wait, for their sake alone."""
        if call.stream_id in self._deleted:
            raise StreamNotFound("no such stream")
        stream = target(call)
        if call.operation == "delete_stream" and stream is not None and _waits(stream, call):
            self._deleted.add(stream.stream_id)
            return Reply(status=call.transmitter.profile.operations["delete_stream"].success[0])
        outcome = proceed(call)
        if call.operation == "list_streams" and isinstance(outcome, Reply):
            listed = outcome.document
            if isinstance(listed, list):
                kept = [one for one in listed if one.get("stream_id") not in self._deleted]
                return replace(outcome, document=kept)
        return outcome


@fault
class PatchFromPushToPollLeavesThePushing(Deviation):
    """A PATCH that turns a push stream into a poll stream shows, and the stream goes on pushing."""

    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)

    def __init__(self) -> None:
        self._shown: dict[str, Json] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show what was asked for, and leave all as it was."""
        stream = target(call)
        delivery = call.body.get("delivery")
        changes = call.operation == "update_stream" and isinstance(delivery, dict)
        if stream is not None and changes:
            self._shown.pop(stream.stream_id, None)
            before = stream.configuration.delivery
            outcome = proceed(call)
            after = stream.configuration.delivery
            pushed = is_push(before.document(), call)
            if pushed and not is_push(after.document(), call):
                self._shown[stream.stream_id] = after.document()
                stream.configuration = replace(stream.configuration, delivery=before)
            return outcome
        return with_configurations(proceed(call), self._edit, needs="delivery")

    def _edit(self, document: Json) -> Json:
        shown = self._shown.get(str(document.get("stream_id")))
        return document if shown is None else {**document, "delivery": shown}


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",))
def patch_loses_the_authorization(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH without delivery takes the authorization_header away, which nobody sees in a read."""
    outcome = proceed(call)
    stream = target(call)
    if stream is not None and "delivery" not in call.body:
        shown = replace(stream.configuration.delivery, authorization_header=None)
        stream.configuration = replace(stream.configuration, delivery=shown)
    return outcome


@fault
class PostOfTheSameDeliveryEndsThePushes(Deviation):
    """Once a POST has repeated the delivery of the implicit stream, nothing is pushed on it."""

    on = ("replace_stream",)
    breaks = ("SSE-7.1.2.2-POST-UPDATES-200", "JAMF-POST-UPDATES")

    def __init__(self) -> None:
        self._repeated: set[DeliveryConfiguration] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None or call.transmitter.explicit:
            return proceed(call)
        before = stream.configuration.delivery
        outcome = proceed(call)
        if stream.configuration.delivery == before:
            self._repeated.add(before)
        return outcome

    def push(self, attempt: Attempt, at: At) -> Attempt | None:
        return None if attempt.delivery in self._repeated else attempt


class _TakesHttp(Deviation):
    """Accepts an http endpoint_url for pushes."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Ask for the same with https, and then make it http."""
        delivery = call.body.get("delivery")
        if not is_push(delivery, call):
            return proceed(call)
        url = delivery.get("endpoint_url")
        if not isinstance(url, str) or not url.startswith("http://"):
            return proceed(call)
        secure = f"https{url.removeprefix('http')}"
        outcome = proceed(with_body(call, delivery={**delivery, "endpoint_url": secure}))
        for stream in call.transmitter.streams(call.audience):
            if stream.configuration.delivery.endpoint_url == secure:
                plain = replace(stream.configuration.delivery, endpoint_url=url)
                stream.configuration = replace(stream.configuration, delivery=plain)
        return with_configurations(
            outcome, lambda document: {**document, "delivery": delivery}, needs="delivery"
        )


fault_row(
    "http-url-is-taken-to-push-to",
    "A stream is made that pushes without TLS, if its Receiver asks for it.",
    _TakesHttp,
    on=("create_stream",),
    needs=("create_stream",),
    breaks=("RFC8935-2.1-ENDPOINT-TLS",),
)
fault_row(
    "http-url-is-taken-in-an-update",
    "A stream that pushes over TLS is updated to push without.",
    _TakesHttp,
    on=("update_stream", "replace_stream"),
    breaks=("RFC8935-2.1-ENDPOINT-TLS",),
)


def _waits(stream: Stream, call: Call) -> bool:
    """Return whether SETs wait to be pushed on a stream."""
    delivery: DeliveryConfiguration = stream.configuration.delivery
    return len(stream.queue) > 0 and is_push(delivery.document(), call)
