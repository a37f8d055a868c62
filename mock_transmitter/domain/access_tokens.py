"""The access tokens that the mock's authorization server has issued: RFC 6749, RFC 7009.

No HTTP in it, and time only through the tenant's clock.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from types import MappingProxyType

from mock_transmitter.domain.clock import Clock
from mock_transmitter.domain.seed import hex_id

# CAEP Interoperability Profile 1.0, section 2.7.2.
MANAGE = "ssf.manage"
READ = "ssf.read"
SCOPES = (MANAGE, READ)

# Section 2.7.1 gives an hour as its example of a short life; seconds on the tenant's clock.
LIFETIME_S = 3600
LOGIN_LIFETIME_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an access token stands for: its client, its scopes, and when it expires.

    `ended` says why the token is no longer valid, None while it is.
    """

    token: str = field(repr=False)
    client_id: str
    scopes: tuple[str, ...]
    expires_at: float
    ended: str | None = None


class AccessTokens:
    """The tokens of one authorization server; the same source gives the same tokens."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._grants: dict[str, Grant] = {}

    @property
    def grants(self) -> Mapping[str, Grant]:
        """Return every grant by its token, oldest first."""
        found = {token: self.find(token) for token in self._grants}
        return MappingProxyType({token: one for token, one in found.items() if one is not None})

    def issue(self, client_id: str, scopes: Collection[str], *, lifetime_s: float) -> Grant:
        """Issue a token; it ends `lifetime_s` seconds from now."""
        grant = Grant(
            token=f"access-{hex_id(self._random)}",
            client_id=client_id,
            scopes=tuple(scopes),
            expires_at=self._clock.now() + lifetime_s,
        )
        self._grants[grant.token] = grant
        return grant

    def find(self, token: str | None) -> Grant | None:
        """Return what a token stands for, even after it has ended; None if it was never issued."""
        grant = self._grants.get(token or "")
        if grant is None or grant.ended or self._clock.now() < grant.expires_at:
            return grant
        return replace(grant, ended="has expired")

    def revoke(self, token: str) -> None:
        """End a token now; an unknown token is ignored."""
        if token in self._grants:
            self._grants[token] = replace(self._grants[token], ended="was revoked")
