"""The progress bar: on a terminal only, one line that goes away."""

from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class ProgressBar:
    """Shows how many cases are done and which one runs; silent where the stream is no terminal."""

    def __init__(self, stream: TextIO, *, silent: bool = False) -> None:
        console = Console(file=stream)
        self._progress = Progress(
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=silent or not console.is_terminal,
        )
        self._task = self._progress.add_task("discovery", total=None)

    def planned(self, cases: int) -> None:
        """Show how many cases will run."""
        self._progress.update(self._task, total=cases, description="")

    def began(self, case: str) -> None:
        """Show the case that runs now."""
        self._progress.update(self._task, description=case)

    def ended(self, case: str) -> None:
        """Count a case as done."""
        del case
        self._progress.advance(self._task)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
