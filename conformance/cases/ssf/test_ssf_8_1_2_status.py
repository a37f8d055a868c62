"""Reading and updating a stream's status: SSF 1.0, section 8.1.2.

The draft of 2021 says the same about its only stream in section 7.1.1.
"""

from typing import Any, TypeAlias

import pytest

from conformance.generate import Site, sites
from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.judging.arrivals import Tap
from conformance.judging.message_shape import verify_shape
from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.spec.requirement import Grade

Json: TypeAlias = dict[str, Any]

READS = Needs(stream=True, operations=("read_status",))
UPDATES = Needs(stream=True, operations=("read_status", "update_status"))
EXPLICIT = Needs(stream=True, model="explicit", operations=("read_status", "update_status"))
TRANSMITS = Needs(
    stream=True, model="explicit", sets=3, operations=("read_status", "update_status")
)
GOES = Needs(
    stream=True, model="explicit", operations=("read_status", "update_status", "delete_stream")
)

# A Receiver that may not set a status is refused, whatever the status.
FORBIDDEN = 403
STATUSES = ("enabled", "paused", "disabled")
REASONS = ("Maintenance from 2 to 3.", 'Zoë said: "not now" \U0001f511', "x" * 300)
ANOTHER_REASON = "Another reason."

# Twin sentences of the final text and the draft of 2021.
STATUS_200 = ("SSF-8.1.2.1-STATUS-200", "SSE-7.1.1.1-STATUS-200")
SHOWN = (
    *STATUS_200,
    "SSF-8.1.2.1-STATUS-ENUM",
    "SSE-7.1.1.1-STATUS-ENUM",
    "SSF-8.1.2.1-STATUS-STREAMID",
)
UPDATE_200 = ("SSF-8.1.2.2-UPDATE-200", "SSE-7.1.1.2-UPDATE-200")
ERR_400 = ("SSF-8.1.2.2-ERR-400", "SSE-7.1.1.2-ERR-400")
READ_403 = ("SSF-8.1.2.1-ERR-403", "SSE-7.1.1.1-ERR-403")


@judges(*SHOWN, needs=READS)
def test_a_stream_shows_its_status(transmitter: RemoteTransmitter) -> None:
    """The status is read with 200: a JSON object with the stream's id and one of three values."""
    with transmitter.new_stream() as stream:
        verify_shown(stream, stream.read_status())


@judges("SSF-8.1.2.1-INITIAL-STATUS", needs=READS)
def test_a_fresh_stream_is_enabled(transmitter: RemoteTransmitter) -> None:
    """A stream that was just made is enabled."""
    with transmitter.new_stream() as stream:
        shown = stream.status
        require(shown is not None, "the status can't be read")
        verify("SSF-8.1.2.1-INITIAL-STATUS", shown == "enabled", expected="enabled", got=shown)


@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
@judges(*UPDATE_200, *SHOWN, needs=UPDATES)
def test_each_status_can_follow_each(
    transmitter: RemoteTransmitter, before: str, after: str
) -> None:
    """An update is answered 200 and the new status, whatever the old one, and reading agrees."""
    with transmitter.new_stream() as stream:
        change(stream, before)
        shown = stream.status
        answer = stream.update_status(after)
        if answer.refused and (after != "enabled" or answer.status == FORBIDDEN):
            verify_refusal(stream, answer, shown)
            return
        verify_updated(stream, answer, after)
        verify_read(stream, after)


@judges(*UPDATE_200, needs=UPDATES)
def test_looking_changes_no_status(transmitter: RemoteTransmitter) -> None:
    """A paused stream stays paused, whatever is read of it and however often."""
    with transmitter.new_stream() as stream:
        change(stream, "paused")
        require(stream.status == "paused", "no pause is shown")
        for operation in ("read_status", "read_stream", "list_streams"):
            if transmitter.offers(operation):
                stream.send(operation)
        shown = stream.status
        verify(UPDATE_200, shown == "paused", expected="still paused", got=shown)


@pytest.mark.parametrize("reason", REASONS, ids=["plain", "unusual", "long"])
@judges(
    "SSF-8.1.2.2-REASON-OPTIONAL",
    "SSF-8.1.2.1-REASON",
    *UPDATE_200,
    *SHOWN,
    needs=UPDATES,
)
def test_an_update_may_have_a_reason(transmitter: RemoteTransmitter, reason: str) -> None:
    """A reason is taken; where one is shown it is a text, and that of the update before no more."""
    with transmitter.new_stream() as stream:
        for status, given in (("paused", reason), ("enabled", ANOTHER_REASON)):
            answer = stream.update_status(status, reason=given)
            if answer.refused and stream.update_status(status).refused:
                raise Blocked(f"the stream does not let itself be {status}: {answer.text}")
            verify_updated(stream, answer, status)
            read = verify_read(stream, status)
            observe(
                "SSF-8.1.2.2-REASON-OPTIONAL",
                f"reason {'comes back' if read.get('reason') == given else 'is not shown so'}",
            )
            if "reason" in read:
                verify(
                    "SSF-8.1.2.1-REASON",
                    isinstance(read["reason"], str),
                    expected="a text, where there is a reason",
                    got=read["reason"],
                )
        if stream.update_status("paused").served:
            kept = stream.status_in(stream.read_status()).get("reason")
            verify(
                "SSF-8.1.2.1-REASON",
                kept != ANOTHER_REASON,
                expected="no reason, or one why the stream is paused",
                got=f"the reason why it was enabled: {kept!r}",
            )


