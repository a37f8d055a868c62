"""Transmitter Configuration Discovery: SSE Framework 1.0 ID1 (2021), sections 6.1 and 6.2."""

from conformance.shapes import requirements_of, verify_shape
from conformance.transmitter import Transmitter
from conformance.verdicts import judges, verify


@judges("SSE-6.2-WELLKNOWN", "SSE-6.2.1-GET", "SSE-6.2.1-TRAILING-SLASH")
def test_the_metadata_stands_where_the_issuer_leads(transmitter: Transmitter) -> None:
    """The metadata is found by GET at the issuer's well-known path, as application/json."""
    answer = transmitter.discover()
    if "discovery" not in transmitter.target.overrides:
        expected = f"200 and application/json from {transmitter.discovery_url}"
        verify(
            "SSE-6.2-WELLKNOWN",
            answer.served and answer.media_type == "application/json",
            expected=expected,
            got=f"{answer.headers.get('content-type', 'no Content-Type')}, {answer.text}",
        )
        if transmitter.issuer.endswith("/"):
            verify("SSE-6.2.1-TRAILING-SLASH", answer.served, expected=expected, got=answer.text)
    verify(
        "SSE-6.2.1-GET", answer.status not in {405, 501}, expected="GET to work", got=answer.text
    )


@judges("SSE-6.2.2-STATUS-200", "SSE-6.2.3-ISSUER-IDENTICAL")
def test_the_metadata_is_json_and_names_its_issuer(transmitter: Transmitter) -> None:
    """The answer is 200 with a JSON object, and its issuer is the one that led to it."""
    answer = transmitter.discover()
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
def test_the_members_of_the_metadata_have_their_shape(transmitter: Transmitter) -> None:
    """Each member of the metadata that is there has the shape that the text gives it."""
    answer = transmitter.discover()
    if isinstance(answer.document, dict):
        verify_shape(transmitter, "transmitter_configuration", answer.document)
