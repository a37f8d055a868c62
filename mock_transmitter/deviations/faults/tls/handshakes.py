"""Faults of TLS: they show in handshakes, so that only a server over TLS can play them.

A certificate that no client accepts would leave nothing to judge. So only the poll endpoint, which
has its own host name for this, presents it.
"""

import datetime as dt
import ssl
import warnings
from abc import abstractmethod
from dataclasses import replace

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.documents import with_configurations
from mock_transmitter.http.operations import Call, Outcome

OWN_ADDRESS, OTHER_NAME = "127.0.0.1", "localhost"

# What a case says of a poll that gets no answer at all.
NOT_POLLED = ("RFC8936-2.2-RETURN-IMMEDIATELY", "RFC8936-2.5-STATUS-200")

# Any size of key, any signature: what OpenSSL would refuse by itself.
_ANY_STRENGTH = "@SECLEVEL=0"


@fault
class TlsBeforeVersion12Accepted(Deviation):
    """A client that offers no more than TLS 1.0 or 1.1 is served."""

    breaks = ("CAEPIOP-2.1-TLS12", "CAEPIOP-2.1-RFC9325")
    also = ("RFC8936-4.3-BCP195",)

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        with warnings.catch_warnings():
            # Python warns of the old versions, which is what this is for.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers(f"DEFAULT:{_ANY_STRENGTH}")


@fault
class TlsWithoutEncryptionAccepted(Deviation):
    """A client that offers cipher suites without encryption alone gets one."""

    breaks = ("RFC8936-4.3-BCP195", "CAEPIOP-2.1-RFC9325")

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        """Add them at the end of the list."""
        context.set_ciphers(f"ALL:eNULL:!aNULL:{_ANY_STRENGTH}")


class _PollEndpointOfItsOwn(Deviation):
    """The poll endpoint has another host name than everything else."""

    # In a dialect without verification the poll endpoint is not the Transmitter's to name.
    needs = ("verify", "poll")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Name the other host in each stream configuration, and know it again."""
        method = call.transmitter.profile.delivery.poll

        def moved(document: Json, old: str, new: str) -> Json:
            delivery = document["delivery"]
            if not isinstance(delivery, dict) or delivery.get("method") != method:
                return document
            url = str(delivery.get("endpoint_url") or "").replace(old, new, 1)
            return {**document, "delivery": {**delivery, "endpoint_url": url}}

        if "endpoint_url" in (call.body.get("delivery") or {}):
            call = replace(call, body=moved(dict(call.body), OTHER_NAME, OWN_ADDRESS))
        return with_configurations(
            proceed(call), lambda one: moved(one, OWN_ADDRESS, OTHER_NAME), needs="delivery"
        )


class _UnverifiableCertificate(_PollEndpointOfItsOwn):
    breaks = ("RFC8936-4.3-TLS12", "RFC8417-5.1-TLS12", "CAEPIOP-2.1-TLS12")
    also = NOT_POLLED

    @abstractmethod
    def certificate(self, authority: trustme.CA) -> trustme.LeafCert:
        """Return the certificate that the poll endpoint presents."""

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        """Show it to who asks for the poll endpoint's host."""
        other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certificate(authority).configure_cert(other)
        _answer_for_other_name(context, other)


def _answer_for_other_name(context: ssl.SSLContext, other: ssl.SSLContext) -> None:
    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name == OTHER_NAME:
            connection.context = other

    context.sni_callback = choose


@fault_at(_UnverifiableCertificate, "certificate")
def poll_endpoint_certificate_for_another_host(authority: trustme.CA) -> trustme.LeafCert:
    """The certificate of the poll endpoint names another host."""
    return authority.issue_cert("another.example")


@fault_at(_UnverifiableCertificate, "certificate")
def poll_endpoint_certificate_expired(authority: trustme.CA) -> trustme.LeafCert:
    """The certificate of the poll endpoint has expired."""
    ended = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return authority.issue_cert(OTHER_NAME, not_after=ended)


@fault_at(_UnverifiableCertificate, "certificate")
def poll_endpoint_certificate_of_unknown_authority(authority: trustme.CA) -> trustme.LeafCert:
    """The certificate of the poll endpoint is of an authority that nobody knows."""
    return trustme.CA().issue_cert(OTHER_NAME)


@fault_at(
    _PollEndpointOfItsOwn,
    "tls",
    breaks=_UnverifiableCertificate.breaks,
    also=NOT_POLLED,
)
def poll_endpoint_without_tls_12(context: ssl.SSLContext) -> None:
    """The poll endpoint refuses TLS 1.2 and everything newer."""

    def refuse(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
        return PROTOCOL_VERSION if name == OTHER_NAME else None

    context.sni_callback = refuse


# RFC 5246 section 7.2: the alert of a server that knows no version that was offered.
PROTOCOL_VERSION = 70


@fault_at(
    _PollEndpointOfItsOwn,
    "tls",
    breaks=("CAEPIOP-2.1-RFC9325",),
    also=("RFC8936-4.3-BCP195", *NOT_POLLED),
)
def poll_endpoint_with_small_rsa_key(context: ssl.SSLContext, authority: trustme.CA) -> None:
    """The key in the certificate of the poll endpoint is an RSA key of 1024 bits."""
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.set_ciphers(f"DEFAULT:{_ANY_STRENGTH}")
    _small_certificate(authority).configure_cert(other)
    _answer_for_other_name(context, other)


def _small_certificate(authority: trustme.CA) -> trustme.LeafCert:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (the fault)
    usual = authority.issue_cert(OTHER_NAME)
    model = x509.load_pem_x509_certificate(usual.cert_chain_pems[0].bytes())
    signer = load_pem_private_key(authority.private_key_pem.bytes(), None)
    builder = x509.CertificateBuilder(
        issuer_name=model.issuer,
        subject_name=model.subject,
        public_key=key.public_key(),
        serial_number=model.serial_number,
        not_valid_before=model.not_valid_before_utc,
        not_valid_after=model.not_valid_after_utc,
        extensions=list(model.extensions),
    )
    signed = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    return trustme.LeafCert(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        signed.public_bytes(Encoding.PEM),
        [],
    )
