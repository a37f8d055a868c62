"""Faults of creating streams: SSF 1.0 section 8.1.1.1."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.documents import with_configurations, without
from mock_transmitter.deviations.entry import fault
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.operations import Call, Outcome, Reply


@fault
class CreateNeedsEventsRequested(Deviation):
    """A request for a stream without events_requested is refused."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.1.1-MINIMAL-BODY",)
    also = (
        "SSF-6.1.2-POLL-URL-UNIQUE-PER-STREAM",
        "SSF-8.1.1.1-CREATE-201",
        "SSF-8.1.1.1-DEFAULT-POLL",
        "SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.1-SECOND-REFUSED-409",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if "events_requested" not in call.body:
            raise InvalidRequest("events_requested is missing", "events_requested")
        return proceed(call)


@fault
class CreateWithADescriptionIsRefused(Deviation):
    """A request for a stream that carries a description is refused."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",)
    also = (
        "SSF-8.1.1-UNKNOWN-EVENTS-IGNORED",
        "SSF-8.1.1.1-CREATE-201",
        "SSF-8.1.1.1-SECOND-REFUSED-409",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if "description" in call.body:
            raise InvalidRequest("description can't be set", "description")
        return proceed(call)


@fault
class CreateForgetsTheDescriptionNextToEvents(Deviation):
    """The description of a new stream is not kept where events_requested stands beside it."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.1-DESCRIPTION",)
    also = (
        "SSF-8.1.1-DESCRIPTION-TRUNCATED",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if "events_requested" in call.body:
            call = replace(call, body=without(call.body, "description"))
        return proceed(call)


@fault
class CreateWithoutDeliveryIsPush(Deviation):
    """A stream that is asked for without a delivery pushes to an address of nobody's."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.1.1-DEFAULT-POLL",)
    also = ("SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED", "SSF-8.1.1.1-MINIMAL-BODY")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        profile = call.transmitter.profile
        if "delivery" not in call.body:
            push = {"method": profile.delivery.push, "endpoint_url": "https://receiver.invalid/"}
            call = replace(call, body={**call.body, "delivery": push})
        return proceed(call)


@fault
class CreateIsAccepted(Deviation):
    """Creating a stream is answered with 202 and no configuration, though it is made."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.1.1-CREATE-201",)
    also = (
        "SSF-7.1-DELIVERY-METHODS-HONOURED",
        "SSF-8.1.1-STREAMID-PRESENT",
        "SSF-8.1.1.1-MINIMAL-BODY",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.1-SECOND-REFUSED-409",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        proceed(call)
        return Reply(status=202)


@fault
class SecondCreateIsForbidden(Deviation):
    """A Receiver that has a stream gets 403 instead of 409 when it asks for another."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.1.1-SECOND-REFUSED-409",)
    also = ("SSF-8.1.1.1-CREATE-201",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.transmitter.streams(call.audience):
            return Reply(status=403, document={"error": "access_denied"})
        return proceed(call)


@fault
class CreateShowsEventsDeliveredEmpty(Deviation):
    """The answer to a create request shows no events_delivered yet; reading the stream does."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.1.2-READ-200",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        return with_configurations(outcome, lambda document: {**document, "events_delivered": []})


@fault
class PollMethodIsAWord(Deviation):
    """The method of a poll stream is shown as a word instead of its URN."""

    breaks = ("SSF-6.1.2-POLL-METHOD-URN",)
    also = (
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
        "SSF-7.1-DELIVERY-METHODS-HONOURED",
        "SSF-8.1.1.4-ERR-404",
        "SSF-8.1.1.4-PUT-MISSING-EVENTS",
        "SSF-6.1.2-POLL-ENDPOINT-FROM-TRANSMITTER",
        "SSF-8.1.1-DELIVERY-PRESENT",
        "SSF-8.1.1.1-DEFAULT-POLL",
        "SSF-8.1.1.1-DEFAULT-POLL-DELIVERY-RETURNED",
        "SSF-8.1.1.1-MINIMAL-BODY",
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        poll = call.transmitter.profile.delivery.poll

        def edit(document: Json) -> Json:
            delivery = document["delivery"]
            if delivery.get("method") != poll:
                return document
            return {**document, "delivery": {**delivery, "method": "poll"}}

        return with_configurations(proceed(call), edit, needs="delivery")
