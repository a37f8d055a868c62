"""The tenants of one server: the default one at the base URL, the others below it."""

import re
import threading
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from conformance.spec.profile import Profile
from mock_transmitter.domain.clock import ClockKind
from mock_transmitter.domain.defaults import PUSH_TIMEOUT_S
from mock_transmitter.domain.redelivery import AS_IT_IS, Curve
from mock_transmitter.http.message import Request
from mock_transmitter.http.push_sender import PushSender
from mock_transmitter.http.routes import Segments, segments_of
from mock_transmitter.tenant import Tenant

DEFAULT_TENANT = "default"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TENANTS = "tenants"


class TenantExists(ValueError):
    """A tenant with that name is already open."""


class UnknownTenant(LookupError):
    """No tenant with that name is open."""


class UnusableTenantName(ValueError):
    """A tenant's name is not usable: letters, digits, - and _ only, 64 at most, not `default`."""


class Tenants:
    """Opens, finds and closes tenants.

    Several threads may use it: each tenant has its own lock. `base_url` is the issuer of the
    default tenant. `deviations` (names of the catalogue) and `redelivery` apply to all tenants. A
    push waits `push_timeout_s` (real time) for its Receiver, whose certificate is verified against
    `push_ca` (certificates in PEM; by default the system's). Raises UnservedProfile or
    UnusableCurve.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        base_url: str,
        clock: ClockKind = "simulated",
        seed: int = 0,
        deviations: Sequence[str] = (),
        redelivery: Curve = AS_IT_IS,
        long_poll_timeout_s: float = 10.0,
        push_ca: str | None = None,
        push_timeout_s: float = PUSH_TIMEOUT_S,
    ) -> None:
        self.profile = profile
        self.base_url = base_url
        self._clock: ClockKind = clock
        self._seed = seed
        self._deviations = tuple(deviations)
        self._redelivery = redelivery
        self._timeout_s = long_poll_timeout_s
        self._sender = PushSender(authorities=push_ca, timeout_s=push_timeout_s)
        self._lock = threading.Lock()
        self._callbacks: tuple[Callable[[], None], ...] = ()
        self._opened = 0
        self._base: Segments = segments_of(urlsplit(base_url).path.rstrip("/")) or ()
        self._tenants: dict[str, Tenant] = {}
        self._by_discovery: dict[Segments, Tenant] = {}
        self.tenant = self._new(DEFAULT_TENANT, base_url)

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """Return all that are open, the default one first."""
        with self._lock:
            return (self.tenant, *self._tenants.values())

    def tenant_of(self, request: Request) -> Tenant:
        """Return the tenant that a request is for."""
        return self.find(segments_of(request.path) or ())[0]

    def find(self, segments: Segments) -> tuple[Tenant, Segments]:
        """Return the tenant of a path, and the rest of the path below its issuer."""
        discovered = self._by_discovery.get(segments)
        if discovered is not None:
            return discovered, ()
        depth = len(self._base)
        if segments[:depth] == self._base:
            below = segments[depth:]
            tenant = self._tenants.get(below[1]) if below[:1] == (_TENANTS,) and below[1:] else None
            return (self.tenant, below) if tenant is None else (tenant, below[2:])
        return self.tenant, ()

    def open_tenant(self, name: str | None = None) -> Tenant:
        """Open a tenant at {base_url}/tenants/{name}; without a name, at the next free number.

        Raises TenantExists or UnusableTenantName.
        """
        with self._lock:
            if name is None:
                self._opened += 1
                name = str(self._opened)
                while name in self._tenants:
                    self._opened += 1
                    name = str(self._opened)
            if not _NAME.fullmatch(name) or name == DEFAULT_TENANT:
                raise UnusableTenantName(f"{name!r} is not a valid name for a tenant")
            if name in self._tenants:
                raise TenantExists(f"the tenant {name!r} is already open")
            tenant = self._new(name, f"{self.base_url.rstrip('/')}/{_TENANTS}/{name}")
            self._tenants[name] = tenant
            # Where the path is fixed, whatever the issuer, it is the default tenant's.
            if tenant.routes.discovery != self.tenant.routes.discovery:
                self._by_discovery[tenant.routes.discovery] = tenant
            self._by_discovery[tenant.authorization_server.well_known] = tenant
        return tenant

    def close_tenant(self, name: str) -> None:
        """Close a tenant and remove its URLs. Raises UnknownTenant."""
        with self._lock:
            tenant = self._tenants.pop(name, None)
            if tenant is None:
                raise UnknownTenant(f"no tenant is named {name!r}")
            self._by_discovery.pop(tenant.routes.discovery, None)
            self._by_discovery.pop(tenant.authorization_server.well_known, None)
        tenant.close()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after anything that may wake a parked poll; return how to stop that.

        It is called from any thread.
        """
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def unsubscribe() -> None:
            with self._lock:
                kept = list(self._callbacks)
                if callback in kept:
                    kept.remove(callback)
                self._callbacks = tuple(kept)

        return unsubscribe

    def _new(self, name: str, issuer: str) -> Tenant:
        return Tenant(
            self.profile,
            name=name,
            issuer=issuer,
            clock=self._clock,
            seed=self._seed,
            deviations=self._deviations,
            redelivery=self._redelivery,
            long_poll_timeout_s=self._timeout_s,
            send=self._sender.send,
            wake=self._wake,
        )

    def _wake(self) -> None:
        for callback in self._callbacks:
            callback()
