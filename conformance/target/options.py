"""What the command line says of the target; it takes precedence over target.toml."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from conformance.target.target import Listening, Target, TargetError
from conformance.target.urls import split_url

Json: TypeAlias = dict[str, Any]
T = TypeVar("T")

_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command line about the target; None if not given."""

    profile: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    token_env: str | None = None
    ca_file: Path | None = None
    allow_http: bool = False
    allow_destructive: bool = False
    push_listen: str | None = None
    push_url: str | None = None
    push_cert: Path | None = None
    push_key: Path | None = None
    patience_s: float | None = None
    max_rps: float | None = None


def adjusted(target: Target, options: Options) -> Target:
    """Return a target with the limits and the push listener of the options.

    Raises TargetError, naming the option.
    """
    limits = target.limits
    if options.max_rps is not None and not 0 < options.max_rps < math.inf:
        raise TargetError(f"--max-rps {options.max_rps}: write a number above 0")
    if options.patience_s is not None and not 0 <= options.patience_s < math.inf:
        raise TargetError(f"--patience {options.patience_s}: write a number of seconds, 0 or more")
    if options.patience_s is not None:
        limits = replace(limits, patience_s=options.patience_s)
    if options.max_rps is not None:
        limits = replace(limits, max_rps=options.max_rps)
    push_url = target.push_url if options.push_url is None else options.push_url
    listening = _listening(target, options)
    if push_url is not None:
        push_url = _push_url(push_url, target)
        if listening is None:
            raise TargetError(
                f"--push-url {push_url}: nothing listens behind it; give --push-listen HOST:PORT"
                " too, or `listen` in [push] of target.toml"
            )
    elif listening is not None and not (listening.tls or target.allow_http):
        raise TargetError(
            f"--push-listen {listening.host}:{listening.port}: pushes need TLS; give --push-cert"
            " and --push-key, the https --push-url of a tunnel, or --allow-http for a lab"
        )
    return replace(target, limits=limits, listening=listening, push_url=push_url)


def with_push_table(options: Options, table: Json) -> Options:
    """Return the options, completed by the push listener of the file."""
    return replace(
        options,
        push_listen=_first(options.push_listen, table.get("listen")),
        push_url=_first(options.push_url, table.get("url")),
        push_cert=_first(options.push_cert, path_of(table.get("cert"))),
        push_key=_first(options.push_key, path_of(table.get("key"))),
    )


def _first(given: T | None, written: T | None) -> T | None:
    """Return the value of the command line, even an empty one, else that of the file."""
    return written if given is None else given


def _push_url(url: str, target: Target) -> str:
    parts = split_url(url, "--push-url")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise TargetError(f"--push-url {url!r}: is no URL such as https://ci.example:8443/")
    if parts.scheme != "https" and not target.allow_http:
        raise TargetError(f"--push-url {url}: use https, or add --allow-http for a lab")
    if parts.query or parts.fragment:
        raise TargetError(f"--push-url {url}: has a query or fragment; paths are put below it")
    return url if url.endswith("/") else f"{url}/"


def _listening(target: Target, options: Options) -> Listening | None:
    """Return where to listen for pushes; the command line takes precedence over the file."""
    found = target.listening
    if options.push_listen is not None:
        host, port = _host_and_port(options.push_listen)
        found = replace(found or Listening(), host=host, port=port)
    cert, key = options.push_cert, options.push_key
    if cert is None and key is not None:
        raise TargetError(f"--push-key {key}: belongs to a certificate; give --push-cert too")
    if cert is None:
        return found
    if found is None:
        raise TargetError(f"--push-cert {cert}: nothing listens; give --push-listen HOST:PORT too")
    if found.own_authority:
        raise TargetError(f"--push-cert {cert}: the mock trusts a certificate of the suite's own")
    for option, path in (("--push-cert", cert), ("--push-key", key)):
        if path is not None and not path.is_file():
            raise TargetError(f"{option} {path}: there is no such file; name a PEM file")
    return replace(found, cert=cert, key=key)


def _host_and_port(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > _HIGHEST_PORT:
        raise TargetError(
            f"--push-listen {place!r}: write HOST:PORT, such as 0.0.0.0:8443; port 0 is any free"
            " one"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def path_of(name: str | None) -> Path | None:
    """Return a path that may begin with the home directory's `~`."""
    return None if name is None else Path(name).expanduser()
