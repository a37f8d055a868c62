"""Variants of the metadata: SSF 1.0 section 7, the 2021 draft's section 6."""

from abc import ABC
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import variant_at, variant_row
from mock_transmitter.deviations.kinds.documents import ChangedReply, without
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply


@variant_at(ChangedReply, on=("discover",), exercises=("SSF-7.1-SPEC-VERSION",))
def metadata_names_a_draft(reply: Reply) -> Outcome:
    """The spec_version is that of a draft before the final text."""
    return replace(reply, document={**reply.document, "spec_version": "1_0-ID3"})


@variant_at(ChangedReply, on=("discover",), exercises=("SSF-7.1-SPEC-VERSION",))
def metadata_says_no_more_than_it_must(reply: Reply) -> Outcome:
    """The metadata has neither a spec_version nor authorization_schemes."""
    few = without(reply.document, "spec_version", "authorization_schemes")
    return replace(reply, document=few)


class _AtTheOldLocationToo(Deviation, ABC):
    """Serves the metadata at risc-configuration too."""

    PATH: ClassVar[str]

    def request(self, request: Request, at: At) -> Request:
        return replace(request, target=request.target.replace("/risc-configuration", self.PATH))


variant_row(
    "metadata-stands-at-risc-configuration-too",
    "The metadata stands at risc-configuration as well as at ssf-configuration.",
    _AtTheOldLocationToo,
    PATH="/ssf-configuration",
    exercises=("SSF-7.2.2-RISC-LOCATION-LEGACY",),
)
variant_row(
    "draft-metadata-stands-at-risc-configuration-too",
    "The metadata stands at risc-configuration as well as at sse-configuration.",
    _AtTheOldLocationToo,
    PATH="/sse-configuration",
    exercises=("SSE-6.2-RISC-LOCATION",),
)


_SUBJECTS = ("add_subject_endpoint", "remove_subject_endpoint")


class _FewerEndpoints(Deviation):
    """Leaves out of the metadata endpoints that are recommended but not required."""

    on = ("discover",)
    also = ("SSF-8-MGMT-API-RECOMMENDED", "SSE-7-MGMT-RECOMMENDED")
    unnamed: ClassVar[tuple[str, ...]]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, document=without(outcome.document, *self.unnamed))


variant_row(
    "metadata-names-no-subject-endpoint",
    "The metadata has no endpoint for adding a subject, and none for removing one.",
    _FewerEndpoints,
    unnamed=_SUBJECTS,
    exercises=("SSF-7.1-ENDPOINTS-OPTIONAL", "SSE-6.1-ENDPOINTS-OPTIONAL"),
)
variant_row(
    "metadata-names-no-status-or-verification-endpoint",
    "The metadata has no status endpoint and no verification endpoint.",
    _FewerEndpoints,
    unnamed=("status_endpoint", "verification_endpoint"),
    exercises=("SSF-7.1-ENDPOINTS-OPTIONAL", "SSE-6.1-ENDPOINTS-OPTIONAL"),
)
variant_row(
    "metadata-names-no-management-endpoint",
    "The metadata names no endpoint of a management API at all.",
    _FewerEndpoints,
    unnamed=("configuration_endpoint", "status_endpoint", "verification_endpoint", *_SUBJECTS),
    exercises=("SSF-8-MGMT-API-OPTIONAL", "SSE-7-MGMT-OPTIONAL"),
)
