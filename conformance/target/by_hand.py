"""Tasks for a person at the terminal, who confirms each with Enter."""

import os
import select
import sys

from conformance.text import printable

_LONGEST_LINE = 4096


class NotDone(RuntimeError):
    """A task was not confirmed; the message says what happened instead."""


def has_terminal() -> bool:
    """Return whether input and error output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


class Person:
    """The person at the terminal; after one unanswered task, no more are asked."""

    def __init__(self) -> None:
        self._gone = False

    def ask(self, task: str, seconds: float) -> None:
        """Show a task, and return when Enter confirms it.

        Raises NotDone if a word was typed instead, or nothing within so many seconds.
        """
        if self._gone:
            raise NotDone("nobody is at the terminal any more")
        terminal = sys.stdin.fileno()
        while _is_ready(terminal, 0):
            # Input from before the task does not confirm it.
            if not os.read(terminal, _LONGEST_LINE):
                break
        sys.stderr.write(
            f"\nby hand: {printable(task)}\n"
            f"  press Enter when it is done, within {seconds:g} s; type why, if it can't be: "
        )
        sys.stderr.flush()
        if not _is_ready(terminal, seconds):
            self._gone = True
            sys.stderr.write("\n")
            raise NotDone(f"nobody pressed Enter within {seconds:g} s")
        said = os.read(terminal, _LONGEST_LINE)
        if not said:
            self._gone = True
            raise NotDone("the terminal was closed")
        if word := said.decode("utf-8", "replace").strip():
            raise NotDone(f"it was not done by hand: {printable(word)}")


def _is_ready(terminal: int, seconds: float) -> bool:
    return bool(select.select([terminal], [], [], seconds)[0])
