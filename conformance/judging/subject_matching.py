"""Subjects from a Receiver's view: which ones match, and which events a stream delivers.

SSF 1.0 sections 3 and 8.1.3.1.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from conformance.judging.checks import verify
from conformance.receiver.operations import Operations
from conformance.receiver.preconditions import Blocked
from conformance.receiver.stream import Stream
from conformance.sets.contents import claims_of, events_in
from conformance.spec import schema

Subject: TypeAlias = Mapping[str, Any]

COMPLEX = "complex"
UNKNOWN = {"format": "opaque", "id": "ssf-conformance-nobody-7f3d0c52"}

_MADE_UP = (
    {"format": "email", "email": "first.user@example.com"},
    {"format": "email", "email": "another.user@example.com"},
    {"format": "email", "email": "third.user@example.com"},
)
_WHOLE = {
    "format": COMPLEX,
    "tenant": {"format": "opaque", "id": "example-a38h4792-uw2"},
    "user": {"format": "email", "email": "jdoe@example.com"},
}
# The seconds within which a SET comes that was raised before one that has already come.
_MOMENT_S = 1.0


def matches(one: Subject, other: Subject) -> bool:
    """Return whether two subjects match: SSF 1.0 section 8.1.3.1."""
    if one.get("format") != COMPLEX or other.get("format") != COMPLEX:
        return one == other
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def names(named: Subject, subject: Subject) -> bool:
    """Return whether a subject in a SET is the given one, has it as a member, or as an alias."""
    aliases = named.get("identifiers")
    within = [*named.values(), *(aliases if isinstance(aliases, list) else ())]
    return matches(named, subject) or subject in within


def subject_of(claims: Mapping[str, Any]) -> object:
    """Return the subject of a SET, or None if it has none.

    The draft of 2021 has the subject in the event, later texts in the envelope.
    """
    payloads = events_in(claims).values()
    inside = [one["subject"] for one in payloads if isinstance(one, dict) and "subject" in one]
    return claims.get("sub_id", next(iter(inside), None))


def simple_subjects(operations: Operations) -> tuple[Subject, Subject, Subject]:
    """Return three simple subjects: those that the operator named, then made-up ones."""
    named = [one for one in operations.target.subjects if one["format"] != COMPLEX]
    made_up = [one for one in _MADE_UP if one not in named]
    chosen = [*named, *made_up]
    return chosen[0], chosen[1], chosen[2]


def complex_subject(operations: Operations) -> Subject:
    """Return a complex subject of at least two members, named by the operator or made up."""
    named = [one for one in operations.target.subjects if one["format"] == COMPLEX]
    return next((one for one in named if len(one) > len(("format", "a member"))), _WHOLE)


def cover(stream: Stream, *subjects: Subject) -> None:
    """Add subjects to a stream. Raises Blocked if that is refused, which is allowed."""
    for subject in subjects:
        answer = stream.send("add_subject", body={"subject": dict(subject)})
        if not answer.served:
            raise Blocked(f"a subject was not added ({answer.text}); name one in [capabilities]")


def remove(stream: Stream, subject: Subject) -> None:
    """Remove a subject from a stream. Raises Blocked if that is refused."""
    answer = stream.send("remove_subject", body={"subject": dict(subject)})
    if not answer.served:
        raise Blocked(f"a subject was not removed: {answer.text}")


def covers_none_by_default(operations: Operations) -> bool:
    """Return whether a new stream has no subjects until some are added: SSF 1.0 section 7.1."""
    return operations.metadata.get("default_subjects") == "NONE"


class Reports:
    """The subjects that a stream reports, one event after another."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._known: set[str] = set()

    def of_event(self, subject: Subject, *, control: Subject | None = None) -> list[Subject]:
        """Raise an event about a subject, and return the subjects of the SETs that come.

        With `control`, an event about a subject that the stream covers follows: a SET that has not
        come before that one will not come. SETs about the control are left out. Raises Blocked if
        the control does not come, or if a SET comes whose subject can't be read.
        """
        self._stream.raise_set(subject=subject)
        if control is None:
            return self._come()
        self._stream.raise_set(subject=control)
        found = self._come(control)
        if not any(names(one, control) for one in found):
            raise Blocked("no SET came about a subject that was added, so silence says nothing")
        found += self._come(patience_s=_MOMENT_S)
        return [one for one in found if not names(one, control)]

    def of_covered(self, subject: Subject, control: Subject) -> list[Subject]:
        """Add two subjects, and return the subjects of the SETs for an event about one of them.

        Raises Blocked as `cover` and `of_event` do, and if no SET comes.
        """
        cover(self._stream, subject, control)
        found = self.of_event(subject, control=control)
        if not found:
            raise Blocked("nothing was reported about a subject that was added")
        return found

    def require_known(self, subject: Subject) -> None:
        """Go on only if the target knows a subject, whether or not it has just reported it.

        A Transmitter need not report events about a made-up subject. A subject is known if it is
        reported after it was added (again). Raises Blocked, also as `cover` and `of_event` do.
        """
        target = self._stream.operations.target
        if target.disposable or subject in target.subjects:
            return
        cover(self._stream, subject)
        if not self.of_event(subject):
            raise Blocked(
                "nothing was reported about a subject that the suite made up; name some that the"
                " target knows in [capabilities] subjects"
            )

    def seconds_until_silent(self, subject: Subject, *, control: Subject) -> float | None:
        """Raise events about a subject until none comes any more; return how long that took.

        Events may continue for some time after a removal (SSF 1.0 section 9.3). None means longer
        than the patience.
        """
        clock = self._stream.operations.clock
        patience = self._stream.operations.target.limits.patience_s
        waited, step = 0.0, 1.0
        while self.of_event(subject, control=control):
            if waited >= patience:
                return None
            clock.advance(step)
            waited += step
            step *= 2
        return waited

    def end(self, subject: Subject, control: Subject) -> None:
        """Remove a subject, and raise events about it until none comes any more.

        Raises Blocked if the removal is refused or the events continue.
        """
        remove(self._stream, subject)
        if self.seconds_until_silent(subject, control=control) is None:
            raise Blocked("events about a subject went on after it was removed, as they may")

    def leave_out(self, subject: Subject) -> None:
        """Make sure that the stream reports nothing about a subject that was not added.

        Where nothing is covered by default, that is so from the start. Raises Blocked as `end`
        does.
        """
        if not covers_none_by_default(self._stream.operations):
            self.end(subject, control=simple_subjects(self._stream.operations)[2])

    def _come(
        self, wanted: Subject | None = None, *, patience_s: float | None = None
    ) -> list[Subject]:
        """Wait for a new SET, or for one about a given subject, and acknowledge what came."""

        def enough(sets: Mapping[str, str]) -> bool:
            found = self._fresh(sets).values()
            return any(wanted is None or names(one, wanted) for one in found)

        sets = self._stream.await_sets_that(enough, patience_s=patience_s)
        fresh = self._fresh(sets)
        self._known |= sets.keys()
        if sets:
            self._stream.release(list(sets))
        found = list(fresh.values())
        if not all(map(self._is_valid, found)):
            raise Blocked("a SET came whose subject can't be read, which other rows judge")
        return found

    def _is_valid(self, subject: Subject) -> bool:
        name = self._stream.profile.schemas["subject"]
        return all(one.requirement is None for one in schema.problems(name, subject))

    def _fresh(self, sets: Mapping[str, str]) -> dict[str, Subject]:
        own = self._stream.profile.sets.own_event_types
        found: dict[str, Subject] = {}
        for jti, token in sets.items():
            claims = claims_of(token)
            if jti in self._known or not events_in(claims) or own & events_in(claims).keys():
                continue
            subject = subject_of(claims)
            found[jti] = subject if isinstance(subject, dict) else {}
        return found


