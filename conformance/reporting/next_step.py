"""The next step after a run, which ends its report."""

import shlex
from collections.abc import Iterator

from conformance.judging.verdict import ALARMS, KnownFailureState, Verdict
from conformance.reporting.results import Results
from conformance.reporting.wording import PLACES, rows_of
from conformance.text import printable


def next_step(document: Results) -> str:
    """Return the next step as one line; several steps are joined by semicolons."""
    verdict, verdicts = document["run"]["verdict"], document["counts"]["verdicts"]
    if document["run"].get("troubles") and verdict != "NONCONFORMANT":
        return "mend what is told above as trouble, then run the same command again"
    if verdict == "NONCONFORMANT":
        return "; ".join(_to_mend(document))
    if verdict == "INCOMPLETE" and document["run"]["exit_code"]:
        unlocks = document["plan"]["unlocks"]
        steps = [
            f"give {PLACES.get(name, name)} ({rows_of(count)})"
            for name, count in unlocks.items()
            if count
        ]
        if any("--allow-destructive" in (row["reason"] or "") for row in document["requirements"]):
            steps += ["give --allow-destructive, where the target is one for tests"]
        if verdicts.get(Verdict.NOT_REACHED):
            missed = verdicts[Verdict.NOT_REACHED]
            was = "was" if missed == 1 else "were"
            steps += [f"see above why {rows_of(missed)} {was} not reached"]
        steps = steps or ["see in results.json which obligations lack a verdict, and why"]
        return "; ".join(steps)
    if verdicts.get(Verdict.WARNING):
        return "read the warnings above; --strict makes them count"
    return "explore with other examples: --seed 1, or more of them: --examples 200"


def _to_mend(document: Results) -> Iterator[str]:
    """Yield what to do about failures of the target and about stale or expired entries."""
    rows = document["requirements"]
    in_state = {
        state: [row["id"] for row in rows if row.get("known_failure_state") == state]
        for state in KnownFailureState
    }
    stale, expired = in_state[KnownFailureState.STALE], in_state[KnownFailureState.EXPIRED]
    failed = [row for row in rows if row["verdict"] == Verdict.FAILED]
    if len(failed) > len(stale) + len(expired) or not failed:
        told = [row for row in rows if row["verdict"] in ALARMS]
        if any(case["reproducer"] for row in told for case in row["cases"]):
            yield (
                "reproduce a failure above with its script, mend it, and run that requirement again"
            )
        else:
            yield "mend a failure above, and run that requirement again"
    place = printable(_known_failures_of(document["run"]["again"]))
    if stale:
        why = "it holds" if len(stale) == 1 else "they hold"
        yield f"take {', '.join(stale)} off {place}: {why}"
    if expired:
        them = "it" if len(expired) == 1 else "them"
        yield f"mend {', '.join(expired)} and take {them} off {place}, or set a later date there"


def _known_failures_of(again: str) -> str:
    """Return the file that a command names as its known failures."""
    words = shlex.split(again)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, _, value = word.partition("=")
        # The command line accepts any unambiguous prefix of an option.
        if len(name) > len("--") and "--known-failures".startswith(name):
            return value or following
    return "the list of known failures"
