"""Transmitter Configuration Discovery: SSF 1.0, sections 7.1 and 7.2."""

import re

from conformance.judging import Needs, judges, observe, require, verify
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
from conformance.receiver.remote_transmitter import CONFLICT, RemoteTransmitter
from conformance.receiver.shown_values import shows

FORBIDDEN = frozenset({401, 403})


@judges(
    "SSF-7.2-WELLKNOWN-PATH",
    "SSF-7.2.1-GET",
    "SSF-7.2.1-TRAILING-SLASH-STRIPPED",
    "SSF-7.1-AUTHZ-SCHEMES-PUBLIC",
)
def test_the_metadata_stands_where_the_issuer_leads(transmitter: RemoteTransmitter) -> None:
    """The metadata is found by GET at the issuer's well-known path, without a credential."""
    place = place_of(transmitter)
    got = place.answer.text
    if "discovery" not in transmitter.target.overrides:
        expected = f"200 from {place.url}"
        verify("SSF-7.2-WELLKNOWN-PATH", place.found, expected=expected, got=got)
        if transmitter.issuer.endswith("/"):
            verify(
                "SSF-7.2.1-TRAILING-SLASH-STRIPPED",
                not place.slashed,
                expected=expected,
                got=f"{got}; the metadata stands at {place.url}/",
            )
    verify("SSF-7.2.1-GET", not place.no_get, expected="GET to work", got=got)
    verify(
        "SSF-7.1-AUTHZ-SCHEMES-PUBLIC",
        not place.withheld,
        expected="metadata readable without a credential",
        got=got,
    )


@judges("SSF-7.2.3-STATUS-200", "SSF-7.2-CONTENT-TYPE", "SSF-7.2.4-ISSUER-IDENTICAL")
def test_the_metadata_is_json_and_names_its_issuer(transmitter: RemoteTransmitter) -> None:
    """Each answer is 200 and JSON, labelled so, and its issuer is the one asked for."""
    for _ in range(READINGS):
        answer = transmitter.find_metadata()
        document = answer.document
        verify(
            "SSF-7.2.3-STATUS-200",
            answer.status == 200 and isinstance(document, dict),
            expected="200 and a JSON object",
            got=answer.text,
        )
        verify(
            "SSF-7.2-CONTENT-TYPE",
            answer.media_type == "application/json",
            expected="Content-Type: application/json",
            got=answer.headers.get("content-type", "no Content-Type"),
        )
        if isinstance(document, dict):
            verify(
                "SSF-7.2.4-ISSUER-IDENTICAL",
                document.get("issuer") == transmitter.issuer,
                expected=f"issuer {transmitter.issuer!r}, character for character",
                got=document.get("issuer"),
            )


@judges(*requirements_of("ssf/transmitter-configuration.json"))
def test_the_members_of_the_metadata_have_their_shape(transmitter: RemoteTransmitter) -> None:
    """Each member of the metadata that is there has the shape that the text gives it."""
    answer = transmitter.find_metadata()
    if isinstance(answer.document, dict):
        verify_shape(transmitter, "transmitter_configuration", answer.document)


@judges("SSF-7.2.3-ERROR-STATUS")
def test_metadata_of_an_unknown_issuer_is_an_error(transmitter: RemoteTransmitter) -> None:
    """A request for the metadata of an unknown issuer is answered with an error status."""
    answer = transmitter.get(unknown_issuer(transmitter))
    if answer.is_json and answer.document == transmitter.find_metadata().document:
        return  # the same document whatever follows the well-known path: a host with one tenant
    verify(
        "SSF-7.2.3-ERROR-STATUS",
        answer.refused,
        expected="a 4xx for the metadata of an unknown issuer",
        got=answer.text,
    )


