"""Variants of which endpoints the metadata names: SSF 1.0 section 7.1, the 2021 draft's 6.1."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.documents import without
from mock_transmitter.deviations.entry import variant
from mock_transmitter.http.operations import Call, Outcome, Reply

_SUBJECTS = ("add_subject_endpoint", "remove_subject_endpoint")


class _FewerEndpoints(Deviation):
    """Leaves endpoints out of the metadata, all of which are recommended and none demanded."""

    on = ("discover",)
    also = ("SSF-8-MGMT-API-RECOMMENDED", "SSE-7-MGMT-RECOMMENDED")
    unnamed: ClassVar[tuple[str, ...]]

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Reply):
            return outcome
        return replace(outcome, document=without(outcome.document, *self.unnamed))


@variant
class MetadataNamesNoSubjectEndpoint(_FewerEndpoints):
    """The metadata has no endpoint for adding a subject, and none for removing one."""

    exercises = ("SSF-7.1-ENDPOINTS-OPTIONAL", "SSE-6.1-ENDPOINTS-OPTIONAL")
    unnamed = _SUBJECTS


@variant
class MetadataNamesNoStatusOrVerificationEndpoint(_FewerEndpoints):
    """The metadata has no status endpoint and no verification endpoint."""

    exercises = ("SSF-7.1-ENDPOINTS-OPTIONAL", "SSE-6.1-ENDPOINTS-OPTIONAL")
    unnamed = ("status_endpoint", "verification_endpoint")


@variant
class MetadataNamesNoManagementEndpoint(_FewerEndpoints):
    """The metadata names no endpoint of a management API at all."""

    exercises = ("SSF-8-MGMT-API-OPTIONAL", "SSE-7-MGMT-OPTIONAL")
    unnamed = (
        "configuration_endpoint",
        "status_endpoint",
        "verification_endpoint",
        *_SUBJECTS,
    )
