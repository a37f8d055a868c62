"""One Transmitter at one issuer: key, clock, streams, Receivers, deviations, behind one lock."""

import threading
from collections.abc import Callable, Sequence
from random import Random

from conformance.spec.profile import Profile
from mock_transmitter.clock import Clock, ClockKind, SimulatedClock, SystemClock
from mock_transmitter.deviations import catalogue
from mock_transmitter.deviations.seams import Seams
from mock_transmitter.errors import UnservedProfile
from mock_transmitter.http.authorisation import Receiver
from mock_transmitter.http.dispatch import Dispatcher
from mock_transmitter.http.message import Parked, Request, Response
from mock_transmitter.http.operations import Operations
from mock_transmitter.http.routes import Routes
from mock_transmitter.keys import ALGORITHM, KeyRing
from mock_transmitter.redelivery import Curve
from mock_transmitter.seed import hex_id, source
from mock_transmitter.transmitter import Transmitter

AUDIENCES = ("https://receiver-1.example.com", "https://receiver-2.example.com")


class Tenant:
    """A Transmitter that answers requests; it never blocks, and its own failure is a 500."""

    def __init__(
        self,
        profile: Profile,
        *,
        name: str,
        issuer: str,
        clock: ClockKind,
        seed: int,
        deviations: Sequence[str],
        redelivery: Curve,
        long_poll_timeout_s: float,
        wake: Callable[[], None],
    ) -> None:
        if ALGORITHM not in profile.sets.algorithms:
            raise UnservedProfile(f"sets.algorithms: the mock signs with {ALGORITHM} only")
        self.name = name
        self.issuer = issuer
        self.control_url = f"{issuer.rstrip('/')}/_control"
        self.discovery_url = profile.discovery.url(issuer)
        self.clock: Clock = SimulatedClock(moved=wake) if clock == "simulated" else SystemClock()
        self._lock = threading.RLock()
        self._wake = wake
        self._seams = Seams()
        self.routes = Routes(profile, issuer)

        def own_source(purpose: str) -> Random:
            return source(seed, name, purpose)

        self.receivers = _receivers(profile, own_source("tokens"))
        self.transmitter = Transmitter(
            profile,
            issuer=issuer,
            clock=self.clock,
            keys=KeyRing(own_source("key")),
            seams=self._seams,
            source=own_source,
            poll_url=lambda stream_id: self.routes.url("poll", stream_id),
            redelivery=redelivery,
        )
        self._dispatcher = Dispatcher(
            profile,
            routes=self.routes,
            seams=self._seams,
            receivers=self.receivers,
            transmitter=self.transmitter,
            operations=Operations(
                self.transmitter,
                clock=self.clock,
                routes=self.routes,
                seams=self._seams,
                long_poll_timeout_s=long_poll_timeout_s,
            ),
            lock=self._lock,
        )
        self.deviations: tuple[str, ...] = ()
        self.use_deviations(deviations)
        if not self.transmitter.explicit:
            for receiver in self.receivers:
                self.transmitter.configure_implicit(receiver.audience)

    @property
    def lock(self) -> threading.RLock:
        """Return the lock under which streams may be read and changed."""
        return self._lock

    def use_deviations(self, names: Sequence[str]) -> None:
        """Play these deviations from now on, each afresh.

        Raises UnknownDeviation, and then nothing has changed.
        """
        entries = [catalogue.find(name) for name in names]
        with self._lock:
            self._seams.use(entry.deviation() for entry in entries)
            self.deviations = tuple(entry.name for entry in entries)

    def wake(self) -> None:
        """Tell the fronts that a parked poll may have something to answer."""
        self._wake()

    def close(self) -> None:
        """Let go of all streams; parked polls are told that theirs is gone."""
        with self._lock:
            for stream in self.transmitter.streams():
                self.transmitter.delete_stream(stream)
        self._wake()

    def handle(self, request: Request) -> Response | Parked:
        """Answer a request, or park it."""
        before = self.transmitter.changes
        answer = self._dispatcher.handle(request)
        if self.transmitter.changes != before:
            self._wake()
        return answer


def _receivers(profile: Profile, random: Random) -> tuple[Receiver, ...]:
    has_poll_tokens = any(rules.channel == "poll" for rules in profile.operations.values())
    return tuple(
        Receiver(
            audience=audience,
            management_token=f"management-{hex_id(random)}",
            poll_token=f"poll-{hex_id(random)}" if has_poll_tokens else None,
            limited_token=f"limited-{hex_id(random)}",
        )
        for audience in AUDIENCES
    )
