"""What the mock as a server over TLS does in handshakes, with and without deviations of TLS."""

import socket
import ssl
from urllib.parse import urlsplit

import pytest

from conformance.spec.profile_files import load_profile
from mock_transmitter.deviations.catalogue import UnknownDeviation, faults, variants
from mock_transmitter.server import RunningServer

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def server(*deviations):
    return RunningServer(load_profile("ssf-1.0"), tls=True, deviations=deviations)


def version(running, *, only=None, host="127.0.0.1"):
    """Return the version that a client which verifies gets, and is offered this one alone."""
    context = ssl.create_default_context(cafile=running.ca_file)
    if only is not None:
        context.minimum_version = context.maximum_version = only
    address = ("127.0.0.1", urlsplit(running.issuer).port)
    with (
        socket.create_connection(address, 5) as connection,
        context.wrap_socket(connection, server_hostname=host) as shaken,
    ):
        return shaken.version()


def test_the_mock_as_it_is_speaks_tls_1_2_and_1_3():
    with server() as running:
        assert version(running) == "TLSv1.3"
        assert version(running, only=TLS_1_2) == "TLSv1.2"
        assert version(running, host="localhost") == "TLSv1.3"


@pytest.mark.parametrize(
    ("name", "spoken", "refused"),
    [
        ("tls-version-12-alone", TLS_1_2, TLS_1_3),
        ("tls-version-13-alone", TLS_1_3, TLS_1_2),
    ],
)
def test_a_variant_offers_one_version_alone(name, spoken, refused):
    with server(name) as running:
        assert version(running, only=spoken)
        with pytest.raises(ssl.SSLError):
            version(running, only=refused)


@pytest.mark.parametrize("name", [one for one in faults() if one.startswith("poll-endpoint-")])
def test_a_bad_certificate_stands_before_the_poll_endpoint_alone(name):
    with server(name) as running:
        assert version(running) == "TLSv1.3"
        with pytest.raises(ssl.SSLError):
            version(running, host="localhost")


def test_a_deviation_that_nobody_knows_is_refused_before_the_port_opens():
    with pytest.raises(UnknownDeviation):
        server("tls-from-tomorrow")


def test_those_that_touch_handshakes_say_so():
    entries = {**faults(), **variants()}
    assert entries["tls-version-12-alone"].over_tls
    assert not entries["ack-is-ignored"].over_tls