def verify_reported(requirement: str, reports: Reports, subject: Subject, what: str) -> None:
    """Judge that an event about a subject is reported by SETs that name it.

    Raises Blocked as `Reports.require_known` does.
    """
    found = reports.of_event(subject)
    if not found:
        reports.require_known(subject)
    verify(
        requirement,
        any(names(one, subject) for one in found),
        expected=f"a SET about {dict(subject)!r}, {what}",
        got=_shown(found),
    )


def verify_silent(
    requirement: str, reports: Reports, subject: Subject, control: Subject, what: str
) -> None:
    """Judge that an event about a subject is not reported, while one about the control is."""
    found = reports.of_event(subject, control=control)
    verify(
        requirement,
        not found,
        expected=f"no SET about {dict(subject)!r}, {what}",
        got=_shown(found),
    )


def verify_ends(
    requirement: str, reports: Reports, subject: Subject, control: Subject, what: str
) -> float:
    """Judge that events about a subject end within the patience; return the seconds it took."""
    seconds = reports.seconds_until_silent(subject, control=control)
    verify(
        requirement,
        seconds is not None,
        expected=f"no more SETs about {dict(subject)!r}, {what}",
        got="SETs until the patience ended",
    )
    return seconds or 0.0


def _shown(found: list[Subject]) -> str:
    return f"SETs about {found!r}" if found else "no SET"
