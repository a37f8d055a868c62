"""What a person does for the run: told on the terminal, and confirmed there."""

import os
import select
import sys

from conformance.text import printable

_LONGEST_LINE = 4096


class NotDone(RuntimeError):
    """Nobody said that it is done; the message says what came in place of that."""


def has_terminal() -> bool:
    """Say whether there is somebody to ask: input and error output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


class Person:
    """Who sits at the terminal; once a question was left without an answer, nobody is asked."""

    def __init__(self) -> None:
        self._gone = False

    def ask(self, task: str, seconds: float) -> None:
        """Tell what to do, and return when Enter says that it is done.

        Raises NotDone where a word was typed instead, or nothing within so many seconds.
        """
        if self._gone:
            raise NotDone("nobody is at the terminal any more")
        terminal = sys.stdin.fileno()
        while _is_ready(terminal, 0):
            # An Enter too many is no answer to what was not asked yet.
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
