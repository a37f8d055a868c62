"""One run of the suite: first contact, plan, cases."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from hypothesis import is_hypothesis_test, settings

from conformance import clock
from conformance.engine.finished_case import FinishedCase
from conformance.engine.plan import Case, Plan, Selection, make_plan
from conformance.generate.configurations import generating_for
from conformance.generate.example_settings import (
    draw_nothing_from_source,
    exploring,
    prepare,
    run_settings,
)
from conformance.judging.checks import recording
from conformance.judging.record import CaseRecord
from conformance.receiver.answer import NoAnswer
from conformance.receiver.connection import (
    Connection,
    SeenAnswer,
    SeenSet,
    Transport,
    Trouble,
    Unreachable,
)
from conformance.receiver.exchange import Exchange, Recorder
from conformance.receiver.push_listener import PushListener
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec.requirement import Grade, load_catalogue
from conformance.target.by_hand import has_terminal
from conformance.target.target import HOOKS, Target, TargetError

if TYPE_CHECKING:
    from conformance.receiver.tls.handshake import Handshakes

Json: TypeAlias = dict[str, Any]

# Make a stream, read it, act twice, read again each time, look, try it out, delete it.
REQUESTS_IN_AN_EXAMPLE = 9
# How many requests a second get through, unless the operator allows fewer: to a mock in process, to
# one over TLS on loopback, and to a target across a network.
_RPS_IN_PROCESS = 500.0
_RPS_LOOPBACK = 300.0
_RPS_NETWORK = 50.0


class Lease(Protocol):
    """A Transmitter of a case's own: its target and the transport that leads to it."""

    @property
    def target(self) -> Target:
        """The Transmitter as a target."""
        ...

    @property
    def transport(self) -> Transport:
        """What leads to it."""
        ...

    def close(self) -> None:
        """End it: its case is over, and nobody will ask it anything more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a run goes. `lease` gives each case a Transmitter of its own, `close` ends them all.

    Without it all share the target. Without `shrink` a failure is not made smaller.
    """

    selection: Selection = field(default_factory=Selection)
    examples: int = 20
    seed: int | None = None
    shrink: bool = True
    workers: int | None = None
    strict: bool = False
    allow_incomplete: bool = False
    lease: Callable[[str], Lease] | None = None
    close: Callable[[], None] = lambda: None
    command: str = "ssf-conformance run"


class NoMetadata(Unreachable):
    """The target answers, but not with the metadata of the profile."""


class Interrupted(BaseException):
    """The operator stopped the run: the example that is running still tidies up after itself."""


