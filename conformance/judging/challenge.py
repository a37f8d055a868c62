"""Judging the challenge of a refusal: RFC 9110 section 15.5.2, RFC 6750 section 3."""

import re

from conformance.judging.checks import verify
from conformance.receiver.answer import Answer
from conformance.target.credentials import Bearer

CHALLENGES = (
    "RFC9110-15.5.2-401-CHALLENGE",
    "RFC6750-3-BEARER-CHALLENGE",
    "RFC6750-3.1-INVALID-TOKEN",
    "RFC6750-3.1-NO-ERROR-WITHOUT-CREDS",
)


# RFC 9110 section 11.2: text inside a quoted string is neither a scheme nor a parameter.
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


def schemes_in(challenge: str) -> list[str]:
    """Return the schemes of a WWW-Authenticate header, in lower case."""
    parts = _PARAMETER.sub("", challenge).split(",")
    return [part.split()[0].lower() for part in parts if part.split()]


def error_in(challenge: str) -> str | None:
    """Return the error code of a challenge (RFC 6750 section 3), None where there is none."""
    for name, quoted, plain in _PARAMETER.findall(challenge):
        if name.lower() == "error":
            return str(quoted or plain)
    return None


def verify_challenge(answer: Answer, credential: Bearer | None) -> None:
    """Judge the challenge of a refusal; `credential` is the one that the request carried."""
    challenge = answer.headers.get("www-authenticate", "")
    got = f"WWW-Authenticate: {challenge}" if challenge else "no WWW-Authenticate"
    if answer.status == 401:  # noqa: PLR2004 (the code that the rows speak of)
        verify(
            "RFC9110-15.5.2-401-CHALLENGE", challenge, expected="a challenge with the 401", got=got
        )
        if credential is None:
            verify(
                "RFC6750-3-BEARER-CHALLENGE",
                "bearer" in schemes_in(challenge),
                expected="a challenge of the scheme Bearer",
                got=got,
            )
            verify(
                "RFC6750-3.1-NO-ERROR-WITHOUT-CREDS",
                error_in(challenge) is None,
                expected="no error code in the challenge to a request without a credential",
                got=got,
            )
    if credential is not None and answer.refused:
        verify(
            "RFC6750-3.1-INVALID-TOKEN",
            answer.status == 401 and error_in(challenge) == "invalid_token",  # noqa: PLR2004 (as above)
            expected="401 and error=invalid_token for a bad token",
            got=f"{answer.status}, {got}",
        )
