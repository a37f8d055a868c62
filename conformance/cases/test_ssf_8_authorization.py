"""Authorization of management and of polling: SSF 1.0 section 8, RFC 6750."""

import pytest

from conformance.challenges import CHALLENGES, verify_challenge
from conformance.client import Answer, Credential
from conformance.configuration import MEMBERS, differing
from conformance.credentials import Bearer, SecretHeader
from conformance.forbidden import is_shown, request_body, status_of
from conformance.spec.requirement import Grade
from conformance.stream import Stream
from conformance.transmitter import GARBAGE, Transmitter
from conformance.verdicts import Needs, judges, verify

ERR_401 = {
    "create_stream": "SSF-8.1.1.1-ERR-401",
    "read_stream": "SSF-8.1.1.2-ERR-401",
    "list_streams": "SSF-8.1.1.2-ERR-401",
    "update_stream": "SSF-8.1.1.3-ERR-401",
    "replace_stream": "SSF-8.1.1.4-ERR-401",
    "delete_stream": "SSF-8.1.1.5-ERR-401",
    "read_status": "SSF-8.1.2.1-ERR-401",
    "update_status": "SSF-8.1.2.2-ERR-401",
    "add_subject": "SSF-8.1.3.2-ERR-401",
    "remove_subject": "SSF-8.1.3.3-ERR-401",
    "verify": "SSF-8.1.4.2-ERR-401",
}

MADE_WITHOUT = "made without authorization"

ERR_403 = {
    "read_stream": "SSF-8.1.1.2-ERR-403",
    "update_stream": "SSF-8.1.1.3-ERR-403",
    "replace_stream": "SSF-8.1.1.4-ERR-403",
    "delete_stream": "SSF-8.1.1.5-ERR-403",
    "update_status": "SSF-8.1.2.2-ERR-403",
    "add_subject": "SSF-8.1.3.2-ERR-403",
    "remove_subject": "SSF-8.1.3.3-ERR-403",
}

# What no scheme of HTTP authentication takes a known token from: RFC 9110 section 11.4, RFC 6750
# section 2.1.
MALFORMED = ("Bearer", "Bearer two tokens", "Basic bm9ib2R5Om5vdGhpbmc=", "no-scheme-at-all")

