"""Transmitter Configuration Discovery: SSF 1.0, sections 7.1 and 7.2."""

from conformance.shapes import requirements_of, verify_shape
from conformance.transmitter import Transmitter
from conformance.verdicts import judges, verify

BOGUS_PATH = "/no-such-issuer-of-ssf-conformance"


@judges(
    "SSF-7.2-WELLKNOWN-PATH",
    "SSF-7.2.1-GET",
    "SSF-7.2.1-TRAILING-SLASH-STRIPPED",
    "SSF-7.1-AUTHZ-SCHEMES-PUBLIC",
)
def test_the_metadata_stands_where_the_issuer_leads(transmitter: Transmitter) -> None:
    """The metadata is found by GET at the issuer's well-known path, without a credential."""
    answer = transmitter.discover(credential=None)
    if "discovery" not in transmitter.target.overrides:
        expected = f"200 from {transmitter.discovery_url}"
        verify("SSF-7.2-WELLKNOWN-PATH", answer.served, expected=expected, got=answer.text)
        if transmitter.issuer.endswith("/"):
            verify(
                "SSF-7.2.1-TRAILING-SLASH-STRIPPED",
                answer.served,
                expected=expected,
                got=answer.text,
            )
    verify(
        "SSF-7.2.1-GET", answer.status not in {405, 501}, expected="GET to work", got=answer.text
    )
    verify(
        "SSF-7.1-AUTHZ-SCHEMES-PUBLIC",
        answer.served,
        expected="metadata readable without a credential",
        got=answer.text,
    )


@judges("SSF-7.2.3-STATUS-200", "SSF-7.2-CONTENT-TYPE", "SSF-7.2.4-ISSUER-IDENTICAL")
def test_the_metadata_is_json_and_names_its_issuer(transmitter: Transmitter) -> None:
    """The answer is 200 and JSON, labelled so, and its issuer is the one asked for."""
    answer = transmitter.discover()
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
def test_the_members_of_the_metadata_have_their_shape(transmitter: Transmitter) -> None:
    """Each member of the metadata that is there has the shape that the text gives it."""
    answer = transmitter.discover()
    if isinstance(answer.document, dict):
        verify_shape(transmitter, "transmitter_configuration", answer.document)


@judges("SSF-7.2.3-ERROR-STATUS")
def test_metadata_of_an_unknown_issuer_is_an_error(transmitter: Transmitter) -> None:
    """A request for the metadata of an unknown issuer is answered with an error status."""
    url = transmitter.profile.discovery.url(transmitter.issuer.rstrip("/") + BOGUS_PATH)
    answer = transmitter.get(url)
    same = isinstance(answer.document, dict) and answer.document == transmitter.discover().document
    if same:
        return  # one document whatever stands behind the well-known path: a host of one tenant
    verify(
        "SSF-7.2.3-ERROR-STATUS",
        answer.refused,
        expected="a 4xx for the metadata of an unknown issuer",
        got=answer.text,
    )
