"""The Transmitter that each case calls, and everything that all cases have seen of it."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from conformance.engine.first_contact import discover
from conformance.engine.run_options import Lease, RunOptions
from conformance.receiver.connection import Connection, SeenAnswer, SeenSet, Trouble
from conformance.receiver.exchange import Exchange, Recorder
from conformance.receiver.http_client import Unreachable
from conformance.receiver.push_listener import PushListener
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.target.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.receiver.tls.handshake import Handshakes


class CaseTransmitters:
    """Opens a Transmitter for each case: the shared target, or one that the case leases.

    `metadata` is that of the target, None until the run has fetched it. `shared` is the connection
    of all cases, None where each has its own.
    """

    def __init__(self, target: Target, options: RunOptions) -> None:
        self.metadata: Mapping[str, Any] | None = None
        self.seen_sets: list[SeenSet] = []
        self.seen_answers: dict[SeenAnswer, Exchange] = {}
        self.handshakes: dict[tuple[str, int], Handshakes] = {}
        self.troubles: list[Trouble] = []
        self._target = target
        self._lease = options.lease
        self._leased: dict[str, Lease] = {}
        self.shared: Connection | None = None
        self._listener = (
            None
            if target.listening is None
            else PushListener(target.listening, url=target.push_url, seed=options.seed or 0)
        )

    def listen(self) -> None:
        """Start to listen for pushes, unless each case does so on its own."""
        if self._listener is not None and self._lease is None:
            self._listener.start()

    def open(self, case: str, recorder: Recorder) -> RemoteTransmitter:
        """Return the Transmitter for a case; the recorder gets its exchanges."""
        connection = self._connection(case)
        connection.seen_sets = self.seen_sets
        connection.seen_answers = self.seen_answers
        connection.handshakes = self.handshakes
        connection.troubles = self.troubles
        connection.listener = self._listener
        if connection.target.issuer == self._target.issuer:
            connection.metadata = self.metadata or {}
        elif self.metadata is not None:
            # Another issuer has other endpoints. The case does not request them itself, so this
            # request belongs neither to its exchanges nor to a reproducer.
            with suppress(Unreachable):
                discover(RemoteTransmitter(connection, Recorder()))
        return RemoteTransmitter(connection, recorder, case=case)

    def _connection(self, case: str) -> Connection:
        if self._lease is not None:
            lease = self._leased[case] = self._lease(case)
            return Connection.open(lease.target, lease.transport)
        if self.shared is None:
            self.shared = Connection.open(self._target)
        return self.shared

    def end(self, case: str, transmitter: RemoteTransmitter) -> None:
        """End the Transmitter of a case if it was leased, and keep its keys.

        The cases that judge all SETs still need them.
        """
        lease = self._leased.pop(case, None)
        if lease is None:
            return
        connection = transmitter.connection
        transmitter.fetch_last_keys(
            [seen.token for seen in self.seen_sets if seen.connection is connection]
        )
        lease.close()

    def close(self) -> None:
        """Close the shared connection and stop listening for pushes."""
        if self.shared is not None:
            self.shared.close()
        if self._listener is not None:
            self._listener.close()