CLOSED = ("SSF-8-HTTP-AUTH", "SSE-8-OAUTH-BEARER")
CLOSED_POLLING = ("SSF-7.1.1-POLL-PROTECTED", "VEPA-POLL-AUTH")
# Valid, and without effect where they are served.
POLLING: dict[str, dict[str, object]] = {
    "poll": {"maxEvents": 1, "returnImmediately": True},
    "acknowledge": {"acks": []},
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
        status = status_of(stream, operation)
        if operation == "create_stream":
            wanted = {**transmitter.usual_properties(), "description": MADE_WITHOUT}
            answer = transmitter.create_stream(wanted, credential=credential)
            delete_if_made(transmitter, answer)
            listed = transmitter.configurations_in(transmitter.list_streams())
            verify(
                "SSF-8-HTTP-AUTH",
                MADE_WITHOUT not in [one.get("description") for one in listed],
                expected="no stream made by a request that was not authorized",
                got="the list shows it",
            )
        else:
            body = request_body(operation, before, "changed without authorization")
            answer = stream.send(operation, body=body, credential=credential)
        after = stream.fetch()
        kept = unchanged(stream, before, after) and status_of(stream, operation) == status
        verify(
            "SSF-8-HTTP-AUTH",
            not answer.served and after.served and kept,
            expected=f"{operation} refused and without effect",
            got=f"{answer.text}; the stream afterwards: {after.text}",
        )
        verify(ERR_401[operation], answer.status == 401, expected="401", got=answer.text)
        verify_challenge(answer, credential)


@pytest.mark.parametrize("operation", [*ERR_401, *POLLING])
@judges(*CLOSED, *CLOSED_POLLING, needs=Needs(stream=True))
def test_a_malformed_credential_opens_nothing(transmitter: Transmitter, operation: str) -> None:
    """What stands in an Authorization header and is no token is as good as none."""
    explicit = transmitter.profile.stream.model == "explicit"
    if not transmitter.offers(operation) or (operation == "delete_stream" and not explicit):
        return
    with transmitter.new_stream() as stream:
        before = stream.read()
        status = status_of(stream, operation)
        if operation == "create_stream":
            body: dict[str, object] | None = transmitter.usual_properties()
        else:
            body = POLLING.get(operation) or request_body(operation, before, "changed by nobody")
        for value in MALFORMED:
            malformed = SecretHeader("authorization", value)
            answer = stream.send(operation, body=body, credential=malformed)
            if operation == "create_stream":
                delete_if_made(transmitter, answer)
            after = transmitter.configuration_in(stream.fetch())
            kept = not differing(before, after, MEMBERS) and status_of(stream, operation) == status
            for requirement in CLOSED_POLLING if operation in POLLING else CLOSED:
                verify(
                    requirement,
                    kept and not answer.served,
                    expected=f"{operation} refused with Authorization: {value}, without effect",
                    got=answer.text,
                )


def unchanged(stream: Stream, before: dict[str, object], after: Answer) -> bool:
    """Say whether an answer still shows the description from before."""
    shown = stream.transmitter.configuration_in(after)
    return shown.get("description") == before.get("description")


def delete_if_made(
    transmitter: Transmitter, answer: Answer, credential: Credential = "own"
) -> None:
    """Take a stream away that should never have been made."""
    made = transmitter.configuration_in(answer).get("stream_id")
    if answer.served and isinstance(made, str):
        transmitter.call("delete_stream", stream_id=made, credential=credential)


@pytest.mark.parametrize("operation", ERR_403)
@judges(*ERR_403.values(), needs=Needs(stream=True, model="explicit", limited_receiver=True))
def test_management_is_forbidden_to_a_receiver_that_may_not(
    transmitter: Transmitter, operation: str
) -> None:
    """A Receiver that may not do what it asks for gets 403, and nothing is shown or done."""
    if not transmitter.offers(operation):
        return
    with transmitter.new_stream(description="not for everybody") as stream:
        before = stream.read()
        status = status_of(stream, operation)
        body = request_body(operation, before, "changed without permission")
        limited = transmitter.target.limited_receiver["management"]
        answer = stream.send(operation, body=body, credential=limited)
        after = stream.fetch()
        shown = transmitter.configuration_in(after)
        kept = not differing(before, shown, MEMBERS) and status_of(stream, operation) == status
        nothing_done = kept and not is_shown(before, answer, body)
        verify(
            ERR_403[operation],
            answer.status == 403 and nothing_done,
            expected="403, nothing shown and nothing done",
            got=f"{answer.text}; the stream afterwards: {after.text}",
            at_most=Grade.WARN if answer.refused and nothing_done else None,
        )


@judges(
    "SSF-8.1.1.1-ERR-403",
    needs=Needs(
        model="explicit", operations=("create_stream", "list_streams"), limited_receiver=True
    ),
)
def test_no_stream_is_made_for_a_receiver_that_may_not(transmitter: Transmitter) -> None:
    """A Receiver that may not create a stream gets 403, and none is made."""
    limited = transmitter.target.limited_receiver["management"]
    description = "made without permission"
    wanted = {**transmitter.usual_properties(), "description": description}
    answer = transmitter.create_stream(wanted, credential=limited)
    for credential in ("own", limited):
        delete_if_made(transmitter, answer, credential)
    made = [
        one.get("stream_id")
        for one in transmitter.configurations_in(transmitter.list_streams())
        if one.get("description") == description
    ]
    for stream_id in made:
        transmitter.call("delete_stream", stream_id=stream_id)
    verify(
        "SSF-8.1.1.1-ERR-403",
        answer.status == 403 and not made,
        expected="403, and no stream made",
        got=f"{answer.text}; streams made: {len(made)}",
        at_most=Grade.WARN if answer.refused and not made else None,
    )


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
