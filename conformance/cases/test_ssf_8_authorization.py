"""Authorization of management and of polling: SSF 1.0 section 8, RFC 6750."""

import pytest

from conformance.challenges import CHALLENGES, verify_challenge
from conformance.client import Answer
from conformance.stream import Stream
from conformance.target import Bearer
from conformance.transmitter import GARBAGE, Transmitter
from conformance.verdicts import Needs, judges, verify

ERR_401 = {
    "create_stream": "SSF-8.1.1.1-ERR-401",
    "read_stream": "SSF-8.1.1.2-ERR-401",
    "update_stream": "SSF-8.1.1.3-ERR-401",
    "replace_stream": "SSF-8.1.1.4-ERR-401",
    "delete_stream": "SSF-8.1.1.5-ERR-401",
    "verify": "SSF-8.1.4.2-ERR-401",
}

without_authorization = pytest.mark.parametrize(
    "credential", [None, GARBAGE], ids=["no token", "garbage token"]
)


@without_authorization
@pytest.mark.parametrize("operation", ERR_401)
@judges(
    *ERR_401.values(),
    *CHALLENGES,
    "SSF-8-HTTP-AUTH",
    needs=Needs(stream=True, model="explicit"),
)
def test_management_is_refused_without_authorization(
    transmitter: Transmitter, operation: str, credential: Bearer | None
) -> None:
    """Each management operation is refused with 401 without a valid token, and has no effect."""
    if not transmitter.offers(operation):
        return
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        bodies: dict[str, dict[str, object]] = {
            "create_stream": {"description": "made without authorization"},
            "update_stream": {"description": "changed without authorization"},
            "replace_stream": {
                "events_requested": before.get("events_requested"),
                "delivery": before.get("delivery"),
                "description": "replaced without authorization",
            },
            "verify": {},
        }
        body = bodies.get(operation)
        if operation == "create_stream":
            answer = transmitter.create_stream(body or {}, credential=credential)
            delete_if_made(transmitter, answer)
        else:
            answer = stream.send(operation, body=body, credential=credential)
        after = stream.fetch()
        verify(
            "SSF-8-HTTP-AUTH",
            not answer.served and after.served and unchanged(stream, before, after),
            expected=f"{operation} refused and without effect",
            got=f"{answer.text}; the stream afterwards: {after.text}",
        )
        verify(ERR_401[operation], answer.status == 401, expected="401", got=answer.text)
        verify_challenge(answer, credential)


def unchanged(stream: Stream, before: dict[str, object], after: Answer) -> bool:
    """Say whether an answer still shows the description from before."""
    shown = stream.transmitter.configuration_in(after)
    return shown.get("description") == before.get("description")


def delete_if_made(transmitter: Transmitter, answer: Answer) -> None:
    """Take a stream away that should never have been made."""
    made = transmitter.configuration_in(answer).get("stream_id")
    if answer.served and isinstance(made, str):
        transmitter.call("delete_stream", stream_id=made)


@without_authorization
@judges(
    "SSF-7.1.1-POLL-PROTECTED",
    "RFC8936-3-WWW-AUTHENTICATE",
    *CHALLENGES,
    needs=Needs(stream=True, sets=1, delivery="poll"),
)
def test_polling_is_refused_without_authorization(
    transmitter: Transmitter, credential: Bearer | None
) -> None:
    """A poll without a valid token gets no SET, and a 401 says how to authenticate."""
    with transmitter.new_stream() as stream:
        stream.raise_set()
        result = stream.poll(credential=credential)
        verify(
            "SSF-7.1.1-POLL-PROTECTED",
            not result.answer.served,
            expected="a poll without a valid token to be refused",
            got=result.answer.text,
        )
        if result.answer.status == 401:
            verify(
                "RFC8936-3-WWW-AUTHENTICATE",
                result.answer.headers.get("www-authenticate"),
                expected="WWW-Authenticate with the 401",
                got="none",
            )
        verify_challenge(result.answer, credential)
