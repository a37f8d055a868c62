"""Variants within the CAEP Interoperability Profile 1.0."""

import json
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant, variant_at, variant_row
from mock_transmitter.deviations.kinds.documents import with_header
from mock_transmitter.deviations.kinds.sets import ClaimsDeviation
from mock_transmitter.deviations.variants.configuration import (
    FewerEventsAreDeliveredThanRequested,
    OneStreamPerReceiver,
)
from mock_transmitter.domain.events import CAEP
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.operations import Call, Outcome, Reply

_CREDENTIAL_CHANGE = f"{CAEP}/credential-change"
variant_row(
    "interop-receivers-have-one-stream",
    "A Receiver may have one stream, for the profile only lets there be more.",
    OneStreamPerReceiver,
    exercises=("CAEPIOP-2.3.8.2-MULTI-STREAM",),
)
variant_row(
    "interop-streams-serve-one-use-case",
    "A stream delivers the first event type asked for, and so serves one use case alone.",
    FewerEventsAreDeliveredThanRequested,
    exercises=("CAEPIOP-3-ANY-USE-CASE",),
)


@variant
class InteropStreamsAreNeitherUpdatedNorDeleted(Deviation):
    """PATCH, PUT and DELETE of a stream are answered with 405."""

    exercises = ("CAEPIOP-2.3.8.2-UPDATE-NOT-LISTED",)
    on = frozenset(
        {"update_stream", "replace_stream", "delete_stream", "add_subject", "remove_subject"}
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return Reply(status=405, document={"error": "method_not_allowed"})

    def response(self, response: Response, at: At) -> Response:
        return with_header(response, "allow", "GET, POST")


@variant_at(
    "response", on=("discover_authorization_server",), exercises=("CAEPIOP-2.7.1-AS-METADATA",)
)
def authorization_server_has_no_metadata(response: Response) -> Response:
    """The authorization server publishes no metadata of its own."""
    return Response.json(404, {"error": "not_found"})


@variant_at("response", on=("token",), exercises=("CAEPIOP-2.7.2-SCOPE-POSTFIX",))
def scopes_are_finer(response: Response) -> Response:
    """A token has finer scopes beside those that were asked for."""
    if response.status != 200:
        return response
    document = json.loads(response.body)
    document["scope"] += f" {document['scope'].split()[0]}.poll"
    return replace(response, body=json.dumps(document).encode())


@variant
class ProtectedResourceMetadataNamesOtherScopes(Deviation):
    """Metadata of the protected resource names the scopes, which begin otherwise than with ssf."""

    exercises = ("CAEPIOP-2.7.3-OPRM",)

    def __init__(self) -> None:
        self._asked = False

    def request(self, request: Request, at: At) -> Request:
        self._asked = request.path.startswith("/.well-known/oauth-protected-resource")
        return request

    def response(self, response: Response, at: At) -> Response:
        """Publish it, and grant what it names, whatever was asked for."""
        if self._asked:
            document = {"resource": "https://mock.example", "scopes_supported": ["streams"]}
            return Response.json(200, document)
        if at.operation != "token" or response.status != 200:
            return response
        document = {**json.loads(response.body), "scope": "streams"}
        return replace(response, body=json.dumps(document).encode())


@variant_at(ClaimsDeviation, exercises=("CAEPIOP-3.2-ANY-VALUES",))
def interop_credentials_change_in_another_way(claims: Json) -> Json:
    """A credential-change event tells that a certificate was revoked."""
    payload = claims["events"].get(_CREDENTIAL_CHANGE)
    if payload is None:
        return claims
    other = {
        "credential_type": "x509",
        "change_type": "revoke",
        "reason_admin": payload["reason_admin"],
        "event_timestamp": payload["event_timestamp"],
        "x509_issuer": "CN=Issuer",
        "x509_serial": "0a0b0c",
    }
    return {**claims, "events": {_CREDENTIAL_CHANGE: other}}
