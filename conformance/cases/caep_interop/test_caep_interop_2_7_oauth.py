"""OAuth 2.0 at the Transmitter: CAEP Interoperability Profile 1.0, section 2.7."""

import math

import pytest

from conformance.judging import Needs, judges, observe, require, verify
from conformance.judging.challenge import error_in, schemes_in
from conformance.judging.foreign_access import (
    CHANGES,
    CLOSED,
    CLOSED_POLLING,
    POLLING,
    at_each_endpoint,
    near,
    request_body,
    status_of,
)
from conformance.receiver.answer import Answer
from conformance.receiver.oauth import (
    MANAGE,
    READ,
    client_of,
    has_resource_metadata,
    member,
    request_token,
    scopes_in,
    send,
    server_metadata,
    token_for,
    token_in,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import MEMBERS, differing
from conformance.sets.contents import claims_of
from conformance.spec.requirement import Grade
from conformance.target.credentials import Bearer

LONGEST_S = 3600
# The tolerated difference between the clocks of the issuing and the checking server.
LEEWAY_S = 60
ERRORS = ("invalid_request", "invalid_token", "insufficient_scope")

OAUTH = Needs(model="explicit", oauth_client=True)
OAUTH_AND_LIST = Needs(model="explicit", oauth_client=True, operations=("list_streams",))
OAUTH_AND_STREAM = Needs(model="explicit", oauth_client=True, stream=True)


@judges(
    "CAEPIOP-2.7.1-GRANTS",
    "CAEPIOP-2.7.1-SHORT-LIVED",
    "CAEPIOP-2.7.1-AS-METADATA",
    needs=OAUTH,
)
def test_client_credentials_give_a_short_lived_token(transmitter: RemoteTransmitter) -> None:
    """The authorization server trades client credentials for a token that lasts an hour at most."""
    if server_metadata(transmitter):
        observe("CAEPIOP-2.7.1-AS-METADATA", "metadata of the authorization server at the issuer")
    answer = request_token(transmitter, client_of(transmitter).scope)
    verify(
        "CAEPIOP-2.7.1-GRANTS",
        token_in(transmitter, answer) is not None,
        expected="an access token for the client's credentials",
        got=answer.text,
    )
    lifetime = lifetime_in(answer)
    if lifetime is not None:
        verify(
            "CAEPIOP-2.7.1-SHORT-LIVED",
            lifetime <= LONGEST_S,
            expected=f"a token that lasts {LONGEST_S} s or less",
            got=f"{lifetime} s",
        )


def lifetime_in(answer: Answer) -> float | None:
    """Return the lifetime of a token in seconds; None if neither answer nor token says it."""
    said = seconds(member(answer, "expires_in"))
    if said is not None:
        return said
    claims = claims_of(str(member(answer, "access_token")))
    ends, begins = seconds(claims.get("exp")), seconds(claims.get("iat", claims.get("nbf")))
    return None if ends is None or begins is None else ends - begins


def seconds(value: object) -> float | None:
    """Return a number of seconds, even if written as a string; None for anything else."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


@judges("CAEPIOP-2.7.2-SCOPE-PREFIX", "CAEPIOP-2.7.2-SCOPE-POSTFIX", needs=OAUTH)
def test_the_scopes_for_streams_begin_with_ssf(transmitter: RemoteTransmitter) -> None:
    """Where no metadata says otherwise, a client is granted ssf.manage and ssf.read."""
    if has_resource_metadata(transmitter):
        return
    asked = f"{MANAGE} {READ}"
    answer = request_token(transmitter, asked)
    if token_in(transmitter, answer) is None:
        any_token = token_in(transmitter, request_token(transmitter, None))
        require(any_token, f"no access token was issued, whatever its scope: {answer.text}")
    granted = scopes_in(answer, asked)
    finer = sorted(one for one in granted if one.startswith((f"{MANAGE}.", f"{READ}.")))
    if finer:
        observe("CAEPIOP-2.7.2-SCOPE-POSTFIX", f"finer scopes: {', '.join(finer)}")
    verify(
        "CAEPIOP-2.7.2-SCOPE-PREFIX",
        token_in(transmitter, answer) is not None and {MANAGE, READ} <= granted,
        expected=f"a token with the scopes {asked}",
        got=answer.text,
    )


@judges("CAEPIOP-2.7.2-SCOPE-MANAGE", needs=OAUTH_AND_STREAM)
def test_management_takes_the_scope_for_it(transmitter: RemoteTransmitter) -> None:
    """Where no metadata says otherwise, ssf.manage alone is enough to manage streams."""
    if has_resource_metadata(transmitter):
        return
    token = token_for(transmitter, MANAGE)
    with transmitter.creating(transmitter.usual_properties(), credential=token) as (answer, stream):
        verify_allowed("CAEPIOP-2.7.2-SCOPE-MANAGE", "create_stream", answer)
        require(stream is not None, f"no stream could be made: {answer.text}")
        # A subject may be refused whatever the token allows.
        bodies = {
            "update_stream": {"description": "managed"},
            "replace_stream": {**transmitter.usual_properties(), "description": "replaced"},
            "update_status": {"status": "enabled"},
            "verify": {},
            "delete_stream": None,
        }
        for operation, body in bodies.items():
            if stream is not None and transmitter.offers(operation):
                done = stream.send(operation, body=body, credential=token)
                verify_allowed("CAEPIOP-2.7.2-SCOPE-MANAGE", operation, done)


@judges("CAEPIOP-2.7.2-SCOPE-READ", needs=OAUTH_AND_STREAM)
def test_reading_takes_the_scope_for_it(transmitter: RemoteTransmitter) -> None:
    """Where no metadata says otherwise, ssf.read alone is enough to read streams."""
    if has_resource_metadata(transmitter):
        return
    token = token_for(transmitter, READ)
    with transmitter.new_stream() as stream:
        verify_allowed("CAEPIOP-2.7.2-SCOPE-READ", "read_stream", stream.fetch(credential=token))
        listed = transmitter.list_streams(credential=token)
        verify_allowed("CAEPIOP-2.7.2-SCOPE-READ", "list_streams", listed)
        if transmitter.offers("read_status"):
            shown = stream.send("read_status", credential=token)
            verify_allowed("CAEPIOP-2.7.2-SCOPE-READ", "read_status", shown)


def verify_allowed(requirement: str, operation: str, answer: Answer) -> None:
    """Judge that a token was sufficient for an operation, whatever its outcome."""
    verify(
        requirement,
        answer.status not in {401, 403},
        expected=f"{operation} to be allowed",
        got=answer.text,
    )


@judges("CAEPIOP-2.7.3-BEARER-HEADER", needs=OAUTH_AND_LIST)
def test_an_access_token_is_taken_from_the_header(transmitter: RemoteTransmitter) -> None:
    """An access token in the Authorization header is accepted."""
    token = token_in(transmitter, request_token(transmitter, client_of(transmitter).scope))
    require(token, "no access token was issued")
    answer = transmitter.list_streams(credential=token)
    verify(
        "CAEPIOP-2.7.3-BEARER-HEADER",
        answer.served,
        expected="the list of streams",
        got=answer.text,
    )


@judges("CAEPIOP-2.7.3-NO-QUERY-TOKEN", needs=OAUTH_AND_STREAM)
def test_an_access_token_in_the_query_is_not_taken(transmitter: RemoteTransmitter) -> None:
    """A request whose only access token stands in the query is refused, at each endpoint."""
    answer = request_token(transmitter, client_of(transmitter).scope)
    token = token_in(transmitter, answer)
    require(token, f"no access token was issued: {answer.text}")
    query = {"access_token": token.token if token else ""}
    with transmitter.new_stream() as stream:
        for operation, refusal in at_each_endpoint(stream, None, query):
            verify(
                "CAEPIOP-2.7.3-NO-QUERY-TOKEN",
                refusal.refused,
                expected=f"a 4xx for {operation} with a token in the query",
                got=refusal.text,
            )


@pytest.mark.parametrize("how", ["tampered with", "expired", "revoked"])
@judges(
    "CAEPIOP-2.7.3-TOKEN-VALIDITY",
    "RFC6750-3.1-INVALID-TOKEN",
    *CLOSED,
    *CLOSED_POLLING,
    needs=Needs(oauth_client=True, stream=True),
)
def test_a_token_that_is_not_valid_is_refused(transmitter: RemoteTransmitter, how: str) -> None:
    """A token that was tampered with, has expired or was revoked is refused at each endpoint."""
    answer = request_token(transmitter, client_of(transmitter).scope)
    token = token_in(transmitter, answer)
    require(token, f"no access token was issued: {answer.text}")
    spoilt = None if token is None else spoil(transmitter, how, token, lifetime_in(answer))
    if spoilt is None:
        return
    with transmitter.new_stream() as stream:
        for operation, refusal in at_each_endpoint(stream, spoilt):
            verify_not_valid(operation, refusal, how)


def verify_not_valid(operation: str, refusal: Answer, how: str) -> None:
    """Judge the answer to an invalid token. A poll may need another kind of token anyway."""
    polls = operation in POLLING
    verify(
        CLOSED_POLLING if polls else CLOSED,
        not refusal.served,
        expected=f"{operation} to be refused with a token that was {how}",
        got=refusal.text,
    )
    verify(
        "CAEPIOP-2.7.3-TOKEN-VALIDITY",
        refusal.status == 401 or (polls and refusal.refused),
        expected=f"401 for {operation} with a token that was {how}",
        got=refusal.text,
        at_most=Grade.WARN if refusal.refused else None,
    )
    if not polls:
        challenge = refusal.headers.get("www-authenticate", "")
        verify(
            "RFC6750-3.1-INVALID-TOKEN",
            refusal.status == 401 and error_in(challenge) == "invalid_token",
            expected=f"401 and error=invalid_token for {operation} with a token that was {how}",
            got=f"{refusal.text}; WWW-Authenticate: {challenge or 'none'}",
        )


def spoil(
    transmitter: RemoteTransmitter, how: str, token: Bearer, lifetime: float | None
) -> Bearer | None:
    """Return a token that is no longer valid; None if there is no way to make one."""
    if how == "expired":
        if lifetime is None:
            return None
        transmitter.wait(max(lifetime, 0) + LEEWAY_S)
        return token
    if how == "revoked":
        client = client_of(transmitter)
        known = server_metadata(transmitter).get("revocation_endpoint")
        url = client.revocation_url or known
        if not isinstance(url, str):
            return None
        answer = send(transmitter, "revoke", client.revoking(token.token, url))
        require(answer.served, f"the token could not be revoked: {answer.text}")
        return token
    return near(token)["another letter in the middle"]


@judges(
    "CAEPIOP-2.7.3-TOKEN-SUFFICIENT",
    "CAEPIOP-2.7.3-RFC6750-ERRORS",
    needs=OAUTH_AND_STREAM,
)
def test_a_token_for_reading_changes_nothing(transmitter: RemoteTransmitter) -> None:
    """With ssf.read alone no stream is made, changed or paused, and the refusal says why."""
    if has_resource_metadata(transmitter):
        return
    token = token_for(transmitter, READ)
    with transmitter.new_stream(description="before") as stream:
        before = stream.read()
        status = status_of(stream, "update_status")
        wanted = transmitter.usual_properties()
        with transmitter.creating(wanted, credential=token) as (answer, _):
            verify_refused("create_stream", answer)
        for operation in (*CHANGES, "delete_stream"):
            if transmitter.offers(operation):
                body = request_body(operation, before, "changed with a token for reading")
                verify_refused(operation, stream.send(operation, body=body, credential=token))
        after = transmitter.configuration_in(stream.fetch())
        same_status = status_of(stream, "update_status") == status
        verify(
            "CAEPIOP-2.7.3-TOKEN-SUFFICIENT",
            same_status and not differing(before, after, MEMBERS),
            expected=f"the stream as it was: {before!r}, {status}",
            got=f"{after!r}, {status_of(stream, 'update_status')}",
        )


@judges(
    "CAEPIOP-2.7.3-TOKEN-SUFFICIENT",
    "CAEPIOP-2.7.3-RFC6750-ERRORS",
    needs=Needs(model="explicit", stream=True, limited_receiver=True),
)
def test_a_token_that_allows_nothing_is_refused(transmitter: RemoteTransmitter) -> None:
    """A token that allows nothing neither makes a stream, nor shows or verifies one."""
    limited = transmitter.target.limited_receiver["management"]
    with transmitter.new_stream() as stream:
        wanted = transmitter.usual_properties()
        with transmitter.creating(wanted, credential=limited) as (answer, _):
            verify_refused("create_stream", answer)
        for operation in ("read_stream", "read_status", "verify"):
            if transmitter.offers(operation):
                body = request_body(operation, {}, "asked with a token that allows nothing")
                verify_refused(operation, stream.send(operation, body=body, credential=limited))
        listed = transmitter.list_streams(credential=limited)
        verify(
            "CAEPIOP-2.7.3-TOKEN-SUFFICIENT",
            not any(one == stream.configuration for one in transmitter.configurations_in(listed)),
            expected="no stream in a list that a token asks for which allows nothing",
            got=listed.text,
        )


def verify_refused(operation: str, answer: Answer) -> None:
    """Judge the refusal of a token with insufficient scope: RFC 6750 section 3.1."""
    verify(
        "CAEPIOP-2.7.3-TOKEN-SUFFICIENT",
        answer.refused,
        expected=f"{operation} to be refused",
        got=answer.text,
    )
    if not answer.refused:
        return
    challenge = answer.headers.get("www-authenticate", "")
    error = error_in(challenge) if "bearer" in schemes_in(challenge) else None
    usual = answer.status == 403 and error == "insufficient_scope"
    verify(
        "CAEPIOP-2.7.3-RFC6750-ERRORS",
        usual,
        expected='403 and a Bearer challenge with error="insufficient_scope"',
        got=f"{answer.status}, WWW-Authenticate: {challenge or 'none'}",
        at_most=Grade.WARN if error in ERRORS else None,
    )


@judges("CAEPIOP-2.7.3-OPRM", needs=Needs(model="explicit"))
def test_protected_resource_metadata_is_noted(transmitter: RemoteTransmitter) -> None:
    """A resource server may publish metadata that tells a client which scopes it needs."""
    if has_resource_metadata(transmitter):
        observe("CAEPIOP-2.7.3-OPRM", "protected resource metadata at its well-known place")
