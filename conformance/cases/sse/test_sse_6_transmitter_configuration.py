"""Transmitter Configuration Discovery: SSE Framework 1.0 ID1 (2021), sections 6.1 and 6.2."""

from conformance.judging import judges, observe, verify
from conformance.judging.message_shape import requirements_of, verify_shape
from conformance.judging.metadata import (
    READINGS,
    management,
    missing_endpoints,
    names_issuer,
    place_of,
    risc_location,
    unknown_issuer,
    unknown_members,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter


@judges("SSE-6.2-WELLKNOWN", "SSE-6.2.1-GET", "SSE-6.2.1-TRAILING-SLASH")
def test_the_metadata_stands_where_the_issuer_leads(transmitter: RemoteTransmitter) -> None:
    """The metadata is found by GET at the issuer's well-known path, as application/json."""
    place = place_of(transmitter)
    answer = place.answer
    if "discovery" not in transmitter.target.overrides:
        expected = f"200 and application/json from {place.url}"
        verify(
            "SSE-6.2-WELLKNOWN",
            place.found and (answer.media_type == "application/json" or not answer.served),
            expected=expected,
            got=f"{answer.headers.get('content-type', 'no Content-Type')}, {answer.text}",
        )
        if transmitter.issuer.endswith("/"):
            verify(
                "SSE-6.2.1-TRAILING-SLASH",
                not place.slashed,
                expected=expected,
                got=f"{answer.text}; the metadata stands at {place.url}/",
            )
    verify("SSE-6.2.1-GET", not place.no_get, expected="GET to work", got=answer.text)


@judges("SSE-6.2.2-STATUS-200", "SSE-6.2.3-ISSUER-IDENTICAL")
def test_the_metadata_is_json_and_names_its_issuer(transmitter: RemoteTransmitter) -> None:
    """Each answer is 200 with a JSON object, and its issuer is the one that led to it."""
    for _ in range(READINGS):
        answer = transmitter.find_metadata()
        verify(
            "SSE-6.2.2-STATUS-200",
            answer.status == 200
            and isinstance(answer.document, dict)
            and answer.media_type == "application/json",
            expected="200 and a JSON object labelled application/json",
            got=f"{answer.headers.get('content-type', 'no Content-Type')}, {answer.text}",
        )
        if isinstance(answer.document, dict):
            verify(
                "SSE-6.2.3-ISSUER-IDENTICAL",
                answer.document.get("issuer") == transmitter.issuer,
                expected=f"issuer {transmitter.issuer!r}, character for character",
                got=answer.document.get("issuer"),
            )


@judges(*requirements_of("sse/transmitter-configuration.json"))
def test_the_members_of_the_metadata_have_their_shape(transmitter: RemoteTransmitter) -> None:
    """Each member of the metadata that is there has the shape that the text gives it."""
    answer = transmitter.find_metadata()
    if isinstance(answer.document, dict):
        verify_shape(transmitter, "transmitter_configuration", answer.document)


@judges("SSE-6.2.2-ERROR-STATUS")
def test_metadata_of_an_unknown_issuer_is_an_error(transmitter: RemoteTransmitter) -> None:
    """A request for the metadata of an unknown issuer is answered with an error status."""
    answer = transmitter.get(unknown_issuer(transmitter))
    if answer.is_json and answer.document == transmitter.find_metadata().document:
        return  # the same document whatever follows the well-known path: a host with one tenant
    verify(
        "SSE-6.2.2-ERROR-STATUS",
        answer.refused,
        expected="a 4xx for the metadata of an unknown issuer",
        got=answer.text,
    )


@judges("SSE-6.2-RISC-LOCATION", "SSE-6.2.2-EXTRA-CLAIMS")
def test_the_metadata_may_say_more_than_it_has_to(transmitter: RemoteTransmitter) -> None:
    """The metadata may stand at risc-configuration too, and have members of its own."""
    if names_issuer(transmitter, transmitter.get(risc_location(transmitter))):
        observe("SSE-6.2-RISC-LOCATION", "metadata at risc-configuration too")
    strange = unknown_members(transmitter)
    if strange:
        observe("SSE-6.2.2-EXTRA-CLAIMS", f"members that no text defines: {', '.join(strange)}")


@judges("SSE-7-MGMT-RECOMMENDED", "SSE-7-MGMT-OPTIONAL", "SSE-6.1-ENDPOINTS-OPTIONAL")
def test_the_management_api_is_offered(transmitter: RemoteTransmitter) -> None:
    """The endpoints of the management API are there."""
    missing = missing_endpoints(transmitter)
    if missing:
        observe("SSE-6.1-ENDPOINTS-OPTIONAL", f"not in the metadata: {', '.join(missing)}")
    if not any(map(transmitter.offers, management(transmitter))):
        observe("SSE-7-MGMT-OPTIONAL", "no management API")
    for operation in management(transmitter):
        verify(
            "SSE-7-MGMT-RECOMMENDED",
            transmitter.offers(operation),
            expected=f"an endpoint for {operation}",
            got="none known",
        )
