"""Variants of TLS: they show in handshakes, so that only a server over TLS can play them."""

import ssl

import trustme

from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation


@variant
class TlsVersion12Alone(Deviation):
    """TLS 1.3 is not offered."""

    exercises = ("RFC8936-4.3-TLS-NEWEST",)

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        """End with TLS 1.2."""
        del authority
        context.maximum_version = ssl.TLSVersion.TLSv1_2


@variant
class TlsVersion13Alone(Deviation):
    """Nothing before TLS 1.3 is offered."""

    exercises = ("RFC8936-4.3-TLS12", "RFC8417-5.1-TLS12", "CAEPIOP-2.1-TLS12")

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        """Begin with TLS 1.3."""
        del authority
        context.minimum_version = ssl.TLSVersion.TLSv1_3
