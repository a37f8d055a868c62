"""Polling one stream for SETs and acknowledging them: RFC 8936, section 2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.clock import growing_steps
from conformance.receiver.answer import Answer
from conformance.receiver.connection import Credential
from conformance.receiver.exchange import Recorder
from conformance.receiver.held_poll import HeldPoll
from conformance.receiver.stream_calls import StreamCalls
from conformance.spec import codec
from conformance.spec.profile import Profile

Json: TypeAlias = dict[str, Any]

# A Transmitter may hand out one SET at a time; one that finds ever new ones has no end.
MOST_POLLS_AT_ONCE = 50

_IN_ENGLISH = {"content-type": "application/json", "content-language": "en"}


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """The answer to a poll: `sets` is `{jti: compact JWS}`, empty if it holds none."""

    answer: Answer
    sets: Mapping[str, str]
    more_available: object


class Polling:
    """Polls one stream and records the SETs in its history."""

    def __init__(self, stream: StreamCalls) -> None:
        self._stream = stream
        self._operations = stream.operations

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
        sent = None if max_events == 0 else self._operations.clock.reached()
        answer = self._stream.send(
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
        """Return a poll that is sent on entering it and held while the case continues.

        Pass it to `receive` for the answer. The suite hangs up after `timeout_s` seconds, by
        default the longest time that a long poll may take.
        """
        body = _poll_request(max_events=max_events, return_immediately=return_immediately, ack=ack)
        operations = self._operations

        def send(recorder: Recorder) -> Answer:
            return operations.beside(recorder).call(
                "poll",
                stream_id=self._stream.id,
                stream=self._stream.configuration,
                body=body,
                timeout_s=timeout_s or self._longest_poll_s,
                held=True,
            )

        settle_s = 0.05 if operations.target.in_process else 0.5
        return HeldPoll(send, operations.recorder, settle_s=settle_s)

    def await_answer(self, *held: HeldPoll[Answer]) -> bool:
        """Wait for one of these held polls; return whether one was answered in time."""
        steps = growing_steps(self._operations.target.limits.patience_s)
        while not any(one.answered() for one in held):
            step = next(steps, None)
            if step is None:
                return False
            self._operations.clock.advance(step)
        return True

    def receive(self, held: HeldPoll[Answer], *, ack: Sequence[str] = ()) -> PollAnswer:
        """Wait for the answer of a held poll and handle it as `poll` does. Raises NoAnswer."""
        return self._polled(held.finish(self._longest_poll_s), ack)

    @property
    def _longest_poll_s(self) -> float:
        limits = self._operations.target.limits
        return limits.timeout_s + limits.patience_s

    def _polled(
        self, answer: Answer, released: Sequence[str], *, sent: float | None = None
    ) -> PollAnswer:
        result = _poll_answer(self._stream.profile, answer)
        # The time is read only when it is needed: it may cost a request.
        at = self._operations.clock.now() if result.sets else 0.0
        if answer.served:
            self._stream.history.acknowledged(released)
            self._stream.history.delivered(result.sets, at, sent=sent)
        self._stream.keep(result.sets, at)
        return result

    def acknowledge(self, jtis: Sequence[str], *, credential: Credential = "own") -> Answer:
        """Acknowledge SETs without asking for more, in the way of the profile."""
        if self._stream.profile.poll.acknowledge == "own-operation":
            answer = self._stream.send(
                "acknowledge", body={"acks": list(jtis)}, credential=credential
            )
            if answer.served:
                self._stream.history.acknowledged(jtis)
            return answer
        return self.poll(max_events=0, ack=jtis, credential=credential).answer


def _poll_answer(profile: Profile, answer: Answer) -> PollAnswer:
    document = codec.decode(profile, "poll_response", answer.document)
    sets = document.get("sets") if isinstance(document, dict) and answer.served else None
    found = (
        {key: token for key, token in sets.items() if isinstance(token, str)}
        if isinstance(sets, dict)
        else {}
    )
    more = document.get("moreAvailable") if isinstance(document, dict) else None
    return PollAnswer(answer, found, more)


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
