"""Authorization of management and of polling: SSF 1.0 section 8, RFC 6750."""

import pytest

from conformance.judging import Needs, judges, verify
from conformance.judging.challenge import CHALLENGES, verify_challenge
from conformance.judging.foreign_access import (
    CLOSED,
    CLOSED_POLLING,
    NEAR,
    POLLING,
    at_each_endpoint,
    delete_if_made,
    is_shown,
    near,
    request_body,
    status_of,
)
from conformance.judging.subject_matching import Reports, simple_subjects
from conformance.receiver.connection import Credential
from conformance.receiver.remote_transmitter import GARBAGE, RemoteTransmitter
from conformance.receiver.shown_values import MEMBERS, differing
from conformance.sets.contents import claims_of
from conformance.spec.requirement import Grade
from conformance.target.credentials import Bearer, SecretHeader

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

# Headers from which no scheme of HTTP authentication takes a valid token: RFC 9110 section 11.4,
# RFC 6750 section 2.1.
MALFORMED = {
    "a scheme alone": "Bearer",
    "two tokens": "Bearer two tokens",
    "of another scheme": "Basic bm9ib2R5Om5vdGhpbmc=",
    "without a scheme": "no-scheme-at-all",
}
CHOOSES = Needs(
    stream=True,
    sets=1,
    events=True,
    subjects=True,
    operations=("add_subject", "remove_subject"),
)

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
    transmitter: RemoteTransmitter, operation: str, credential: Bearer | None
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
        shown = transmitter.configuration_in(after)
        kept = not differing(before, shown, MEMBERS) and status_of(stream, operation) == status
        verify(
            "SSF-8-HTTP-AUTH",
            not answer.served and after.served and kept and not is_shown(before, answer, None),
            expected=f"{operation} refused and without effect, and nothing shown",
            got=f"{answer.text}; the stream afterwards: {after.text}",
        )
        verify(ERR_401[operation], answer.status == 401, expected="401", got=answer.text)
        verify_challenge(answer, credential)


@pytest.mark.parametrize("credential", [*MALFORMED, *NEAR])
@judges(*CLOSED, *CLOSED_POLLING, needs=Needs(stream=True))
def test_a_credential_that_is_not_quite_right_opens_nothing(
    transmitter: RemoteTransmitter, credential: str
) -> None:
    """What is no token, or is near to the own one, is as good as none at each endpoint."""
    shown = not_quite(transmitter, credential)
    if shown is None:
        return
    with transmitter.new_stream() as stream:
        before = stream.read()
        status = status_of(stream, "update_status")
        for operation, answer in at_each_endpoint(stream, shown):
            verify(
                CLOSED_POLLING if operation in POLLING else CLOSED,
                not answer.served,
                expected=f"{operation} refused with a credential that is {credential}",
                got=answer.text,
            )
        after = transmitter.configuration_in(stream.fetch())
        kept = not differing(before, after, MEMBERS)
        verify(
            CLOSED,
            kept and status_of(stream, "update_status") == status,
            expected=f"the stream as it was: {before!r}, {status}",
            got=f"{after!r}",
        )


def not_quite(transmitter: RemoteTransmitter, how: str) -> Credential:
    """Return a credential that is almost right, or None if there is none of that kind."""
    if how in MALFORMED:
        return SecretHeader("authorization", MALFORMED[how])
    own = transmitter.target.credentials.get("management")
    return near(own)[how] if isinstance(own, Bearer) else None


@without_authorization
@judges(*CLOSED, needs=Needs(stream=True, operations=("verify",), sets=1))
def test_nobody_verifies_a_stream(
    transmitter: RemoteTransmitter, credential: Bearer | None
) -> None:
    """A verification request without authorization puts no SET on the stream."""
    state = "asked by nobody"
    with transmitter.new_stream() as stream:
        answer = stream.send("verify", body={"state": state}, credential=credential)
        came = stream.obtain_sets()
        reached = [jti for jti, token in came.items() if state in repr(claims_of(token))]
        verify(
            CLOSED,
            not answer.served and not reached,
            expected="verification refused, and no event with the state of that request",
            got=f"{answer.text}; events with that state: {len(reached)}",
        )


@pytest.mark.parametrize("operation", ["add_subject", "remove_subject"])
@pytest.mark.parametrize("who", ["nobody", "a limited Receiver"])
@judges(
    "SSF-8-HTTP-AUTH",
    "SSE-8-OAUTH-BEARER",
    ERR_403["add_subject"],
    ERR_403["remove_subject"],
    needs=CHOOSES,
)
def test_subjects_are_chosen_by_who_may(
    transmitter: RemoteTransmitter, who: str, operation: str
) -> None:
    """What is asked for without the right to neither stops events nor brings them back."""
    limited = transmitter.target.limited_receiver.get("management")
    if who != "nobody" and limited is None:
        return
    rows = ("SSF-8-HTTP-AUTH", "SSE-8-OAUTH-BEARER") if who == "nobody" else (ERR_403[operation],)
    subject, control, _ = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        reports.of_covered(subject, control)
        adds = operation == "add_subject"
        if adds:
            reports.end(subject, control)
        answer = stream.send(
            operation,
            body={"subject": dict(subject)},
            credential=None if who == "nobody" else limited,
        )
        found = reports.of_event(subject, control=control)
        if not (found or adds):
            # If events come after the subject is added again, it had been removed.
            reports.of_covered(subject, control)
        verify(
            rows,
            bool(found) is not adds,
            expected=f"{'no' if adds else 'an'} event about the subject, as before",
            got=f"SETs about {found!r}, after {operation} by {who} was answered {answer.text}",
        )


@pytest.mark.parametrize("operation", ERR_403)
@judges(*ERR_403.values(), needs=Needs(stream=True, model="explicit", limited_receiver=True))
def test_management_is_forbidden_to_a_receiver_that_may_not(
    transmitter: RemoteTransmitter, operation: str
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
def test_no_stream_is_made_for_a_receiver_that_may_not(transmitter: RemoteTransmitter) -> None:
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
    transmitter: RemoteTransmitter, credential: Bearer | None
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