@pytest.mark.parametrize("status", ["paused", "disabled"])
@judges("SSF-8.1.2-STREAMS-INDEPENDENT", *SHOWN, needs=EXPLICIT)
def test_the_status_is_of_one_stream(transmitter: RemoteTransmitter, status: str) -> None:
    """What is stopped, started or deleted is the stream that a request names, and no other."""
    with transmitter.new_stream() as stream:
        fresh = stream.status
        change(stream, status)
        with transmitter.another_stream() as other:
            if other is None:
                raise Blocked("the Receiver may have one stream only")
            verify_apart(other, fresh, f"made while another stream was {status}")
            change(other, status)
            before = other.status
            change(stream, "enabled")
            verify_apart(other, before, "after another stream was enabled")
            change(other, "enabled")
            before = other.status
            change(stream, status)
            verify_apart(other, before, f"after another stream was {status}")
            for one in (stream, other):
                verify_shown(one, one.read_status())
            if transmitter.offers("delete_stream"):
                stream.delete()
                verify_apart(other, before, f"after another stream was {status} and deleted")


def verify_apart(stream: Stream, status: object, when: str) -> None:
    """Judge that a stream keeps its status, whatever the status of another one."""
    shown = stream.status
    verify(
        "SSF-8.1.2-STREAMS-INDEPENDENT", shown == status, expected=f"{status}, {when}", got=shown
    )


@judges("SSF-8.1.2-STREAMS-INDEPENDENT", needs=TRANSMITS)
def test_a_pause_stops_one_stream_alone(transmitter: RemoteTransmitter) -> None:
    """A stream goes on transmitting while another one of the same Receiver is paused."""
    with transmitter.new_stream() as stream, transmitter.another_stream() as other:
        if other is None:
            raise Blocked("the Receiver may have one stream only")
        other.release(list(other.obtain_sets()))
        change(stream, "paused")
        tap = Tap(other)
        for _ in range(2):
            other.raise_set()
        verify(
            "SSF-8.1.2-STREAMS-INDEPENDENT",
            tap.wait(bool),
            expected="a SET on one stream while another one is paused, as there was before",
            got="none within the patience",
        )


@judges("SSF-8.1.2.1-STATUS-PARAM-REQUIRED", needs=EXPLICIT)
def test_a_status_is_read_of_a_stream_that_is_named(transmitter: RemoteTransmitter) -> None:
    """A request that names no stream is refused."""
    with transmitter.new_stream():
        answer = transmitter.call("read_status")
        verify(
            "SSF-8.1.2.1-STATUS-PARAM-REQUIRED",
            answer.refused,
            expected="400 (or 404)",
            got=answer.text,
        )


@judges("SSF-8.1.2.1-ERR-404", "SSF-8.1.2.2-ERR-404", needs=GOES)
def test_a_deleted_stream_has_no_status(transmitter: RemoteTransmitter) -> None:
    """Reading or updating the status of a stream that is no more is answered 404."""
    with transmitter.new_stream() as stream, transmitter.another_stream() as other:
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        answer = stream.read_status()
        verify("SSF-8.1.2.1-ERR-404", answer.status == 404, expected="404", got=answer.text)
        before = other.status if other is not None else None
        answer = stream.update_status("paused")
        after = other.status if other is not None else None
        verify(
            "SSF-8.1.2.2-ERR-404",
            answer.status == 404 and before == after,
            expected="404, and no other stream changed",
            got=f"{answer.text}; another stream was {before} and is {after}",
        )


@judges(*ERR_400, needs=UPDATES)
def test_a_status_update_that_cannot_be_parsed_is_refused(transmitter: RemoteTransmitter) -> None:
    """Truncated JSON is answered 400 and changes nothing."""
    with transmitter.new_stream() as stream:
        before = stream.status
        answer = stream.send("update_status", raw=truncated(stream))
        for requirement in ERR_400:
            verify_unchanged(requirement, stream, answer, before)


@pytest.mark.parametrize("site", sites("ssf/update-stream-status-request.json"), ids=str)
@judges("SSF-8.1.2.2-ERR-400-INVALID", needs=EXPLICIT)
def test_an_invalid_status_update_is_refused(transmitter: RemoteTransmitter, site: Site) -> None:
    """An update that is wrong in one place gets 400 and changes nothing."""
    with transmitter.new_stream() as stream:
        verify_site("SSF-8.1.2.2-ERR-400-INVALID", stream, site)


