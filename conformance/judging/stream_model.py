"""The expected effect of operations on several streams: the judge's own model.

Pure functions over recorded steps. A step has the configuration of every stream before and after
it, so side effects on other streams are seen too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from conformance.receiver.answer import Answer
from conformance.receiver.shown_values import MEMBERS, differing, same, shows

Json: TypeAlias = dict[str, Any]

RECEIVER_SUPPLIED = ("events_requested", "delivery", "description")
FIXED = ("stream_id", "iss", "aud")

# The row that is broken if an operation changes another stream than its own.
_BESIDE: Mapping[str, str] = {
    "create_stream": "SSF-8.1.1.1-SECOND-NEW-ID",
    "update_stream": "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
    "replace_stream": "SSF-8.1.1.4-PUT-200",
    "delete_stream": "SSF-8.1.1.5-DELETE-EFFECTIVE",
    "list_streams": "SSF-8.1.1.2-READ-200",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation, and all streams before and after it: `{stream_id: configuration}`.

    `stream_id` is the stream of the operation (the new one for a creation). `named` has the
    Receiver-Supplied properties in the request. `invalid` says that it must be refused.
    """

    operation: str
    answer: Answer
    stream_id: str
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    listed: Sequence[Json] | None = None
    named: Mapping[str, Any] = field(default_factory=dict)
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step shows about one requirement."""

    requirement: str
    held: bool
    expected: str
    got: object


JUDGED = (
    *_BESIDE.values(),
    "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED",
    "SSF-8.1.1-DESCRIPTION",
    "SSF-8.1.1.2-LIST-ARRAY",
    "SSF-8.1.1.3-PATCH-200-FULL",
    "SSF-8.1.1.3-PATCH-APPLIES",
    "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
    "SSF-8.1.1.4-PUT-MISSING-DELETES",
)


def findings(step: Step) -> Iterator[Finding]:
    """Yield what a step shows about its own stream, the others, and the list."""
    if step.invalid:
        yield _refusal(step)
    elif step.operation in _OWN:
        yield from _OWN[step.operation](step)
    yield from _beside(step)
    yield from _risen(step)
    yield from _listed(step)


def _refusal(step: Step) -> Finding:
    before, after = step.before[step.stream_id], step.after.get(step.stream_id, {})
    changed = differing(before, after, MEMBERS)
    return Finding(
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400",
        # A server error accepts nothing. It is judged by rows of its own.
        (step.answer.status in {202, 400} or not (step.answer.served or step.answer.refused))
        and not changed,
        "400, and nothing changed",
        f"{step.answer.text}; changed: {', '.join(changed) or 'nothing'}",
    )


def _created(step: Step) -> Iterator[Finding]:
    after = step.after.get(step.stream_id, {})
    yield from _named(step, "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED")
    if "description" not in step.named:
        others = [one.get("description") for one in step.before.values()]
        shown = after.get("description")
        yield Finding(
            "SSF-8.1.1-DESCRIPTION",
            not shown or shown not in others,
            "a new stream without the description of another",
            shown,
        )


def _updated(step: Step) -> Iterator[Finding]:
    yield Finding("SSF-8.1.1.3-PATCH-200-FULL", step.answer.served, "200", step.answer.text)
    if not step.answer.served:
        return
    yield from _named(step, "SSF-8.1.1.3-PATCH-APPLIES")
    before, after = step.before[step.stream_id], step.after.get(step.stream_id, {})
    for name in (*RECEIVER_SUPPLIED, *FIXED):
        if name not in step.named:
            yield Finding(
                "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
                same(name, before.get(name), after.get(name)),
                f"{name} unchanged: {before.get(name)!r}",
                after.get(name),
            )


def _replaced(step: Step) -> Iterator[Finding]:
    yield Finding("SSF-8.1.1.4-PUT-200", step.answer.served, "200", step.answer.text)
    if not step.answer.served:
        return
    yield from _named(step, "SSF-8.1.1.4-PUT-200")
    before, after = step.before[step.stream_id], step.after.get(step.stream_id, {})
    old = before.get("description")
    if old and "description" not in step.named:
        yield Finding(
            "SSF-8.1.1.4-PUT-MISSING-DELETES",
            not same("description", old, after.get("description")),
            "the description gone, for the PUT has none",
            after.get("description"),
        )


def _deleted(step: Step) -> Iterator[Finding]:
    if step.answer.served:
        yield Finding(
            "SSF-8.1.1.5-DELETE-EFFECTIVE",
            step.stream_id not in step.after,
            f"{step.stream_id} gone",
            step.after.get(step.stream_id),
        )


_OWN = {
    "create_stream": _created,
    "update_stream": _updated,
    "replace_stream": _replaced,
    "delete_stream": _deleted,
}


def _named(step: Step, requirement: str) -> Iterator[Finding]:
    after = step.after.get(step.stream_id, {})
    for name, value in step.named.items():
        yield Finding(
            requirement, shows(after, name, value), f"{name} = {value!r}", after.get(name)
        )


def _beside(step: Step) -> Iterator[Finding]:
    for stream_id, before in step.before.items():
        if stream_id == step.stream_id:
            continue
        after = step.after.get(stream_id)
        changed = None if after is None else differing(before, after, MEMBERS)
        yield Finding(
            _BESIDE[step.operation],
            changed == [],
            f"{stream_id}, another stream, as it was",
            "it is gone" if changed is None else f"{', '.join(changed)} differ: {after!r}",
        )


def _risen(step: Step) -> Iterator[Finding]:
    """Look for a deleted stream that exists again."""
    risen = [one for one in step.after if one not in step.before and one != step.stream_id]
    yield Finding("SSF-8.1.1.5-DELETE-EFFECTIVE", not risen, "what was deleted to stay away", risen)


def _listed(step: Step) -> Iterator[Finding]:
    if step.listed is None:
        return
    for stream_id, after in step.after.items():
        shown = [one for one in step.listed if one.get("stream_id") == stream_id]
        yield Finding(
            "SSF-8.1.1.2-LIST-ARRAY",
            len(shown) == 1 and not differing(after, shown[0], MEMBERS),
            f"{stream_id} once in the list, as reading it shows it: {after!r}",
            shown,
        )
