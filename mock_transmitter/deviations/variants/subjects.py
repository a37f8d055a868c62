"""Variants of which subjects a stream covers: SSF 1.0 sections 7.1 and 8.1.3."""

from dataclasses import replace

from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation, Proceed
from mock_transmitter.http.operations import Call, Outcome, Reply
from mock_transmitter.stream import Stream
from mock_transmitter.subjects import Subject


@variant
class NoSubjectsByDefault(Deviation):
    """default_subjects is NONE: a stream delivers events about what was added to it alone."""

    exercises = ("SSF-7.1-DEFAULT-SUBJECTS-ENUM",)
    needs = ("add_subject",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Say so in the metadata that has a default_subjects."""
        outcome = proceed(call)
        if isinstance(outcome, Reply) and outcome.message == "transmitter_configuration":
            document = outcome.document
            if "default_subjects" in document:
                return replace(outcome, document={**document, "default_subjects": "NONE"})
        return outcome

    def covers(self, covered: bool, stream: Stream, subject: Subject) -> bool:  # noqa: FBT001
        """Cover what was added."""
        return covered and stream.subjects.status_of(subject) is not None
