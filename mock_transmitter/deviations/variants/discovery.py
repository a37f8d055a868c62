"""Variants of the metadata: SSF 1.0 section 7, the 2021 draft's section 6."""

from abc import ABC
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.documents import without
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply


@variant_at("operation", on=("discover",), exercises=("SSF-7.1-SPEC-VERSION",))
def metadata_names_a_draft(call: Call, proceed: Proceed) -> Outcome:
    """The spec_version is that of a draft before the final text."""
    outcome = proceed(call)
    if not isinstance(outcome, Reply):
        return outcome
    return replace(outcome, document={**outcome.document, "spec_version": "1_0-ID3"})


@variant_at("operation", on=("discover",), exercises=("SSF-7.1-SPEC-VERSION",))
def metadata_says_no_more_than_it_must(call: Call, proceed: Proceed) -> Outcome:
    """The metadata has neither a spec_version nor authorization_schemes."""
    outcome = proceed(call)
    if not isinstance(outcome, Reply):
        return outcome
    few = without(outcome.document, "spec_version", "authorization_schemes")
    return replace(outcome, document=few)


class _AtTheOldLocationToo(Deviation, ABC):
    """Serves the metadata at risc-configuration too."""

    PATH: ClassVar[str]

    def request(self, request: Request, at: At) -> Request:
        return replace(request, target=request.target.replace("/risc-configuration", self.PATH))


@variant
class MetadataStandsAtRiscConfigurationToo(_AtTheOldLocationToo):
    """The metadata stands at risc-configuration as well as at ssf-configuration."""

    exercises = ("SSF-7.2.2-RISC-LOCATION-LEGACY",)
    PATH = "/ssf-configuration"


@variant
class DraftMetadataStandsAtRiscConfigurationToo(_AtTheOldLocationToo):
    """The metadata stands at risc-configuration as well as at sse-configuration."""

    exercises = ("SSE-6.2-RISC-LOCATION",)
    PATH = "/sse-configuration"
