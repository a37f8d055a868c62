"""Redelivery with an exponential backoff of up to 24 h: the vendor's page, section Acknowledge.

The judge knows no schedule: it finds each gap by polling on a growing grid of the target's clock.
"""

from itertools import combinations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from conformance.backoff import Walk, walk
from conformance.generate import explore
from conformance.history import changed_tokens, returned_after_acknowledgement, shrinking
from conformance.receiving import MOST_SETS, TIMES_NOT_RELEASED, FreeReceiver, Settled
from conformance.spec.requirement import Grade
from conformance.stream import Stream
from conformance.transmitter import Transmitter
from conformance.verdicts import Needs, current, judges, verify

WALKS = Needs(stream=True, delivery="poll", operations=("acknowledge",), sets=2, clock=True)

# What the grid adds to the profile's tolerance for jitter.
GRID_ERROR = 0.05
LEAST_FACTOR = 1.2
# Fewer steps than this prove no growth, jitter being what it may.
LEAST_STEPS = 4
DAY_S = 86_400.0


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
    cap = rules.cap_s or DAY_S
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
    tolerance = (1 + jitter) / (1 - jitter) * (1 + GRID_ERROR)
    rising = gaps[: seen.level_from(tolerance) + 1]
    slow = [
        (earlier, later)
        for (i, earlier), (j, later) in combinations(enumerate(rising), 2)
        if j - i >= LEAST_STEPS and later < earlier * LEAST_FACTOR ** (j - i) / tolerance
    ]
    verify(
        "VEPA-BACKOFF-GAPS-GROW",
        not slow and (seen.lost or max(gaps) >= gaps[0] * LEAST_FACTOR),
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


class PollAndAcknowledgeApart(FreeReceiver):
    """A Receiver that acknowledges on a call of its own, while time passes."""

    patience_s = 2 * DAY_S
    between_s = DAY_S

    @rule(seconds=st.sampled_from([1.0, 10.0, 3600.0]))
    def let_time_pass(self, seconds: float) -> None:
        """Let the target's time go on."""
        self.stream.transmitter.wait(seconds)


def judge_sequence(settled: Settled) -> None:
    """Judge what did not come again, and what came back when released."""
    verify(
        "VEPA-UNACKED-REDELIVERED",
        not settled.lost,
        expected="every SET that was not acknowledged to come again",
        got=f"{settled.lost} did not, within {PollAndAcknowledgeApart.patience_s:.0f} s",
    )
    if settled.history.acknowledgements:
        most = max(settled.returned.values(), default=0)
        verify(
            "VEPA-ACK-STOPS-REDELIVERY",
            not settled.returned,
            expected="an acknowledged SET never again",
            got=f"deliveries after the acknowledgement: {settled.returned}",
            at_most=None if most >= TIMES_NOT_RELEASED else Grade.WARN,
        )


@judges(
    "VEPA-ACK-STOPS-REDELIVERY",
    "VEPA-UNACKED-REDELIVERED",
    needs=Needs(
        stream=True, delivery="poll", operations=("acknowledge",), sets=MOST_SETS, clock=True
    ),
)
def test_sets_come_until_they_are_acknowledged_and_then_no_more(transmitter: Transmitter) -> None:
    """In any order of polls, acks and time, an unacknowledged SET stays and a released one goes."""
    explore(lambda: PollAndAcknowledgeApart(transmitter, judge_sequence))
