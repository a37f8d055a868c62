"""Handshakes with real sockets: servers of the standard library, and peers that speak by script."""

import contextlib
import datetime as dt
import socket
import ssl
import struct
import threading
import time
import warnings

import pytest
import trustme

from conformance.receiver.tls.client_hello import (
    BROKEN_SUITES,
    TLS_1_2,
    USUAL_SUITES,
    ServerHello,
    client_hello,
    record_length,
    server_hello,
)
from conformance.receiver.tls.handshake import NoConnection, shake_hands
from conformance.target.credentials import ClientCertificate

MOST_CONNECTIONS = 20
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@contextlib.contextmanager
def listening(serve):
    """Give the port of a listener that serves one connection after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept():
            for _ in range(MOST_CONNECTIONS):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.settimeout(5)
                with connection, contextlib.suppress(OSError):
                    serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def shaken(context, ca_file, host="localhost", certificate=None):
    def serve(connection):
        with context.wrap_socket(connection, server_side=True) as shaken:
            shaken.recv(1)

    with listening(serve) as port:
        return shake_hands(host, port, ca_file=ca_file, certificate=certificate, timeout_s=5)


def test_a_server_of_today_has_nothing_against_it(authority, ca_file):
    seen = shaken(context_of(authority.issue_cert("localhost")), ca_file)
    assert seen.problem is None
    assert seen.newest
    assert (seen.old_versions, seen.broken_suites) == ((), ())
    assert not seen.compresses
    assert seen.rsa_bits is None


def test_an_address_is_verified_like_a_name(authority, ca_file):
    context = context_of(authority.issue_cert("127.0.0.1"))
    assert shaken(context, ca_file, "127.0.0.1").problem is None


def test_the_size_of_an_rsa_key_is_told(authority, ca_file):
    certificate = authority.issue_cert("localhost", key_type=trustme.KeyType.RSA)
    assert shaken(context_of(certificate), ca_file).rsa_bits == 2048


def test_old_versions_that_are_taken_are_named(authority, ca_file):
    context = context_of(authority.issue_cert("localhost"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    seen = shaken(context, ca_file)
    assert seen.old_versions == ("TLS 1.0", "TLS 1.1")
    assert seen.problem is None


def test_a_broken_suite_that_is_taken_is_named(authority, ca_file):
    context = context_of(authority.issue_cert("localhost"))
    context.set_ciphers("ALL:eNULL:!aNULL:@SECLEVEL=0")
    assert shaken(context, ca_file).broken_suites == ("TLS_ECDHE_ECDSA_WITH_NULL_SHA",)


def test_a_server_without_tls_1_3_has_no_problem(authority, ca_file):
    context = context_of(authority.issue_cert("localhost"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    seen = shaken(context, ca_file)
    assert seen.problem is None
    assert not seen.newest


def test_a_server_of_tls_1_3_alone_has_no_problem(authority, ca_file):
    context = context_of(authority.issue_cert("localhost"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    seen = shaken(context, ca_file)
    assert seen.problem is None
    assert seen.newest


def test_a_certificate_for_another_host_is_a_problem(authority, ca_file):
    seen = shaken(context_of(authority.issue_cert("another.example")), ca_file)
    assert "Hostname mismatch" in seen.problem
    assert seen.newest


def test_a_certificate_that_has_expired_is_a_problem(authority, ca_file):
    certificate = authority.issue_cert("localhost", not_after=LONG_AGO)
    assert "expired" in shaken(context_of(certificate), ca_file).problem


def test_a_certificate_of_an_unknown_authority_is_a_problem(ca_file):
    seen = shaken(context_of(trustme.CA().issue_cert("localhost")), ca_file)
    assert "can't be verified" in seen.problem


def test_the_systems_authorities_do_not_know_the_laboratorys(authority):
    seen = shaken(context_of(authority.issue_cert("localhost")), None)
    assert "can't be verified" in seen.problem


def test_where_nobody_listens_there_is_no_handshake():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoConnection, match=f"localhost port {port}"):
        shake_hands("localhost", port, ca_file=None, timeout_s=5)


def test_a_name_that_is_no_name_is_no_crash():
    with pytest.raises(NoConnection):
        shake_hands("a" * 64 + ".invalid", 443, ca_file=None, timeout_s=5)


def hello(version, suite=0x002F, compression=0):
    body = (
        struct.pack(">H", version)
        + bytes(32)
        + b"\x04wxyz"
        + struct.pack(">HB", suite, compression)
    )
    message = b"\x02" + struct.pack(">I", len(body))[1:] + body
    return struct.pack(">BHH", 22, 0x0301, len(message)) + message


def scripted(answer, timeout_s=5):
    """Shake hands with a peer that sends the same to everybody."""

    def serve(connection):
        connection.recv(2048)
        connection.sendall(answer)

    with listening(serve) as port:
        return shake_hands("127.0.0.1", port, ca_file=None, timeout_s=timeout_s)


def test_a_server_hello_of_ssl_3_is_seen():
    assert scripted(hello(0x0300)).old_versions == ("SSL 3.0",)


def test_compression_is_seen():
    assert scripted(hello(TLS_1_2, compression=1)).compresses


@pytest.mark.parametrize("suite", BROKEN_SUITES)
def test_each_broken_suite_is_known_by_its_number(suite):
    assert scripted(hello(TLS_1_2, suite)).broken_suites == (BROKEN_SUITES[suite],)


ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x16", ALERT, b"HTTP/1.1 400 Bad Request\r\n\r\n", hello(TLS_1_2)[:20], bytes(300)],
    ids=["nothing", "a byte", "an alert", "http", "half a hello", "zeros"],
)
def test_what_is_no_server_hello_takes_nothing_and_is_a_problem(answer):
    seen = scripted(answer)
    assert (seen.old_versions, seen.broken_suites, seen.compresses) == ((), (), False)
    assert "the handshake fails" in seen.problem
    assert not seen.newest
    assert seen.rsa_bits is None


def test_silence_is_waited_for_no_longer_than_asked():
    released = threading.Event()
    with listening(lambda connection: released.wait(5)) as port:
        seen = shake_hands("127.0.0.1", port, ca_file=None, timeout_s=0.05)
        released.set()
    assert "timed out" in seen.problem


def test_the_pause_comes_before_each_connection(authority, ca_file):
    pauses = []
    served = []

    def serve(connection):
        served.append(connection)

    with listening(serve) as port:
        shake_hands("localhost", port, ca_file=ca_file, timeout_s=5, pause=lambda: pauses.append(1))
    assert len(pauses) == len(served) > 1


def test_a_name_is_told_and_an_address_is_not():
    assert b"server.example" in client_hello("server.example", TLS_1_2, USUAL_SUITES)
    assert b"127.0.0.1" not in client_hello("127.0.0.1", TLS_1_2, USUAL_SUITES)


def test_the_record_is_as_long_as_it_says():
    record = client_hello("server.example", TLS_1_2, USUAL_SUITES)
    assert record_length(record[:5]) == len(record) - 5


@pytest.mark.parametrize("length", range(len(hello(TLS_1_2))))
def test_part_of_a_server_hello_is_none(length):
    assert server_hello(hello(TLS_1_2)[:length]) is None


def test_a_server_hello_tells_what_was_chosen():
    assert server_hello(hello(0x0302, 0xC013)) == ServerHello(0x0302, 0xC013, compressed=False)


def test_a_peer_that_answers_drop_by_drop_is_not_waited_for_to_its_last_byte():
    sent = []

    def serve(connection):
        if not connection.recv(2048):
            return
        with contextlib.suppress(OSError):
            for byte in b"\x16\x03\x01\xff\xff" + bytes(20_000):
                connection.sendall(bytes([byte]))
                sent.append(byte)
                time.sleep(0.01)

    with listening(serve) as port:
        shake_hands("127.0.0.1", port, ca_file=None, timeout_s=0.1)
    assert len(sent) < 10_000


def test_a_server_that_asks_for_a_certificate_gets_the_one_that_was_lent(
    authority, ca_file, tmp_path
):
    context = context_of(authority.issue_cert("localhost"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    own = authority.issue_cert("receiver.example")
    certificate = ClientCertificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    own.cert_chain_pems[0].write_to_path(certificate.chain)
    own.private_key_pem.write_to_path(certificate.key)
    assert "the handshake fails" in shaken(context, ca_file).problem
    assert shaken(context, ca_file, certificate=certificate).problem is None
