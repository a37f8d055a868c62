"""Subjects: which events are about an added subject, and what a Receiver has said of each.

SSF 1.0 section 8.1.3, or the 2021 draft's sections 7.1.1 and 7.1.3.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Subject: TypeAlias = Mapping[str, Any]
Status: TypeAlias = Literal["enabled", "paused", "disabled"]

COMPLEX = "complex"


def matches(added: Subject, subject: Subject) -> bool:
    """Return whether an event about `subject` counts as one about `added`: SSF 1.0 section 8.1.3.1.

    Simple subjects match if they are identical, complex ones if no member that both define differs.
    """
    if not (_is_complex(added) and _is_complex(subject)):
        return _key(added) == _key(subject)
    one, other = _members(added), _members(subject)
    return all(_key(one[name]) == _key(other[name]) for name in one.keys() & other.keys())


def includes(wider: Subject, subject: Subject) -> bool:
    """Return whether `subject` is `wider`, or a complex subject with all its members and more."""
    if not (_is_complex(wider) and _is_complex(subject)):
        return _key(wider) == _key(subject)
    one, other = _members(wider), _members(subject)
    return all(name in other and _key(one[name]) == _key(other[name]) for name in one)


@dataclass(frozen=True, slots=True)
class Said:
    """The status that a Receiver has given a subject; removing it disables it."""

    subject: Subject
    status: Status

    def speaks_of(self, subject: Subject) -> bool:
        """Return whether the status applies to an event about `subject`.

        A status that stops events applies to the subject itself only: the matching rules are those
        for adding, and with them the removal of one user would silence a whole tenant.
        """
        rule = matches if self.status == "enabled" else includes
        return rule(self.subject, subject)


class Subjects:
    """The statuses of the subjects of one stream; if two apply, the newer one counts.

    The cost of looking one up grows with their number.
    """

    def __init__(self) -> None:
        self._said: dict[str, Said] = {}

    def say(self, subject: Subject, status: Status) -> Said:
        """Set the status of a subject."""
        said = Said(subject, status)
        self._said.pop(_key(subject), None)
        self._said[_key(subject)] = said
        return said

    def status_of(self, subject: Subject) -> Status | None:
        """Return the status for events about a subject, or None if it has none."""
        newest_first = reversed(self._said.values())
        return next((one.status for one in newest_first if one.speaks_of(subject)), None)


def _is_complex(subject: Subject) -> bool:
    # The 2021 draft gives a complex subject no format.
    return bool(subject.get("format", COMPLEX) == COMPLEX)


def _members(subject: Subject) -> dict[str, Any]:
    return {name: value for name, value in subject.items() if name != "format"}


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True)
