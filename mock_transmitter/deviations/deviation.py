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
    """The context of a seam: what a deviation may look at, beside the value that it may change.

    Each seam says which of these attributes it sets; the others do not exist.
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
    """One way to deviate. Each tenant has its own instance, so a deviation may remember.

    The base class changes nothing.

    A fault names the requirements that it `breaks` (they must be seen) and those that may fall with
    it (`also`). A variant names the requirements whose freedom it `exercises`, and as `also` a
    recommendation of the same text against that freedom. A deviation is not tried in a dialect that
    lacks what it `needs`: an operation, another feature of a profile, or a row by which it is seen.
    `on` restricts the seams authorisation, operation and response to these operations; empty means
    all.
    """

    breaks: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()
    exercises: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    on: ClassVar[Collection[str]] = ()

    def tls(self, context: ssl.SSLContext, authority: trustme.CA) -> None:
        """Change the TLS settings of a server, once, before it listens."""

    def request(self, request: Request, at: At) -> Request:
        """Return the request to answer in place of the one that came."""
        return request

    def authorisation(self, decision: Decision, at: At) -> Decision:
        """Return who is served, or why nobody is. `at` has access and operation."""
        return decision

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Perform a call in canonical names; `proceed` does what the core would do."""
        return proceed(call)

    def schedule(self, gap: float, at: At) -> float | None:
        """Return the seconds until a SET is due (again), None for never.

        `at` has pending, stream and now. A SET without attempts is being queued.
        """
        return gap

    def covers(self, covered: bool, at: At) -> bool:
        """Return whether a stream delivers events about a subject. `at` has stream and subject.

        `at.stream.subjects` holds what the Receiver has said of subjects.
        """
        return covered

    def handling(self, handling: Handling, at: At) -> Handling:
        """Return what happens to a SET in its stream's status. `at` has pending and stream.

        Called when the SET is queued, when it was delivered, and when the status of the stream, or
        of a subject in it, has changed.
        """
        return handling

    def claims(self, claims: Json, at: At) -> Json:
        """Return the claims of a SET that is about to be queued. `at` has stream."""
        return claims

    def token(self, token: str, at: At) -> str:
        """Return a SET's compact form; called once. `at` has header, claims and key."""
        return token

    def key_set(self, key_set: Json, at: At) -> Json:
        """Return the key set to publish. `at` has key, the one that signs."""
        return key_set

    def batch(self, batch: Batch, at: At) -> Batch:
        """Return what one poll takes from a stream. `at` has key, the one that signs."""
        return batch

    def push(self, attempt: Attempt, at: At) -> Attempt | None:
        """Return the push attempt to make, None for none: then the SET leaves the queue."""
        return attempt

    def pushed(self, outcome: PushOutcome, at: At) -> PushOutcome:
        """Return the outcome to continue with. `at` has attempt."""
        return outcome

    def response(self, response: Response, at: At) -> Response:
        """Return the response to send. `at` has operation, None if the request reached none."""
        return response
