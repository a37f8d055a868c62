"""TLS at the poll endpoint: RFC 8936, section 4.3; RFC 8417, section 5.1."""

from conformance.judging import Needs, judges, verify
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.spec.requirement import Grade

HANDSHAKES = Needs(stream=True, delivery="poll", handshakes=True)
# RFC 7525 section 4.3 has a SHOULD for it.
LEAST_RSA_BITS = 2048


def poll_url(transmitter: RemoteTransmitter, stream: Stream) -> str:
    """Return the URL for polling a stream."""
    return transmitter.url_of("poll", stream_id=stream.id, stream=stream.configuration)


@judges("RFC8936-4.3-TLS12", "RFC8417-5.1-TLS12", "RFC8936-4.3-TLS-NEWEST", needs=HANDSHAKES)
def test_the_poll_endpoint_speaks_tls_of_today(transmitter: RemoteTransmitter) -> None:
    """A Receiver that verifies certificates gets a handshake with TLS 1.2 or newer."""
    with transmitter.new_stream() as stream:
        seen = transmitter.shake_hands(poll_url(transmitter, stream))
        verify(
            ("RFC8936-4.3-TLS12", "RFC8417-5.1-TLS12"),
            seen.problem is None,
            expected=f"TLS 1.2 or newer, and a certificate for {seen.place}",
            got=seen.problem,
        )
        verify(
            "RFC8936-4.3-TLS-NEWEST",
            seen.newest,
            expected="TLS 1.3 offered",
            got=f"{seen.place} refuses TLS 1.3",
        )


@judges("RFC8936-4.3-BCP195", needs=HANDSHAKES)
def test_the_poll_endpoint_refuses_broken_cipher_suites(transmitter: RemoteTransmitter) -> None:
    """Cipher suites without encryption, with RC4 or with short keys are refused."""
    with transmitter.new_stream() as stream:
        seen = transmitter.shake_hands(poll_url(transmitter, stream))
        verify(
            "RFC8936-4.3-BCP195",
            not seen.broken_suites and "SSL 3.0" not in seen.old_versions,
            expected="SSL 3.0 and suites with no encryption, RC4 or short keys refused",
            got=f"{seen.place} takes {', '.join(seen.broken_suites) or 'SSL 3.0'}",
        )


@judges("RFC8936-4.3-BCP195", needs=HANDSHAKES)
def test_the_poll_endpoint_follows_the_advice_on_versions_and_keys(
    transmitter: RemoteTransmitter,
) -> None:
    """TLS 1.0 and 1.1 are refused, RSA keys have 2048 bits, TLS does not compress."""
    with transmitter.new_stream() as stream:
        seen = transmitter.shake_hands(poll_url(transmitter, stream))
        # RFC 7525, which the text cites, has a SHOULD (NOT) for each.
        verify(
            "RFC8936-4.3-BCP195",
            not {"TLS 1.0", "TLS 1.1"} & set(seen.old_versions),
            expected="TLS 1.0 and TLS 1.1 refused",
            got=f"{seen.place} takes {', '.join(seen.old_versions)}",
            at_most=Grade.WARN,
        )
        verify(
            "RFC8936-4.3-BCP195",
            seen.rsa_bits is None or seen.rsa_bits >= LEAST_RSA_BITS,
            expected=f"an RSA key of {LEAST_RSA_BITS} bits or more",
            got=f"{seen.rsa_bits} bits at {seen.place}",
            at_most=Grade.WARN,
        )
        verify(
            "RFC8936-4.3-BCP195",
            not seen.compresses,
            expected="no compression by TLS",
            got=f"{seen.place} compresses",
            at_most=Grade.WARN,
        )
