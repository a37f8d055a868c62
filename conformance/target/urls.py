"""URLs that the operator writes, checked before anything is sent to them."""

from urllib.parse import SplitResult, urlsplit

from conformance.target.target import TargetError


def split_url(url: str, place: str) -> SplitResult:
    """Return a URL's parts. Raises TargetError with its place where it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise TargetError(f"{place} {url}: is no URL: {error}") from error
    return parts


def checked_issuer(issuer: str, file: str, *, allow_http: bool) -> str:
    """Return the issuer as it is. Raises TargetError where it can't be one."""
    parts = split_url(issuer, f"{file}: target.issuer")
    if not parts.hostname:
        raise TargetError(f"{file}: target.issuer: {issuer!r} names no host")
    if parts.username is not None or parts.password is not None:
        raise TargetError(
            f"{file}: target.issuer: has a user or password in it; credentials go into [auth]"
        )
    if parts.query or parts.fragment:
        raise TargetError(
            f"{file}: target.issuer: {issuer!r} has a query or fragment; an issuer has neither"
        )
    if parts.scheme != "https" and not allow_http:
        raise TargetError(
            f"{file}: target.issuer: {issuer!r} is not https; for a lab add --allow-http"
        )
    return issuer
