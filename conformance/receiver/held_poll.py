"""A poll that is under way: held by the target while the case does something else (RFC 8936, 2.5).

It runs in a thread of its own, in process as over a socket, and is bounded by its own timeout.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from conformance.receiver.answer import NoAnswer
from conformance.receiver.exchange import Recorder

T = TypeVar("T")

# How often a poll is looked at while it settles.
_LOOKS = 50


class HeldPoll(Generic[T]):
    """Runs `send` in a thread; `finish` returns its result.

    `send` gets a separate Recorder, whose exchanges join the case's at the end. It has to end by
    itself: a thread can't be stopped from outside. An answer that is due may take `settle_s`
    seconds of real time to arrive.
    """

    def __init__(
        self, send: Callable[[Recorder], T], recorder: Recorder, *, settle_s: float
    ) -> None:
        self._recorder = recorder
        self._settle_s = settle_s
        self._own = Recorder()
        self._result: T | None = None
        self._error: Exception | None = None
        self._send = send
        self._thread = threading.Thread(target=self._run, name="held poll", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # An abandoned poll is recorded as far as it got.
        self._recorder.adopt(self._own.exchanges)

    def _run(self) -> None:
        try:
            self._result = self._send(self._own)
        except Exception as error:  # noqa: BLE001 (raised again where it is waited for)
            self._error = error

    def answered(self) -> bool:
        """Return whether it is over, having given it the time to settle.

        The time is spent in many short naps: where other work slows this process down, they take
        longer, as the poll's own thread does.
        """
        for _ in range(_LOOKS):
            self._thread.join(self._settle_s / _LOOKS)
            if not self._thread.is_alive():
                return True
        return False

    def finish(self, within_s: float) -> T:
        """Wait for the answer, so many seconds of real time at most.

        Raises NoAnswer where none has come by then, and whatever else `send` raised.
        """
        self._thread.join(within_s)
        if self._thread.is_alive():
            raise NoAnswer(f"a held poll was not answered within {within_s:.0f} s (a hang)")
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise NoAnswer("a held poll ended without an answer")
        return self._result
