"""One Transmitter at one issuer: keys, clock, streams, Receivers and deviations, under one lock."""

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeAlias

from conformance.spec.profile import Profile
from mock_transmitter.deviations import catalogue
from mock_transmitter.domain.access_tokens import AccessTokens
from mock_transmitter.domain.clock import Clock, ClockKind, SimulatedClock, SystemClock
from mock_transmitter.domain.errors import UnservedProfile
from mock_transmitter.domain.keys import KeyRing, UnusableAlgorithms
from mock_transmitter.domain.push import Attempt, PushOutcome
from mock_transmitter.domain.redelivery import Curve
from mock_transmitter.domain.seams import Seams
from mock_transmitter.domain.seed import hex_id, source
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.authorisation import Receiver
from mock_transmitter.http.dispatch import Dispatcher
from mock_transmitter.http.message import Parked, Request, Response
from mock_transmitter.http.oauth import AuthorizationServer
from mock_transmitter.http.operations import Operations
from mock_transmitter.http.routes import Routes

Json: TypeAlias = dict[str, Any]

AUDIENCES = ("https://receiver-1.example.com", "https://receiver-2.example.com")


class Tenant:
    """A Transmitter that answers requests, and pushes SETs when told to.

    Answering never blocks, and an internal error becomes a 500. Pushing may block, but delays no
    request.
    """

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
        send: Callable[[Attempt], PushOutcome],
        wake: Callable[[], None],
    ) -> None:
        self.name = name
        self.issuer = issuer
        self.control_url = f"{issuer.rstrip('/')}/_control"
        self.discovery_url = profile.discovery.url(issuer)
        self.clock: Clock = SimulatedClock(moved=wake) if clock == "simulated" else SystemClock()
        self._lock = threading.RLock()
        # Always taken before the other lock; its holder makes the only attempt at that time.
        self._pushing = threading.RLock()
        self._send = send
        self._wake = wake
        self._seams = Seams()
        self.routes = Routes(profile, issuer)

        def own_source(purpose: str) -> Random:
            return source(seed, name, purpose)

        self.receivers = _receivers(profile, own_source("tokens"), own_source("clients"))
        self.authorization_server = AuthorizationServer(
            issuer,
            receivers=self.receivers,
            tokens=AccessTokens(self.clock, own_source("access tokens")),
        )
        try:
            keys = KeyRing(own_source("key"), profile.sets.algorithms)
        except UnusableAlgorithms as error:
            raise UnservedProfile(f"sets.algorithms: {error}") from error
        self.transmitter = Transmitter(
            profile,
            issuer=issuer,
            clock=self.clock,
            keys=keys,
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
            authorization_server=self.authorization_server,
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

    @property
    def asked_seams(self) -> frozenset[tuple[str, str | None]]:
        """Return each seam that was reached so far, with its operation if it has one."""
        with self._lock:
            return frozenset(self._seams.asked)

    def use_deviations(self, names: Sequence[str]) -> None:
        """Play these deviations from now on, starting afresh.

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
        """Delete all streams; parked polls learn that theirs is gone."""
        with self._lock:
            for stream in self.transmitter.streams():
                self.transmitter.delete_stream(stream)
        self._wake()

    def push_due_in(self) -> float | None:
        """Return the seconds on the tenant's clock until the next push is due, or None."""
        with self._lock:
            due = self.transmitter.pushes.next_due()
            return None if due is None else due - self.clock.now()

    def push_one(self, *, wait: bool = True) -> Json | None:
        """Make the push attempt that is due first, and return how it went; None if none is due.

        Without `wait`, also None if another thread is making one.
        """
        if not self._pushing.acquire(blocking=wait):
            return None
        try:
            with self._lock:
                attempt = self.transmitter.pushes.take()
            if attempt is None:
                return None
            outcome = self._send(attempt)
            with self._lock:
                number = attempt.pending.attempts
                outcome = self.transmitter.pushes.settle(attempt, outcome)
                if not self.transmitter.pushes.is_push(attempt.stream):
                    self._wake()
                return {
                    "at": self.clock.now(),
                    "what": "push",
                    "stream_id": attempt.stream_id,
                    "jti": attempt.jti,
                    "attempt": number,
                    "ending": outcome.ending,
                    "reason": outcome.reason,
                }
        finally:
            self._pushing.release()

    def push_all(self) -> None:
        """Make all pushes that are due; if another thread is at it, that thread makes them."""
        # That thread asks once more after it has let go, so nothing is left between the two.
        while (left := self.push_due_in()) is not None and left <= 0:
            if self.push_one(wait=False) is None:
                return

    def advance_to(self, when: float) -> list[Json]:
        """Move the simulated clock from one due time to the next, and do what falls due on the way.

        Return what has happened. Raises TypeError on the system's clock.
        """
        if not isinstance(self.clock, SimulatedClock):
            raise TypeError("the system's clock can't be moved")
        happened: list[Json] = []
        with self._pushing:
            while (due := self._next_due()) is not None and due <= when:
                self.clock.advance_to(due)
                with self._lock:
                    happened += [
                        {"at": at, "what": "stream_paused", "stream_id": stream.stream_id}
                        for at, stream in self.transmitter.pause_idle_streams()
                    ]
                pushed = self.push_one()
                if pushed is not None:
                    happened.append(pushed)
            self.clock.advance_to(when)
        return happened

    def _next_due(self) -> float | None:
        with self._lock:
            return min(
                (
                    due
                    for due in (
                        self.transmitter.pushes.next_due(),
                        *(stream.idle_at for stream in self.transmitter.streams()),
                    )
                    if due is not None
                ),
                default=None,
            )

    def handle(self, request: Request) -> Response | Parked:
        """Answer a request, or park it."""
        before = self.transmitter.changes
        answer = self._dispatcher.handle(request)
        if self.transmitter.changes != before:
            self._wake()
        return answer


def _receivers(profile: Profile, random: Random, clients: Random) -> tuple[Receiver, ...]:
    has_poll_tokens = any(rules.channel == "poll" for rules in profile.operations.values())
    return tuple(
        Receiver(
            audience=audience,
            client_id=f"client-{hex_id(clients)}",
            client_secret=f"secret-{hex_id(clients)}",
            management_token=f"management-{hex_id(random)}",
            poll_token=f"poll-{hex_id(random)}" if has_poll_tokens else None,
            limited_token=f"limited-{hex_id(random)}",
        )
        for audience in AUDIENCES
    )
