"""Variants that show in every document."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.documents import (
    with_configurations,
)
from mock_transmitter.deviations.entry import variant
from mock_transmitter.http.operations import Call, Outcome, Reply

UNKNOWN_MEMBER = {"x_example_vendor": {"since": 2026}}
NAMED_BY_URI = {f"https://vendor.example/{name}": value for name, value in UNKNOWN_MEMBER.items()}


@variant
class UnknownMembersEverywhere(Deviation):
    """Metadata, configurations, poll answers and SETs have members that no text defines."""

    exercises = (
        "SSF-7.2.3-EXTRA-CLAIMS",
        "SSF-4.2.3-EXTRA-FIELDS",
        "SSE-6.2.2-EXTRA-CLAIMS",
        "SSE-11.1.3-EXTRA-CLAIMS",
        "RFC8417-2-ENVELOPE-EXTRAS",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = with_configurations(proceed(call), lambda document: document | UNKNOWN_MEMBER)
        others = {"transmitter_configuration", "poll_response", "key_set"}
        if isinstance(outcome, Reply) and outcome.message in others:
            return replace(outcome, document=outcome.document | UNKNOWN_MEMBER)
        return outcome

    def claims(self, claims: Json, at: At) -> Json:
        """Add one to the claims and to each event, where the draft of 2021 wants a URI."""
        events = {kind: payload | NAMED_BY_URI for kind, payload in claims["events"].items()}
        return {**claims, "events": events} | UNKNOWN_MEMBER
