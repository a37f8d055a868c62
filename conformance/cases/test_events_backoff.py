"""Redelivery with an exponential backoff of up to 24 h: the vendor's page, section Acknowledge.

The judge knows no schedule: it finds each gap by polling on a growing grid of the target's clock.
"""

from conformance.backoff import Walk, walk
from conformance.client import Stream, Transmitter
from conformance.history import changed_tokens, returned_after_acknowledgement, shrinking
from conformance.spec.requirement import Grade
from conformance.verdicts import Needs, current, judges, verify

WALKS = Needs(stream=True, delivery="poll", operations=("acknowledge",), sets=2, clock=True)

# What the grid adds to the profile's tolerance for jitter.
GRID_ERROR = 0.05
TIMES_NOT_RELEASED = 3
LEAST_FACTOR = 1.2


@judges(
    "VEPA-UNACKED-REDELIVERED",
    "VEPA-BACKOFF-GAPS-NONDECREASING",
    "VEPA-BACKOFF-GAPS-GROW",
    "VEPA-BACKOFF-CAP-24H",
    "VEPA-BACKOFF-CONTINUES",
    "VEPA-BACKOFF-SAME-SET",
    "VEPA-BACKOFF-NEW-NOT-HELD-UP",
    "VEPA-ACK-STOPS-REDELIVERY",
    needs=WALKS,
)
def test_an_unacknowledged_set_comes_back_ever_more_rarely(transmitter: Transmitter) -> None:
    """Gaps never shrink, exceed 24 h or end until it is acknowledged; the bytes stay the same."""
    rules = transmitter.profile.poll.redelivery
    cap = rules.cap_s or 86_400
    with transmitter.new_stream() as stream:
        (jti,) = list(stream.obtain_sets())[:1]
        seen = walk(stream, jti, cap_s=cap, jitter=rules.jitter)
        report(seen, jti)
        verify_walk(seen, cap, rules.jitter)
        forms = changed_tokens(stream.history)
        verify(
            "VEPA-BACKOFF-SAME-SET",
            not forms and len(stream.history.of(jti)) == seen.deliveries,
            expected=f"the same bytes under {jti} in each of {seen.deliveries} deliveries",
            got=f"{forms.get(jti, 0)} different tokens",
        )
        verify_new_set_comes_at_once(stream, jti)
        verify_released(stream, jti, cap)


def verify_walk(seen: Walk, cap: float, jitter: float) -> None:
    """Judge the gaps that a walk has found."""
    gaps = seen.gaps_s
    verify(
        "VEPA-UNACKED-REDELIVERED",
        gaps,
        expected=f"the SET to come again within {cap:.0f} s",
        got="nothing, at any poll of a growing grid",
    )
    if not gaps:
        return
    shorter = shrinking(gaps, jitter + GRID_ERROR)
    verify(
        "VEPA-BACKOFF-GAPS-NONDECREASING",
        not shorter,
        expected="no gap shorter than the one before",
        got=f"gaps in seconds: {rounded(gaps)}",
    )
    longest = max(seen.at_least_s)
    verify(
        "VEPA-BACKOFF-CAP-24H",
        longest <= cap * (1 + jitter) and not seen.silent_for_s > cap * (1 + jitter),
        expected=f"no gap above {cap:.0f} s",
        got=f"a gap of more than {max(longest, seen.silent_for_s):.0f} s",
    )
    verify(
        "VEPA-BACKOFF-CONTINUES",
        not seen.lost,
        expected="the SET to go on coming back until it is acknowledged",
        got=f"nothing for {seen.silent_for_s:.0f} s after {len(gaps) + 1} deliveries",
    )
    rising = gaps[: seen.cap_index + 1]
    slack = (1 - jitter) / (1 + jitter) * (1 - GRID_ERROR)
    first = rising[0] if rising else gaps[0]
    steady = all(gap >= first * LEAST_FACTOR**index * slack for index, gap in enumerate(rising))
    verify(
        "VEPA-BACKOFF-GAPS-GROW",
        steady and (seen.lost or max(gaps) >= first * LEAST_FACTOR),
        expected=f"each gap at least {LEAST_FACTOR} times the one before, up to the cap",
        got=f"gaps in seconds: {rounded(gaps)}",
    )


def verify_new_set_comes_at_once(stream: Stream, old: str) -> None:
    """Judge that a new SET does not wait for an old one."""
    stream.raise_set()
    fresh = [jti for jti in stream.poll().sets if jti != old]
    verify(
        "VEPA-BACKOFF-NEW-NOT-HELD-UP",
        fresh,
        expected="a new SET with the next poll, whatever older ones wait for",
        got="none",
    )
    stream.acknowledge(fresh)


def verify_released(stream: Stream, jti: str, cap: float) -> None:
    """Acknowledge, and poll through the gaps in which the SET would fall due."""
    stream.acknowledge([jti])
    for _ in range(TIMES_NOT_RELEASED + 1):
        stream.transmitter.wait(cap)
        stream.poll()
    returned = returned_after_acknowledgement(stream.history).get(jti, 0)
    verify(
        "VEPA-ACK-STOPS-REDELIVERY",
        not returned,
        expected="an acknowledged SET never again",
        got=f"{returned} deliveries after its acknowledgement",
        at_most=None if returned >= TIMES_NOT_RELEASED else Grade.WARN,
    )


def report(seen: Walk, jti: str) -> None:
    """Put the observed gaps, factor and cap into the results."""
    current().series.append(
        {
            "requirement": "VEPA-BACKOFF-GAPS-GROW",
            "jti": jti,
            "gaps_s": rounded(seen.gaps_s),
            "factor": seen.factor,
            "cap_s": seen.cap_s,
        }
    )


def rounded(gaps: list[float]) -> list[float]:
    """Return gaps that a person can read."""
    return [round(gap, 2) for gap in gaps]


@judges("VEPA-ACK-STOPS-REDELIVERY", needs=WALKS)
def test_acknowledging_one_set_releases_it_alone(transmitter: Transmitter) -> None:
    """Of two SETs the acknowledged one does not come back, while the other does."""
    with transmitter.new_stream() as stream:
        first, second = list(stream.obtain_sets(2))[:2]
        stream.acknowledge([first])
        came = set(stream.await_again([second]))
        verify(
            "VEPA-ACK-STOPS-REDELIVERY",
            first not in came,
            expected=f"{first} released",
            got=f"it came back, with {sorted(came)}",
            at_most=Grade.WARN,
        )
