"""One stream of the target: its configuration, its SETs, and the history of both."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from conformance.clock import growing_steps
from conformance.receiver.connection import Answer, Credential, SeenSet
from conformance.receiver.deliveries import History
from conformance.receiver.exchange import Exchange, Recorder
from conformance.receiver.held_poll import HeldPoll
from conformance.receiver.preconditions import Blocked, NotReached, require
from conformance.receiver.push_listener import ACCEPTED as TAKEN
from conformance.receiver.push_listener import Endpoint, Push, Reply
from conformance.receiver.shown_values import absent, delivery_of, same, shows
from conformance.sets import jws
from conformance.sets.contents import claims_of
from conformance.spec import codec
from conformance.spec.redaction import redact_headers, redact_text
from conformance.target import credentials

if TYPE_CHECKING:
    from conformance.receiver.remote_transmitter import RemoteTransmitter

Json: TypeAlias = dict[str, Any]

_IN_ENGLISH = {"content-type": "application/json", "content-language": "en"}

# A Transmitter may hand out one SET at a time; one that finds ever new ones has no end.
MOST_POLLS_AT_ONCE = 50

# RFC 8935 section 2.2: what a Receiver answers once it has a SET.
ACCEPTED = 202

NO_ENDPOINT = "the stream pushes to no endpoint of the suite's"

# A SET however it is wrapped: what wraps it is judged by the requirements about the request.
_COMPACT_SET = re.compile(rb"(?<![\w./-])ey[\w-]+=*(?:\.[\w-]*=*){1,4}")


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """The answer to a poll: `sets` is `{jti: compact JWS}`, empty where it holds none."""

    answer: Answer
    sets: Mapping[str, str]
    more_available: object


class Stream:
    """One stream of the target; `configuration` is what was last read of it, canonical.

    `endpoint` is where it pushes to, None where it is polled or pushes to nobody. `receiver` holds
    the credentials of the Receiver that it is of, by channel; None is the target's own.
    """

    def __init__(
        self,
        transmitter: "RemoteTransmitter",
        configuration: Json,
        *,
        receiver: Mapping[str, credentials.Credential] | None = None,
    ) -> None:
        self.transmitter = transmitter
        self._receiver = receiver
        self.profile = transmitter.profile
        self.configuration = configuration
        self.history = History()
        self.endpoint: Endpoint | None = None
        self._recorded = 0
        self._unreadable = 0
        self._awaited = 0
        self._verified_at: float | None = None
        self._interrupted = False
        self._gone = False

    @property
    def id(self) -> str | None:
        """Return the stream_id; None where streams have none."""
        found = self.configuration.get("stream_id")
        return found if isinstance(found, str) and found else None

    @property
    def audience(self) -> object:
        """Return whom the stream is for: the first of its audiences."""
        found = self.configuration.get("aud")
        return found[0] if isinstance(found, list) and found else found

    # -- configuration
    # -------------------------------------------------------------------------------

    def fetch(self, *, credential: Credential = "own") -> Answer:
        """Ask for the configuration, whatever the answer."""
        return self._call("read_stream", credential=credential)

    def read(self) -> Json:
        """Return the configuration. Raises NotReached where it is refused."""
        answer = self.fetch()
        found = self.transmitter.configuration_in(answer)
        require(answer.served and found, f"the stream can't be read: {answer.text}")
        self.configuration = {**found}
        return found

    def update(self, patch: Mapping[str, Any], *, credential: Credential = "own") -> Answer:
        """Update the configuration (PATCH), and wait a 202 out."""
        return self._change("update_stream", patch, credential)

    def replace(self, properties: Mapping[str, Any], *, credential: Credential = "own") -> Answer:
        """Replace the configuration, and wait a 202 out."""
        return self._change("replace_stream", properties, credential)

    def delete(self, *, credential: Credential = "own") -> Answer:
        """Delete the stream."""
        answer = self._call("delete_stream", credential=credential)
        self._gone = self._gone or answer.served
        return answer

    def discard(self) -> None:
        """Take the stream away at the end of its example, whatever came of it."""
        if not self._gone and self.profile.offers("delete_stream"):
            try:
                self.delete()
            except NotReached:
                return

    def send(
        self,
        operation: str,
        *,
        body: object = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        credential: Credential = "own",
    ) -> Answer:
        """Call an operation on this stream with any body, whatever the answer."""
        return self._call(operation, body=body, raw=raw, headers=headers, credential=credential)

    def probe(self, method: str, operation: str) -> Answer:
        """Call an operation with another verb than its own."""
        return self._call(operation, method=method)

    def _change(self, operation: str, body: Mapping[str, Any], credential: Credential) -> Answer:
        answer = self._call(operation, body=body, credential=credential)
        if answer.is_in(self.profile.operations[operation].accepted):
            self._await_processing(operation, body)
        return answer

    def _await_processing(self, operation: str, body: Mapping[str, Any]) -> None:
        """Wait until what was accepted shows, or the patience ends; nothing is sent again.

        A replacement has also taken away what it left out.
        """
        before = self.configuration
        leaves = [
            name
            for name in self.profile.stream.receiver_supplied
            if operation == "replace_stream" and name not in body and not absent(before.get(name))
        ]
        for step in growing_steps(self.transmitter.target.limits.patience_s):
            found = self.transmitter.configuration_in(self.fetch())
            shown = all(shows(found, name, value) for name, value in body.items())
            if shown and not any(same(name, before[name], found.get(name)) for name in leaves):
                return
            self.transmitter.clock.advance(step)

    # -- status
    # --------------------------------------------------------------------------------------

    def read_status(self, *, subject: object = None, credential: Credential = "own") -> Answer:
        """Ask for the status, of the stream or of a subject in it, whatever the answer."""
        return self._call("read_status", subject=subject, credential=credential)

    def update_status(
        self, status: object, *, credential: Credential = "own", **members: object
    ) -> Answer:
        """Ask for a status, and wait a 202 out; `members` are what else the body has."""
        self.note_status(status)
        body = {"status": status, **members}
        answer = self._call("update_status", body=body, credential=credential)
        if answer.is_in(self.profile.operations["update_status"].accepted):
            self._await_status(status)
        return answer

    @property
    def status(self) -> object:
        """Return the status that the target shows now, None where it shows none."""
        return self.status_in(self.read_status()).get("status")

    def status_in(self, answer: Answer) -> Json:
        """Return the status in an answer, canonical; empty if there is none."""
        found = codec.decode(self.profile, "stream_status", answer.document)
        return found if isinstance(found, dict) else {}

    def note_status(self, status: object) -> None:
        """Remember that a status was asked for, so that `resume` can take it back."""
        self._interrupted = status != "enabled"

    def resume(self) -> None:
        """Enable the stream again where a case has interrupted it and left it so."""
        if self._interrupted and self.profile.offers("update_status"):
            try:
                self.update_status("enabled")
            except NotReached:
                return

    def _await_status(self, status: object) -> None:
        """Wait until what was accepted shows, or the patience ends; nothing is sent again."""
        for step in growing_steps(self.transmitter.target.limits.patience_s):
            if self.status == status:
                return
            self.transmitter.clock.advance(step)

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
            ahead = due - self.transmitter.clock.now()
            if ahead > 0:
                self.transmitter.wait(ahead + 0.001)
        answer = self._call("verify", body={} if state is None else {"state": state})
        self._verified_at = self.transmitter.clock.now()
        return answer

    @property
    def can_carry(self) -> bool:
        """Say whether a SET can be put on this stream as it stands.

        One that delivers no event type still has its Verification Events.
        """
        delivers = self.configuration.get("events_delivered") != []
        return (self.transmitter.raises_events and delivers) or self.transmitter.offers("verify")

    def raise_set(
        self, event_type: str | None = None, *, subject: Mapping[str, Any] | None = None
    ) -> None:
        """Have one SET put on this stream: by the emit hook, else by verification.

        An event about a `subject` is raised by the hook alone, whether the stream covers it or not.
        """
        chosen = event_type is not None or subject is not None
        delivers = chosen or self.configuration.get("events_delivered") != []
        if self.transmitter.raises_events and (delivers or not self.transmitter.offers("verify")):
            self.transmitter.emit(self, event_type, subject=subject)
            return
        answer = self.verify()
        require(answer.served, f"no SET could be raised: verification was answered {answer.text}")

    def obtain_sets(self, count: int = 1) -> dict[str, str]:
        """Raise SETs and wait until they have come: `{jti: compact JWS}`.

        A poll leaves them unacknowledged, a push is answered as the endpoint was told. Raises
        Blocked where they do not come within the patience.
        """
        for _ in range(count):
            self.raise_set()
        return self.await_sets(count)

    def await_sets(self, count: int = 1) -> dict[str, str]:
        """Wait until that many different SETs have come, by polling or pushed.

        Raises Blocked at the end of the patience.
        """
        found = self.await_sets_that(lambda seen: len(seen) >= count)
        if len(found) < count:
            raise Blocked(
                f"{len(found)} of {count} SETs came within the patience of"
                f" {self.transmitter.target.limits.patience_s:.0f} s; raise --patience?"
            )
        return found

    def await_again(self, jtis: Collection[str]) -> set[str]:
        """Wait until those SETs have come (again), or the patience ends; return what came."""
        return set(self.await_sets_that(lambda seen: set(jtis) <= set(seen)))

    def await_sets_that(
        self, enough: Callable[[Mapping[str, str]], bool], *, patience_s: float | None = None
    ) -> dict[str, str]:
        """Wait until what came is enough, or the patience (in seconds) ends; return what came.

        Of a stream that pushes, that is what came since SETs were last awaited. Raises Blocked
        where encrypted SETs came, of which nobody can say whether they are enough.
        """
        patience = self.transmitter.target.limits.patience_s if patience_s is None else patience_s
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
            if step is None:
                if any(map(jws.is_encrypted, found.values())):
                    raise Blocked("encrypted SETs came, and the suite has no key to read them")
                return found
            self.let_pass(step)

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

    def let_pass(self, seconds: float) -> None:
        """Let time pass at the target; what it pushes may end the wait."""
        clock, endpoint = self.transmitter.clock, self.endpoint
        if endpoint is None:
            clock.advance(seconds)
        elif not clock.movable:
            endpoint.await_more(self._recorded, seconds)
        else:
            clock.advance(seconds)
            if not self.transmitter.target.in_process:
                # A mock has sent what is due when its clock has moved; others need a moment.
                disposable = self.transmitter.target.disposable
                endpoint.await_more(self._recorded, 0.05 if disposable else 0.5)

    # -- pushes
    # --------------------------------------------------------------------------------------

    @property
    def pushes(self) -> tuple[Push, ...]:
        """Return what was pushed to this stream's endpoint so far, in order; () without one.

        What is new in it becomes part of the case's exchanges and of the history.
        """
        if self.endpoint is None:
            return ()
        pushes = self.endpoint.pushes
        fresh = pushes[self._recorded :]
        self._recorded = len(pushes)
        # The time is asked for only where an arrival gives it a meaning: it may cost a call.
        at = self.transmitter.clock.now() if fresh else 0.0
        for push in fresh:
            self._record(push, at)
        return pushes

    def endpoint_url(self, tail: str | None = None) -> str:
        """Return a URL of this stream's endpoint; `tail` is path and query below it.

        Raises Blocked for a stream without one.
        """
        if self.endpoint is None:
            raise Blocked(NO_ENDPOINT)
        return self.endpoint.url if tail is None else self.endpoint.at(tail)

    def answer_pushes(
        self, *script: Reply, afterwards: Reply = TAKEN, again: Reply | None = None
    ) -> None:
        """Answer the next pushes as told, one after another, and all others with `afterwards`.

        With `again`, what repeats a push gets that answer, and counts for none of the others.
        Raises Blocked for a stream without an endpoint.
        """
        if self.endpoint is None:
            raise Blocked(NO_ENDPOINT)
        self.endpoint.answers(*script, afterwards=afterwards, again=again)

    def require_end_of_pushes(self) -> None:
        """Go on only where the target has not flooded the endpoint. Raises NotReached."""
        more = 0 if self.endpoint is None else self.endpoint.cut_off
        require(
            not more,
            f"the target pushes without end: after {self._recorded} pushes to one stream,"
            f" {more} more were answered 429",
        )

    def require_readable_pushes(self) -> None:
        """Go on only where each push held a SET that can be told from others. Raises Blocked."""
        if self._unreadable:
            raise Blocked("a push came without a SET that can be read, which other rows judge")

    def await_pushes(
        self,
        enough: int | Callable[[Sequence[Push]], bool] = 1,
        *,
        patience_s: float | None = None,
    ) -> tuple[Push, ...]:
        """Wait for so many pushes, or ones that are enough, or the patience (in seconds) to end.

        Returns all pushes to this stream so far.
        """
        patience = self.transmitter.target.limits.patience_s if patience_s is None else patience_s
        steps = growing_steps(patience)
        while True:
            pushes = self.pushes
            self.require_end_of_pushes()
            done = len(pushes) >= enough if isinstance(enough, int) else enough(pushes)
            step = None if done else next(steps, None)
            if step is None:
                return pushes
            self.let_pass(step)

    def _record(self, push: Push, at: float) -> None:
        secrets = self.transmitter.target.secrets
        self.transmitter.recorder.adopt(
            [
                Exchange(
                    number=0,
                    operation="push",
                    channel="none",
                    method=push.method,
                    url=redact_text(push.url, secrets),
                    request_headers=redact_headers(push.headers),
                    request_body=redact_text(push.body.decode("utf-8", "replace"), secrets),
                    status=push.answered,
                    response_headers=dict(push.reply.headers),
                    response_body=push.reply.body.decode() or None,
                    error="the connection was reset" if push.answered is None else None,
                    duration_s=push.reply.after_s,
                )
            ]
        )
        sets = dict(sets_in(push))
        self._unreadable += not sets
        self.history.delivered(sets, at)
        if push.answered == ACCEPTED:
            self.history.acknowledged(sets)
        self._keep(sets, at, pushed=True)

    def poll(
        self,
        *,
        max_events: int | None = None,
        return_immediately: bool | None = True,
        ack: Sequence[str] | None = None,
        set_errors: Mapping[str, Any] | None = None,
        credential: Credential = "own",
        extra: Mapping[str, Any] | None = None,
    ) -> PollAnswer:
        """Poll for SETs (RFC 8936 section 2.4); None leaves a member out.

        Errors are reported together with the language of their descriptions (section 2.6).
        """
        body = _poll_request(
            max_events=max_events,
            return_immediately=return_immediately,
            ack=ack,
            set_errors=set_errors,
            extra=extra,
        )
        sent = None if max_events == 0 else self.transmitter.clock.reached()
        answer = self._call(
            "poll",
            body=body,
            headers=_IN_ENGLISH if set_errors else None,
            credential=credential,
            timeout_s=None if return_immediately else self._longest_poll_s,
        )
        return self._polled(answer, [*(ack or ()), *(set_errors or ())], sent=sent)

    def start_poll(
        self,
        *,
        max_events: int | None = None,
        return_immediately: bool | None = None,
        ack: Sequence[str] | None = None,
        timeout_s: float | None = None,
    ) -> HeldPoll[Answer]:
        """Return a poll that is sent when it is entered, and held while the case goes on.

        Hand its answer to `receive`. After `timeout_s` seconds (by default as long as a long poll
        may take) the suite hangs up.
        """
        body = _poll_request(max_events=max_events, return_immediately=return_immediately, ack=ack)
        transmitter = self.transmitter

        def send(recorder: Recorder) -> Answer:
            return transmitter.beside(recorder).call(
                "poll",
                stream_id=self.id,
                stream=self.configuration,
                body=body,
                timeout_s=timeout_s or self._longest_poll_s,
                held=True,
            )

        settle_s = 0.05 if transmitter.target.in_process else 0.5
        return HeldPoll(send, transmitter.recorder, settle_s=settle_s)

    def await_answer(self, *held: HeldPoll[Answer]) -> bool:
        """Give held polls the patience to be answered; say whether one of them was."""
        steps = growing_steps(self.transmitter.target.limits.patience_s)
        while not any(one.answered() for one in held):
            step = next(steps, None)
            if step is None:
                return False
            self.transmitter.clock.advance(step)
        return True

    def receive(self, held: HeldPoll[Answer], *, ack: Sequence[str] = ()) -> PollAnswer:
        """Wait for the answer of a held poll and take it as `poll` does. Raises NoAnswer."""
        return self._polled(held.finish(self._longest_poll_s), ack)

    @property
    def _longest_poll_s(self) -> float:
        limits = self.transmitter.target.limits
        return limits.timeout_s + limits.patience_s

    def _polled(
        self, answer: Answer, released: Sequence[str], *, sent: float | None = None
    ) -> PollAnswer:
        result = self._poll_answer(answer)
        # The time is asked for only where an answer gives it a meaning: it may cost a call.
        at = self.transmitter.clock.now() if result.sets else 0.0
        if answer.served:
            self.history.acknowledged(released)
            self.history.delivered(result.sets, at, sent=sent)
        self._keep(result.sets, at)
        return result

    def acknowledge(self, jtis: Sequence[str], *, credential: Credential = "own") -> Answer:
        """Acknowledge SETs and ask for none, in the way that the dialect has."""
        if self.profile.poll.acknowledge == "own-operation":
            answer = self._call("acknowledge", body={"acks": list(jtis)}, credential=credential)
            if answer.served:
                self.history.acknowledged(jtis)
            return answer
        return self.poll(max_events=0, ack=jtis, credential=credential).answer

    def release(self, jtis: Sequence[str]) -> None:
        """Acknowledge SETs of a stream that is polled; a push was by its answer."""
        if self.endpoint is None:
            self.acknowledge(jtis)

    def drain(self) -> None:
        """Acknowledge whatever this stream still has."""
        method = delivery_of(self.configuration).get("method")
        pushes = self.endpoint is not None or method == self.profile.delivery.push
        if pushes or not self.transmitter.polls:
            return
        try:
            for _ in range(10):
                pending = list(self.poll().sets)
                if not pending:
                    return
                self.acknowledge(pending)
        except NotReached:
            return

    def _poll_answer(self, answer: Answer) -> PollAnswer:
        document = codec.decode(self.profile, "poll_response", answer.document)
        sets = document.get("sets") if isinstance(document, dict) and answer.served else None
        found = (
            {key: token for key, token in sets.items() if isinstance(token, str)}
            if isinstance(sets, dict)
            else {}
        )
        more = document.get("moreAvailable") if isinstance(document, dict) else None
        return PollAnswer(answer, found, more)

    def _keep(self, sets: Mapping[str, str], at: float, *, pushed: bool = False) -> None:
        exchanges = tuple(self.transmitter.recorder.exchanges)
        for key, token in sets.items():
            self.transmitter.key_set_for(token)
            self.transmitter.connection.seen_sets.append(
                SeenSet(
                    self.transmitter.connection,
                    self.id or "",
                    self.configuration,
                    key,
                    token,
                    exchanges,
                    at,
                    pushed,
                )
            )

    def _call(
        self,
        operation: str,
        *,
        credential: Credential = "own",
        **arguments: Any,  # noqa: ANN401 (as in call)
    ) -> Answer:
        if credential == "own" and self._receiver is not None:
            credential = self._receiver.get(self.profile.operations[operation].channel)
        return self.transmitter.call(
            operation,
            stream_id=self.id,
            stream=self.configuration,
            credential=credential,
            **arguments,
        )


def sets_in(push: Push) -> list[tuple[str, str]]:
    """Return the SETs in a push, each with its jti; one that can't be read goes by its end."""
    tokens = [one.decode() for one in _COMPACT_SET.findall(push.body)]
    return [(str(claims_of(token).get("jti", token[-32:])), token) for token in tokens]


def _poll_request(
    *,
    max_events: int | None,
    return_immediately: bool | None,
    ack: Sequence[str] | None,
    set_errors: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Json:
    members = {
        "maxEvents": max_events,
        "returnImmediately": return_immediately,
        "ack": None if ack is None else list(ack),
        "setErrs": set_errors,
        **(extra or {}),
    }
    return {name: value for name, value in members.items() if value is not None}
