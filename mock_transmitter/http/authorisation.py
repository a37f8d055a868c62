"""Who may do what: bearer tokens (RFC 6750), and a Receiver's streams for that Receiver only."""

from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.spec.profile import Channel
from mock_transmitter.domain.access_tokens import MANAGE, READ, Grant

REALM = "Shared Signals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A Receiver that the Transmitter knows: its audience, its tokens and its client credentials.

    `limited_token` is valid but allows neither managing nor polling streams. With `client_id` and
    `client_secret` the authorization server issues access tokens.
    """

    audience: str
    client_id: str
    client_secret: str = field(repr=False)
    management_token: str = field(repr=False)
    limited_token: str = field(repr=False)
    poll_token: str | None = field(default=None, repr=False)

    def has(self, token: str) -> bool:
        """Return whether a token belongs to this Receiver, whatever it allows."""
        return token in {self.management_token, self.limited_token, self.poll_token}

    def token(self, channel: Channel) -> str | None:
        """Return the token of a channel."""
        return self.poll_token if channel == "poll" else self.management_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a request asks for.

    `owner` is the Receiver of the stream to be polled or acknowledged, if known. `grant` is what
    the token stands for if the authorization server issued it. The token needs one of `scopes`.
    """

    operation: str
    channel: Channel
    token: str | None = field(repr=False)
    receivers: tuple[Receiver, ...]
    owner: Receiver | None = None
    grant: Grant | None = None
    scopes: tuple[str, ...] = (MANAGE,)


@dataclass(frozen=True, slots=True)
class Granted:
    """The request is served for this Receiver, or for anybody if that is None."""

    receiver: Receiver | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The request is refused; `error` is a code of RFC 6750 section 3.1 if it had a token."""

    status: int
    description: str
    error: str | None = None

    def challenge(self) -> str:
        """Return the value of WWW-Authenticate."""
        error = f', error="{self.error}"' if self.error else ""
        return f'Bearer realm="{REALM}"{error}'


Decision: TypeAlias = Granted | Denied


def bearer_token(authorization: str | None) -> str | None:
    """Return the bearer token of an Authorization header, or None if it has none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def scopes_for(method: str) -> tuple[str, ...]:
    """Return the scopes that allow an operation; a token needs one of them."""
    return (READ, MANAGE) if method == "GET" else (MANAGE,)


def decide(access: Access) -> Decision:
    """Decide: 401 without a valid token, 403 for one of another kind, scope or audience."""
    if access.channel == "none":
        return Granted(None)
    if access.token is None:
        return Denied(status=401, description="missing bearer token")
    if access.grant is not None:
        return _by_grant(access, access.grant)
    for receiver in access.receivers:
        if access.token == receiver.token(access.channel):
            return _for_owner(access, receiver)
    if any(one.has(access.token) for one in access.receivers):
        return Denied(
            status=403,
            error="insufficient_scope",
            description=f"the token is not for {access.operation}",
        )
    return Denied(status=401, error="invalid_token", description="unknown token")


def _by_grant(access: Access, grant: Grant) -> Decision:
    if grant.ended is not None:
        return Denied(status=401, error="invalid_token", description=f"the token {grant.ended}")
    if not set(grant.scopes) & set(access.scopes):
        return Denied(
            status=403,
            error="insufficient_scope",
            description=f"{access.operation} needs the scope {' or '.join(access.scopes)}",
        )
    return _for_owner(
        access, next(one for one in access.receivers if one.client_id == grant.client_id)
    )


def _for_owner(access: Access, receiver: Receiver) -> Decision:
    if access.owner not in {None, receiver}:
        return Denied(
            status=403,
            error="insufficient_scope",
            description="the token is not for the audience of this stream",
        )
    return Granted(receiver)
