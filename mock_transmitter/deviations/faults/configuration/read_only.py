"""Faults of Transmitter-Supplied properties in an update: SSF 1.0 sections 8.1.1.3 and 8.1.1.4."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.faults.configuration.shapes import ShowsInactivityTimeout
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import without
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.http.operations import Call, Outcome


class AcceptsAMismatch(Deviation):
    """Ignores one Transmitter-Supplied property in updates; its value does not change."""

    on: ClassVar[tuple[str, ...]] = ("update_stream",)
    member: ClassVar[str]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return proceed(replace(call, body=without(call.body, self.member)))


@fault_at("operation", on=("update_stream",), breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",))
def patch_accepts_any_array_for_aud(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH with another aud is answered with 200 if that is an array; the aud stays."""
    if isinstance(call.body.get("aud"), list):
        call = replace(call, body=without(call.body, "aud"))
    return proceed(call)


fault_row(
    "patch-accepts-other-events-supported",
    "A PATCH with other events_supported is answered with 200; the true ones stay.",
    AcceptsAMismatch,
    member="events_supported",
    breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",),
)
fault_row(
    "patch-accepts-another-interval",
    "A PATCH with another min_verification_interval is answered with 200; the true one stays.",
    AcceptsAMismatch,
    member="min_verification_interval",
    breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",),
)
fault_row(
    "patch-accepts-any-events-delivered",
    "A PATCH with events_delivered of any value is answered with 200; the true value stays.",
    AcceptsAMismatch,
    member="events_delivered",
    breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",),
)
fault_row(
    "replace-accepts-another-iss",
    "A PUT with another iss is answered with 200; the true one stays.",
    AcceptsAMismatch,
    on=("replace_stream",),
    member="iss",
    breaks=("SSF-8.1.1.4-PUT-RO-MISMATCH-400", "SSE-7.1.2.2-RO-MISMATCH"),
    also=("JAMF-RO-MUST-MATCH",),
)
fault_row(
    "replace-accepts-other-events-supported",
    "A PUT with other events_supported is answered with 200; the true ones stay.",
    AcceptsAMismatch,
    on=("replace_stream",),
    member="events_supported",
    breaks=("SSF-8.1.1.4-PUT-RO-MISMATCH-400",),
)
fault_row(
    "replace-accepts-any-events-delivered",
    "A PUT with events_delivered of any value is answered with 200; the true value stays.",
    AcceptsAMismatch,
    on=("replace_stream",),
    member="events_delivered",
    breaks=("SSF-8.1.1.4-PUT-RO-MISMATCH-400",),
)


@fault
class PatchAcceptsAnotherInactivityTimeout(ShowsInactivityTimeout):
    """A PATCH with another inactivity_timeout than the one shown is answered with 200."""

    breaks = ("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.operation == "update_stream":
            call = replace(call, body=without(call.body, "inactivity_timeout"))
        return super().operation(call, proceed)


class HalfApplied(Deviation):
    """Refuses an update for a wrong value, and still applies a right one."""

    member: ClassVar[str]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        try:
            return proceed(call)
        except InvalidRequest:
            stream = target(call)
            if self.member in call.body and stream is not None:
                call.transmitter.update_stream(stream, {self.member: call.body[self.member]})
            raise


fault_row(
    "refused-patch-keeps-its-description",
    "A PATCH that is refused for a wrong value has nevertheless changed the description.",
    HalfApplied,
    on=("update_stream",),
    member="description",
    breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",),
)
fault_row(
    "refused-patch-keeps-its-events",
    "A PATCH that is refused for a wrong value has nevertheless changed events_requested.",
    HalfApplied,
    on=("update_stream",),
    member="events_requested",
    breaks=("SSF-8.1.1.3-PATCH-RO-MISMATCH-400",),
)
fault_row(
    "refused-replace-keeps-its-description",
    "A PUT that is refused for a wrong value has nevertheless changed the description.",
    HalfApplied,
    on=("replace_stream",),
    member="description",
    breaks=("SSF-8.1.1.4-PUT-RO-MISMATCH-400",),
)


class LosesTheInterval(Deviation):
    """Deletes min_verification_interval if an update does not name it."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        missing = "min_verification_interval" not in call.body
        if missing and stream is not None:
            # The update itself follows, and may still be refused for another reason.
            kept = stream.configuration
            stream.configuration = replace(kept, min_verification_interval=None)
            try:
                return proceed(call)
            except InvalidRequest:
                stream.configuration = kept
                raise
        return proceed(call)


fault_row(
    "patch-loses-the-interval",
    "A PATCH that does not name min_verification_interval removes it.",
    LosesTheInterval,
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-RO-MISSING-IGNORED",),
)
fault_row(
    "replace-loses-the-interval",
    "A PUT that does not name min_verification_interval removes it.",
    LosesTheInterval,
    on=("replace_stream",),
    breaks=("SSF-8.1.1.4-PUT-RO-MISSING-IGNORED",),
)


@fault_at(
    "operation",
    on=("update_stream",),
    breaks=("SSF-8.1.1.3-PATCH-RO-MISSING-IGNORED",),
    also=(
        "SSF-8.1.1.3-PATCH-200-FULL",
        "SSF-8.1.1.3-PATCH-APPLIES",
    ),
)
def updates_need_events_delivered(call: Call, proceed: Proceed) -> Outcome:
    """A PATCH of events_requested without events_delivered is refused."""
    lone = "events_requested" in call.body and "events_delivered" not in call.body
    if lone and target(call) is not None:
        raise InvalidRequest("events_delivered is missing", "events_delivered")
    return proceed(call)
