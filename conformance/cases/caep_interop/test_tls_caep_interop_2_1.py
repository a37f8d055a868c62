"""TLS at every endpoint: the CAEP interoperability profile, section 2.1; RFC 9325."""

from conformance.judging import Needs, judges, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import delivery_of
from conformance.receiver.stream import Stream
from conformance.receiver.tls.handshake import Handshakes
from conformance.spec.requirement import Grade

HANDSHAKES = Needs(stream=True, model="explicit", handshakes=True)
# RFC 9325 section 4.5.
LEAST_RSA_BITS = 2048


def endpoints(transmitter: RemoteTransmitter, stream: Stream) -> list[str]:
    """Return the URLs of the Transmitter's endpoints, as far as it discloses them."""
    named = [
        value
        for name, value in transmitter.metadata.items()
        if name.endswith("_endpoint") or name == "jwks_uri"
    ]
    delivery = delivery_of(stream.configuration)
    if delivery.get("method") == transmitter.profile.delivery.poll:
        named.append(delivery.get("endpoint_url"))
    return [transmitter.discovery_url, *(url for url in named if isinstance(url, str))]


def shaken(transmitter: RemoteTransmitter, stream: Stream) -> list[Handshakes]:
    """Return the results of handshakes with each host of the https endpoints."""
    urls = [url for url in endpoints(transmitter, stream) if url.startswith("https:")]
    return list({one.place: one for one in map(transmitter.shake_hands, urls)}.values())


@judges("CAEPIOP-2.1-TLS12", needs=HANDSHAKES)
def test_every_endpoint_speaks_tls_of_today_alone(transmitter: RemoteTransmitter) -> None:
    """Each endpoint is https, with a certificate that verifies and no TLS before 1.2."""
    with transmitter.new_stream() as stream:
        plain = [url for url in endpoints(transmitter, stream) if not url.startswith("https:")]
        verify("CAEPIOP-2.1-TLS12", not plain, expected="https endpoints", got=plain)
        for seen in shaken(transmitter, stream):
            verify(
                "CAEPIOP-2.1-TLS12",
                seen.problem is None,
                expected=f"TLS 1.2 or newer, and a certificate for {seen.place}",
                got=seen.problem,
            )
            verify(
                "CAEPIOP-2.1-TLS12",
                not seen.old_versions,
                expected="every version before TLS 1.2 refused",
                got=f"{seen.place} takes {', '.join(seen.old_versions)}",
            )


@judges("CAEPIOP-2.1-RFC9325", needs=HANDSHAKES)
def test_every_endpoint_follows_rfc_9325(transmitter: RemoteTransmitter) -> None:
    """Old versions, broken cipher suites and small RSA keys are nowhere in use."""
    with transmitter.new_stream() as stream:
        for seen in shaken(transmitter, stream):
            verify(
                "CAEPIOP-2.1-RFC9325",
                not seen.old_versions,
                expected="every version before TLS 1.2 refused (RFC 9325 section 3.1.1)",
                got=f"{seen.place} takes {', '.join(seen.old_versions)}",
            )
            verify(
                "CAEPIOP-2.1-RFC9325",
                not seen.broken_suites,
                expected="no suite without encryption, with RC4 or short keys (section 4.1)",
                got=f"{seen.place} takes {', '.join(seen.broken_suites)}",
            )
            verify(
                "CAEPIOP-2.1-RFC9325",
                seen.rsa_bits is None or seen.rsa_bits >= LEAST_RSA_BITS,
                expected=f"an RSA key of {LEAST_RSA_BITS} bits or more (section 4.5)",
                got=f"{seen.rsa_bits} bits at {seen.place}",
            )
            verify(
                "CAEPIOP-2.1-RFC9325",
                not seen.compresses,
                expected="no compression by TLS (section 3.3, SHOULD NOT)",
                got=f"{seen.place} compresses",
                at_most=Grade.WARN,
            )
