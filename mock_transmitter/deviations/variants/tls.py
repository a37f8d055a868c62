"""Variants of TLS: they show in handshakes, so that only a server over TLS can play them."""

import ssl

import trustme

from mock_transmitter.deviations.deviation import Deviation
from mock_transmitter.deviations.entry import variant


@variant
class TlsVersion12Alone(Deviation):
    """TLS 1.3 is not offered."""

    exercises = ("RFC8936-4.3-TLS-NEWEST",)

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2


@variant
class TlsVersion13Alone(Deviation):
    """Nothing before TLS 1.3 is offered."""

    exercises = ("RFC8936-4.3-TLS12", "RFC8417-5.1-TLS12", "CAEPIOP-2.1-TLS12")

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
