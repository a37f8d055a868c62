"""One run of the suite: first contact, plan, cases."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256

from hypothesis import is_hypothesis_test, settings

from conformance import clock
from conformance.engine.case_transmitters import CaseTransmitters
from conformance.engine.finished_case import FinishedCase
from conformance.engine.first_contact import check_hooks_and_credentials, discover
from conformance.engine.plan import Case, Plan, make_plan
from conformance.engine.run_options import RunOptions
from conformance.generate.configurations import generating_for
from conformance.generate.example_settings import (
    apply_settings,
    draw_nothing_from_source,
    exploring,
    run_settings,
)
from conformance.judging.checks import recording
from conformance.judging.record import CaseRecord
from conformance.receiver.exchange import Recorder
from conformance.spec.requirement import Grade, load_catalogue
from conformance.target.provisions import PROVISIONS
from conformance.target.target import Target


class Interrupted(BaseException):
    """The operator stopped the run. The current example still cleans up after itself."""


class Run:
    """One run against one target.

    Call `prepare`, then `execute` for each planned case, then read the results off `finished` and
    `transmitters`.
    """

    def __init__(self, target: Target, options: RunOptions) -> None:
        self.target = target
        self.options = options
        self.catalogue = load_catalogue()
        self.plan: Plan | None = None
        self.finished: dict[str, FinishedCase] = {}
        self.transmitters = CaseTransmitters(target, options)
        self.started = clock.timestamp()
        self.interrupted = False
        self._watch = clock.Stopwatch()
        self._settings = run_settings(
            examples=options.examples, seed=options.seed, shrink=options.shrink
        )
        self._parameters: Counter[Callable[..., None]] = Counter()
        self._stop = threading.Event()

    # -- before
    # --------------------------------------------------------------------------------------

    def prepare(self, cases: Sequence[Case]) -> Plan:
        """Fetch the metadata and plan the run.

        Raises UnknownRequirement and TargetError before any request, and Unreachable where the
        target gives no metadata.
        """
        self.transmitters.listen()
        for case in cases:
            self.catalogue.check_ids(case.declaration.ids)
        self._parameters = Counter(case.function for case in cases)
        self.catalogue.check_ids(self.options.selection.requirements)
        self.catalogue.check_sections(self.options.selection.sections)
        draw_nothing_from_source()
        transmitter = self.transmitters.open("discovery", Recorder())
        discover(transmitter)
        self.transmitters.metadata = transmitter.metadata
        hooks = {name: self.target.has_hook(name) for name in PROVISIONS}
        self.plan = make_plan(self.catalogue, transmitter, cases, self.options.selection, hooks)
        return self.plan

    def check_hooks_and_credentials(self) -> None:
        """Check, before the first case, that the operator's hooks and credentials can be used.

        Raises TargetError and Unreachable.
        """
        shared = self.transmitters.shared
        if shared is not None:
            check_hooks_and_credentials(self.target, shared)

    # -- during
    # --------------------------------------------------------------------------------------

    @property
    def workers(self) -> int:
        """Return how many cases run in parallel: at most as many as a Receiver may have streams."""
        if self.options.lease is not None:
            return self.options.workers or 1
        # A case that waits moves the target's clock. In parallel, cases would disturb each other.
        alone = self.target.profile.stream.model == "implicit" or self.target.has_hook("clock")
        # And a person does one thing at a time.
        alone = alone or bool(self.target.manual_hooks)
        return 1 if alone else max(1, min(self.options.workers or 4, self.target.streams))

    def start(self) -> dict[str, "Future[FinishedCase]"]:
        """Submit the cases that may run in parallel to a pool."""
        if self.plan is None or self.workers == 1:
            return {}
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="case")
        submitted = {
            case.name: pool.submit(self.execute, case) for case in self.plan.cases if not case.last
        }
        pool.shutdown(wait=False)
        return submitted

    def stop(self) -> None:
        """Stop each case at its next example."""
        self.interrupted = True
        self._stop.set()

    def execute(self, case: Case) -> FinishedCase:
        """Run one case and return it, however it ends."""
        if self.plan is None:
            raise RuntimeError("prepare() comes first")
        record = CaseRecord(ids=frozenset(case.declaration.ids), grades=self.plan.grades)
        record.stopped = self._raise_if_stopped
        done = FinishedCase(case, record, clock.timestamp())
        watch = clock.Stopwatch()
        transmitter = self.transmitters.open(case.name, record.recorder)
        record.secrets = lambda: transmitter.target.secrets
        if transmitter.issuer != self.target.issuer:
            done.issuer = transmitter.issuer
        apply_settings(
            case.function,
            settings(self._settings, max_examples=self.examples_of(case)),
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
        self.transmitters.end(case.name, transmitter)
        self.finished[case.name] = done
        return done

    def _raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Interrupted

    def examples_of(self, case: Case) -> int:
        """Return how many examples a case gets. The parameters of a function share them."""
        if not is_hypothesis_test(case.function):
            return 1
        return max(1, self.options.examples // (self._parameters[case.function] or 1))

    def _seed_of(self, case: Case) -> int | None:
        if self.options.seed is None:
            return None
        digest = sha256(f"{self.options.seed}/{case.name}".encode()).digest()
        return random.Random(digest).getrandbits(64)  # noqa: S311 (examples, not secrets)

    # -- after
    # ---------------------------------------------------------------------------------------

    def grade_of(self, requirement: str) -> Grade:
        """Return the grade of a planned row."""
        if self.plan is None:
            raise RuntimeError("prepare() comes first")
        return self.plan.rows[requirement].grade

    @property
    def duration_s(self) -> float:
        """Return the seconds since the run began."""
        return self._watch.seconds

    @property
    def refused(self) -> list[str]:
        """Return the channels on which every request was answered 401."""
        shared = self.transmitters.shared
        return [] if shared is None else sorted(shared.refused - shared.accepted)

    @property
    def lost(self) -> str | None:
        """Return why the target was unreachable at the end, or None if it was not."""
        shared = self.transmitters.shared
        return None if shared is None else shared.lost

    @property
    def crashes(self) -> dict[str, str]:
        """Return the cases that ended in an error of the suite, with its traceback."""
        return {
            name: done.crashed for name, done in self.finished.items() if done.crashed is not None
        }

    def close(self) -> None:
        """Close the connection, and end the Transmitters that cases have leased."""
        self.transmitters.close()
        self.options.close()
