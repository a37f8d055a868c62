"""Faults in what the 2021 draft's one stream shows of itself: its sections 7.1.2 and 11.2.1."""

from mock_transmitter.deviations.deviation import Proceed
from mock_transmitter.deviations.documents import with_configurations
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.http.operations import Call, Outcome


@fault_at(
    "operation",
    on=("read_stream",),
    breaks=("JAMF-ISS", "SSE-7.1.2-ISS"),
    also=(
        "JAMF-POST-UPDATES",
        "JAMF-READ-MODIFY-WRITE",
        "JAMF-RO-MUST-MATCH",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-7.1.2.2-RO-MATCH-OK",
        "SSE-7.1.2.2-RO-MISMATCH",
        "SSF-4.1.6-ISS-MATCHES-STREAM",
        "SSF-8.1.1-ISS-EQUALS-METADATA",
        "SSF-8.1.1-ISS-PRESENT",
        "SSF-8.1.1.3-PATCH-RO-MATCH-OK",
        "SSF-8.1.1.4-PUT-RO-MATCH-OK",
    ),
)
def issuer_of_the_stream_has_a_query(call: Call, proceed: Proceed) -> Outcome:
    """A read shows an issuer with a query, which is not the issuer of the SETs."""
    outcome = proceed(call)
    return with_configurations(
        outcome, lambda document: {**document, "iss": f"{document['iss']}?v=1"}, needs="iss"
    )


@fault_at(
    "operation",
    on=("read_stream",),
    breaks=("SSE-11.2.1.2-POLL-METHOD-URI",),
    also=(
        "JAMF-READ-MODIFY-WRITE",
        "RFC8936-4.3-CONFIDENTIAL",
        "SSE-7.1.2.2-ERR-404",
        "SSE-7.1.2.2-POST-UPDATES-200",
        "SSE-7.1.2.2-RO-MATCH-OK",
        "SSF-6.1.2-POLL-ENDPOINT-FROM-TRANSMITTER",
        "SSF-6.1.2-POLL-METHOD-URN",
        "SSF-8.1.1.2-READ-200",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    ),
)
def poll_url_of_the_stream_is_none(call: Call, proceed: Proceed) -> Outcome:
    """A read shows a stream that is polled with a path where the URL to poll should be."""
    outcome = proceed(call)
    return with_configurations(
        outcome,
        lambda document: {
            **document,
            "delivery": {**document["delivery"], "endpoint_url": "/poll"},
        },
        needs="delivery",
    )
