"""Faults of which subjects' events a stream delivers: SSF 1.0, sections 7.1, 8.1.3.1, 8.1.3.3."""

import json
from abc import ABC, abstractmethod
from collections import Counter
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.subjects.requests import succeed
from mock_transmitter.deviations.kinds.calls import OnStream, others, pushes, target
from mock_transmitter.deviations.kinds.subjects import NothingByDefault
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.subjects import Subject, Subjects
from mock_transmitter.http.operations import Call, Outcome

_COMPLEX = "complex"
_UNREPORTED = (
    "SSF-7.1-DEFAULT-ALL-DELIVERS",
    "SSF-7.1-DEFAULT-ALL-REMOVE-STOPS",
    "SSF-8.1.3.1-COMPLEX-WILDCARD",
)


class _Remembers(Deviation):
    """Remembers the subjects that were added to each stream and not removed."""

    needs: ClassVar[tuple[str, ...]] = ("add_subject", "remove_subject")

    def __init__(self) -> None:
        self._added: dict[str, list[Subject]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = super().operation(call, proceed)
        stream = target(call)
        if stream is None or call.operation not in self.needs or "subject" not in call.body:
            return outcome
        subject = call.body["subject"]
        kept = [one for one in self.added(stream) if one != subject]
        self._added[stream.stream_id] = [*kept, *([subject] * (call.operation == "add_subject"))]
        return outcome

    def added(self, stream: Stream) -> list[Subject]:
        """Return what was added to a stream."""
        return self._added.get(stream.stream_id, [])


@fault
class AddedSubjectsAreNotReported(_Remembers):
    """Events about a subject that was added are not sent."""

    breaks = ("SSF-8.1.3.1-MATCHED-SENT",)
    also = _UNREPORTED

    def covers(self, covered: bool, at: At) -> bool:
        return covered and at.subject not in self.added(at.stream)


@fault_at(
    "claims",
    needs=("add_subject",),
    breaks=("SSF-8.1.3.1-MATCHED-SENT",),
    also=(*_UNREPORTED, "RISC-2.5-SUBJECT-FORMAT", "RISC-2.6-SUBJECT-FORMAT"),
)
def sets_name_the_subject_otherwise(claims: Json, at: At) -> Json:
    """The sub_id of an event is an identifier of the Transmitter's own, and not the one added."""
    subject = claims.get("sub_id")
    if not isinstance(subject, dict) or subject == at.stream.subject:
        return claims
    return {**claims, "sub_id": {"format": "opaque", "id": f"account-{len(str(subject))}"}}


@fault_at(
    "claims",
    needs=("add_subject",),
    breaks=("SSF-8.1.3.1-MATCHED-SENT",),
    also=("SSF-8.1.3.1-SIMPLE-EXACT",),
)
def sets_name_the_subject_in_lower_case(claims: Json, at: At) -> Json:
    """The sub_id of an event is the subject that was added, with all its texts in lower case."""
    subject = claims.get("sub_id")
    if not isinstance(subject, dict) or subject == at.stream.subject:
        return claims
    return {**claims, "sub_id": json.loads(json.dumps(subject, ensure_ascii=False).lower())}


@fault_at(
    "covers",
    needs=("add_subject",),
    breaks=("SSF-8.1.3.1-MATCHED-SENT",),
    also=("SSF-8.1.3.1-SIMPLE-EXACT",),
)
def subjects_of_tokens_are_not_reported(covered: bool, at: At) -> bool:
    """A subject that is a token by its id is added, and no event about it is sent."""
    return covered and at.subject.get("format") not in {"jwt_id", "saml_assertion_id"}


@fault_at(
    "operation",
    on=("remove_subject",),
    needs=("remove_subject",),
    breaks=("SSF-8.1.3.1-MATCHED-SENT",),
)
def removal_reaches_all_streams(call: Call, proceed: Proceed) -> Outcome:
    """A subject that is removed from one stream is removed from all streams of its Receiver."""
    outcome = proceed(call)
    for stream in others(call):
        call.transmitter.remove_subject(stream, call.body["subject"])
    return outcome


@fault
class RemovalOfOneSilencesAll(Deviation):
    """Once a subject was removed from a stream, it brings no event about any that was added."""

    on = ("remove_subject",)
    breaks = ("SSF-8.1.3.1-MATCHED-SENT",)
    also = ("SSF-7.1-DEFAULT-ALL-REMOVE-STOPS",)
    needs = ("remove_subject",)

    def __init__(self) -> None:
        self._removed: Counter[str] = Counter()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        if stream is not None:
            self._removed[stream.stream_id] += 1
        return outcome

    def covers(self, covered: bool, at: At) -> bool:
        named = at.stream.subjects.status_of(at.subject) is not None
        return covered and not (named and self._removed[at.stream.stream_id])


@fault_at(
    "covers",
    needs=("add_subject",),
    breaks=("SSF-7.1-DEFAULT-ALL-DELIVERS",),
    also=(
        "RFC8936-2-UNACKED-KEPT",
        "RFC8936-2.5-LONGPOLL-HOLDS",
        "SSF-8.1.1-EVENTS-DELIVERED-SENT",
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
        "SSF-8.1.2.1-ENABLED-TRANSMITS",
    ),
)
def all_is_said_and_none_are_covered(covered: bool, at: At) -> bool:
    """default_subjects is ALL, and a stream delivers events about what was added to it alone."""
    return covered and at.stream.subjects.status_of(at.subject) is not None


@fault_at(
    OnStream,
    on=("add_subject",),
    needs=("add_subject", "remove_subject"),
    breaks=("SSF-7.1-DEFAULT-ALL-REMOVE-STOPS",),
    also=("SSF-8.1.3.1-MATCHED-SENT",),
)
def removed_subjects_stay_away(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """A subject that was removed once is answered as added, and not reported again."""
    subject = call.body.get("subject")
    if not isinstance(subject, dict):
        return proceed(call)
    removed = stream.subjects.status_of(subject) == "disabled"
    return succeed(call) if removed else proceed(call)


@fault_at(
    "operation",
    on=("remove_subject",),
    needs=("remove_subject",),
    breaks=("SSF-8.1.3.3-REMOVE-STOPS", "SSF-7.1-DEFAULT-ALL-REMOVE-STOPS"),
    also=("SSF-8.1.3.2-ADD-IDEMPOTENT",),
)
def removals_are_answered_and_ignored(call: Call, proceed: Proceed) -> Outcome:
    """Removing a subject is answered with success and has no effect."""
    ignored = "subject" in call.body and target(call) is not None
    return succeed(call) if ignored else proceed(call)


@fault
class RemovalOfAnAddedSubjectIsForgotten(_Remembers):
    """Removing a subject that was added by name has no effect, though others are removed."""

    breaks = ("SSF-8.1.3.3-REMOVE-STOPS",)
    also = ("SSF-8.1.3.2-ADD-IDEMPOTENT",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        added = [] if stream is None else self.added(stream)
        if call.operation == "remove_subject" and call.body.get("subject") in added:
            return succeed(call)
        return super().operation(call, proceed)


@fault
class EachAddNeedsARemovalOfItsOwn(Deviation):
    """A subject that was added twice is removed by the second removal alone."""

    breaks = ("SSF-8.1.3.2-ADD-IDEMPOTENT",)
    needs = ("add_subject", "remove_subject")

    def __init__(self) -> None:
        self._adds: Counter[tuple[str, str]] = Counter()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        key = (call.stream_id or "", repr(call.body.get("subject")))
        if call.operation == "add_subject":
            self._adds[key] += 1
        if call.operation == "remove_subject" and target(call) is not None:
            self._adds[key] -= 1
            if self._adds[key] > 0:
                return succeed(call)
        return proceed(call)


# -- where default_subjects is NONE


@fault_at(
    NothingByDefault,
    "covers",
    breaks=("SSF-7.1-DEFAULT-NONE-SILENT",),
    also=("SSF-8.1.3.1-COMPLEX-MISMATCH", "SSF-8.1.3.1-SIMPLE-EXACT"),
)
def none_is_said_and_all_are_covered(covered: bool) -> bool:
    """default_subjects is NONE, and a stream delivers events about whom it likes."""
    return covered


@fault
class FirstAddOpensTheStreamToAll(NothingByDefault):
    """default_subjects is NONE, and once a subject was added a stream delivers all events."""

    breaks = ("SSF-7.1-DEFAULT-NONE-SILENT",)
    also = ("SSF-8.1.3.1-COMPLEX-MISMATCH", "SSF-8.1.3.1-SIMPLE-EXACT")

    def __init__(self) -> None:
        self._open: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if call.operation == "add_subject" and call.stream_id is not None:
            self._open.add(call.stream_id)
        return super().operation(call, proceed)

    def covers(self, covered: bool, at: At) -> bool:
        return super().covers(covered, at) or (covered and at.stream.stream_id in self._open)


@fault
class MissingMembersMatchNothing(_Remembers, NothingByDefault):
    """Where NONE is the default, a complex subject matches only one that is identical."""

    breaks = ("SSF-8.1.3.1-COMPLEX-WILDCARD",)

    def covers(self, covered: bool, at: At) -> bool:
        return super().covers(covered, at) and self.agrees(self.added(at.stream), at.subject)

    def agrees(self, added: list[Subject], subject: Subject) -> bool:
        """Return whether an event about a subject is one about what was added."""
        return subject in added


@fault_at(MissingMembersMatchNothing, "agrees", breaks=("SSF-8.1.3.1-COMPLEX-WILDCARD",))
def wider_events_match_nothing(added: list[Subject], subject: Subject) -> bool:
    """Where NONE is the default, an event that lacks a member of what was added is not sent."""
    return any(one.keys() <= subject.keys() for one in added)


# -- subjects that are taken for others


class _LooseMatching(_Remembers, ABC):
    """Delivers events about subjects that differ from the added one."""

    breaks = ("SSF-8.1.3.1-SIMPLE-EXACT",)
    also: ClassVar[tuple[str, ...]] = ()

    def covers(self, covered: bool, at: At) -> bool:
        added = self.added(at.stream)
        return covered or any(one != at.subject and self.alike(one, at.subject) for one in added)

    @abstractmethod
    def alike(self, added: Subject, subject: Subject) -> bool:
        """Return whether the subject counts as the added one."""


@fault_at(
    _LooseMatching,
    also=(*_LooseMatching.also, "SSF-8.1.3.2-ADD-IDEMPOTENT"),
)
def simple_subjects_match_by_domain(added: Subject, subject: Subject) -> bool:
    """An address stands for all addresses of its domain."""
    one, other = (str(subject.get("email", "")) for subject in (added, subject))
    return "@" in one and one.rpartition("@")[2] == other.rpartition("@")[2]


@fault_at(_LooseMatching)
def simple_subjects_match_by_prefix(added: Subject, subject: Subject) -> bool:
    """An address stands for all addresses that begin with it."""
    one, other = (str(subject.get("email", "")) for subject in (added, subject))
    return bool(one) and other.startswith(one)


@fault_at(_LooseMatching)
def addresses_match_in_any_case(added: Subject, subject: Subject) -> bool:
    """An address stands for all its spellings, in upper and lower case."""
    return str(added.get("email", "")).lower() == str(subject.get("email", "-")).lower()


@fault_at(_LooseMatching)
def issuers_do_not_count_in_matching(added: Subject, subject: Subject) -> bool:
    """An iss_sub subject stands for the same sub of every issuer."""
    return "sub" in added and added["sub"] == subject.get("sub")


@fault_at(_LooseMatching)
def formats_do_not_count_in_matching(added: Subject, subject: Subject) -> bool:
    """A subject stands for one of any format that has the same text in it."""
    one, other = ({**one, "format": None}.values() for one in (added, subject))
    return {str(value) for value in one} == {str(value) for value in other}


@fault_at(_LooseMatching, breaks=("SSF-8.1.3.1-COMPLEX-MISMATCH",))
def one_equal_member_is_enough(added: Subject, subject: Subject) -> bool:
    """Complex subjects match where one member is equal, whatever the others are."""
    if not added.get("format") == subject.get("format") == _COMPLEX:
        return False
    return any(added[name] == subject.get(name) for name in added if name != "format")


@fault_at(_LooseMatching, breaks=("SSF-8.1.3.1-COMPLEX-MISMATCH",))
def only_the_user_counts_in_matching(added: Subject, subject: Subject) -> bool:
    """Complex subjects match where their users are equal, whatever the others are."""
    return "user" in added and added["user"] == subject.get("user")


@fault_at("covers", breaks=("SSF-8.1.3.3-REMOVE-STOPS",))
def removed_subjects_are_still_pushed(covered: bool, at: At) -> bool:
    """A stream that pushes goes on about subjects that were removed from it."""
    return covered or pushes(at.stream)


@fault_at(
    "operation",
    on=("update_stream",),
    needs=("remove_subject",),
    breaks=("SSF-8.1.3.3-REMOVE-STOPS",),
)
def updates_forget_what_was_removed(call: Call, proceed: Proceed) -> Outcome:
    """An update of a stream covers anew what was removed from it."""
    stream = target(call)
    if stream is not None:
        stream.subjects = Subjects()
    return proceed(call)


@fault
class PausesForgetWhatWasAdded(NothingByDefault):
    """Where NONE is the default, a stream that was paused covers no subject any more."""

    breaks = ("SSF-8.1.3.1-MATCHED-SENT",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if call.operation == "update_status" and stream is not None:
            stream.subjects = Subjects()
        return super().operation(call, proceed)


@fault_at(
    "operation",
    on=("remove_subject",),
    needs=("remove_subject",),
    breaks=("SSF-8.1.3.3-REMOVE-STOPS",),
)
def complex_subjects_stay_when_they_are_removed(call: Call, proceed: Proceed) -> Outcome:
    """The removal of a complex subject is answered as done, and ends no events."""
    outcome = proceed(call)
    stream = target(call)
    subject = call.body.get("subject")
    if stream is not None and isinstance(subject, dict) and subject.get("format") == _COMPLEX:
        call.transmitter.add_subject(stream, subject)
    return outcome


@fault_at(
    "operation", on=("add_subject",), needs=("add_subject",), breaks=("SSF-8.1.3.2-ADD-IDEMPOTENT",)
)
def second_add_removes_the_subject(call: Call, proceed: Proceed) -> Outcome:
    """Adding a subject that is there already takes it away."""
    stream = target(call)
    subject = call.body.get("subject")
    there = (
        stream is not None
        and isinstance(subject, dict)
        and stream.subjects.status_of(subject) == "enabled"
    )
    outcome = proceed(call)
    if there and stream is not None:
        call.transmitter.remove_subject(stream, call.body["subject"])
    return outcome


@fault
class AddReplacesWhatWasAdded(_Remembers):
    """Adding a subject takes away those that were added before."""

    breaks = ("SSF-8.1.3.1-MATCHED-SENT",)

    def covers(self, covered: bool, at: At) -> bool:
        return covered and at.subject not in self.added(at.stream)[:-1]
