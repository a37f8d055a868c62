"""The one door to the mock: starts it, and lists its faults and variants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeAlias

from conformance.receiver.http_client import Transport, socket_transport
from conformance.receiver.tls.server_context import own_authority
from conformance.spec.profile import Profile
from conformance.target.credentials import Basic, Bearer, ClientCredentials, Credential
from conformance.target.target import Hook, Limits, Listening, Target
from mock_transmitter.deviations import catalogue
from mock_transmitter.deviations import deviation as core
from mock_transmitter.domain.access_tokens import SCOPES
from mock_transmitter.fronts.in_process import InProcessTransport
from mock_transmitter.server import RunningServer
from mock_transmitter.site import Site
from mock_transmitter.tenant import Tenant

# The path and its last slash are for the rules of discovery: SSF 1.0 section 7.2.1.
ISSUER = "https://transmitter.invalid/tenant/"

OVER_TLS = "--mock --tls"

Seams: TypeAlias = frozenset[tuple[str, str | None]]

_SEAMS = [name for name, value in vars(core.Deviation).items() if callable(value)]


@dataclass(frozen=True, slots=True)
class Bundled:
    """The bundled mock: a Transmitter of its own, with every hook that it offers.

    `asked` returns the seams that its core has come to, each with its operation, None for none.
    """

    target: Target
    transport: Transport
    close: Callable[[], None]
    asked: Callable[[], Seams]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A named deviation of the mock, as its catalogue has it.

    `over_tls` says that it shows in handshakes alone, or in what follows from them. It changes what
    passes the `seams` of these names, `on` these operations alone where there are any.
    """

    name: str
    kind: str
    summary: str
    breaks: tuple[str, ...]
    also: tuple[str, ...]
    exercises: tuple[str, ...]
    needs: tuple[str, ...] = ()
    over_tls: bool = False
    seams: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()

    def touches(self, asked: Seams) -> bool:
        """Return whether a case that comes to these seams can tell the deviation from the mock."""
        return any(
            seam in self.seams and not (operation and self.on and operation not in self.on)
            for seam, operation in asked
        )


def deviations() -> tuple[Deviation, ...]:
    """Return every fault and variant of the mock."""
    entries = (*catalogue.faults().values(), *catalogue.variants().values())
    return tuple(
        Deviation(
            entry.name,
            entry.kind,
            entry.summary,
            entry.breaks,
            entry.also,
            entry.exercises,
            entry.needs,
            entry.over_tls,
            frozenset(
                seam
                for seam in _SEAMS
                if getattr(entry.deviation, seam) is not getattr(core.Deviation, seam)
            ),
            frozenset(entry.deviation.on),
        )
        for entry in entries
    )


def target_of(profile: Profile) -> Target:
    """Return the mock as a target: what a run is planned from."""
    return replace(_open(profile, (), 0, "plan").target, named="--mock")


def leases(target: Target, *, seed: int, active: Sequence[str]) -> Callable[[str], Bundled]:
    """Return what gives each case a Transmitter of its own, all from the seed."""

    def lease(case: str) -> Bundled:
        opened = _open(target.profile, active, seed, case)
        return replace(opened, target=_as_asked(opened.target, target))

    return lease


class Server:
    """The bundled mock as a server over TLS on the loopback interface, until `close`.

    `asked` is the mock as a target, with what the command line said. All is from the seed but the
    port, and the keys and certificates of TLS.
    """

    def __init__(self, asked: Target, *, seed: int, active: Sequence[str] = ()) -> None:
        self._asked = asked
        self._server = RunningServer(
            asked.profile,
            tls=True,
            seed=seed,
            deviations=active,
            push_ca=_push_ca(),
        )
        self._transport = socket_transport(self._server.ca_file)
        self.target = self._target(self._server.site.tenant)

    def lease(self, case: str) -> Bundled:
        """Give a case a tenant of its own."""
        site = self._server.site
        name = f"case-{sha256(case.encode()).hexdigest()[:16]}"
        tenant = site.open_tenant(name)
        return Bundled(
            self._target(tenant),
            self._transport,
            close=lambda: site.close_tenant(name),
            asked=lambda: tenant.asked_seams,
        )

    def _target(self, tenant: Tenant) -> Target:
        opened = replace(_target(self._asked.profile, tenant), ca_file=self._server.ca_file)
        return replace(_as_asked(opened, self._asked), named=OVER_TLS)

    def close(self) -> None:
        """Stop the server, and with it all tenants; stopping twice is fine."""
        self._transport.close()
        self._server.stop()


def _as_asked(opened: Target, target: Target) -> Target:
    """Return the target of one case with what the command line said of the run's."""
    return replace(
        opened,
        limits=target.limits,
        listening=target.listening,
        push_url=target.push_url,
        allow_destructive=target.allow_destructive,
        named=target.named,
    )


def _open(profile: Profile, active: Sequence[str], seed: int, case: str) -> Bundled:
    site = Site(
        profile,
        base_url=ISSUER,
        clock="simulated",
        seed=_seed(seed, case),
        deviations=active,
        push_ca=_push_ca(),
    )
    target = replace(_target(profile, site.tenant), in_process=True)
    transport = InProcessTransport(site)
    return Bundled(target, transport, close=transport.close, asked=lambda: site.tenant.asked_seams)


def _target(profile: Profile, tenant: Tenant) -> Target:
    first, second = tenant.receivers
    control = tenant.control_url
    stream = (
        {"stream_id": "{stream_id}"}
        if profile.stream.model == "explicit"
        else {"audience": "{audience}"}
    )
    emit = {"event_type": "{event_type}", "subject": "{subject}", **stream}
    act = {"status": "{status}", "reason": "{reason}", "subject": "{subject}", **stream}
    hooks = (
        Hook(name="emit_event", kind="http", url=f"{control}/events", body=emit),
        Hook(name="transmitter_status", kind="http", url=f"{control}/status", body=act),
        Hook(name="clock.now", kind="http", method="GET", url=f"{control}/clock", read="now"),
        Hook(
            name="clock.advance",
            kind="http",
            url=f"{control}/clock",
            body={"advance_s": "{seconds}"},
        ),
    )
    return Target(
        name="the bundled mock",
        version=None,
        issuer=tenant.issuer,
        profile=profile,
        credentials=_credentials(first.management_token, first.poll_token),
        second_receiver=_credentials(second.management_token, second.poll_token),
        limited_receiver=_credentials(first.limited_token, None),
        oauth_client=ClientCredentials.of(
            Basic(first.client_id, first.client_secret),
            place="the bundled mock",
            token_url=tenant.authorization_server.token_url,
            scope=" ".join(SCOPES),
        ),
        streams=8,
        hooks={hook.name: hook for hook in hooks},
        limits=Limits(),
        listening=Listening(own_authority=True),
        allow_destructive=True,
        disposable=True,
    )


def _push_ca() -> str:
    """Return the certificate, in PEM, that vouches for the suite's push listener."""
    return own_authority().cert_pem.bytes().decode()


def _credentials(management: str, poll: str | None) -> dict[str, Credential]:
    found: dict[str, Credential] = {"management": Bearer(management)}
    return found if poll is None else {**found, "poll": Bearer(poll)}


def _seed(seed: int, case: str) -> int:
    return int.from_bytes(f"{seed}/{case}".encode())
