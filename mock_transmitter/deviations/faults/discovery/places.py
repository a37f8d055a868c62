"""Faults of the metadata's location: SSF 1.0 section 7.2, the 2021 draft's section 6.2.

A Receiver that knows the usual mistakes finds it all the same.
"""

from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.http.authorisation import Decision, Denied
from mock_transmitter.http.message import Request

_WELL_KNOWN = "/.well-known/"
_NOWHERE = "/nowhere"


class _Moved(Deviation, ABC):
    """Serves the metadata at another path."""

    def request(self, request: Request, at: At) -> Request:
        """Lead a request for the metadata to where it stands now."""
        if _WELL_KNOWN not in request.path or "oauth" in request.path:
            return request
        return replace(request, target=self.place(request.path))

    @abstractmethod
    def place(self, path: str) -> str:
        """Return the path of the mock that a requested path stands for."""


@fault
class MetadataStandsBelowTheIssuer(_Moved):
    """The well-known path is appended to that of the issuer, in place of being inserted."""

    breaks = ("SSF-7.2-WELLKNOWN-PATH", "SSE-6.2-WELLKNOWN")

    def place(self, path: str) -> str:
        own, _, name = path.partition(_WELL_KNOWN)
        return f"{_WELL_KNOWN}{name}{own}" if own else _NOWHERE


@fault_at(_Moved, breaks=("SSF-7.2.1-TRAILING-SLASH-STRIPPED", "SSE-6.2.1-TRAILING-SLASH"))
def metadata_keeps_the_last_slash_of_the_issuer(path: str) -> str:
    """The last slash of the issuer is kept behind the well-known path."""
    return path[:-1] if path.endswith("/") else _NOWHERE


@fault
class MetadataIsNotForGet(MetadataStandsBelowTheIssuer):
    """The well-known path takes no GET; the metadata can be had below the issuer."""

    breaks = ("SSF-7.2.1-GET", "SSE-6.2.1-GET")
    needs = ("well_known",)

    def request(self, request: Request, at: At) -> Request:
        """Ask in another way than the Receiver did."""
        if request.path.startswith(_WELL_KNOWN) and "oauth" not in request.path:
            return replace(request, method="POST")
        return super().request(request, at)


@fault_at("authorisation", on=("discover",), breaks=("SSF-7.1-AUTHZ-SCHEMES-PUBLIC",))
def metadata_needs_a_token(decision: Decision, at: At) -> Decision:
    """The metadata, which says how one gets a token, is for those alone who have one."""
    if at.access.token is not None:
        return decision
    return Denied(status=401, description="missing bearer token")