class Run:
    """One run against one target.

    Call `prepare`, then `execute` for each planned case, then read it off.
    """

    def __init__(self, target: Target, options: RunOptions) -> None:
        self.target = target
        self.options = options
        self.catalogue = load_catalogue()
        self.metadata: Mapping[str, Any] = {}
        self.plan: Plan | None = None
        self.finished: dict[str, FinishedCase] = {}
        self.seen_sets: list[SeenSet] = []
        self.seen_answers: dict[SeenAnswer, Exchange] = {}
        self.handshakes: dict[tuple[str, int], Handshakes] = {}
        self.troubles: list[Trouble] = []
        self.started = clock.timestamp()
        self.interrupted = False
        self._watch = clock.Stopwatch()
        self._settings = run_settings(
            examples=options.examples, seed=options.seed, shrink=options.shrink
        )
        self._parameters: Counter[Callable[..., None]] = Counter()
        self._shared: Connection | None = None
        self._leases: dict[str, Lease] = {}
        self._listener = (
            None
            if target.listening is None
            else PushListener(target.listening, url=target.push_url, seed=options.seed or 0)
        )
        self._stop = threading.Event()

    # -- before
    # --------------------------------------------------------------------------------------

    def prepare(self, cases: Sequence[Case]) -> Plan:
        """Fetch the metadata and plan the run.

        Raises UnknownRequirement and TargetError before any request, and Unreachable where the
        target gives no metadata.
        """
        if self._listener is not None and self.options.lease is None:
            self._listener.start()
        for case in cases:
            self.catalogue.check_ids(case.declaration.ids)
        self._parameters = Counter(case.function for case in cases)
        self.catalogue.check_ids(self.options.selection.requirements)
        self.catalogue.check_sections(self.options.selection.sections)
        draw_nothing_from_source()
        transmitter = self._open("discovery", Recorder())
        discover(transmitter)
        self.metadata = transmitter.metadata
        hooks = {name: self.target.has_hook(name) for name in HOOKS}
        self.plan = make_plan(self.catalogue, transmitter, cases, self.options.selection, hooks)
        return self.plan

    def check_lent(self) -> None:
        """Find out before the first case whether what the operator lends can be had at all.

        Raises TargetError for a credential that nobody gives out, and for a hook that is done by
        hand where there is no terminal; Unreachable for a certificate that can't be used.
        """
        if self.options.lease is not None or self._shared is None:
            return
        by_hand = self.target.manual_hooks
        if by_hand and not has_terminal():
            raise TargetError(
                f"{self.target.named}: hooks.{by_hand[0]} is manual, and there is no terminal to"
                " ask on: run it in one, or give a hook of kind http or command"
            )
        for credential in self.target.lent:
            try:
                self._shared.obtain(credential)
            except NoAnswer as error:
                raise TargetError(str(error)) from error

    def _open(self, case: str, recorder: Recorder) -> RemoteTransmitter:
        if self.options.lease is not None:
            lease = self._leases[case] = self.options.lease(case)
            connection = Connection.open(lease.target, lease.transport)
        else:
            if self._shared is None:
                self._shared = Connection.open(self.target)
            connection = self._shared
        connection.seen_sets = self.seen_sets
        connection.seen_answers = self.seen_answers
        connection.handshakes = self.handshakes
        connection.troubles = self.troubles
        connection.listener = self._listener
        if connection.target.issuer == self.target.issuer:
            connection.metadata = self.metadata
        elif self.plan is not None:
            # Another issuer has other endpoints; the case has not asked, and no reproducer has to.
            with suppress(Unreachable):
                discover(RemoteTransmitter(connection, Recorder()))
        return RemoteTransmitter(connection, recorder, case=case)

    # -- during
    # --------------------------------------------------------------------------------------

    @property
    def workers(self) -> int:
        """Return how many cases run side by side: no more than a Receiver may have streams."""
        if self.options.lease is not None:
            return self.options.workers or 1
        # A case that waits moves the clock it holds; side by side they would disturb each other.
        alone = self.target.profile.stream.model == "implicit" or self.target.has_hook("clock")
        # And nobody does two things at a time by hand.
        alone = alone or bool(self.target.manual_hooks)
        return 1 if alone else max(1, min(self.options.workers or 4, self.target.streams))

    def start(self) -> dict[str, "Future[FinishedCase]"]:
        """Submit the cases that may run side by side to a pool."""
        if self.plan is None or self.workers == 1:
            return {}
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="case")
        submitted = {
            case.name: pool.submit(self.execute, case) for case in self.plan.cases if not case.last
        }
        pool.shutdown(wait=False)
        return submitted

    def stop(self) -> None:
        """Stop at the next example of each case."""
        self.interrupted = True
        self._stop.set()

    def execute(self, case: Case) -> FinishedCase:
        """Run one case, whatever comes of it; what it found stands in its record."""
        if self.plan is None:
            raise RuntimeError("prepare() comes first")
        record = CaseRecord(ids=frozenset(case.declaration.ids), grades=self.plan.grades)
        record.stopped = self._raise_if_stopped
        done = FinishedCase(case, record, clock.timestamp())
        watch = clock.Stopwatch()
        transmitter = self._open(case.name, record.recorder)
        record.secrets = lambda: transmitter.target.secrets
        if transmitter.issuer != self.target.issuer:
            done.issuer = transmitter.issuer
        prepare(
            case.function,
            settings(self._settings, max_examples=self._examples_of(case)),
            self._seed_of(case),
        )
        try:
            with recording(record), exploring(self._settings), generating_for(transmitter):
                case.function(transmitter=transmitter, **case.parameters)
        except Interrupted:
            done.not_reached = "the run was interrupted"
        except Exception as error:  # noqa: BLE001 (a case that crashes is our error, and one case's)
            done.ended_by(error)
        done.duration_s = watch.seconds
        record.close()
        self._end_lease(transmitter, case.name)
        self.finished[case.name] = done
        return done

    def _end_lease(self, transmitter: RemoteTransmitter, case: str) -> None:
        """End the Transmitter of a case; the cases that judge all SETs still need its keys."""
        lease = self._leases.pop(case, None)
        if lease is None:
            return
        connection = transmitter.connection
        transmitter.fetch_last_keys(
            [seen.token for seen in self.seen_sets if seen.connection is connection]
        )
        lease.close()

    def _raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Interrupted

    def _examples_of(self, case: Case) -> int:
        if not is_hypothesis_test(case.function):
            return 1
        # The parameters of a case share its examples.
        return max(1, self.options.examples // (self._parameters[case.function] or 1))

    def _seed_of(self, case: Case) -> int | None:
        if self.options.seed is None:
            return None
        digest = sha256(f"{self.options.seed}/{case.name}".encode()).digest()
        return random.Random(digest).getrandbits(64)  # noqa: S311 (examples, not secrets)

    # -- after
    # ---------------------------------------------------------------------------------------

    def grade_of(self, requirement: str) -> Grade:
        """Return how loud a breach of a planned row is at most."""
        if self.plan is None:
            raise RuntimeError("prepare() comes first")
        return self.plan.rows[requirement].grade

    @property
    def expected_requests(self) -> int:
        """Return about how many requests the planned cases will send."""
        cases = () if self.plan is None else self.plan.cases
        return sum(REQUESTS_IN_AN_EXAMPLE * self._examples_of(case) for case in cases)

    @property
    def expected_verifications(self) -> int:
        """Return about how many Verification Events the planned cases will ask for in real time."""
        if self.plan is None or any(map(self.target.has_hook, ("emit_event", "clock"))):
            return 0
        needs = ((case.declaration.needs.sets, case) for case in self.plan.cases)
        return sum(sets * self._examples_of(case) for sets, case in needs)

    @property
    def expected_rps(self) -> float:
        """Return about how many requests a second that will be."""
        if self.target.limits.max_rps is not None:
            return self.target.limits.max_rps
        if self.target.in_process:
            return _RPS_IN_PROCESS
        return _RPS_LOOPBACK if self.options.lease is not None else _RPS_NETWORK

    @property
    def duration_s(self) -> float:
        """Return the seconds since the run began."""
        return self._watch.seconds

    @property
    def refused(self) -> list[str]:
        """Return the channels whose calls were answered with 401 and with nothing else."""
        shared = self._shared
        return [] if shared is None else sorted(shared.refused - shared.accepted)

    @property
    def lost(self) -> str | None:
        """Return why the target could not be reached any more at the end; None where it could."""
        return None if self._shared is None else self._shared.lost

    @property
    def crashes(self) -> dict[str, str]:
        """Return the cases that ended in an error of ours, with its traceback."""
        return {
            name: done.crashed for name, done in self.finished.items() if done.crashed is not None
        }

    def close(self) -> None:
        """Close the connection, and end what the cases were lent."""
        if self._shared is not None:
            self._shared.close()
        if self._listener is not None:
            self._listener.close()
        self.options.close()


def discover(transmitter: RemoteTransmitter) -> None:
    """Fetch the metadata, which settles the profile.

    Raises Unreachable, and NoMetadata where the target answers something else.
    """
    try:
        answer = transmitter.find_metadata()
    except NoAnswer as error:
        raise Unreachable(f"the target can't be reached: {error}") from error
    transmitter.learn(answer)
    if not answer.served or not transmitter.metadata:
        raise NoMetadata(
            f"no metadata of profile {transmitter.profile.id} at {transmitter.discovery_url}:"
            f" answered {answer.text}. Check the issuer, or name another text with --profile"
        )
