"""Faults of configuring push delivery: SSF 1.0 sections 6.1.1, 8.1.1.3 and 8.1.1.4."""

from dataclasses import replace
from typing import TypeGuard

from mock_transmitter.deviations.deviation import Json, Proceed
from mock_transmitter.deviations.documents import with_body, with_configurations, without
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.http.operations import Call, Outcome, Reply


def is_push(delivery: object, call: Call) -> TypeGuard[Json]:
    """Say whether a delivery is by push."""
    method = call.transmitter.profile.delivery.push
    return isinstance(delivery, dict) and delivery.get("method") == method


@fault_at(
    "operation",
    breaks=("SSF-6.1.1-PUSH-METHOD-URN",),
    also=(
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
    ),
)
def push_method_is_the_old_uri(call: Call, proceed: Proceed) -> Outcome:
    """A push stream shows its delivery method by the URI that drafts had for it."""
    old = "https://schemas.openid.net/secevent/risc/delivery-method/push"

    def edit(document: Json) -> Json:
        if not call.transmitter.explicit or not is_push(document["delivery"], call):
            return document
        return {**document, "delivery": {**document["delivery"], "method": old}}

    return with_configurations(proceed(call), edit, needs="delivery")


@fault_at("operation", on=("replace_stream",), breaks=("SSF-8.1.1.4-PUT-MISSING-DELIVERY",))
def replace_without_delivery_keeps_the_push_url(call: Call, proceed: Proceed) -> Outcome:
    """A PUT without delivery leaves a push stream pushing to where it did."""
    stream = target(call)
    if stream is None or not call.transmitter.explicit:
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
        "SSE-7.1.2.2-POST-UPDATES-200",
    ),
)
def push_url_is_lowercased(call: Call, proceed: Proceed) -> Outcome:
    """The endpoint_url of a push stream is kept in lower case."""
    delivery = call.body.get("delivery")
    if is_push(delivery, call) and isinstance(delivery.get("endpoint_url"), str):
        url = delivery["endpoint_url"].lower()
        call = with_body(call, delivery={**delivery, "endpoint_url": url})
    return proceed(call)


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-APPLIES",))
def patch_from_poll_to_push_is_ignored(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH that turns a poll stream into a push stream is answered and not applied."""
    stream = target(call)
    if stream is None:
        return proceed(call)
    polls = stream.configuration.delivery.method == call.transmitter.profile.delivery.poll
    if polls and is_push(call.body.get("delivery"), call):
        call = replace(call, body=without(call.body, "delivery"))
    return proceed(call)


@fault_at("operation", on=("list_streams",), breaks=("SSF-8.1.1.2-LIST-ARRAY",))
def list_leaves_push_streams_out(call: Call, proceed: Proceed) -> Outcome:
    """The list of a Receiver's streams holds those that it polls alone."""
    outcome = proceed(call)
    if not isinstance(outcome, Reply):
        return outcome
    if not isinstance(outcome.document, list):
        return outcome
    kept = [one for one in outcome.document if not is_push(one.get("delivery"), call)]
    return replace(outcome, document=kept)


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",))
def refused_patch_keeps_its_delivery(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH that is refused has nevertheless changed where a push stream delivers to."""
    stream = target(call)
    delivery = call.body.get("delivery")
    if stream is not None and is_push(delivery, call):
        proceed(replace(call, body={"stream_id": stream.stream_id, "delivery": delivery}))
    return proceed(call)
