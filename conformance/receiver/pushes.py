"""What one stream pushes to its endpoint: RFC 8935, section 2."""

import re
from collections.abc import Callable, Sequence

from conformance.clock import growing_steps
from conformance.receiver.exchange import Exchange
from conformance.receiver.preconditions import Blocked, require
from conformance.receiver.push_listener import Endpoint
from conformance.receiver.push_replies import ACCEPTED, Push, Reply
from conformance.receiver.stream_calls import StreamCalls
from conformance.sets.contents import claims_of
from conformance.spec.redaction import redact_headers, redact_text

# How long to wait for a late push after the clock was moved, in seconds of real time.
GRACE_S = 0.5

NO_ENDPOINT = "the stream pushes to no endpoint of the suite's"

# A SET within any body: the rest of the body is judged by the requirements about the request.
_COMPACT_SET = re.compile(rb"(?<![\w./-])ey[\w-]+=*(?:\.[\w-]*=*){1,4}")


class Pushes:
    """The pushes of one stream; without an endpoint there are none."""

    def __init__(self, stream: StreamCalls, endpoint: Endpoint | None) -> None:
        self.endpoint = endpoint
        self._stream = stream
        self._operations = stream.operations
        self._recorded = 0
        self._unreadable = 0

    @property
    def received(self) -> tuple[Push, ...]:
        """Return what was pushed to this stream's endpoint so far, in order; () without one.

        New ones are added to the case's exchanges and to the history.
        """
        if self.endpoint is None:
            return ()
        pushes = self.endpoint.pushes
        fresh = pushes[self._recorded :]
        self._recorded = len(pushes)
        # The time is read only when it is needed: it may cost a request.
        at = self._operations.clock.now() if fresh else 0.0
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
        self, *script: Reply, afterwards: Reply = ACCEPTED, again: Reply | None = None
    ) -> None:
        """Answer the next pushes with `script`, one by one, and all others with `afterwards`.

        With `again`, a repeated push gets that reply and does not use up the script.
        Raises Blocked for a stream without an endpoint.
        """
        if self.endpoint is None:
            raise Blocked(NO_ENDPOINT)
        self.endpoint.answers(*script, afterwards=afterwards, again=again)

    def require_end_of_pushes(self) -> None:
        """Raise NotReached if the target has flooded the endpoint."""
        more = 0 if self.endpoint is None else self.endpoint.cut_off
        require(
            not more,
            f"the target pushes without end: after {self._recorded} pushes to one stream,"
            f" {more} more were answered 429",
        )

    def require_readable_pushes(self) -> None:
        """Raise Blocked if a push held no SET that can be read."""
        if self._unreadable:
            raise Blocked("a push came without a SET that can be read, which other rows judge")

    def await_pushes(
        self,
        enough: int | Callable[[Sequence[Push]], bool] = 1,
        *,
        patience_s: float | None = None,
    ) -> tuple[Push, ...]:
        """Wait until the pushes are enough, or the patience (in seconds) ends.

        Returns all pushes to this stream so far.
        """
        patience = self._operations.target.limits.patience_s if patience_s is None else patience_s
        steps = growing_steps(patience)
        while True:
            pushes = self.received
            self.require_end_of_pushes()
            done = len(pushes) >= enough if isinstance(enough, int) else enough(pushes)
            if done:
                return pushes
            step = next(steps, None)
            if step is not None:
                self.let_pass(step)
            elif not self.come_late():
                return pushes

    def _record(self, push: Push, at: float) -> None:
        secrets = self._operations.target.secrets
        self._operations.recorder.adopt(
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
        self._stream.history.delivered(sets, at)
        if push.answered == ACCEPTED.status:
            self._stream.history.acknowledged(sets)
        self._stream.keep(sets, at, pushed=True)

    def let_pass(self, seconds: float) -> None:
        """Let time pass at the target.

        When a movable clock has moved, everything that fell due has happened, pushes included. With
        a clock that can't be moved, a push ends the wait.
        """
        clock = self._operations.clock
        if self.endpoint is None or clock.movable:
            clock.advance(seconds)
        else:
            self.endpoint.await_more(self._recorded, seconds)

    def come_late(self) -> bool:
        """Return whether a late push arrives at the end of the patience.

        An operator's clock hook may answer before the target has pushed what fell due; the mock's
        does not.
        """
        operations = self._operations
        if self.endpoint is None or not operations.clock.movable or operations.target.disposable:
            return False
        return self.endpoint.await_more(self._recorded, GRACE_S)


def sets_in(push: Push) -> list[tuple[str, str]]:
    """Return the SETs in a push, each with its jti, or its last characters if it can't be read."""
    tokens = [one.decode() for one in _COMPACT_SET.findall(push.body)]
    return [(str(claims_of(token).get("jti", token[-32:])), token) for token in tokens]
