"""A TLS ClientHello written by hand, and the ServerHello that answers it: RFC 5246, section 7.4.1.

A TLS library offers no version and no cipher suite that it holds to be broken; a server may take
them all the same. Nothing here is secret or random: no handshake goes beyond the first answer.
"""

import ipaddress
import struct
from collections.abc import Sequence
from dataclasses import dataclass

TLS_1_2 = 0x0303
# Versions before TLS 1.2, by the number that a ClientHello says them with.
OLD_VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1"}

# Any server, old or new, supports at least one of these.
USUAL_SUITES = (
    *(0xC02F, 0xC030, 0xC02B, 0xC02C, 0xCCA8, 0xCCA9, 0x009E, 0x009F, 0x009C, 0x009D),
    *(0xC013, 0xC014, 0xC009, 0xC00A, 0x0033, 0x0039, 0x002F, 0x0035, 0xC012, 0x0016, 0x000A),
)
# Suites that RFC 7525 and RFC 9325 (BCP 195) say must not be negotiated: no encryption, RC4, and
# keys of fewer than 112 bits.
BROKEN_SUITES = {
    0x0001: "TLS_RSA_WITH_NULL_MD5",
    0x0002: "TLS_RSA_WITH_NULL_SHA",
    0x003B: "TLS_RSA_WITH_NULL_SHA256",
    0xC006: "TLS_ECDHE_ECDSA_WITH_NULL_SHA",
    0xC010: "TLS_ECDHE_RSA_WITH_NULL_SHA",
    0x0004: "TLS_RSA_WITH_RC4_128_MD5",
    0x0005: "TLS_RSA_WITH_RC4_128_SHA",
    0xC007: "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    0xC011: "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    0x0003: "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
    0x0006: "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5",
    0x0008: "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
    0x0014: "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
    0x0009: "TLS_RSA_WITH_DES_CBC_SHA",
    0x0015: "TLS_DHE_RSA_WITH_DES_CBC_SHA",
}

RECORD_HEAD = 5
_HANDSHAKE_RECORD, _CLIENT_HELLO, _SERVER_HELLO = 22, 1, 2
_SECURE_RENEGOTIATION = 0x00FF
_SERVER_NAME, _GROUPS, _POINT_FORMATS, _SIGNATURES = 0, 10, 11, 13
_DEFLATE, _NO_COMPRESSION = 1, 0


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What a server has chosen from an offer."""

    version: int
    suite: int
    compressed: bool


def client_hello(
    host: str, version: int, suites: Sequence[int], *, compress: bool = False
) -> bytes:
    """Return a record with a ClientHello that offers this version at most, and these suites."""
    methods = bytes([_DEFLATE, _NO_COMPRESSION] if compress else [_NO_COMPRESSION])
    body = struct.pack(">H", version) + bytes(range(32)) + b"\0"
    body += _sized(struct.pack(f">{len(suites) + 1}H", *suites, _SECURE_RENEGOTIATION))
    body += bytes([len(methods)]) + methods + _sized(_extensions(host))
    message = bytes([_CLIENT_HELLO]) + struct.pack(">I", len(body))[1:] + body
    return struct.pack(">BH", _HANDSHAKE_RECORD, min(version, 0x0301)) + _sized(message)


def _extensions(host: str) -> bytes:
    groups = _sized(struct.pack(">4H", 0x001D, 0x0017, 0x0018, 0x0019))
    signatures = (0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)
    found = {
        _GROUPS: groups,
        _POINT_FORMATS: b"\x01\0",
        _SIGNATURES: _sized(struct.pack(f">{len(signatures)}H", *signatures)),
    }
    if not _is_address(host):
        # RFC 6066 section 3: a name, never an address.
        found[_SERVER_NAME] = _sized(b"\0" + _sized(host.encode("idna")))
    return b"".join(struct.pack(">H", kind) + _sized(data) for kind, data in found.items())


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _sized(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def record_length(head: bytes) -> int:
    """Return how many bytes follow the five that a record begins with."""
    length: int = struct.unpack(">H", head[3:RECORD_HEAD])[0]
    return length


def server_hello(record: bytes) -> ServerHello | None:
    """Return the server's choice, None if its first record is no ServerHello."""
    message = record[RECORD_HEAD:]
    if record[:1] != bytes([_HANDSHAKE_RECORD]) or message[:1] != bytes([_SERVER_HELLO]):
        return None
    try:
        (version,) = struct.unpack_from(">H", message, 4)
        session = message[38]
        suite, compression = struct.unpack_from(">HB", message, 39 + session)
    except (struct.error, IndexError):
        return None
    return ServerHello(version, suite, compressed=compression != _NO_COMPRESSION)
