"""Calling the operator's hooks, recording what was done, and the clock that two of them make."""

import math
from collections.abc import Mapping
from typing import Any

from conformance import clock as time_of
from conformance.receiver.answer import NoAnswer
from conformance.receiver.connection import Connection, Trouble
from conformance.receiver.exchange import Exchange, Recorder
from conformance.receiver.preconditions import Blocked
from conformance.spec.redaction import redact_text
from conformance.target import hooks
from conformance.target.target import Hook


class HookCaller:
    """Calls the hooks for one case; a person who is asked sees the name of the case."""

    def __init__(self, connection: Connection, recorder: Recorder, case: str) -> None:
        self._connection = connection
        self._target = connection.target
        self._recorder = recorder
        self._case = case

    def call(self, name: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        """Call a hook. Raises Blocked if it fails: the rows that need it are not testable."""
        hook = self._target.hooks[name]
        try:
            return hooks.call(
                hook,
                values,
                send=self._send_hook,
                record_command=self._record_command,
                ask=self._ask_person,
            )
        except hooks.HookFailed as error:
            reason = str(error)
        except NoAnswer as error:
            reason = f"hook {name}: {error}"
        self._connection.troubles.append(Trouble(f"[hooks.{name}]", reason))
        raise Blocked(reason)

    def _send_hook(
        self, hook: Hook, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        if body is not None:
            headers = {"content-type": "application/json", **headers}
        answer = self._connection.send(
            self._recorder,
            f"hook:{hook.name}",
            hook.method,
            url,
            channel="other",
            credential=None,
            content=body,
            headers=headers,
        )
        return answer.status, answer.body

    def _record_command(self, hook: Hook, argv: list[str], code: int, output: str) -> None:
        error = f"ended with {code}" if code else None
        self._record_deed(f"command:{hook.name}", " ".join(argv), output=output, error=error)

    def _ask_person(self, hook: Hook, task: str) -> None:
        self._record_deed(f"manual:{hook.name}", task)
        self._connection.person.ask(f"{task}  [{hook.name}, for {self._case}]", hook.timeout_s)

    def _record_deed(
        self, operation: str, deed: str, *, output: str | None = None, error: str | None = None
    ) -> None:
        """Record what the operator's side did without HTTP."""
        secrets = self._target.secrets
        self._recorder.exchanges.append(
            Exchange(
                number=len(self._recorder.exchanges) + 1,
                operation=operation,
                channel="other",
                method="",
                url=redact_text(deed, secrets),
                request_headers={},
                request_body=None,
                status=None,
                response_headers={},
                response_body=None if output is None else redact_text(output, secrets),
                error=error,
                duration_s=0.0,
            )
        )

    def clock(self) -> time_of.TargetClock:
        """Return the target's clock: the operator's hooks, else the system's clock."""
        if not self._target.has_hook("clock"):
            return time_of.RealClock()
        return time_of.HookedClock(
            self._now,
            lambda seconds: self.call("clock.advance", {"seconds": seconds}),
        )

    def _now(self) -> float:
        told = self.call("clock.now", {})
        try:
            now = float(told)
        except (TypeError, ValueError):
            now = math.nan
        if not math.isfinite(now):
            raise Blocked(f"hook clock.now: {told!r} is no time in seconds")
        return now
