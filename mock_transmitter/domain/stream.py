"""A stream and its configuration: SSF 1.0 section 8.1.1, or the 2021 draft's section 7.1.2."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mock_transmitter.domain.delivery_queue import DeadLetter, DeliveryQueue
from mock_transmitter.domain.subjects import Status, Subjects

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryConfiguration:
    """How SETs reach the Receiver; the authorization_header is a secret that is never shown."""

    method: str
    endpoint_url: str
    authorization_header: str | None = field(default=None, repr=False)

    def document(self) -> Json:
        """Return what a Receiver may see."""
        return {"method": self.method, "endpoint_url": self.endpoint_url}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConfiguration:
    """What Transmitter and Receiver have agreed on.

    `others` holds Receiver-Supplied properties that the Transmitter only stores, such as
    `description`.
    """

    stream_id: str
    iss: str
    aud: str
    events_supported: tuple[str, ...]
    events_requested: tuple[str, ...]
    delivery: DeliveryConfiguration
    min_verification_interval: int | None = None
    inactivity_timeout: int | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def events_delivered(self) -> tuple[str, ...]:
        """Return the event types that were both requested and supported."""
        return tuple(uri for uri in self.events_supported if uri in self.events_requested)

    def document(self, *, with_stream_id: bool) -> Json:
        """Return the configuration under canonical names; an implicit stream has no stream_id."""
        document: Json = {"stream_id": self.stream_id} if with_stream_id else {}
        document |= {
            "iss": self.iss,
            "aud": self.aud,
            "events_supported": list(self.events_supported),
            "events_requested": list(self.events_requested),
            "events_delivered": list(self.events_delivered),
            "delivery": self.delivery.document(),
        }
        if self.min_verification_interval is not None:
            document["min_verification_interval"] = self.min_verification_interval
        if self.inactivity_timeout is not None:
            document["inactivity_timeout"] = self.inactivity_timeout
        return document | dict(self.others)


@dataclass(slots=True, kw_only=True)
class Stream:
    """A stream of one Receiver; a new configuration replaces the whole one, the queue stays.

    `active_at` is the time of the Receiver's last activity; `reason` explains the status.
    """

    audience: str
    configuration: StreamConfiguration
    status: Status = "enabled"
    reason: str | None = None
    subjects: Subjects = field(default_factory=Subjects)
    queue: DeliveryQueue = field(default_factory=DeliveryQueue)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    verified_at: float | None = None
    active_at: float = 0.0

    @property
    def stream_id(self) -> str:
        """Return the stream's id."""
        return self.configuration.stream_id

    @property
    def subject(self) -> Json:
        """Return the subject that identifies the stream itself: SSF 1.0 section 8.1.4.1."""
        return {"format": "opaque", "id": self.stream_id}

    @property
    def idle_at(self) -> float | None:
        """Return the time at which inactivity_timeout ends, or None if it does not run."""
        timeout = self.configuration.inactivity_timeout
        return None if timeout is None or self.status != "enabled" else self.active_at + timeout
