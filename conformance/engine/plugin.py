"""The pytest plugin: each case is a pytest item, and a run executes its function.

All options of the plugin begin with --ssf-. Without --ssf-target it does nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from conformance.engine import defaults
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.finished_case import FinishedCase
from conformance.engine.plan import Case, Plan
from conformance.engine.results_document import document_of
from conformance.engine.run import Run
from conformance.judging.needs import claim_of, declaration_of
from conformance.judging.verdict import Verdict
from conformance.reporting import results
from conformance.spec.profile import ProfileError
from conformance.target.target import TargetError

if TYPE_CHECKING:
    from concurrent.futures import Future

CASES = Path(__file__).parents[1] / "cases"


class Progress(Protocol):
    """Receives the progress of a run."""

    def planned(self, cases: int) -> None:
        """Receive how many cases will run."""
        ...

    def began(self, case: str) -> None:
        """Receive the name of the case that begins."""
        ...

    def ended(self, case: str) -> None:
        """Receive the name of the case that has ended."""
        ...


class SuitePlugin:
    """Runs the collected cases as one run. The results are in `run.plan` and `run.finished`.

    With `alone`, errors are kept in `problem` for the caller, and pytest does not report them.
    """

    def __init__(
        self,
        run: Run,
        *,
        plan_only: bool = False,
        progress: Progress | None = None,
        reports: Path | None = None,
        alone: bool = False,
    ) -> None:
        self.run = run
        self.alone = alone
        self.plan_only = plan_only
        self.reports = reports
        self.progress = progress
        self.problem: Exception | None = None
        self._futures: dict[str, Future[FinishedCase]] = {}
        self._cases: dict[str, Case] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Plan the run and keep the items that it needs, the `last` ones at the end."""
        del session
        cases = list(_cases(items))
        try:
            plan = self.run.prepare([case for _, case in cases])
            if plan.cases and not self.plan_only:
                self.run.check_hooks_and_credentials()
        except Exception as error:
            # pytest would print a long report. The caller reports the error instead.
            self.problem = error
            items[:] = []
            if self.alone:
                return
            raise pytest.UsageError(str(error)) from error
        wanted = {case.name for case in plan.cases}
        if self.plan_only:
            wanted = set()
        kept = [(item, case) for item, case in cases if case.name in wanted]
        kept.sort(key=lambda one: one[1].last)
        dropped = [item for item in items if all(item is not one for one, _ in kept)]
        self._cases = {item.nodeid: case for item, case in kept}
        if self.progress is not None:
            self.progress.planned(len(kept))
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item, _ in kept]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:  # noqa: ANN401 (a wrapper's result)
        """Start the cases that may run in parallel, then let pytest wait for each in turn."""
        if not (session.config.option.collectonly or self.plan_only):
            self._futures = self.run.start()
        try:
            return (yield)
        except KeyboardInterrupt:
            self.run.stop()
            for future in self._futures.values():
                future.cancel()
            for future in self._futures.values():
                if not future.cancelled():
                    future.exception()
            raise

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Execute the case of an item, or wait for it, and report the outcome to pytest."""
        case = self._cases.get(pyfuncitem.nodeid)
        if case is None:
            return None
        if self.progress is not None:
            self.progress.began(case.name)
        future = self._futures.get(case.name)
        done = self.run.execute(case) if future is None else future.result()
        if self.progress is not None:
            self.progress.ended(case.name)
        _tell(done)
        return True

    def pytest_sessionfinish(self) -> None:
        """Close the run, and write results.json for users of pytest."""
        self.run.close()
        if self.reports is not None and self.run.finished:
            results.write(document_of(self.run), self.reports)


def _cases(items: Iterable[pytest.Item]) -> Iterable[tuple[pytest.Item, Case]]:
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        declaration = declaration_of(item.obj)
        if declaration is None:
            continue
        callspec = getattr(item, "callspec", None)
        yield (
            item,
            Case(
                name=f"{item.path.name}::{item.name}",
                claim=claim_of(item.obj),
                declaration=declaration,
                function=item.obj,
                parameters={} if callspec is None else dict(callspec.params),
                last=item.get_closest_marker("last") is not None,
            ),
        )


def _tell(done: FinishedCase) -> None:
    """Raise the outcome for pytest: failed, skipped, or an error of the suite."""
    if done.crashed is not None:
        pytest.fail(done.crashed, pytrace=False)
    failed = [
        requirement
        for requirement in done.record.judgements
        if done.ruling_on(requirement).verdict is Verdict.FAILED
    ]
    if failed:
        lines = []
        for requirement in failed:
            breach = done.record.judgements[requirement].worst()
            if breach is not None:
                lines.append(f"{requirement}: expected {breach.expected}; got {breach.got}")
        # Without a traceback: the target has none, and pytest would parse the suite's sources.
        pytest.fail("\n".join(lines), pytrace=False)
    reason = done.blocked or done.not_reached
    if reason is not None:
        pytest.skip(reason)


def execute(
    run: Run, *, plan_only: bool = False, progress: Progress | None = None
) -> tuple[Plan, int]:
    """Run the cases of the package under pytest, with our own configuration.

    Returns the plan and pytest's exit code. Raises what Run.prepare raises, and KeyboardInterrupt
    if the run was interrupted before there was a plan.
    """
    plugin = SuitePlugin(run, plan_only=plan_only, progress=progress, alone=True)
    code = _start(plugin)
    if plugin.problem is not None:
        raise plugin.problem
    if code == pytest.ExitCode.INTERRUPTED:
        if run.plan is None:
            raise KeyboardInterrupt
        run.stop()
    if run.plan is None or code == pytest.ExitCode.INTERNAL_ERROR:
        raise RuntimeError(f"pytest ended with {code} before the run was over")
    return run.plan, code


class _Collector:
    """Collects the cases of the package without running them."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.cases = [case for _, case in _cases(items)]
        items[:] = []


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every case of the package, for any target. Nothing is sent."""
    collector = _Collector()
    _start(collector)
    return tuple(collector.cases)


def _start(plugin: object) -> int:
    off = ("cacheprovider", "terminal", "logging", "unraisableexception", "threadexception")
    arguments = [
        *("-c", str(CASES / "pytest.ini"), "--rootdir", str(CASES), "--import-mode=importlib"),
        *(part for name in (*off, "ssf_conformance") for part in ("-p", f"no:{name}")),
        *("--assert=plain", "--capture=no", str(CASES)),
    ]
    with _own_environment():
        return int(pytest.main(arguments, plugins=[plugin]))


@contextmanager
def _own_environment() -> Iterator[None]:
    """Keep the user's pytest settings out of our run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        patch.delenv("PYTEST_PLUGINS", raising=False)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for a run under the user's own pytest. The others are only on `run`."""
    group = parser.getgroup("ssf", "OpenID Shared Signals conformance")
    group.addoption("--ssf-target", metavar="ISSUER_URL|FILE|mock", help="the Transmitter to judge")
    group.addoption("--ssf-profile", metavar="NAME|FILE", help="the text that it is held to")
    group.addoption("--ssf-examples", type=int, metavar="N", help="examples for each case")
    group.addoption("--ssf-seed", type=int, metavar="N", help="explore with this seed")
    group.addoption("--ssf-reports", metavar="DIR", help="where results.json is written")
    group.addoption("--ssf-allow-http", action="store_true", help="a lab without TLS")
    group.addoption("--ssf-allow-destructive", action="store_true", help="what can't be undone")


def pytest_configure(config: pytest.Config) -> None:
    """Register the run if --ssf-target is given."""
    config.addinivalue_line("markers", "last: judges what all the other cases have seen")
    name = config.getoption("--ssf-target", default=None)
    if name is None:
        return
    arguments = RunArguments(
        target=None if name == "mock" else name,
        mock=name == "mock",
        profile=config.getoption("--ssf-profile"),
        examples=config.getoption("--ssf-examples") or defaults.EXAMPLES,
        seed=config.getoption("--ssf-seed"),
        allow_http=config.getoption("--ssf-allow-http"),
        allow_destructive=config.getoption("--ssf-allow-destructive"),
    )
    try:
        run = make_run(arguments)
    except (TargetError, ProfileError) as error:
        raise pytest.UsageError(str(error)) from error
    reports = config.getoption("--ssf-reports")
    config.pluginmanager.register(
        SuitePlugin(run, reports=None if reports is None else Path(reports)), "ssf-run"
    )
