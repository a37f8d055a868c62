"""Reading the Transmitter Configuration Metadata: SSF 1.0 section 7, the 2021 draft's section 6."""

from dataclasses import dataclass, replace

from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec import schema

# One operation for each endpoint of the management API.
MANAGEMENT = ("read_stream", "verify", "read_status", "add_subject", "remove_subject")

# A target behind a load balancer may answer differently each time.
READINGS = 3

UNKNOWN_ISSUER = "/no-such-issuer-of-ssf-conformance"
RISC_PATH = "/.well-known/risc-configuration"


@dataclass(frozen=True, slots=True)
class Place:
    """How the metadata's URL answers to a GET without a credential.

    `slashed` says that the metadata is only found if the issuer's trailing slash is kept.
    """

    url: str
    answer: Answer
    slashed: bool

    @property
    def withheld(self) -> bool:
        """Return whether a credential is required."""
        return self.answer.is_in((401, 403))

    @property
    def no_get(self) -> bool:
        """Return whether GET is not supported."""
        return self.answer.is_in((405, 501))

    @property
    def found(self) -> bool:
        """Return whether there is a resource, served or not."""
        return self.answer.served or self.withheld or self.no_get or self.slashed


def place_of(transmitter: RemoteTransmitter) -> Place:
    """Request the metadata at the URL that the issuer implies."""
    url = transmitter.discovery_url
    answer = transmitter.discover(credential=None)
    slashed = (
        transmitter.issuer.endswith("/") and not answer.served and transmitter.get(f"{url}/").served
    )
    return Place(url, answer, slashed)


def unknown_issuer(transmitter: RemoteTransmitter) -> str:
    """Return the metadata URL of an issuer that does not exist."""
    return transmitter.profile.discovery.url(transmitter.issuer.rstrip("/") + UNKNOWN_ISSUER)


def risc_location(transmitter: RemoteTransmitter) -> str:
    """Return the metadata URL that RISC Transmitters used before SSF."""
    return replace(transmitter.profile.discovery, path=RISC_PATH).url(transmitter.issuer)


def names_issuer(transmitter: RemoteTransmitter, answer: Answer) -> bool:
    """Return whether an answer is metadata that names the requested issuer."""
    document = answer.document
    return (
        answer.served
        and isinstance(document, dict)
        and document.get("issuer") == transmitter.issuer
    )


def unknown_members(transmitter: RemoteTransmitter) -> list[str]:
    """Return the members of the metadata that its text does not define."""
    return sorted(set(transmitter.metadata) - set(_defined(transmitter)))


def missing_endpoints(transmitter: RemoteTransmitter) -> list[str]:
    """Return the endpoints that the text defines and the metadata does not name."""
    return [
        name
        for name in _defined(transmitter)
        if name.endswith("_endpoint") and name not in transmitter.metadata
    ]


def management(transmitter: RemoteTransmitter) -> list[str]:
    """Return an operation for each endpoint of the management API that the profile speaks to."""
    return [name for name in MANAGEMENT if transmitter.profile.offers(name)]


def _defined(transmitter: RemoteTransmitter) -> list[str]:
    shape = schema.load(transmitter.profile.schemas["transmitter_configuration"])
    return list(shape["properties"])
