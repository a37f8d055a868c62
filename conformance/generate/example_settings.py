"""How Hypothesis is driven: the same examples each time, nothing written to disk."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.internal.conjecture import providers
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

_settings: ContextVar[settings | None] = ContextVar("hypothesis_settings", default=None)


def run_settings(*, examples: int, seed: int | None, shrink: bool = True) -> settings:
    """Return the settings of a run.

    With a seed it explores, without one it draws the same each time. Without `shrink` a failure
    stays as it was found.
    """
    return settings(
        max_examples=examples,
        derandomize=seed is None,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=True,
        phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if shrink else ())),
        stateful_step_count=15,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


@contextlib.contextmanager
def exploring(chosen: settings) -> Iterator[None]:
    """Make these the settings of `explore` in this thread."""
    token = _settings.set(chosen)
    try:
        yield
    finally:
        _settings.reset(token)


def apply_settings(function: Callable[..., Any], chosen: settings, seed: int | None) -> None:
    """Give a case drawn by `@given` the settings of this run.

    Hypothesis fixes them when the case is defined, and has no public way to change them afterwards.
    """
    if not hypothesis.is_hypothesis_test(function):
        return
    function._hypothesis_internal_use_settings = chosen  # type: ignore[attr-defined]  # noqa: SLF001
    function._hypothesis_internal_use_seed = seed  # type: ignore[attr-defined]  # noqa: SLF001


def explore(machine: Callable[[], RuleBasedStateMachine]) -> None:
    """Run a state machine with the settings of this run."""
    chosen = _settings.get()
    run_state_machine_as_test(machine, settings=chosen)  # type: ignore[arg-type]


def draw_nothing_from_source() -> None:
    """Keep Hypothesis from mining literals out of the modules that it takes for local.

    A checkout and an installed package would otherwise draw different examples under the same seed.
    """
    if hasattr(providers, "_get_local_constants"):
        empty = type(providers._local_constants)()  # noqa: SLF001
        providers._get_local_constants = lambda: empty  # noqa: SLF001
