"""The target's authorization server: RFC 6749, RFC 8414 and RFC 9728, as far as cases need them.

Its client is the one that the operator provides: `target.oauth_client`.
"""

from collections.abc import Mapping
from typing import Any

from conformance.receiver.answer import Answer
from conformance.receiver.preconditions import Blocked, require
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec.profile import Discovery
from conformance.target.credentials import Bearer, Call, ClientCredentials, is_token
from conformance.target.provisions import PROVISIONS

# CAEP Interoperability Profile 1.0, section 2.7.2.
MANAGE = "ssf.manage"
READ = "ssf.read"

_SERVER = Discovery("/.well-known/oauth-authorization-server", "insert", "none")
_RESOURCE = Discovery("/.well-known/oauth-protected-resource", "insert", "none")


def client_of(transmitter: RemoteTransmitter) -> ClientCredentials:
    """Return the client that the operator provides. Raises Blocked where there is none."""
    client = transmitter.target.oauth_client
    if client is None:
        raise Blocked(PROVISIONS["oauth_client"].missing["oauth_client"])
    return client


def send(transmitter: RemoteTransmitter, operation: str, call: Call) -> Answer:
    """Send a request to the authorization server, and record it."""
    return transmitter.connection.send(
        transmitter.recorder,
        operation,
        call.method,
        call.url,
        channel="none",
        credential=None,
        content=call.body,
        headers=call.headers,
    )


def request_token(transmitter: RemoteTransmitter, scope: str | None) -> Answer:
    """Ask for an access token with this scope; None leaves it to the server."""
    return send(transmitter, "token", client_of(transmitter).asking_for(scope))


def token_in(transmitter: RemoteTransmitter, answer: Answer) -> Bearer | None:
    """Return the access token in an answer, None if it holds no usable one."""
    found = member(answer, "access_token")
    if not answer.served or not isinstance(found, str) or not is_token(found):
        return None
    client_of(transmitter).remember(found)
    return Bearer(found)


def token_for(transmitter: RemoteTransmitter, scope: str) -> Bearer:
    """Return a token that has this scope and no other.

    Raises NotReached where none is issued, and Blocked where the server gives another scope, which
    RFC 6749 section 3.3 leaves to it.
    """
    answer = request_token(transmitter, scope)
    token = token_in(transmitter, answer)
    require(token is not None, f"no token with the scope {scope}: answered {answer.text}")
    if token is None or scopes_in(answer, scope) != {scope}:
        raise Blocked(f"asked for the scope {scope}, the server gives {scopes_in(answer, scope)}")
    return token


def scopes_in(answer: Answer, asked: str) -> set[str]:
    """Return the granted scopes: those of the answer, else the requested ones."""
    found = member(answer, "scope")
    return set((found if isinstance(found, str) else asked).split())


def member(answer: Answer, name: str) -> Any:  # noqa: ANN401 (JSON)
    """Return a member of a JSON answer, None where it has none."""
    return answer.document.get(name) if isinstance(answer.document, Mapping) else None


def server_metadata(transmitter: RemoteTransmitter) -> Mapping[str, Any]:
    """Return the authorization server's metadata; empty where the issuer has none."""
    answer = transmitter.get(_SERVER.url(transmitter.issuer))
    return answer.document if answer.served and member(answer, "token_endpoint") else {}


def has_resource_metadata(transmitter: RemoteTransmitter) -> bool:
    """Return whether there is protected resource metadata that names the scopes."""
    places = {transmitter.issuer, transmitter.metadata.get("configuration_endpoint")}
    answers = (transmitter.get(_RESOURCE.url(place)) for place in places if isinstance(place, str))
    return any(one.served and member(one, "resource") is not None for one in answers)
