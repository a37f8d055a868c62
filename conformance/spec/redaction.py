"""Taking secrets out of what is recorded.

The one place for it, used by the judge and by the mock.
"""

import re
from collections.abc import Mapping

REDACTED = "***"

SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"}
)

# In JSON, and in the repr of a value that was JSON.
_SECRET_MEMBER = re.compile(
    r"""((["'])(?:authorization_header|access_token|refresh_token|client_secret|password|token)"""
    r"""\2\s*:\s*)(["'])(?:(?!\3)[^\\]|\\.)*\3"""
)
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
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, REDACTED)
    text = _SECRET_MEMBER.sub(rf"\1\3{REDACTED}\3", text)
    return _SECRET_QUERY.sub(rf"\1{REDACTED}", text)


def _redact_value(value: str) -> str:
    scheme = _SCHEME.match(value)
    return f"{scheme.group(1)} {REDACTED}" if scheme else REDACTED
