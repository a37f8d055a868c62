"""Faults of how a stream configuration shows its members: SSF 1.0 sections 6.1 and 8.1.1."""

from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlsplit

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.kinds.calls import CONFIGURES, UPDATES
from mock_transmitter.deviations.kinds.documents import (
    ShownConfiguration,
    with_configurations,
    without,
)
from mock_transmitter.deviations.kinds.streams import RenamedStreams
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.operations import Call, Outcome


class ShownOtherwise(Deviation):
    """Shows one member of each configuration in another form, and accepts that form back."""

    member: ClassVar[str]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show it, and pass over it in an update."""
        if call.operation in CONFIGURES:
            call = replace(call, body=self.taken(dict(call.body)))
        return with_configurations(proceed(call), self.shown, needs=self.member)

    def taken(self, body: Json) -> Json:
        """Return a request in which the shown form is replaced by the true one."""
        return without(body, self.member)

    def shown(self, document: Json) -> Json:
        """Return the configuration that is shown."""
        return document


@fault_at(
    ShownOtherwise,
    "shown",
    member="events_supported",
    breaks=("SSF-8.1.1-EVENTS-SUPPORTED",),
    also=(
        "SSF-8.1.1-EVENTS-DELIVERED-SUBSET",
        "SSF-8.1.1.3-DELIVERED-RECOMPUTED",
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
    ),
)
def events_supported_holds_objects(document: Json) -> Json:
    """events_supported holds objects with a name and a uri instead of URIs."""
    wrapped = [{"name": "event", "uri": uri} for uri in document["events_supported"]]
    return {**document, "events_supported": wrapped}


@fault_at(
    ShownOtherwise,
    "shown",
    member="min_verification_interval",
    breaks=("SSF-8.1.1-MIN-VERIF-INTERVAL-SHAPE",),
    also=(
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
    ),
)
def interval_is_text(document: Json) -> Json:
    """min_verification_interval is a duration in words instead of a number of seconds."""
    return {**document, "min_verification_interval": "PT30S"}


@fault_at(
    ShownConfiguration,
    where="events_requested",
    breaks=("SSF-8.1.1-EVENTS-REQUESTED-ECHO",),
    also=(
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-RO-MATCH-OK",
        "SSF-8.1.1.4-ERR-404",
    ),
)
def events_requested_is_shown_as_text(document: Json) -> Json:
    """events_requested is shown as one text of URIs between blanks instead of an array."""
    return {**document, "events_requested": " ".join(map(str, document["events_requested"]))}


@fault_at(
    ShownOtherwise,
    "shown",
    member="iss",
    breaks=("SSF-8.1.1-ISS-EQUALS-METADATA",),
    also=(
        "SSF-4.1.6-ISS-MATCHES-STREAM",
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        "SSF-8.1.1.4-PUT-RO-MISMATCH-400",
        "SSE-7.1.2-ISS",
    ),
)
def iss_has_a_trailing_slash(document: Json) -> Json:
    """The iss of a stream has a slash at the end that the issuer does not have."""
    return {**document, "iss": f"{document['iss']}/"}


@fault_at(
    ShownConfiguration,
    on=("read_stream",),
    breaks=("SSF-8.1.1-STREAMID-PRESENT",),
    also=(
        "SSF-8-AUTH-BINDS-STREAMS",
        "SSF-8-HTTP-AUTH",
        "SSF-8.1.1-AUD-IMMUTABLE",
        "SSF-8.1.1.2-ERR-403",
        "SSF-8.1.1.2-LIST-ARRAY",
        "SSF-8.1.1.2-READ-200",
        "SSF-8.1.1.3-ERR-403",
        "SSF-8.1.1.4-ERR-403",
        "SSF-8.1.1.5-DELETE-EFFECTIVE",
        "SSF-8.1.1.5-ERR-403",
        "SSF-8.1.1.5-ERR-404",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.2.2-ERR-403",
        "SSF-8.1.3.2-ERR-403",
        "SSF-8.1.3.3-ERR-403",
    ),
)
def read_leaves_stream_id_out(document: Json) -> Json:
    """Reading a stream shows its configuration without the stream_id."""
    return without(document, "stream_id")


@fault
class PollUrlIsRelative(ShownOtherwise):
    """The poll URL of a stream is shown as a path without scheme and host."""

    member = "delivery"
    breaks = ("SSF-6.1.2-POLL-ENDPOINT-FROM-TRANSMITTER",)
    also = (
        "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
        "SSF-8.1.1.3-PATCH-APPLIES",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-MISSING-DELETES",
        "RFC8936-2.2-RETURN-IMMEDIATELY",
        "RFC8936-2.5-STATUS-200",
        "RFC8936-4.3-CONFIDENTIAL",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-8.1.1.4-ERR-404",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.1.4-PUT-DELIVERED-PRE-VALUE",
        "SSF-8.1.1.4-PUT-MISSING-EVENTS",
        "SSF-8.1.1.4-PUT-RO-MATCH-OK",
        "SSF-6.1.1-PUSH-ENDPOINT-FROM-RECEIVER",
    )

    def taken(self, body: Json) -> Json:
        delivery = body.get("delivery")
        if not isinstance(delivery, dict) or str(delivery.get("endpoint_url")).startswith("http"):
            return body
        return {**body, "delivery": without(delivery, "endpoint_url")}

    def shown(self, document: Json) -> Json:
        delivery = document["delivery"]
        path = urlsplit(str(delivery.get("endpoint_url"))).path
        return {**document, "delivery": {**delivery, "endpoint_url": path}}


@fault
class PollUrlIsPlainHttp(ShownOtherwise):
    """The poll URL of a stream is shown with http, and polls are answered there."""

    member = "delivery"
    breaks = ("RFC8936-4.3-CONFIDENTIAL",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._push = call.transmitter.profile.delivery.push
        return super().operation(call, proceed)

    def taken(self, body: Json) -> Json:
        return self._with_scheme(body, "http:", "https:")

    def shown(self, document: Json) -> Json:
        return self._with_scheme(document, "https:", "http:")

    def _with_scheme(self, body: Json, old: str, new: str) -> Json:
        delivery = body.get("delivery")
        if not isinstance(delivery, dict) or delivery.get("method") == self._push:
            return body
        url = delivery.get("endpoint_url")
        if not isinstance(url, str) or not url.startswith(old):
            return body
        return {**body, "delivery": {**delivery, "endpoint_url": url.replace(old, new, 1)}}


fault_row(
    "stream-ids-have-reserved-characters",
    "A stream_id has characters that are reserved in URIs.",
    RenamedStreams,
    before="streams/1+2:",
    after="?&=%41",
    breaks=("SSF-8.1.1-STREAMID-CHARSET",),
)


class ShowsInactivityTimeout(Deviation):
    """Shows an inactivity_timeout, and refuses another one in an update."""

    timeout_s: ClassVar[object] = 86400

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        given = call.body.get("inactivity_timeout", self.timeout_s)
        if call.operation in UPDATES and given != self.timeout_s:
            raise InvalidRequest("inactivity_timeout has another value", "inactivity_timeout")
        call = replace(call, body=without(call.body, "inactivity_timeout"))
        return with_configurations(
            proceed(call), lambda document: {**document, "inactivity_timeout": self.timeout_s}
        )


fault_row(
    "inactivity-timeout-is-a-fraction",
    "inactivity_timeout is a number of days, with a fraction.",
    ShowsInactivityTimeout,
    timeout_s=1.5,
    breaks=("SSF-8.1.1-INACTIVITY-SHAPE",),
)
