"""The progress of a run: one changing line on a terminal, elsewhere a line now and then."""

import threading
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

# Seconds between two lines in a log.
_EVERY_S = 60.0


class ProgressBar:
    """Shows how many cases are done and which one runs."""

    def __init__(self, stream: TextIO, *, silent: bool = False) -> None:
        console = Console(file=stream)
        self._stream = stream
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
        self._over = threading.Event()
        self._log = (
            None
            if silent or console.is_terminal
            else threading.Thread(target=self._tell, daemon=True, name="progress")
        )

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
        if self._log is not None:
            self._log.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
        self._over.set()

    def _tell(self) -> None:
        minutes = 0
        while not self._over.wait(_EVERY_S):
            minutes += 1
            task = self._progress.tasks[0]
            self._stream.write(
                f"{minutes} min: {task.completed:.0f} of {task.total or 0:.0f} cases,"
                f" now {task.description}\n"
            )
            self._stream.flush()
