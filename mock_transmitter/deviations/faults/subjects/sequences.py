"""Faults of subjects that show with several subjects only: SSF 1.0 section 8.1.3."""

import json

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.domain.subjects import Subject
from mock_transmitter.http.operations import Call, Outcome, Reply

SENT = "SSF-8.1.3.1-MATCHED-SENT"
STOPS = "SSF-8.1.3.3-REMOVE-STOPS"


@fault
class ThreeSubjectsAreTooMany(Deviation):
    """Where three subjects were added to a stream, those after them are answered, and forgotten."""

    on = ("add_subject",)
    breaks = (SENT,)

    def __init__(self) -> None:
        self._added: dict[str | None, list[str]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if isinstance(outcome, Reply):
            added = self._added.setdefault(call.stream_id, [])
            added.append(json.dumps(call.body.get("subject"), sort_keys=True))
        return outcome

    def covers(self, covered: bool, at: At) -> bool:
        added = list(dict.fromkeys(self._added.get(at.stream.stream_id, ())))
        return covered and json.dumps(dict(at.subject), sort_keys=True) not in added[3:]


class _RemembersRemovals(Deviation):
    """Remembers the subjects that were removed from each stream."""

    def __init__(self) -> None:
        self.removed: dict[str | None, list[Subject]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if call.operation == "remove_subject":
            self.removed.setdefault(call.stream_id, []).append(call.body["subject"])
        return outcome


@fault
class AddingASubjectBringsRemovedOnesBack(_RemembersRemovals):
    """What was removed from a stream is covered again once another subject is added."""

    breaks = (STOPS,)
    also = (
        "SSF-8.1.3.1-SIMPLE-EXACT",
        "SSF-8.1.3.1-COMPLEX-MISMATCH",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = super().operation(call, proceed)
        stream = target(call)
        if call.operation == "add_subject" and stream is not None:
            for subject in self.removed.pop(stream.stream_id, ()):
                call.transmitter.add_subject(stream, subject)
        return outcome


@fault
class SubjectsAreComparedByTheirBytes(Deviation):
    """A subject is removed only where its members stand in the order in which it was added."""

    breaks = (STOPS,)

    def __init__(self) -> None:
        self._added: dict[tuple[str | None, str], str] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Answer, and do nothing, where they do not."""
        if call.operation not in {"add_subject", "remove_subject"}:
            return proceed(call)
        subject = call.body.get("subject")
        written = json.dumps(subject)
        place = (call.stream_id, json.dumps(subject, sort_keys=True))
        if call.operation == "add_subject":
            self._added[place] = written
        elif self._added.get(place, written) != written:
            return Reply(status=204)
        return proceed(call)


@fault
class NewStreamsInheritRemovedSubjects(_RemembersRemovals):
    """What was removed from a stream is removed from those made after it."""

    breaks = ("SSF-7.1-DEFAULT-ALL-DELIVERS",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = super().operation(call, proceed)
        if call.operation == "create_stream":
            made = call.transmitter.streams(call.audience)[-1]
            for subject in (one for removed in self.removed.values() for one in removed):
                call.transmitter.remove_subject(made, subject)
        return outcome
