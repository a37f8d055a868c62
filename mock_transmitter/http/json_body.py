"""Reading JSON; refuses what two parsers could read differently (RFC 8259, RFC 7493)."""

import json
import re
from typing import Any, NoReturn

MOST_LEVELS = 64

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class MalformedJson(ValueError):
    """A body that is not one unambiguous JSON text."""


def parse(body: bytes) -> Any:  # noqa: ANN401 (JSON)
    """Return the value of a JSON text.

    Raises MalformedJson for invalid UTF-8, duplicate names, NaN, overlong numbers, lone surrogates
    and excessive nesting.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refused,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise MalformedJson("the body is not UTF-8") from None
    except RecursionError:
        raise MalformedJson("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"the body is not JSON: {error.msg} at {error.pos}") from None
    except MalformedJson:
        raise
    except ValueError:
        raise MalformedJson("the body holds a number that is too long") from None
    if _depth(value) > MOST_LEVELS:
        raise MalformedJson("the body is nested too deeply")
    if _SURROGATE.search(body):
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise MalformedJson("the body holds half of a surrogate pair") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("a member name occurs twice in one object")
    return members


def _refused(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise MalformedJson("the body holds a number that is too large")
    return number


def _depth(value: object) -> int:
    """Return how deep a value is nested, up to the limit, without recursion."""
    level = [value]
    depth = 0
    while level and depth <= MOST_LEVELS:
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        depth += 1
    return depth