@pytest.mark.parametrize("site", sites("sse/update-stream-status-request.json"), ids=str)
@judges(
    "SSE-7.1.1.2-ERR-400",
    needs=Needs(stream=True, model="implicit", operations=("read_status", "update_status")),
)
def test_an_invalid_status_update_of_the_one_stream_is_refused(
    transmitter: RemoteTransmitter, site: Site
) -> None:
    """An update that is wrong in one place gets 400 and changes nothing."""
    with transmitter.new_stream() as stream:
        verify_site("SSE-7.1.1.2-ERR-400", stream, site)


@judges("SSF-8.1.2.2-ERR-400-INVALID", needs=EXPLICIT)
def test_a_status_update_has_to_say_of_which_stream(transmitter: RemoteTransmitter) -> None:
    """An update that names no stream is refused and changes nothing."""
    with transmitter.new_stream() as stream:
        before = stream.status
        answer = transmitter.call("update_status", body={"status": "paused"})
        verify_unchanged("SSF-8.1.2.2-ERR-400-INVALID", stream, answer, before)


@judges(
    *READ_403,
    needs=Needs(stream=True, limited_receiver=True, operations=("read_status",)),
)
def test_a_status_may_be_kept_from_a_receiver(transmitter: RemoteTransmitter) -> None:
    """A Receiver that may not read a status is told so, or that there is none."""
    limited = transmitter.target.limited_receiver["management"]
    with transmitter.new_stream() as stream:
        answer = stream.read_status(credential=limited)
        observe(READ_403, f"{answer.status} for a status read with limited rights")


def change(stream: Stream, status: str) -> None:
    """Set the status of a stream. Raises Blocked if that is refused."""
    if stream.status == status:
        return
    answer = stream.update_status(status)
    if answer.refused and status != "enabled":
        raise Blocked(f"the stream does not let itself be {status}: {answer.text}")
    require(answer.served, f"the stream can't be {status}: {answer.text}")


def truncated(stream: Stream) -> bytes:
    """Return a body that would pause a stream, with its end cut off."""
    named = f'"stream_id": "{stream.id}", ' if stream.id is not None else ""
    return f'{{{named}"status": "paused"'.encode()


def verify_shown(stream: Stream, answer: Answer) -> None:
    """Judge the answer to reading a status."""
    shown = stream.status_in(answer)
    verify(
        STATUS_200,
        answer.status == 200 and isinstance(answer.document, dict),
        expected="200 and a JSON object",
        got=answer.text,
        at_most=Grade.WARN if answer.served and shown else None,
    )
    require(answer.served, "the status can't be read")
    verify_shape(stream.operations, "stream_status", shown)
    if stream.id is not None:
        verify(
            "SSF-8.1.2.1-STATUS-STREAMID",
            shown.get("stream_id") == stream.id,
            expected=f"stream_id {stream.id}",
            got=shown.get("stream_id"),
        )


def verify_read(stream: Stream, status: str) -> Json:
    """Judge the status that is read after a valid update, and return it."""
    answer = stream.read_status()
    verify_shown(stream, answer)
    shown = stream.status_in(answer)
    now = shown.get("status")
    verify(UPDATE_200, now == status, expected=f"{status} on reading", got=now)
    return shown


def verify_updated(stream: Stream, answer: Answer, status: str) -> None:
    """Judge the answer to a valid update. An update accepted with 202 shows on reading."""
    shown = stream.status_in(answer)
    named = stream.id is None or shown.get("stream_id") == stream.id
    verify(
        UPDATE_200,
        answer.status == 202 or (answer.status == 200 and shown.get("status") == status and named),
        expected=f"200 and {status}, of this stream",
        got=answer.text,
        at_most=Grade.WARN
        if answer.served and answer.status != 200 and shown.get("status") == status
        else None,
    )


def verify_refusal(stream: Stream, answer: Answer, before: object) -> None:
    """Judge that a refused update changed nothing. The text allows the refusal itself."""
    after = stream.status
    verify(
        UPDATE_200,
        after == before,
        expected=f"a refused update ({answer.status}) to leave {before}",
        got=after,
    )
    observe(UPDATE_200, f"a status is refused: {answer.text}")


def verify_site(requirement: str, stream: Stream, site: Site) -> None:
    """Judge an update that is invalid at one place; where the text is silent, it is noted."""
    before = stream.status
    body: Json = {
        "status": "paused",
        "reason": "why not",
        "subject": {"format": "email", "email": "user@example.com"},
    }
    if stream.id is not None:
        del body["subject"]
    for wrong in site.broken(body):
        answer = stream.send("update_status", body=wrong)
        if site.requirement is None:
            observe(requirement, f"{site}: answered {answer.status}")
        else:
            verify_unchanged(requirement, stream, answer, before, at_most=Grade.WARN)
        if answer.served:
            stream.update_status(before)


def verify_unchanged(
    requirement: str,
    stream: Stream,
    answer: Answer,
    before: object,
    *,
    at_most: Grade | None = None,
) -> None:
    """Judge that an update was refused with 400 and changed nothing."""
    after = stream.status
    verify(
        requirement,
        answer.status == 400 and after == before,
        expected=f"400, and the stream still {before}",
        got=f"{answer.text}; the stream is {after}",
        at_most=Grade.WARN if after == before and answer.refused else at_most,
    )
