"""TLS handshakes with the hosts of a target, without HTTP.

A server that takes an old version or a broken cipher suite says so with its ServerHello; whether a
client that verifies gets through is tried with a TLS library.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from conformance.clock import Stopwatch
from conformance.receiver.preconditions import NotReached
from conformance.receiver.tls.client_hello import (
    BROKEN_SUITES,
    OLD_VERSIONS,
    RECORD_HEAD,
    TLS_1_2,
    USUAL_SUITES,
    ServerHello,
    client_hello,
    record_length,
    server_hello,
)
from conformance.target.credentials import ClientCertificate


class NoConnection(NotReached):
    """A host of the target refuses a TCP connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshakes:
    """What one place, a host and a port, did in handshakes.

    `problem` says why a client that verifies gets no TLS 1.2 or newer, None where it does;
    `newest` that TLS 1.3 is offered. `old_versions` and `broken_suites` are those that were taken,
    `rsa_bits` is the size of the certificate's key where it is an RSA key.
    """

    place: str
    problem: str | None
    newest: bool
    old_versions: tuple[str, ...]
    broken_suites: tuple[str, ...]
    compresses: bool
    rsa_bits: int | None


def shake_hands(
    host: str,
    port: int,
    *,
    ca_file: Path | None,
    certificate: ClientCertificate | None = None,
    timeout_s: float,
    pause: Callable[[], None] = lambda: None,
) -> Handshakes:
    """Shake hands with a host, once for each thing to find out.

    Certificates are verified against the system's authorities and those of `ca_file`; `certificate`
    is shown to a host that asks for one. `pause` is called before each connection, `timeout_s`
    bounds each step of one, in seconds. Raises NoConnection.
    """
    peer = _Peer(host, port, timeout_s, pause, certificate)
    chosen = [peer.offer(version, USUAL_SUITES) for version in OLD_VERSIONS]
    broken = peer.offer(TLS_1_2, tuple(BROKEN_SUITES))
    compressing = peer.offer(TLS_1_2, USUAL_SUITES, compress=True)
    return Handshakes(
        place=f"{host} port {port}",
        problem=peer.problem(_client_context(ca_file)),
        newest=peer.problem(_trusting(ssl.TLSVersion.TLSv1_3)) is None,
        old_versions=tuple(
            name
            for number, name in OLD_VERSIONS.items()
            if any(one is not None and one.version == number for one in chosen)
        ),
        broken_suites=tuple(
            name
            for number, name in BROKEN_SUITES.items()
            if broken is not None and broken.suite == number
        ),
        compresses=compressing is not None and compressing.compressed,
        rsa_bits=peer.rsa_bits(),
    )


@dataclass(frozen=True, slots=True)
class _Peer:
    """A host to connect to, again and again."""

    host: str
    port: int
    timeout_s: float
    pause: Callable[[], None]
    certificate: ClientCertificate | None

    def connect(self) -> socket.socket:
        """Return a connection. Raises NoConnection."""
        self.pause()
        try:
            return socket.create_connection((self.host, self.port), self.timeout_s)
        except (OSError, UnicodeError) as error:
            raise NoConnection(f"{self.host} port {self.port}: {error}") from error

    def offer(
        self, version: int, suites: Sequence[int], *, compress: bool = False
    ) -> ServerHello | None:
        """Return what the host chooses from an offer, None if it refuses."""
        with self.connect() as connection:
            try:
                connection.sendall(client_hello(self.host, version, suites, compress=compress))
                watch = Stopwatch()
                head = self._exactly(connection, RECORD_HEAD, watch)
                return server_hello(head + self._exactly(connection, record_length(head), watch))
            except OSError:
                # An alert is the polite refusal; hanging up is one as well.
                return None

    def problem(self, context: ssl.SSLContext) -> str | None:
        """Return why a handshake fails, None if it succeeds."""
        self._identify(context)
        with self.connect() as connection:
            try:
                with context.wrap_socket(connection, server_hostname=self.host):
                    return None
            except ssl.SSLCertVerificationError as error:
                return f"the certificate can't be verified: {error.verify_message}"
            except OSError as error:
                return f"the handshake fails: {error}"

    def rsa_bits(self) -> int | None:
        """Return the size of the key in the certificate, whoever issued it; None without RSA."""
        context = _trusting(ssl.TLSVersion.TLSv1_2)
        self._identify(context)
        with self.connect() as connection:
            try:
                with context.wrap_socket(connection, server_hostname=self.host) as shaken:
                    encoded = shaken.getpeercert(binary_form=True) or b""
                key = x509.load_der_x509_certificate(encoded).public_key()
            except (OSError, ValueError):
                return None
        return key.key_size if isinstance(key, RSAPublicKey) else None

    def _exactly(self, connection: socket.socket, wanted: int, watch: Stopwatch) -> bytes:
        """Read so many bytes. Raises OSError if they don't arrive in time."""
        received = b""
        while len(received) < wanted:
            if watch.seconds > self.timeout_s:
                raise TimeoutError("the answer takes too long")
            part = connection.recv(wanted - len(received))
            if not part:
                raise ConnectionError("the connection was closed")
            received += part
        return received

    def _identify(self, context: ssl.SSLContext) -> None:
        if self.certificate is not None:
            context.load_cert_chain(self.certificate.chain, self.certificate.key)


def _client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return what a client verifies with that knows TLS 1.2 and newer."""
    context = ssl.create_default_context(cafile=None)
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return _any_strength(context)


def _trusting(oldest: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a client context that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = oldest
    return _any_strength(context)


def _any_strength(context: ssl.SSLContext) -> ssl.SSLContext:
    # A small key is judged separately: it must not hide other findings.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
