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
        return "fix the troubles above, then run the same command again"
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
            steps += ["give --allow-destructive if the target is a test system"]
        if verdicts.get(Verdict.NOT_REACHED):
            missed = verdicts[Verdict.NOT_REACHED]
            was = "was" if missed == 1 else "were"
            steps += [f"see above why {rows_of(missed)} {was} not reached"]
        steps = steps or ["see in results.json which obligations lack a verdict, and why"]
        return "; ".join(steps)
    if verdicts.get(Verdict.WARNING):
        return "read the warnings above; --strict counts them as failures"
    return "try other examples with --seed 1, or more of them with --examples 200"


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
                "reproduce a failure above with its script, fix it, and run that requirement again"
            )
        else:
            yield "fix a failure above, and run that requirement again"
    place = printable(_known_failures_of(document["run"]["again"]))
    if stale:
        why = "it passes" if len(stale) == 1 else "they pass"
        yield f"remove {', '.join(stale)} from {place}: {why}"
    if expired:
        them = "it" if len(expired) == 1 else "them"
        yield f"fix {', '.join(expired)} and remove {them} from {place}, or set a later date there"


def _known_failures_of(again: str) -> str:
    """Return the file that a command names as its known failures."""
    words = shlex.split(again)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, _, value = word.partition("=")
        # The command line accepts any unambiguous prefix of an option.
        if len(name) > len("--") and "--known-failures".startswith(name):
            return value or following
    return "the list of known failures"