@judges("SSF-7.2.2-NOT-RISC-LOCATION", "SSF-7.2.2-RISC-LOCATION-LEGACY")
def test_the_metadata_does_not_stand_at_the_old_location_alone(
    transmitter: RemoteTransmitter,
) -> None:
    """Metadata that can be used at risc-configuration can be used at ssf-configuration too."""
    answer = transmitter.get(risc_location(transmitter))
    old = names_issuer(transmitter, answer)
    if old:
        observe("SSF-7.2.2-RISC-LOCATION-LEGACY", "metadata at risc-configuration too")
    verify(
        "SSF-7.2.2-NOT-RISC-LOCATION",
        not old
        or names_issuer(
            transmitter, transmitter.get(transmitter.profile.discovery.url(transmitter.issuer))
        ),
        expected="metadata of this issuer at ssf-configuration",
        got=f"only at risc-configuration: {answer.text}",
    )


@judges("SSF-7.1-SPEC-VERSION", "SSF-7.2.3-EXTRA-CLAIMS", "SSF-3.6-CRITICAL-MEMBERS-DECLARED")
def test_the_metadata_may_say_more_than_it_has_to(transmitter: RemoteTransmitter) -> None:
    """The metadata may name the text that it follows, and have members of its own."""
    metadata = transmitter.metadata
    strange = unknown_members(transmitter)
    if strange:
        observe("SSF-7.2.3-EXTRA-CLAIMS", f"members that no text defines: {', '.join(strange)}")
    if "critical_subject_members" in metadata:
        critical = metadata["critical_subject_members"]
        observe("SSF-3.6-CRITICAL-MEMBERS-DECLARED", f"critical_subject_members: {critical}")
    version = metadata.get("spec_version")
    observe("SSF-7.1-SPEC-VERSION", f"spec_version: {version or 'none, which means 1_0-ID1'}")
    if version is not None:
        verify(
            "SSF-7.1-SPEC-VERSION",
            isinstance(version, str) and re.fullmatch(r"[0-9]+_[0-9]+(-ID[0-9]+)?", version),
            expected="a version such as 1_0 or 1_0-ID3",
            got=version,
        )


@judges(
    "SSF-8-MGMT-API-RECOMMENDED",
    "SSF-8-MGMT-API-OPTIONAL",
    "SSF-7.1-ENDPOINTS-OPTIONAL",
)
def test_the_management_api_is_offered(transmitter: RemoteTransmitter) -> None:
    """The endpoints of the management API are there."""
    missing = missing_endpoints(transmitter)
    if missing:
        observe("SSF-7.1-ENDPOINTS-OPTIONAL", f"not in the metadata: {', '.join(missing)}")
    if not any(map(transmitter.offers, management(transmitter))):
        observe("SSF-8-MGMT-API-OPTIONAL", "no management API")
    for operation in management(transmitter):
        verify(
            "SSF-8-MGMT-API-RECOMMENDED",
            transmitter.offers(operation),
            expected=f"an endpoint for {operation}",
            got="none known",
        )


@judges(
    "SSF-7.1-DELIVERY-METHODS-HONOURED",
    needs=Needs(model="explicit", operations=("create_stream",), delivery="poll"),
)
def test_a_listed_delivery_method_can_be_used(transmitter: RemoteTransmitter) -> None:
    """Where the metadata lists poll delivery, a stream can be made with it."""
    method = transmitter.profile.delivery.poll
    listed = transmitter.metadata.get("delivery_methods_supported")
    if not isinstance(listed, list) or method not in listed:
        return
    wanted = {"method": method}
    with transmitter.creating({**transmitter.usual_properties(), "delivery": wanted}) as (
        answer,
        stream,
    ):
        if answer.status == CONFLICT:
            return  # the Receiver already has its only stream
        require(answer.status not in FORBIDDEN, f"no stream may be made: {answer.text}")
        verify(
            "SSF-7.1-DELIVERY-METHODS-HONOURED",
            stream is not None and shows(stream.configuration, "delivery", wanted),
            expected=f"a stream made with {method}, which the metadata lists",
            got=answer.text,
        )
