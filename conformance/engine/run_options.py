"""The options of a run that are not about the target."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from conformance.engine import defaults
from conformance.engine.plan import Selection
from conformance.receiver.http_client import Transport
from conformance.target.target import Target


class Lease(Protocol):
    """A Transmitter for one case alone: its target and the transport that leads to it."""

    @property
    def target(self) -> Target:
        """The Transmitter as a target."""
        ...

    @property
    def transport(self) -> Transport:
        """The transport that leads to it."""
        ...

    def close(self) -> None:
        """End it once its case is over and nothing will call it again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of a run.

    `lease` gives each case a Transmitter of its own, and `close` ends them all; without `lease` all
    cases share the target. Without `shrink`, failing examples are not made smaller.
    """

    selection: Selection = field(default_factory=Selection)
    examples: int = defaults.EXAMPLES
    seed: int | None = None
    shrink: bool = True
    workers: int | None = None
    strict: bool = False
    allow_incomplete: bool = False
    lease: Callable[[str], Lease] | None = None
    close: Callable[[], None] = lambda: None
    command: str = "ssf-conformance run"
