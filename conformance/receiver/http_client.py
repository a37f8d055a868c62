"""Sending one HTTP request and reading the answer, within a time and a size.

The one module of the judge that imports httpx, so that its successor can take its place.
"""

import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeAlias

import httpx

from conformance import clock as time_of
from conformance.errors import UsageError
from conformance.target.credentials import ClientCertificate

Transport: TypeAlias = httpx.BaseTransport

_TRUST = "; an authority of your own is named with --ca-file PEM, or `ca_file` in [tls]"
_RESPONSE_LIMIT = 16 * 1024 * 1024
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=16)
# These have a Content-Length even without content (RFC 9110 section 8.6).
_WITH_CONTENT = frozenset({"POST", "PUT", "PATCH"})
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "user-agent": "ssf-conformance",
}


class Unreachable(UsageError):
    """The target can't be spoken to at all."""


class HttpError(RuntimeError):
    """A request got no HTTP answer; the message says why."""


class Silence(HttpError):
    """No complete answer arrived in time."""


class NotConnected(HttpError):
    """The connection was refused."""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; header names are in lower case, fields of one name are joined."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Sender(Protocol):
    def send(self, request: httpx.Request, *, stream: bool) -> httpx.Response: ...

    def close(self) -> None: ...


class _Direct:
    """Sends through a transport alone: no proxies, cookies or redirects."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: httpx.Request, *, stream: bool) -> httpx.Response:
        del stream  # a transport never reads ahead
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


class HttpClient:
    """Sends requests over the network, or through a transport that replaces it."""

    def __init__(self, sender: _Sender) -> None:
        self._sender = sender

    @classmethod
    def by_transport(cls, transport: Transport) -> "HttpClient":
        """Return a client for a mock in process, or on sockets that several clients share."""
        return cls(_Direct(transport))

    @classmethod
    def by_network(
        cls, ca_file: Path | None, certificate: ClientCertificate | None = None
    ) -> "HttpClient":
        """Return a client that trusts this authority too, and connects with this certificate.

        Raises Unreachable where one of the files can't be used.
        """
        trust = _trust(ca_file)
        if certificate is not None:
            _present(trust, certificate)
        return cls(
            httpx.Client(
                verify=trust,
                follow_redirects=False,
                limits=_LIMITS,
                # A session cookie would replace a credential that a case leaves out.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        )

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        timeout_s: float,
        held: bool = False,
    ) -> Response:
        """Send a request and return the whole answer, read within `timeout_s` seconds.

        `held` tells a mock in process that somebody else moves its clock while this request
        waits. Raises HttpError.
        """
        watch = time_of.Stopwatch()
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
        try:
            where = _url(url)
            request = httpx.Request(
                method,
                where,
                headers=_fields(method, where, headers, content),
                stream=httpx.ByteStream(content or b""),
                extensions={"timeout": timeout, "held": held},
            )
            with closing(self._sender.send(request, stream=True)) as response:
                body = _read(response, watch, timeout_s)
        except httpx.TimeoutException as error:
            raise Silence(f"no answer within {watch.seconds:.1f} s (a hang)") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            hint = _TRUST if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""
            kind = NotConnected if isinstance(error, httpx.ConnectError) else HttpError
            raise kind(f"{type(error).__name__}: {error}{hint}") from error
        return Response(response.status_code, _header_fields(tuple(response.headers.raw)), body)

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()


def socket_transport(ca_file: Path | None) -> Transport:
    """Return a transport on sockets that several clients may share."""
    return httpx.HTTPTransport(verify=_trust(ca_file), limits=_LIMITS)


@lru_cache(maxsize=1024)
def _url(url: str) -> httpx.URL:
    return httpx.URL(url)


def _fields(
    method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None
) -> list[tuple[bytes, bytes]]:
    """Return all header fields of a request; httpx adds none to one that has a stream."""
    fields = [(b"host", url.netloc)] if url.host else []
    if content or method.upper() in _WITH_CONTENT:
        fields.append((b"content-length", b"%d" % len(content or b"")))
    named = {**_HEADERS, **headers}
    return fields + [(name.encode("ascii"), value.encode("ascii")) for name, value in named.items()]


def _read(response: httpx.Response, watch: time_of.Stopwatch, timeout_s: float) -> bytes:
    """Read a body, within a size and within the time for the whole answer."""
    # Without a content coding there is nothing to decode, and the raw bytes are cheaper.
    is_raw = "content-encoding" not in response.headers and not response.is_stream_consumed
    received = b""
    for part in response.iter_raw() if is_raw else response.iter_bytes():
        received += part
        if len(received) > _RESPONSE_LIMIT:
            raise httpx.DecodingError(f"the answer is larger than {_RESPONSE_LIMIT} bytes")
        if watch.seconds > timeout_s:
            raise httpx.ReadTimeout("the answer does not end")
    return received


@lru_cache(maxsize=256)
def _header_fields(raw: tuple[tuple[bytes, bytes], ...]) -> Mapping[str, str]:
    """Return header fields as text; a target answers with the same few again and again."""
    try:
        fields = [(name.decode().lower(), value.decode()) for name, value in raw]
    except UnicodeDecodeError:
        fields = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
    found: dict[str, str] = {}
    for name, value in fields:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return MappingProxyType(found)


def _present(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    try:
        context.load_cert_chain(certificate.chain, certificate.key)
    except (ssl.SSLError, OSError) as error:
        raise Unreachable(
            f"{certificate.chain}: is no PEM certificate for the key {certificate.key} ({error})"
        ) from error


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (ssl.SSLError, OSError) as error:
            raise Unreachable(f"{ca_file}: is no PEM file of certificates ({error})") from error
    return context
