"""Faults of configuring push delivery: SSF 1.0 sections 6.1.1, 8.1.1.3 and 8.1.1.4."""

from dataclasses import replace
from typing import TypeGuard

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.documents import with_body, with_configurations, without
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.http.operations import Call, Outcome, Reply


def is_push(delivery: object, call: Call) -> TypeGuard[Json]:
    """Say whether a delivery is by push."""
    method = call.transmitter.profile.delivery.push
    return isinstance(delivery, dict) and delivery.get("method") == method


@fault
class PushMethodIsTheOldUri(Deviation):
    """A push stream shows its delivery method by the URI that drafts had for it."""

    breaks = ("SSF-6.1.1-PUSH-METHOD-URN",)
    also = (
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        old = "https://schemas.openid.net/secevent/risc/delivery-method/push"

        def edit(document: Json) -> Json:
            if not call.transmitter.explicit or not is_push(document["delivery"], call):
                return document
            return {**document, "delivery": {**document["delivery"], "method": old}}

        return with_configurations(proceed(call), edit, needs="delivery")


@fault
class ReplaceWithoutDeliveryKeepsThePushUrl(Deviation):
    """A PUT without delivery leaves a push stream pushing to where it did."""

    on = ("replace_stream",)
    breaks = ("SSF-8.1.1.4-PUT-MISSING-DELIVERY",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None or not call.transmitter.explicit:
            return proceed(call)
        shown = call.transmitter.document(stream)["delivery"]
        if is_push(shown, call) and call.body.get("delivery") is None:
            call = with_body(call, delivery=shown)
        return proceed(call)


@fault
class PushUrlIsLowercased(Deviation):
    """The endpoint_url of a push stream is kept in lower case."""

    breaks = ("SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",)
    also = (
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.4-PUT-200",
        "JAMF-POST-UPDATES",
        "SSE-7.1.2.2-POST-UPDATES-200",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        delivery = call.body.get("delivery")
        if is_push(delivery, call) and isinstance(delivery.get("endpoint_url"), str):
            url = delivery["endpoint_url"].lower()
            call = with_body(call, delivery={**delivery, "endpoint_url": url})
        return proceed(call)


@fault
class PatchFromPollToPushIsIgnored(Deviation):
    """A PATCH that turns a poll stream into a push stream is answered and not applied."""

    on = ("update_stream",)
    breaks = ("SSF-8.1.1.3-PATCH-APPLIES",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None:
            return proceed(call)
        polls = stream.configuration.delivery.method == call.transmitter.profile.delivery.poll
        if polls and is_push(call.body.get("delivery"), call):
            call = replace(call, body=without(call.body, "delivery"))
        return proceed(call)


@fault
class ListLeavesPushStreamsOut(Deviation):
    """The list of a Receiver's streams holds those that it polls alone."""

    on = ("list_streams",)
    breaks = ("SSF-8.1.1.2-LIST-ARRAY",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Reply):
            return outcome
        if not isinstance(outcome.document, list):
            return outcome
        kept = [one for one in outcome.document if not is_push(one.get("delivery"), call)]
        return replace(outcome, document=kept)


@fault
class RefusedPatchKeepsItsDelivery(Deviation):
    """A PATCH that is refused has nevertheless changed where a push stream delivers to."""

    on = ("update_stream",)
    breaks = ("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        delivery = call.body.get("delivery")
        if stream is not None and is_push(delivery, call):
            proceed(replace(call, body={"stream_id": stream.stream_id, "delivery": delivery}))
        return proceed(call)
