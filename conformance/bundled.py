"""The one door to the mock: starts it, and lists its faults and variants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from conformance.client import Transport
from conformance.spec.profile import Profile
from conformance.target import Bearer, Hook, Limits, Target
from mock_transmitter.deviations import catalogue
from mock_transmitter.http.application import Site
from mock_transmitter.http.in_process import InProcessTransport
from mock_transmitter.redelivery import AS_IT_IS, Curve, parse_curve

# The path and its last slash are for the rules of discovery: SSF 1.0 section 7.2.1.
ISSUER = "https://transmitter.invalid/tenant/"


@dataclass(frozen=True, slots=True)
class Bundled:
    """The bundled mock in process: a Transmitter of its own, with every hook that it can lend."""

    target: Target
    transport: Transport


@dataclass(frozen=True, slots=True)
class Deviation:
    """A named deviation of the mock, as its catalogue has it."""

    name: str
    kind: str
    summary: str
    breaks: tuple[str, ...]
    also: tuple[str, ...]
    exercises: tuple[str, ...]
    needs: tuple[str, ...] = ()


def deviations() -> tuple[Deviation, ...]:
    """Return every fault and variant of the mock."""
    entries = (*catalogue.FAULTS.values(), *catalogue.VARIANTS.values())
    return tuple(
        Deviation(
            entry.name,
            entry.kind,
            entry.summary,
            entry.breaks,
            entry.also,
            entry.exercises,
            entry.needs,
        )
        for entry in entries
    )


def target_of(profile: Profile, *, named: str = "--mock") -> Target:
    """Return the mock as a target: what a run is planned from."""
    return replace(_open(profile, (), 0, "plan", AS_IT_IS).target, named=named)


def leases(
    target: Target, *, seed: int, active: Sequence[str] = (), redelivery: str | None = None
) -> Callable[[str], Bundled]:
    """Return what gives each case a Transmitter of its own, all from the seed.

    `redelivery` holds the numbers of its backoff, as in `initial=10,factor=3`.
    """
    curve = AS_IT_IS if redelivery is None else parse_curve(redelivery)

    def lease(case: str) -> Bundled:
        opened = _open(target.profile, active, seed, case, curve)
        return Bundled(
            replace(
                opened.target,
                limits=target.limits,
                push_url=target.push_url,
                allow_destructive=target.allow_destructive,
                named=target.named,
            ),
            opened.transport,
        )

    return lease


def _open(
    profile: Profile, active: Sequence[str], seed: int, case: str, redelivery: Curve
) -> Bundled:
    site = Site(
        profile,
        base_url=ISSUER,
        clock="simulated",
        seed=_seed(seed, case),
        deviations=active,
        redelivery=redelivery,
    )
    tenant = site.tenant
    first, second = tenant.receivers
    control = tenant.control_url
    emit = {"event_type": "{event_type}"}
    emit |= (
        {"stream_id": "{stream_id}"}
        if profile.stream.model == "explicit"
        else {"audience": first.audience}
    )
    hooks = (
        Hook(name="emit_event", kind="http", url=f"{control}/events", body=emit),
        Hook(name="transmitter_status", kind="http", method="GET", url=f"{control}/streams"),
        Hook(name="clock.now", kind="http", method="GET", url=f"{control}/clock", read="now"),
        Hook(
            name="clock.advance",
            kind="http",
            url=f"{control}/clock",
            body={"advance_s": "{seconds}"},
        ),
    )
    target = Target(
        name="the bundled mock",
        version=None,
        issuer=tenant.issuer,
        profile=profile,
        credentials=_credentials(first.management_token, first.poll_token),
        second_receiver=_credentials(second.management_token, second.poll_token),
        limited_receiver=_credentials(first.limited_token, None),
        streams=8,
        hooks={hook.name: hook for hook in hooks},
        limits=Limits(),
        allow_destructive=True,
        disposable=True,
    )
    return Bundled(target, InProcessTransport(site))


def _credentials(management: str, poll: str | None) -> dict[str, Bearer]:
    found = {"management": Bearer(management)}
    return found if poll is None else {**found, "poll": Bearer(poll)}


def _seed(seed: int, case: str) -> int:
    return int.from_bytes(f"{seed}/{case}".encode())
