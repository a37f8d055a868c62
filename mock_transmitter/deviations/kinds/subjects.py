"""Deviations of which subjects' events a stream delivers."""

from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.http.operations import Call, Outcome, Reply


class NothingByDefault(Deviation):
    """default_subjects is NONE: a stream delivers events about what was added to it alone."""

    exercises: ClassVar[tuple[str, ...]] = ("SSF-7.1-DEFAULT-SUBJECTS-ENUM",)
    needs: ClassVar[tuple[str, ...]] = ("add_subject",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if isinstance(outcome, Reply) and outcome.message == "transmitter_configuration":
            document = outcome.document
            if "default_subjects" in document:
                return replace(outcome, document={**document, "default_subjects": "NONE"})
        return outcome

    def covers(self, covered: bool, at: At) -> bool:
        return covered and at.stream.subjects.status_of(at.subject) is not None
