"""The seams of the core: the only places where a deviation can touch it.

The core calls each seam of one `Seams` and knows no deviation. Without any, every seam returns what
it was given.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    import trustme

    from mock_transmitter.delivery_queue import Handling, PendingSet
    from mock_transmitter.http.authorisation import Access, Decision
    from mock_transmitter.http.message import Request, Response
    from mock_transmitter.http.operations import Call, Outcome
    from mock_transmitter.keys import SigningKey
    from mock_transmitter.push import Attempt, PushOutcome
    from mock_transmitter.stream import Stream
    from mock_transmitter.subjects import Subject
    from mock_transmitter.transmitter import Batch

Json: TypeAlias = dict[str, Any]
Proceed: TypeAlias = "Callable[[Call], Outcome]"


class Deviation:
    """One way to differ. Each tenant has an instance of its own, so a deviation may remember.

    The base class changes nothing.

    A fault names the requirements that it `breaks` (they must be seen) and those that may fall with
    it (`also`). A variant names the requirements whose freedom it `exercises`, and as `also` a
    recommendation of the same text against that freedom. Where a dialect lacks an operation that
    one `needs`, it does nothing.
    """

    breaks: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()
    exercises: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        """TLS: what a server does in handshakes, set up once, before it listens."""

    def request(self, request: Request) -> Request:
        """Request in: before anything is made of it."""
        return request

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Authorisation decision: who is served, or why nobody is."""
        del access
        return decision

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Operation: around the whole of it, with canonical names; `proceed` does it."""
        return proceed(call)

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Schedule: seconds until the SET is due (next); None is never.

        No attempts: it is being queued.
        """
        del pending, stream, now
        return gap

    def covers(self, covered: bool, stream: Stream, subject: Subject) -> bool:  # noqa: FBT001
        """Coverage: whether events about a subject are for this stream.

        `stream.subjects` holds what the Receiver has said of subjects.
        """
        del stream, subject
        return covered

    def handling(self, handling: Handling, pending: PendingSet, stream: Stream) -> Handling:
        """Handling: what becomes of a SET in the status that its stream has now.

        Asked when it is queued, when it was delivered, and when the status of the stream, or of a
        subject in it, has changed.
        """
        del pending, stream
        return handling

    def claims(self, claims: Json, stream: Stream) -> Json:
        """Claims: of a SET that is about to be queued."""
        del stream
        return claims

    def token(self, token: str, header: Json, claims: Json, key: SigningKey) -> str:
        """Signed token: once for each SET, at its first delivery."""
        del header, claims, key
        return token

    def key_set(self, key_set: Json, key: SigningKey) -> Json:
        """Key set: as it is published."""
        del key
        return key_set

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Poll batch: the SETs of one answer."""
        del key
        return batch

    def push(self, attempt: Attempt) -> Attempt | None:
        """Push attempt: before it is made; None is never, and the SET leaves the queue."""
        return attempt

    def pushed(self, outcome: PushOutcome, attempt: Attempt) -> PushOutcome:
        """Push outcome: before anything is made of it."""
        del attempt
        return outcome

    def response(self, response: Response, operation: str | None) -> Response:
        """Response out: the last word; `operation` is None where the request reached none."""
        del operation
        return response


class Seams:
    """All deviations of one tenant, composed: the first one given stands nearest to the core."""

    def __init__(self, deviations: Iterable[Deviation] = ()) -> None:
        self._deviations = tuple(deviations)

    def use(self, deviations: Iterable[Deviation]) -> None:
        """Take these deviations in place of those before."""
        self._deviations = tuple(deviations)

    def request(self, request: Request) -> Request:
        """See Deviation.request."""
        return reduce(lambda value, one: one.request(value), self._deviations, request)

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """See Deviation.authorisation."""
        for one in self._deviations:
            decision = one.authorisation(decision, access)
        return decision

    def operation(self, call: Call, perform: Proceed) -> Outcome:
        """See Deviation.operation."""
        for one in self._deviations:
            perform = _around(one, perform)
        return perform(call)

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """See Deviation.schedule."""
        for one in self._deviations:
            gap = one.schedule(gap, pending, stream, now)
        return gap

    def covers(self, covered: bool, stream: Stream, subject: Subject) -> bool:  # noqa: FBT001
        """See Deviation.covers."""
        for one in self._deviations:
            covered = one.covers(covered, stream, subject)
        return covered

    def handling(self, handling: Handling, pending: PendingSet, stream: Stream) -> Handling:
        """See Deviation.handling."""
        for one in self._deviations:
            handling = one.handling(handling, pending, stream)
        return handling

    def claims(self, claims: Json, stream: Stream) -> Json:
        """See Deviation.claims."""
        return reduce(lambda value, one: one.claims(value, stream), self._deviations, claims)

    def token(self, token: str, header: Json, claims: Json, key: SigningKey) -> str:
        """See Deviation.token."""
        for one in self._deviations:
            token = one.token(token, header, claims, key)
        return token

    def key_set(self, key_set: Json, key: SigningKey) -> Json:
        """See Deviation.key_set."""
        return reduce(lambda value, one: one.key_set(value, key), self._deviations, key_set)

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """See Deviation.batch."""
        return reduce(lambda value, one: one.batch(value, key), self._deviations, batch)

    def push(self, attempt: Attempt) -> Attempt | None:
        """See Deviation.push."""
        for one in self._deviations:
            changed = one.push(attempt)
            if changed is None:
                return None
            attempt = changed
        return attempt

    def pushed(self, outcome: PushOutcome, attempt: Attempt) -> PushOutcome:
        """See Deviation.pushed."""
        return reduce(lambda value, one: one.pushed(value, attempt), self._deviations, outcome)

    def response(self, response: Response, operation: str | None) -> Response:
        """See Deviation.response."""
        for one in self._deviations:
            response = one.response(response, operation)
        return response


def _around(deviation: Deviation, proceed: Proceed) -> Proceed:
    return lambda call: deviation.operation(call, proceed)
