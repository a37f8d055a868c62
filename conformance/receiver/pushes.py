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

NO_ENDPOINT = "the stream pushes to no endpoint of the suite's"

# A SET however it is wrapped: what wraps it is judged by the requirements about the request.
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

        What is new in it becomes part of the case's exchanges and of the history.
        """
        if self.endpoint is None:
            return ()
        pushes = self.endpoint.pushes
        fresh = pushes[self._recorded :]
        self._recorded = len(pushes)
        # The time is asked for only where an arrival gives it a meaning: it may cost a call.
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
        patience = self._operations.target.limits.patience_s if patience_s is None else patience_s
        steps = growing_steps(patience)
        while True:
            pushes = self.received
            self.require_end_of_pushes()
            done = len(pushes) >= enough if isinstance(enough, int) else enough(pushes)
            step = None if done else next(steps, None)
            if step is None:
                return pushes
            self.let_pass(step)

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
        """Let time pass at the target; what it pushes may end the wait."""
        clock, endpoint = self._operations.clock, self.endpoint
        if endpoint is None:
            clock.advance(seconds)
        elif not clock.movable:
            endpoint.await_more(self._recorded, seconds)
        else:
            clock.advance(seconds)
            if not self._operations.target.in_process:
                # A mock has sent what is due when its clock has moved; others need a moment.
                disposable = self._operations.target.disposable
                endpoint.await_more(self._recorded, 0.05 if disposable else 0.5)


def sets_in(push: Push) -> list[tuple[str, str]]:
    """Return the SETs in a push, each with its jti; one that can't be read goes by its end."""
    tokens = [one.decode() for one in _COMPACT_SET.findall(push.body)]
    return [(str(claims_of(token).get("jti", token[-32:])), token) for token in tokens]
