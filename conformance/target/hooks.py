"""Calling a hook of the operator's: an HTTP request, a command or a task by hand."""

import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from conformance.target.by_hand import NotDone
from conformance.target.target import PLACEHOLDER, Hook

COMMAND_TIMEOUT_S = 60.0


class HookFailed(RuntimeError):
    """A hook failed: the message names it and what it answered."""


def fill(template: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
    """Fill in `{name}` placeholders; a text that is one placeholder keeps the value's JSON type."""
    if isinstance(template, str):
        alone = PLACEHOLDER.fullmatch(template)
        if alone is not None and alone[1] in values:
            return values[alone[1]]
        return PLACEHOLDER.sub(lambda one: _text(values.get(one[1], one[0])), template)
    if isinstance(template, Mapping):
        filled = {key: fill(part, values) for key, part in template.items()}
        return {key: part for key, part in filled.items() if part is not None}
    if isinstance(template, (list, tuple)):
        return [part for one in template if (part := fill(one, values)) is not None]
    return template


def call(
    hook: Hook,
    values: Mapping[str, Any],
    *,
    send: Callable[[Hook, str, dict[str, str], bytes | None], tuple[int, bytes]],
    record_command: Callable[[Hook, list[str], int, str], None],
    ask: Callable[[Hook, str], None],
) -> Any:  # noqa: ANN401 (JSON)
    """Call a hook and return what `read` finds in its JSON output, or None without a `read`.

    Raises HookFailed for a status that is no success, a non-zero exit, output that `read` finds
    nothing in, or a task that was not done.
    """
    if hook.kind == "manual":
        try:
            ask(hook, _text(fill(hook.manual, values)))
        except NotDone as error:
            raise HookFailed(f"hook {hook.name}: {error}") from error
        return None
    if hook.kind == "http":
        body = None if hook.body is None else json.dumps(fill(hook.body, values)).encode()
        headers = {name: _text(value) for name, value in fill(hook.headers, values).items()}
        status, output = send(hook, str(fill(hook.url, values)), headers, body)
        if not 200 <= status < 300:  # noqa: PLR2004 (RFC 9110 section 15.3)
            raise HookFailed(f"hook {hook.name}: {hook.method} {hook.url} answered {status}")
    else:
        argv = [_text(part) for part in fill(hook.argv, values)]
        output = _run(hook, argv, record_command)
    return None if hook.read is None else _read(hook, output)


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, (Mapping, list)) else str(value)


def _run(hook: Hook, argv: list[str], record: Callable[[Hook, list[str], int, str], None]) -> bytes:
    try:
        # The operator wrote the command, and no shell interprets it.
        done = subprocess.run(  # noqa: S603
            argv,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HookFailed(f"hook {hook.name}: {argv[0]}: {error}") from error
    record(hook, argv, done.returncode, done.stdout.decode("utf-8", "replace"))
    if done.returncode:
        complaint = done.stderr.decode("utf-8", "replace").strip().splitlines()
        last = f": {complaint[-1]}" if complaint else ""
        raise HookFailed(f"hook {hook.name}: {argv[0]} ended with {done.returncode}{last}")
    return done.stdout


def _read(hook: Hook, output: bytes) -> Any:  # noqa: ANN401 (JSON)
    try:
        found: Any = json.loads(output)
        for step in (hook.read or "").split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise HookFailed(f"hook {hook.name}: its output holds nothing at {hook.read!r}") from error
    return found
