"""Reading the Transmitter Configuration Metadata: SSF 1.0 section 7, the 2021 draft's section 6."""

from dataclasses import dataclass, replace

from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec import schema

# One operation for each endpoint of the management API.
MANAGEMENT = ("read_stream", "verify", "read_status", "add_subject", "remove_subject")

# Who sits behind a balancer may not say the same each time.
READINGS = 3

UNKNOWN_ISSUER = "/no-such-issuer-of-ssf-conformance"
RISC_PATH = "/.well-known/risc-configuration"


@dataclass(frozen=True, slots=True)
class Place:
    """How the place of the metadata answers to a GET without a credential.

    `slashed` says that it stands there only where the issuer's last slash is kept.
    """

    url: str
    answer: Answer
    slashed: bool

    @property
    def withheld(self) -> bool:
        """Say whether it wants a credential."""
        return self.answer.is_in((401, 403))

    @property
    def no_get(self) -> bool:
        """Say whether it knows no GET."""
        return self.answer.is_in((405, 501))

    @property
    def found(self) -> bool:
        """Say whether something stands there, served or not."""
        return self.answer.served or self.withheld or self.no_get or self.slashed


def place_of(transmitter: RemoteTransmitter) -> Place:
    """Ask for the metadata where the issuer says that it stands."""
    url = transmitter.discovery_url
    answer = transmitter.discover(credential=None)
    slashed = (
        transmitter.issuer.endswith("/") and not answer.served and transmitter.get(f"{url}/").served
    )
    return Place(url, answer, slashed)


def unknown_issuer(transmitter: RemoteTransmitter) -> str:
    """Return where the metadata of an issuer would stand that nobody has."""
    return transmitter.profile.discovery.url(transmitter.issuer.rstrip("/") + UNKNOWN_ISSUER)


def risc_location(transmitter: RemoteTransmitter) -> str:
    """Return where a RISC Transmitter had its metadata before there was an SSF."""
    return replace(transmitter.profile.discovery, path=RISC_PATH).url(transmitter.issuer)


def names_issuer(transmitter: RemoteTransmitter, answer: Answer) -> bool:
    """Say whether an answer is metadata that a Receiver may use: it names the issuer asked for."""
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
