"""Known failures: breaches that the operator accepts until a date, shown in every report."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from conformance import clock
from conformance.errors import UsageError
from conformance.judging.verdict import ALARMS, KnownFailureState, Verdict
from conformance.spec.requirement import UnknownRequirement, load_catalogue


class KnownFailureError(UsageError):
    """The file of known failures can't be used; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class KnownFailures:
    """The listed requirement ids with their reasons, and those whose date has passed."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    expired: frozenset[str] = frozenset()

    def state_of(self, requirement: str, verdict: Verdict) -> KnownFailureState | None:
        """Return the state of a requirement's entry, given the verdict of its cases.

        None if it is not listed, or if the run did not judge it.
        """
        if requirement not in self.reasons:
            return None
        if verdict is Verdict.PASSED:
            return KnownFailureState.STALE
        if verdict not in ALARMS:
            return None
        return (
            KnownFailureState.EXPIRED if requirement in self.expired else KnownFailureState.CURRENT
        )

    @classmethod
    def read(cls, path: Path | None) -> "KnownFailures":
        """Read `[[known]] id, reason, expires` tables.

        Raises KnownFailureError.
        """
        if path is None:
            return cls()
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise KnownFailureError(f"{path}: can't be read: {error}") from error
        strange = sorted(set(document) - {"known"})
        if strange:
            raise KnownFailureError(f"{path}: unknown key {strange[0]}: write [[known]] tables")
        entries = document.get("known", [])
        if not isinstance(entries, list):
            raise KnownFailureError(f"{path}: known: write [[known]] tables")
        reasons: dict[str, str] = {}
        expired: set[str] = set()
        for index, entry in enumerate(entries, start=1):
            if (
                not isinstance(entry, dict)
                or not isinstance(entry.get("id"), str)
                or not isinstance(entry.get("reason"), str)
                or not isinstance(entry.get("expires"), date)
                or set(entry) != {"id", "reason", "expires"}
            ):
                raise KnownFailureError(
                    f"{path}: [[known]] number {index}: write id, reason, and expires = YYYY-MM-DD"
                )
            reasons[entry["id"]] = entry["reason"]
            if entry["expires"].isoformat() < clock.timestamp()[:10]:
                expired.add(entry["id"])
        try:
            load_catalogue().check_ids(reasons)
        except UnknownRequirement as error:
            raise KnownFailureError(f"{path}: {error}") from error
        return cls(reasons, frozenset(expired))
