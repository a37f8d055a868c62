"""What each operation does, in canonical names: from an authorised, valid call to a reply."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mock_transmitter.domain.clock import Clock
from mock_transmitter.domain.errors import InvalidRequest, StreamNotFound
from mock_transmitter.domain.seams import Seams
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.subjects import Subject
from mock_transmitter.domain.transmitter import Batch, Transmitter
from mock_transmitter.http.authorisation import Receiver
from mock_transmitter.http.metadata import metadata
from mock_transmitter.http.routes import Routes

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of one operation: the body has canonical names and is valid."""

    operation: str
    receiver: Receiver | None
    stream_id: str | None
    body: Mapping[str, Any]
    transmitter: Transmitter = field(repr=False)

    @property
    def audience(self) -> str:
        """Return the caller's audience; operations without authorisation have none."""
        return self.receiver.audience if self.receiver else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer in canonical names; `message` names it for the codec."""

    status: int
    document: Any = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A long poll with nothing to say yet: see `message.Parked`."""

    deadline: float
    wake_at: Callable[[], float]
    attempt: Callable[[], Reply | None]
    expire: Callable[[], Reply]


Outcome: TypeAlias = Reply | Waiting


class Operations:
    """The operations of one tenant; `perform` raises the errors of the domain."""

    def __init__(
        self,
        transmitter: Transmitter,
        *,
        clock: Clock,
        routes: Routes,
        seams: Seams,
        long_poll_timeout_s: float,
    ) -> None:
        self._transmitter = transmitter
        self._clock = clock
        self._routes = routes
        self._seams = seams
        self._timeout_s = long_poll_timeout_s
        self._perform: Mapping[str, Callable[[Call], Outcome]] = {
            "discover": self._discover,
            "read_key_set": self._read_key_set,
            "create_stream": self._create_stream,
            "read_stream": self._read_stream,
            "list_streams": self._list_streams,
            "update_stream": self._update_stream,
            "replace_stream": self._replace_stream,
            "delete_stream": self._delete_stream,
            "read_status": self._read_status,
            "update_status": self._update_status,
            "add_subject": self._add_subject,
            "remove_subject": self._remove_subject,
            "verify": self._verify,
            "poll": self._poll,
            "acknowledge": self._acknowledge,
        }

    def perform(self, call: Call) -> Outcome:
        """Perform a call, after pausing streams that have been idle too long."""
        self._transmitter.pause_idle_streams()
        return self._perform[call.operation](call)

    def _success(self, operation: str) -> int:
        return self._transmitter.profile.operations[operation].success[0]

    def _stream(self, call: Call, *, whoever: bool = False) -> Stream:
        """Return the stream that a call names, which counts as activity (SSF 1.0 section 8.1.1)."""
        if call.stream_id is not None:
            audience = None if whoever else call.audience
            stream = self._transmitter.stream(call.stream_id, audience)
        elif self._transmitter.explicit:
            raise InvalidRequest("stream_id is missing", "stream_id")
        else:
            stream = self._transmitter.only_stream(call.audience)
        self._transmitter.heard_of(stream)
        return stream

    def _shown(self, operation: str, stream: Stream) -> Reply:
        return Reply(
            status=self._success(operation),
            document=self._transmitter.document(stream),
            message="stream_configuration",
        )

    def _discover(self, call: Call) -> Reply:
        del call
        profile = self._transmitter.profile
        document = metadata(profile, self._routes, self._transmitter.issuer)
        return Reply(status=200, document=document, message="transmitter_configuration")

    def _read_key_set(self, call: Call) -> Reply:
        keys = self._transmitter.keys
        document = self._seams.apply("key_set", keys.key_set(), key=keys.signing)
        return Reply(status=self._success(call.operation), document=document, message="key_set")

    def _create_stream(self, call: Call) -> Reply:
        stream = self._transmitter.create_stream(call.audience, call.body)
        return self._shown(call.operation, stream)

    def _read_stream(self, call: Call) -> Reply:
        return self._shown(call.operation, self._stream(call))

    def _list_streams(self, call: Call) -> Reply:
        streams = self._transmitter.streams(call.audience)
        return Reply(
            status=self._success(call.operation),
            document=[self._transmitter.document(stream) for stream in streams],
            message="stream_configurations",
        )

    def _update_stream(self, call: Call) -> Reply:
        stream = self._stream(call)
        self._transmitter.update_stream(stream, call.body)
        return self._shown(call.operation, stream)

    def _replace_stream(self, call: Call) -> Reply:
        try:
            stream = self._stream(call)
        except StreamNotFound:
            rules = self._transmitter.profile.stream
            if self._transmitter.explicit or not rules.remade_by_replace:
                raise
            return self._shown(
                call.operation, self._transmitter.remake_stream(call.audience, call.body)
            )
        self._transmitter.replace_stream(stream, call.body)
        return self._shown(call.operation, stream)

    def _delete_stream(self, call: Call) -> Reply:
        self._transmitter.delete_stream(self._stream(call))
        return Reply(status=self._success(call.operation))

    def _read_status(self, call: Call) -> Reply:
        return self._shown_status(call, self._stream(call))

    def _update_status(self, call: Call) -> Reply:
        stream = self._stream(call)
        if "status" not in call.body:
            raise InvalidRequest("status is missing", "status")
        self._transmitter.set_status(
            stream,
            call.body["status"],
            reason=call.body.get("reason"),
            subject=call.body.get("subject"),
        )
        return self._shown_status(call, stream)

    def _shown_status(self, call: Call, stream: Stream) -> Reply:
        return Reply(
            status=self._success(call.operation),
            document=self._transmitter.status_document(stream, call.body.get("subject")),
            message="stream_status",
        )

    def _add_subject(self, call: Call) -> Reply:
        self._transmitter.add_subject(self._stream(call), _subject(call))
        return Reply(status=self._success(call.operation))

    def _remove_subject(self, call: Call) -> Reply:
        self._transmitter.remove_subject(self._stream(call), _subject(call))
        return Reply(status=self._success(call.operation))

    def _verify(self, call: Call) -> Reply:
        self._transmitter.verify(self._stream(call), call.body.get("state"))
        return Reply(status=self._success(call.operation))

    def _acknowledge(self, call: Call) -> Reply:
        stream = self._polled(call)
        if "acks" not in call.body:
            raise InvalidRequest("acks is missing", "acks")
        self._transmitter.acknowledge(stream, call.body["acks"])
        return Reply(status=self._success(call.operation))

    def _poll(self, call: Call) -> Outcome:
        """RFC 8936 section 2.4: acknowledge first, then answer, or wait until there is a SET."""
        stream = self._polled(call)
        self._transmitter.acknowledge(
            stream, [*call.body.get("ack", ()), *call.body.get("setErrs", ())]
        )
        most = call.body.get("maxEvents")
        most = None if most is None else int(most)
        deadline = self._clock.now() + self._timeout_s

        def expire() -> Reply:
            # The stream may have been deleted while the poll waited.
            self._transmitter.stream(stream.stream_id)
            return self._polled_sets(call, self._transmitter.poll(stream, most))

        def attempt() -> Reply | None:
            self._transmitter.stream(stream.stream_id)
            now = self._clock.now()
            return expire() if stream.queue.is_due(now) or now >= deadline else None

        def wake_at() -> float:
            due = stream.queue.next_due()
            return deadline if due is None else min(deadline, due)

        if self._answers_at_once(call) or stream.queue.is_due(self._clock.now()):
            return self._polled_sets(call, self._transmitter.poll(stream, most))
        return Waiting(deadline=deadline, wake_at=wake_at, attempt=attempt, expire=expire)

    def _polled(self, call: Call) -> Stream:
        """Return the stream to poll; authorisation has already checked whose it is."""
        stream = self._stream(call, whoever=True)
        if stream.configuration.delivery.method != self._transmitter.profile.delivery.poll:
            raise StreamNotFound("the stream does not deliver by poll")
        return stream

    def _answers_at_once(self, call: Call) -> bool:
        rules = self._transmitter.profile.poll
        if rules.long_poll == "ignored":
            return True
        default = rules.return_immediately_default
        return bool(call.body.get("returnImmediately", True if default is None else default))

    def _polled_sets(self, call: Call, batch: Batch) -> Reply:
        document: Json = {"sets": dict(batch.sets)}
        # Where acknowledging is a call of its own, the one text that has it shows `sets` and
        # nothing else.
        in_poll = self._transmitter.profile.poll.acknowledge != "own-operation"
        if in_poll and batch.more_available is not None:
            document["moreAvailable"] = batch.more_available
        return Reply(
            status=self._success(call.operation), document=document, message="poll_response"
        )


def _subject(call: Call) -> Subject:
    if "subject" not in call.body:
        raise InvalidRequest("subject is missing", "subject")
    subject: Subject = call.body["subject"]
    return subject
