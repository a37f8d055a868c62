"""Calls of operations on one stream, and the record of its SETs."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from conformance.receiver.answer import Answer
from conformance.receiver.connection import Credential, SeenSet
from conformance.receiver.deliveries import History
from conformance.receiver.operations import Operations
from conformance.target import credentials

Json: TypeAlias = dict[str, Any]


class StreamCalls:
    """One stream: `configuration` is what was last read of it, canonical, `history` its deliveries.

    `receiver` holds the credentials of the Receiver that the stream belongs to, by channel; None is
    the target's own.
    """

    def __init__(
        self,
        operations: Operations,
        configuration: Json,
        *,
        receiver: Mapping[str, credentials.Credential] | None = None,
    ) -> None:
        self.operations = operations
        self.profile = operations.profile
        self.configuration = configuration
        self.history = History()
        self._receiver = receiver

    @property
    def id(self) -> str | None:
        """Return the stream_id, None if there is none."""
        found = self.configuration.get("stream_id")
        return found if isinstance(found, str) and found else None

    @property
    def audience(self) -> object:
        """Return the first of the stream's audiences."""
        found = self.configuration.get("aud")
        return found[0] if isinstance(found, list) and found else found

    def send(
        self,
        operation: str,
        *,
        credential: Credential = "own",
        **arguments: Any,  # noqa: ANN401 (as in Operations.call)
    ) -> Answer:
        """Call an operation on this stream with the arguments of `Operations.call`.

        The credential "own" is that of the Receiver that the stream belongs to.
        """
        if credential == "own" and self._receiver is not None:
            credential = self._receiver.get(self.profile.operations[operation].channel)
        return self.operations.call(
            operation,
            stream_id=self.id,
            stream=self.configuration,
            credential=credential,
            **arguments,
        )

    def keep(self, sets: Mapping[str, str], at: float, *, pushed: bool = False) -> None:
        """Keep received SETs with their time, to be judged at the end of the run."""
        exchanges = tuple(self.operations.recorder.exchanges)
        for key, token in sets.items():
            self.operations.key_set_for(token)
            self.operations.connection.seen_sets.append(
                SeenSet(
                    self.operations.connection,
                    self.id or "",
                    self.configuration,
                    key,
                    token,
                    exchanges,
                    at,
                    pushed,
                )
            )
