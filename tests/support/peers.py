"""A Transmitter made of a raw socket on loopback, which answers whatever a test makes it answer."""

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

WELL_KNOWN = "/.well-known/ssf-configuration"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Silence(Exception):
    """Raised by a behaviour: nothing is answered until the other side gives up."""


class Reset(Exception):
    """Raised by a behaviour: the connection is broken off with a RST."""


class Drip(Exception):
    """Raised by a behaviour: an answer begins and goes on, a byte at a time, for ever."""


def answer(status=200, body=b"", **headers):
    """Return the bytes of an answer; a header's `_` stands for `-`, a list repeats it."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers = {"content_type": "application/json"} | headers
    lines = [f"HTTP/1.1 {status} Something"]
    for name, values in ({"content_length": str(len(body))} | headers).items():
        all_values = values if isinstance(values, list) else [values]
        lines += [f"{name.replace('_', '-')}: {value}" for value in all_values]
    lines.append("connection: close")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Peer:
    """Serves on a free port of 127.0.0.1; `asked` is every request, in order."""

    behaviour: Callable[[Asked], bytes]
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.issuer = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def leave(self):
        """Take no more connections; what has been asked is answered."""
        self._closing.set()
        self._acceptor.join()
        self._socket.close()

    def __exit__(self, *args: object) -> None:
        self.leave()
        for thread in self._threads:
            thread.join()

    def paths(self):
        return [one.path.partition("?")[0] for one in self.asked]

    def _accept(self):
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection:
            connection.settimeout(5)
            try:
                asked = _read(connection)
                if asked is None:
                    return
                self.asked.append(asked)
                self._answer(connection, asked)
            except OSError:
                return

    def _answer(self, connection, asked):
        try:
            connection.sendall(self.behaviour(asked))
            connection.shutdown(socket.SHUT_WR)
        except Silence:
            self._wait_for_the_end(connection)
        except Reset:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        except Drip:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
            while not self._closing.wait(0.05):
                connection.sendall(b" ")

    def _wait_for_the_end(self, connection):
        connection.settimeout(0.1)
        while not self._closing.is_set():
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue


def _read(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return None
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":")[::2] for line in lines)
    headers = {name.lower(): value.strip() for name, value in pairs}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Asked(method, path, headers, body)


def metadata(issuer, /, **members):
    """Return metadata of SSF 1.0 for a peer whose endpoints all lie under its issuer."""
    return {
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": f"{issuer}/jwks.json",
        "configuration_endpoint": f"{issuer}/stream",
        "verification_endpoint": f"{issuer}/verify",
        "delivery_methods_supported": ["urn:ietf:rfc:8936"],
        "authorization_schemes": [{"spec_urn": "urn:ietf:rfc:6749"}],
    } | members


def discovered(behaviour, **members):
    """Return a behaviour that gives good metadata and leaves the rest to another."""

    def behave(asked):
        if asked.path == WELL_KNOWN:
            return answer(200, metadata(f"http://{asked.headers['host']}", **members))
        return behaviour(asked)

    return behave
