"""Redelivery with an exponential backoff of up to 24 h: the vendor's page, section Acknowledge.

The schedule is not known: each gap is found by polling at growing intervals of the target's clock.
"""

from collections.abc import Mapping
from functools import partial
from itertools import combinations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from conformance.generate import explore
from conformance.judging import Blocked, Needs, current, judges, observe, verify
from conformance.judging.backoff import (
    GRID,
    Walk,
    blur,
    gap_beside_others,
    gaps_alone,
    longest,
    walk,
    walk_in_company,
    walk_on,
)
from conformance.judging.poll_sequences import (
    MOST_SETS,
    TIMES_NOT_RELEASED,
    FreeReceiver,
    Settled,
    collect,
    loudness_of,
)
from conformance.receiver.deliveries import (
    Gap,
    changed_tokens,
    returned_after_acknowledgement,
    shrinking,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

POLLS = Needs(stream=True, delivery="poll", operations=("acknowledge",), sets=1)
WALKS = Needs(stream=True, delivery="poll", operations=("acknowledge",), sets=2, clock=True)
MANY = Needs(stream=True, delivery="poll", operations=("acknowledge",), sets=MOST_SETS, clock=True)

LEAST_FACTOR = 1.2
# Half of that growth may be chance once the jitter of many SETs is averaged out.
LEAST_FACTOR_ON_AVERAGE = 1.1
DAY_S = 86_400.0
DAYS_S = 3 * DAY_S
AWAY_S = 0.9 * DAY_S
# How long an event may take to become a SET, whatever else is queued.
AT_ONCE_S = 5.0
NEW_ONES = 3
# Enough gaps to tell a schedule that starts again from one that continues.
COMPARED = 4
# Shares of the retention time at which no SET may have been given up.
STEP, KEPT = 0.2, 0.95


@judges(
    "VEPA-UNACKED-REDELIVERED",
    "VEPA-BACKOFF-GAPS-NONDECREASING",
    "VEPA-BACKOFF-SAME-SET",
    needs=POLLS,
)
def test_the_first_gaps_do_not_shrink(transmitter: RemoteTransmitter) -> None:
    """Within the patience an unacknowledged SET comes back, the same, and ever more rarely."""
    rules = transmitter.profile.poll.redelivery
    patience = transmitter.target.limits.patience_s
    with transmitter.new_stream() as stream:
        (jti,) = list(stream.obtain_sets())[:1]
        cap = rules.cap_s or DAY_S
        seen = walk(stream, jti, cap_s=cap, jitter=rules.jitter, within_s=patience)
        if not seen.gaps:
            raise Blocked(
                f"no SET came again within the patience of {patience:g} s; the rest of the"
                f" {cap:.0f} s in which it may needs a clock hook or more --patience"
            )
        observe("VEPA-UNACKED-REDELIVERED", "the SET came again")
        verify_same_set(stream, jti)
        if rules.model == "exponential-backoff":
            verify_no_gap_shrinks(seen, rules.jitter)


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
def test_an_unacknowledged_set_comes_back_ever_more_rarely(transmitter: RemoteTransmitter) -> None:
    """Gaps never shrink, exceed 24 h or end until it is acknowledged; the bytes stay the same."""
    rules = transmitter.profile.poll.redelivery
    cap = rules.cap_s or DAY_S
    with transmitter.new_stream() as stream:
        (jti,) = list(stream.obtain_sets())[:1]
        seen = walk(stream, jti, cap_s=cap, jitter=rules.jitter)
        report(seen, jti)
        came = verify(
            "VEPA-UNACKED-REDELIVERED",
            seen.gaps,
            expected=f"the SET to come again within {cap:.0f} s",
            got="nothing, at any poll of a growing grid",
        )
        if came and rules.model == "exponential-backoff":
            walk_on(stream, jti, seen, cap_s=cap, jitter=rules.jitter, until_s=DAYS_S)
            verify_schedule(seen, cap, rules.jitter)
            verify_goes_on(seen)
            if seen.may_be_constant(rules.jitter):
                verify_grows_on_average(stream, seen, rules.jitter)
        elif came and rules.model != "unspecified":
            walk_on(stream, jti, seen, cap_s=cap * STEP, jitter=0.0, until_s=cap * (KEPT - STEP))
            verify_goes_on(seen)
        verify_same_set(stream, jti)
        verify_new_sets_come_at_once(stream, jti)
        verify_released(stream, jti, cap)


def verify_schedule(seen: Walk, cap: float, jitter: float) -> None:
    """Judge the gaps that a walk found as a backoff."""
    verify_no_gap_shrinks(seen, jitter)
    verify(
        "VEPA-BACKOFF-CAP-24H",
        seen.longest_s <= cap * (1 + jitter) and not seen.stays_above(cap),
        expected=f"no gap above {cap:.0f} s",
        got=f"a gap of more than {seen.longest_s:.0f} s",
    )
    first = seen.gaps[0]
    if len(seen.gaps) < 2 or not has_room(first, cap, jitter):
        return
    # Neither the first gap nor the step to the cap counts.
    rising = seen.gaps[1 : seen.level_from(jitter)]
    slow = [
        (earlier, later)
        for (i, earlier), (j, later) in combinations(enumerate(rising), 2)
        if later.surely_below(earlier, LEAST_FACTOR ** (j - i) / blur(jitter))
    ]
    grown = max(seen.gaps_s) * GRID >= first.at_most_s * LEAST_FACTOR
    verify(
        "VEPA-BACKOFF-GAPS-GROW",
        not slow and (grown or seen.lost),
        expected=f"each gap at least {LEAST_FACTOR} times the one before, up to the cap",
        got=f"gaps in seconds: {rounded(seen.gaps_s)}",
    )


def has_room(first: Gap, cap: float, jitter: float) -> bool:
    """Return whether the gaps must grow to get from the first one to the cap."""
    return first.at_least_s * LEAST_FACTOR * blur(jitter) <= cap


def verify_grows_on_average(stream: Stream, seen: Walk, jitter: float) -> None:
    """Judge gaps that jitter alone could explain, by those of many SETs."""
    if not has_room(seen.gaps[0], stream.profile.poll.redelivery.cap_s or DAY_S, jitter):
        return
    factor = walk_in_company(stream, gap_s=min(seen.gaps_s), jitter=jitter)
    verify(
        "VEPA-BACKOFF-GAPS-GROW",
        factor >= LEAST_FACTOR_ON_AVERAGE,
        expected=f"gaps that grow, by {LEAST_FACTOR} at least",
        got=f"third gaps that are {factor:.2f} times the first, on average",
    )


def verify_no_gap_shrinks(seen: Walk, jitter: float) -> None:
    """Judge each gap by the previous one."""
    verify(
        "VEPA-BACKOFF-GAPS-NONDECREASING",
        not shrinking(seen.gaps, jitter),
        expected="no gap shorter than the one before",
        got=f"gaps in seconds: {rounded(seen.gaps_s)}",
    )


def verify_goes_on(seen: Walk) -> None:
    """Judge that the SET was not lost on the way."""
    verify(
        "VEPA-BACKOFF-CONTINUES",
        not seen.lost,
        expected="the SET to go on coming back until it is acknowledged",
        got=f"nothing for {seen.silent_for_s:.0f} s after {seen.deliveries} deliveries",
    )


def verify_same_set(stream: Stream, jti: str) -> None:
    """Judge that all deliveries of a SET were the same."""
    forms = changed_tokens(stream.history)
    verify(
        "VEPA-BACKOFF-SAME-SET",
        not forms,
        expected=f"the same bytes under {jti} in each of {len(stream.history.of(jti))} deliveries",
        got=f"{max(forms.values(), default=1)} different tokens",
    )


def verify_new_sets_come_at_once(stream: Stream, old: str) -> None:
    """Judge that no new SET waits for old ones, of which there is one more each time."""
    waiting = {old}

    def has_fresh(sets: Mapping[str, str]) -> bool:
        return not waiting.issuperset(sets)

    for _ in range(NEW_ONES):
        stream.raise_set()
        fresh = set(stream.await_sets_that(has_fresh, patience_s=AT_ONCE_S)) - waiting
        verify(
            "VEPA-BACKOFF-NEW-NOT-HELD-UP",
            fresh,
            expected=f"a new SET with the next poll, while {len(waiting)} older ones wait",
            got=f"none within {AT_ONCE_S:.0f} s",
        )
        waiting |= fresh
    stream.acknowledge(sorted(waiting - {old}))


def verify_released(stream: Stream, jti: str, cap: float) -> None:
    """Acknowledge, and poll during the gaps in which the SET would be due."""
    stream.acknowledge([jti])
    for _ in range(TIMES_NOT_RELEASED + 1):
        stream.operations.wait(cap)
        stream.poll()
    returned = returned_after_acknowledgement(stream.history).get(jti, 0)
    verify(
        "VEPA-ACK-STOPS-REDELIVERY",
        not returned,
        expected="an acknowledged SET never again",
        got=f"{returned} deliveries after its acknowledgement",
        at_most=loudness_of(returned),
    )


def report(seen: Walk, jti: str) -> None:
    """Add the observed gaps, factor and cap to the results."""
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
    """Return gaps with readable precision."""
    return [round(gap, 2) for gap in gaps]


@judges("VEPA-BACKOFF-INDEPENDENT", needs=MANY)
def test_what_happens_to_others_leaves_the_schedule_of_a_set_alone(
    transmitter: RemoteTransmitter,
) -> None:
    """A SET has the same gaps alone and beside others that are delivered and acknowledged."""
    rules = transmitter.profile.poll.redelivery
    if rules.model != "exponential-backoff":
        return
    bound = longest(rules.cap_s or DAY_S, rules.jitter)
    with transmitter.new_stream() as stream:
        (jti,) = list(stream.obtain_sets())[:1]
        alone = gaps_alone(stream, jti, count=COMPARED, bound_s=bound)
    apart = blur(rules.jitter)
    with transmitter.new_stream() as stream:
        (jti,) = list(stream.obtain_sets())[:1]
        for number, gap in enumerate(alone, start=1):
            beside = gap_beside_others(stream, jti, gap, longer=apart)
            same = verify(
                "VEPA-BACKOFF-INDEPENDENT",
                not beside.surely_below(gap, 1 / apart) and not gap.surely_below(beside, 1 / apart),
                expected=f"gap {number} to last {gap}, as where nothing else is on the stream",
                got=f"{beside}, while other SETs were delivered and acknowledged",
            )
            if not same:
                return


@judges("VEPA-BACKOFF-CONTINUES", needs=WALKS)
def test_what_nobody_polls_for_is_not_lost(transmitter: RemoteTransmitter) -> None:
    """After most of a day without a poll, a SET that came before comes again, and one that waited.

    The page has no reading under which a SET is lost within the first 24 hours.
    """
    with transmitter.new_stream() as stream:
        found = list(stream.obtain_sets())
        stream.raise_set()
        transmitter.wait(AWAY_S)
        came = collect(stream, found, raised=2)
        verify(
            "VEPA-BACKOFF-CONTINUES",
            set(found) <= came and len(stream.history.jtis) >= 2,
            expected=f"both SETs after {AWAY_S:.0f} s without a poll",
            got=f"{sorted(came)}",
        )


class PollAndAcknowledgeApart(FreeReceiver):
    """A Receiver that acknowledges with a separate call, while time passes."""

    patience_s = 2 * DAY_S
    between_s = DAY_S

    @rule(seconds=st.sampled_from([1.0, 10.0, 3600.0, DAY_S]))
    def let_time_pass(self, seconds: float) -> None:
        """Let the target's time pass without a poll."""
        self.stream.operations.wait(seconds)


def judge_sequence(settled: Settled, *, given_up: bool) -> None:
    """Judge SETs that did not come again, came back when released, or had changed.

    Where SETs may be `given_up` after a window, the time passed explains a missing one.
    """
    if settled.outstanding and not given_up:
        verify(
            "VEPA-UNACKED-REDELIVERED",
            not settled.lost,
            expected="every SET that was not acknowledged to come again",
            got=f"{settled.lost} did not, within {PollAndAcknowledgeApart.patience_s:.0f} s",
        )
    forms = changed_tokens(settled.history)
    verify(
        "VEPA-BACKOFF-SAME-SET",
        not forms,
        expected="the same bytes under a jti each time",
        got=f"different tokens under each of {forms}",
    )
    if settled.history.acknowledgements:
        most = max(settled.returned.values(), default=0)
        verify(
            "VEPA-ACK-STOPS-REDELIVERY",
            not settled.returned,
            expected="an acknowledged SET never again",
            got=f"deliveries after the acknowledgement: {settled.returned}",
            at_most=loudness_of(most),
        )


@judges(
    "VEPA-ACK-STOPS-REDELIVERY",
    "VEPA-UNACKED-REDELIVERED",
    "VEPA-BACKOFF-SAME-SET",
    needs=MANY,
)
def test_sets_come_until_they_are_acknowledged_and_then_no_more(
    transmitter: RemoteTransmitter,
) -> None:
    """In any order of polls, acks and time, an unacknowledged SET stays and a released one goes."""
    given_up = transmitter.profile.poll.redelivery.model == "give-up-window"
    judge = partial(judge_sequence, given_up=given_up)
    explore(lambda: PollAndAcknowledgeApart(transmitter, judge))
