"""One stream of the target, as a case works with it: configuration, status and SETs."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from conformance.clock import growing_steps
from conformance.receiver.answer import Answer
from conformance.receiver.connection import Credential
from conformance.receiver.operations import Operations
from conformance.receiver.polling import MOST_POLLS_AT_ONCE, Polling
from conformance.receiver.preconditions import Blocked, NotReached, require
from conformance.receiver.push_listener import Endpoint
from conformance.receiver.push_replies import Push
from conformance.receiver.pushes import Pushes, sets_in
from conformance.receiver.shown_values import absent, delivery_of, event_types_in, same, shows
from conformance.receiver.stream_calls import StreamCalls
from conformance.sets import jws
from conformance.spec import codec
from conformance.target import credentials

Json: TypeAlias = dict[str, Any]

# The subject of an event if the operator names none.
EVENT_SUBJECT = {"format": "email", "email": "user@example.com"}


class Stream(StreamCalls):
    """One stream: it is read, changed, polled and deleted here.

    `endpoint` is where it pushes to, None where it is polled or pushes to nobody.
    """

    def __init__(
        self,
        operations: Operations,
        configuration: Json,
        *,
        receiver: Mapping[str, credentials.Credential] | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        super().__init__(operations, configuration, receiver=receiver)
        self._awaited = 0
        self._verified_at: float | None = None
        self._interrupted = False
        self._gone = False

        polling = Polling(self)
        self.poll = polling.poll
        self.start_poll = polling.start_poll
        self.await_answer = polling.await_answer
        self.receive = polling.receive
        self.acknowledge = polling.acknowledge

        self.endpoint = endpoint
        self._pushes = Pushes(self, endpoint)
        self.endpoint_url = self._pushes.endpoint_url
        self.answer_pushes = self._pushes.answer_pushes
        self.await_pushes = self._pushes.await_pushes
        self.require_end_of_pushes = self._pushes.require_end_of_pushes
        self.require_readable_pushes = self._pushes.require_readable_pushes
        self.let_pass = self._pushes.let_pass
        self.come_late = self._pushes.come_late

    @property
    def pushes(self) -> tuple[Push, ...]:
        """Return what was pushed to this stream's endpoint so far, in order; () without one."""
        return self._pushes.received

    # -- configuration
    # -------------------------------------------------------------------------------

    def fetch(self, *, credential: Credential = "own") -> Answer:
        """Read the configuration and return the answer, successful or not."""
        return self.send("read_stream", credential=credential)

    def read(self) -> Json:
        """Return the configuration. Raises NotReached if reading it is refused."""
        answer = self.fetch()
        found = self.operations.configuration_in(answer)
        require(answer.served and found, f"the stream can't be read: {answer.text}")
        self.configuration = {**found}
        return found

    def update(self, patch: Mapping[str, Any], *, credential: Credential = "own") -> Answer:
        """Update the configuration (PATCH); after a 202, wait until the change shows."""
        return self._change("update_stream", patch, credential)

    def replace(self, properties: Mapping[str, Any], *, credential: Credential = "own") -> Answer:
        """Replace the configuration; after a 202, wait until the change shows."""
        return self._change("replace_stream", properties, credential)

    def delete(self, *, credential: Credential = "own") -> Answer:
        """Delete the stream."""
        answer = self.send("delete_stream", credential=credential)
        self._gone = self._gone or answer.served
        return answer

    def discard(self) -> None:
        """Delete the stream at the end of its example if it still exists."""
        if not self._gone and self.profile.offers("delete_stream"):
            try:
                self.delete()
            except NotReached:
                return

    def _change(self, operation: str, body: Mapping[str, Any], credential: Credential) -> Answer:
        answer = self.send(operation, body=body, credential=credential)
        if answer.is_in(self.profile.operations[operation].accepted):
            self._await_processing(operation, body)
        return answer

    def _await_processing(self, operation: str, body: Mapping[str, Any]) -> None:
        """Wait until the accepted change shows or the patience ends, without sending it again.

        After a replacement, the properties that it left out are gone as well.
        """
        before = self.configuration
        leaves = [
            name
            for name in self.profile.stream.receiver_supplied
            if operation == "replace_stream" and name not in body and not absent(before.get(name))
        ]
        for step in growing_steps(self.operations.target.limits.patience_s):
            found = self.operations.configuration_in(self.fetch())
            shown = all(shows(found, name, value) for name, value in body.items())
            if shown and not any(same(name, before[name], found.get(name)) for name in leaves):
                return
            self.operations.clock.advance(step)

    # -- status
    # --------------------------------------------------------------------------------------

    def read_status(self, *, subject: object = None, credential: Credential = "own") -> Answer:
        """Read the status of the stream, or of a subject in it, and return any answer."""
        return self.send("read_status", subject=subject, credential=credential)

    def update_status(
        self, status: object, *, credential: Credential = "own", **members: object
    ) -> Answer:
        """Set a status; after a 202, wait until it shows. `members` also go into the body."""
        self._interrupted = status != "enabled"
        body = {"status": status, **members}
        answer = self.send("update_status", body=body, credential=credential)
        if answer.is_in(self.profile.operations["update_status"].accepted):
            self._await_status(status)
        return answer

    @property
    def status(self) -> object:
        """Return the status that the target shows now, None if it shows none."""
        return self.status_in(self.read_status()).get("status")

    def status_in(self, answer: Answer) -> Json:
        """Return the status in an answer, canonical; empty if there is none."""
        found = codec.decode(self.profile, "stream_status", answer.document)
        return found if isinstance(found, dict) else {}

    def resume(self) -> None:
        """Enable the stream again if a case has left it interrupted."""
        if self._interrupted and self.profile.offers("update_status"):
            try:
                self.update_status("enabled")
            except NotReached:
                return

    def _await_status(self, status: object) -> None:
        """Wait until the accepted change shows or the patience ends, without sending it again."""
        for step in growing_steps(self.operations.target.limits.patience_s):
            if self.status == status:
                return
            self.operations.clock.advance(step)

    # -- SETs
    # ----------------------------------------------------------------------------------------

    def verify(self, state: str | None = None) -> Answer:
        """Request verification, not sooner than min_verification_interval after the one before."""
        interval = self.configuration.get("min_verification_interval")
        if (
            self._verified_at is not None
            and isinstance(interval, (int, float))
            and math.isfinite(interval)
        ):
            due = self._verified_at + interval
            ahead = due - self.operations.clock.now()
            if ahead > 0:
                self.operations.wait(ahead + 0.001)
        answer = self.send("verify", body={} if state is None else {"state": state})
        self._verified_at = self.operations.clock.now()
        return answer

    @property
    def can_carry(self) -> bool:
        """Return whether a SET can be raised for this stream.

        A stream that delivers no event type still has Verification Events.
        """
        delivers = self.configuration.get("events_delivered") != []
        return (self.operations.raises_events and delivers) or self.operations.offers("verify")

    def raise_set(
        self, event_type: str | None = None, *, subject: Mapping[str, Any] | None = None
    ) -> None:
        """Raise one SET for this stream: by the emit hook, else by verification.

        An event about a `subject` is raised by the hook alone, whether the stream covers it or not.
        """
        chosen = event_type is not None or subject is not None
        delivers = chosen or self.configuration.get("events_delivered") != []
        if self.operations.raises_events and (delivers or not self.operations.offers("verify")):
            self.emit(event_type, subject=subject)
            return
        answer = self.verify()
        require(answer.served, f"no SET could be raised: verification was answered {answer.text}")

    def emit(
        self,
        event_type: str | None = None,
        *,
        subject: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise an event for this stream through the operator's hook.

        It is about a subject, or about any. Where none is covered by default (SSF 1.0 section 7.1)
        that one is added first, and the hook is told of it.
        """
        by_default = self.operations.metadata.get("default_subjects")
        if subject is None and by_default == "NONE" and self.operations.offers("add_subject"):
            subject = next(iter(self.operations.target.subjects), EVENT_SUBJECT)
            self.send("add_subject", body={"subject": subject})
        choice = event_type or next(iter(event_types_in(self.configuration)), None)
        self.operations.hooks.call(
            "emit_event",
            {
                "stream_id": self.id,
                "audience": self.audience,
                "event_type": choice,
                "subject": subject,
            },
        )

    def act_on_status(
        self,
        status: str,
        *,
        reason: str | None = None,
        subject: Mapping[str, Any] | None = None,
    ) -> None:
        """Have the target itself change the status of a stream, or of a subject in it.

        That is done through the operator's hook. Raises Blocked where it fails.
        """
        if subject is not None and "{subject}" not in repr(
            self.operations.target.hooks["transmitter_status"]
        ):
            raise Blocked("hook transmitter_status takes no {subject}")
        self._interrupted = status != "enabled"
        self.operations.hooks.call(
            "transmitter_status",
            {
                "stream_id": self.id,
                "audience": self.audience,
                "status": status,
                "reason": reason,
                "subject": subject,
            },
        )

    def obtain_sets(self, count: int = 1) -> dict[str, str]:
        """Raise SETs and wait until they arrive: `{jti: compact JWS}`.

        Polled SETs stay unacknowledged; pushed ones get the endpoint's reply. Raises Blocked if
        they do not arrive within the patience.
        """
        for _ in range(count):
            self.raise_set()
        return self.await_sets(count)

    def await_sets(self, count: int = 1) -> dict[str, str]:
        """Wait until that many different SETs have arrived, by poll or push.

        Raises Blocked at the end of the patience.
        """
        found = self.await_sets_that(lambda seen: len(seen) >= count)
        if len(found) < count:
            raise Blocked(
                f"{len(found)} of {count} SETs came within the patience of"
                f" {self.operations.target.limits.patience_s:.0f} s; raise --patience?"
            )
        return found

    def await_again(self, jtis: Collection[str]) -> set[str]:
        """Wait until those SETs arrive (again) or the patience ends; return what arrived."""
        return set(self.await_sets_that(lambda seen: set(jtis) <= set(seen)))

    def await_sets_that(
        self, enough: Callable[[Mapping[str, str]], bool], *, patience_s: float | None = None
    ) -> dict[str, str]:
        """Wait until the SETs are enough or the patience (in seconds) ends; return them.

        For a push stream, these are the SETs since the last wait. Raises Blocked if encrypted SETs
        arrived, which the suite can't read.
        """
        patience = self.operations.target.limits.patience_s if patience_s is None else patience_s
        steps = growing_steps(patience)
        found: dict[str, str] = {}
        at_once = MOST_POLLS_AT_ONCE
        while True:
            came = self._polled_sets() if self.endpoint is None else self._pushed_sets()
            fresh = came.keys() - found.keys()
            found.update(came)
            if enough(found):
                return found
            if fresh and at_once and self.endpoint is None:
                at_once -= 1
                continue
            step = next(steps, None)
            if step is not None:
                self.let_pass(step)
            elif not self.come_late():
                if any(map(jws.is_encrypted, found.values())):
                    raise Blocked("encrypted SETs came, and the suite has no key to read them")
                return found

    def _polled_sets(self) -> Mapping[str, str]:
        result = self.poll()
        require(result.answer.served, f"a poll was answered {result.answer.text}")
        return result.sets

    def _pushed_sets(self) -> Mapping[str, str]:
        pushes = self.pushes
        found = {jti: token for push in pushes[self._awaited :] for jti, token in sets_in(push)}
        self._awaited = len(pushes)
        self.require_end_of_pushes()
        return found

    def release(self, jtis: Sequence[str]) -> None:
        """Acknowledge polled SETs; pushed ones were acknowledged by the reply."""
        if self.endpoint is None:
            self.acknowledge(jtis)

    def drain(self) -> None:
        """Acknowledge all SETs that are still on this stream."""
        method = delivery_of(self.configuration).get("method")
        pushes = self.endpoint is not None or method == self.profile.delivery.push
        if pushes or not self.operations.polls:
            return
        try:
            for _ in range(10):
                pending = list(self.poll().sets)
                if not pending:
                    return
                self.acknowledge(pending)
        except NotReached:
            return
