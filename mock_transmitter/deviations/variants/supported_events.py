"""Variants of events_supported: SSF 1.0 sections 8.1.4 and 8.1.5."""

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.documents import with_body, with_configurations
from mock_transmitter.deviations.entry import variant
from mock_transmitter.http.operations import Call, Outcome

_ABOUT_THE_STREAM = [
    f"https://schemas.openid.net/secevent/ssf/event-type/{name}"
    for name in ("verification", "stream-updated")
]


@variant
class EventsAboutTheStreamAreListed(Deviation):
    """events_supported names the Verification and the Stream Updated Event as well."""

    exercises = ("SSF-8.1.4-VERIFICATION-OUTSIDE-EVENT-LISTS", "SSF-8.1.5-OUTSIDE-EVENT-LISTS")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Show them, and take them when they come back."""
        given = call.body.get("events_supported")
        true = list(call.transmitter.supported)
        if call.transmitter.explicit and given == [*true, *_ABOUT_THE_STREAM]:
            call = with_body(call, events_supported=true)
        return with_configurations(proceed(call), self._edit, needs="events_supported")

    def _edit(self, document: Json) -> Json:
        listed = [*document["events_supported"], *_ABOUT_THE_STREAM]
        return {**document, "events_supported": listed}
