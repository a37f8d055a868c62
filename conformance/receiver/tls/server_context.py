"""TLS of the push listener: its certificates, and what may be wrong with them."""

import ssl
import warnings
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import trustme

from conformance.target.target import Listening, TargetError

# The address at which a wildcard address is reached.
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (recognised here, not bound to)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Flaw(StrEnum):
    """What may be wrong with a listener that no SET may be pushed to: RFC 8935 section 5.3."""

    UNKNOWN_AUTHORITY = "a certificate of an unknown authority"
    EXPIRED = "an expired certificate"
    WRONG_NAME = "a certificate of another host"
    PLAIN_HTTP = "no TLS at all"
    OLD_TLS = "no TLS newer than 1.1"
    NO_ENCRYPTION = "cipher suites without encryption alone"


# With these the certificate is as good as it ever is.
_RIGHT_CERTIFICATE = frozenset({None, Flaw.OLD_TLS, Flaw.NO_ENCRYPTION})


class _PatientContext(ssl.SSLContext):
    """Shakes hands in each connection's own thread, so that none holds up the others."""

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:  # noqa: ANN401 (as the base has it)
        """Wrap a socket."""
        return super().wrap_socket(*arguments, **{**options, "do_handshake_on_connect": False})


@cache
def own_authority() -> trustme.CA:
    """Return the authority of this process alone, which the bundled mock trusts for its pushes."""
    return trustme.CA()


def context_of(listening: Listening, flaw: Flaw | None) -> ssl.SSLContext | None:
    """Return the TLS context of a listener that has a flaw or none; None without TLS.

    Raises TargetError where the operator's certificate can't be used.
    """
    if not listening.tls or flaw is Flaw.PLAIN_HTTP:
        return None
    context = _PatientContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if flaw is Flaw.OLD_TLS:
        with warnings.catch_warnings():
            # Python warns of the old versions, which is what this is for.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if flaw is Flaw.NO_ENCRYPTION:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("eNULL:!aNULL:@SECLEVEL=0")
    if flaw in _RIGHT_CERTIFICATE and not listening.own_authority:
        _load(context, listening.cert, listening.key)
        return context
    _issued(listening.host, flaw).configure_cert(context)
    return context


@cache
def _issued(host: str, flaw: Flaw | None) -> trustme.LeafCert:
    authority = trustme.CA() if flaw is Flaw.UNKNOWN_AUTHORITY else own_authority()
    names = {"localhost", "127.0.0.1", "::1", WILDCARDS.get(host, host)}
    if flaw is Flaw.WRONG_NAME:
        names = {"another.invalid"}
    if flaw is Flaw.EXPIRED:
        ended = _LONG_AGO + timedelta(days=30)
        return authority.issue_cert(*sorted(names), not_before=_LONG_AGO, not_after=ended)
    return authority.issue_cert(*sorted(names))


def _load(context: ssl.SSLContext, cert: Path | None, key: Path | None) -> None:
    try:
        context.load_cert_chain(str(cert), None if key is None else str(key))
    except (ssl.SSLError, OSError) as error:
        if key is None:
            raise TargetError(
                f"--push-cert {cert}: holds no certificate with its key in PEM; give --push-key too"
            ) from error
        raise TargetError(
            f"--push-cert {cert}, --push-key {key}: are no certificate and its key; name two PEM"
            " files that belong together"
        ) from error
