"""Taking secrets out of what is recorded.

The one place for it, used by the judge and by the mock.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

REDACTED = "***"

SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"}
)

# In JSON, and in the repr of a value that was JSON.
_SECRET_MEMBER = re.compile(
    r"""((["'])(?:authorization_header|access_token|refresh_token|client_secret|password|token)"""
    r"""\2\s*:\s*)(["'])(?:(?!\3)[^\\]|\\.)*\3"""
)
# One of these stands in whatever the expression above finds.
_SECRET_WORDS = ("authorization_header", "client_secret", "password", "token")
_SECRET_QUERY = re.compile(
    r"([?&](?:access_token|token|code|client_secret)=)[^&#\s]+", re.IGNORECASE
)
_SCHEME = re.compile(r"^\s*(\S+)\s+\S")


def redact_headers(
    headers: Mapping[str, str], secret_names: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return the headers with each credential replaced; an authentication scheme's name stays.

    `secret_names` are further header names, in lower case, that carry a credential at this target.
    """
    return {
        name: _redact_value(value) if name.lower() in SECRET_HEADERS | secret_names else value
        for name, value in headers.items()
    }


def redact_text(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """Return the text without known secrets, secret JSON members and secret query parameters."""
    for secret in _longest_first(secrets):
        text = text.replace(secret, REDACTED)
    # Most texts have neither, and looking for a word is much faster than the expressions.
    if any(word in text for word in _SECRET_WORDS):
        text = _SECRET_MEMBER.sub(rf"\1\3{REDACTED}\3", text)
    if "=" in text:
        text = _SECRET_QUERY.sub(rf"\1{REDACTED}", text)
    return text


@lru_cache(maxsize=16)
def _longest_first(secrets: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(filter(None, secrets), key=len, reverse=True))


def _redact_value(value: str) -> str:
    scheme = _SCHEME.match(value)
    return f"{scheme.group(1)} {REDACTED}" if scheme else REDACTED
