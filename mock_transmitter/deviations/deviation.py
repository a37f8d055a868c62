"""What a deviation is: a class with a method for each seam of the core that it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection

    import trustme

    from mock_transmitter.domain.delivery_queue import Handling, PendingSet
    from mock_transmitter.domain.keys import SigningKey
    from mock_transmitter.domain.push import Attempt, PushOutcome
    from mock_transmitter.domain.stream import Stream
    from mock_transmitter.domain.subjects import Subject
    from mock_transmitter.domain.transmitter import Batch
    from mock_transmitter.http.authorisation import Access, Decision
    from mock_transmitter.http.message import Request, Response
    from mock_transmitter.http.operations import Call, Outcome

Json: TypeAlias = dict[str, Any]
Proceed: TypeAlias = "Callable[[Call], Outcome]"


class At(Protocol):
    """What a seam gives to look at, beside the value that may be changed.

    Each seam says which of these it gives; the others are not there.
    """

    access: Access
    attempt: Attempt
    claims: Json
    header: Json
    key: SigningKey
    now: float
    operation: str | None
    pending: PendingSet
    stream: Stream
    subject: Subject


class Deviation:
    """One way to differ. Each tenant has an instance of its own, so a deviation may remember.

    The base class changes nothing.

    A fault names the requirements that it `breaks` (they must be seen) and those that may fall with
    it (`also`). A variant names the requirements whose freedom it `exercises`, and as `also` a
    recommendation of the same text against that freedom. It is not tried where a dialect lacks what
    it `needs`: an operation, another feature of a profile, or a row by which it is seen. At the
    seams authorisation, operation and response it is asked `on` these operations only; on all where
    that is empty.
    """

    breaks: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()
    exercises: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    on: ClassVar[Collection[str]] = ()

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        """Change what a server does in handshakes, once, before it listens."""

    def request(self, request: Request, at: At) -> Request:
        """Return the request to answer in place of the one that came."""
        return request

    def authorisation(self, decision: Decision, at: At) -> Decision:
        """Return who is served, or why nobody is; at an access and its operation."""
        return decision

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Perform a call in canonical names; `proceed` does what the core would do."""
        return proceed(call)

    def schedule(self, gap: float, at: At) -> float | None:
        """Return the seconds until a SET is due (next), None for never; at a pending, stream, now.

        A SET without attempts is being queued.
        """
        return gap

    def covers(self, covered: bool, at: At) -> bool:
        """Return whether events about a subject are for a stream; at a stream and a subject.

        `at.stream.subjects` holds what the Receiver has said of subjects.
        """
        return covered

    def handling(self, handling: Handling, at: At) -> Handling:
        """Return what becomes of a SET in the status of its stream; at a pending and its stream.

        Asked when it is queued, when it was delivered, and when the status of the stream, or of a
        subject in it, has changed.
        """
        return handling

    def claims(self, claims: Json, at: At) -> Json:
        """Return the claims of a SET that is about to be queued; at its stream."""
        return claims

    def token(self, token: str, at: At) -> str:
        """Return the compact form of a SET, asked once; at its header, claims and the key."""
        return token

    def key_set(self, key_set: Json, at: At) -> Json:
        """Return the key set to publish; at the key that signs."""
        return key_set

    def batch(self, batch: Batch, at: At) -> Batch:
        """Return what one poll takes from a stream; at the key that signs."""
        return batch

    def push(self, attempt: Attempt, at: At) -> Attempt | None:
        """Return the push attempt to make; None for never: the SET leaves the queue."""
        return attempt

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        """Return the outcome to go on with; at its attempt."""
        return outcome

    def response(self, response: Response, at: At) -> Response:
        """Return what is sent; at the operation, None where the request reached none."""
        return response
