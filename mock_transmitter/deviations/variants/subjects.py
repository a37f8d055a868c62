"""Variants of which subjects a stream covers: SSF 1.0 sections 7.1 and 8.1.3."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import variant, variant_at, variant_row
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import ChangedReply
from mock_transmitter.deviations.kinds.subjects import NothingByDefault
from mock_transmitter.domain.errors import SubjectNotFound, TooManyRequests
from mock_transmitter.http.operations import Call, Outcome, Reply

variant_row(
    "no-subjects-by-default",
    "default_subjects is NONE: a stream delivers events about what was added to it alone.",
    NothingByDefault,
)


_OPERATIONS = ("add_subject", "remove_subject")
_GRACE_S = 20.0


def _is_known(subject: object) -> bool:
    """Return whether a variant knows a subject: one with an address, or a complex one."""
    return isinstance(subject, dict) and subject.get("format", "complex") in {"email", "complex"}


@variant_at(
    "operation",
    on=_OPERATIONS,
    needs=_OPERATIONS,
    exercises=(
        "SSF-8.1.3.2-ERR-404-SUBJECT",
        "SSF-8.1.3.3-ERR-404-SUBJECT",
        "SSE-7.1.3.1-ERR-404",
        "SSE-7.1.3.2-ERR-404",
    ),
)
def unknown_subjects_are_not_found(call: Call, proceed: Proceed) -> Outcome:
    """Adding or removing a simple subject that is no address is answered with 404."""
    outcome = proceed(call)
    if not _is_known(call.body["subject"]):
        raise SubjectNotFound("the subject is not recognized")
    return outcome


@variant_at(
    "operation",
    on=("add_subject",),
    needs=("add_subject",),
    exercises=("SSF-8.1.3.2-ADD-SILENT-IGNORE", "SSE-7.1.3.1-ADD-SILENT"),
)
def unwilling_subjects_are_forbidden(call: Call, proceed: Proceed) -> Outcome:
    """Adding a subject that has opted out is answered with 403."""
    outcome = proceed(call)
    if _is_known(call.body["subject"]):
        return outcome
    return Reply(status=403, document={"error": "access_denied"})


@variant_at(
    "covers",
    needs=("add_subject",),
    exercises=(
        "SSF-8.1.3.2-ADD-SILENT-IGNORE",
        "SSF-9.1-SUCCESS-WITHOUT-EVENTS",
        "SSF-9.2-SOME-ALL-NONE",
        "SSE-7.1.3.1-ADD-SILENT",
        "SSE-9.1-SUCCESS-WITHOUT-EVENTS",
        "SSE-9.2-SOME-ALL-NONE",
    ),
)
def unwilling_subjects_are_never_reported(covered: bool, at: At) -> bool:
    """A subject that has opted out is added with success, and nothing is sent about it."""
    return covered and (at.subject == at.stream.subject or _is_known(at.subject))


@variant_at(
    ChangedReply,
    on=("add_subject",),
    needs=("add_subject",),
    exercises=("SSF-9.1-SUCCESS-WITHOUT-EVENTS", "SSE-9.1-SUCCESS-WITHOUT-EVENTS"),
)
def adds_are_answered_204(reply: Reply) -> Outcome:
    """Adding a subject is answered with 204, as the security considerations have it."""
    return replace(reply, status=204)


@variant
class SubjectRequestsAreLimited(Deviation):
    """Every third request to add or remove a subject comes too soon: 429, and again in a second."""

    on = _OPERATIONS
    exercises = (
        "SSF-8.1.3.2-ERR-429",
        "SSF-8.1.3.3-ERR-429",
        "SSE-7.1.3.1-ERR-429",
        "SSE-7.1.3.2-ERR-429",
    )
    needs = _OPERATIONS

    def __init__(self) -> None:
        self._count = 0

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        self._count += 1
        if self._count % 3 == 0:
            raise TooManyRequests("wait between requests about subjects", 1)
        return proceed(call)


@variant
class RemovedSubjectsGoOnForAWhile(Deviation):
    """Events about a subject that was removed go on for some seconds."""

    on = ("remove_subject",)
    exercises = ("SSF-9.3-EVENTS-AFTER-REMOVE", "SSE-9.3-EVENTS-AFTER-REMOVE")
    needs = ("remove_subject",)

    def __init__(self) -> None:
        self._calls: list[tuple[float, Call]] = []

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        self._calls.append((call.transmitter.clock.now(), call))
        return outcome

    def covers(self, covered: bool, at: At) -> bool:
        return covered or any(
            call.body["subject"] == at.subject
            and target(call) is at.stream
            and call.transmitter.clock.now() < removed_at + _GRACE_S
            for removed_at, call in self._calls
        )
