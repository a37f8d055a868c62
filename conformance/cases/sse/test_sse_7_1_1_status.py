"""The status of the one stream and of its subjects: SSE Framework 1.0 ID1 (2021), 7.1 and 7.1.1."""

from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.judging.arrivals import QUIET_S, Arrival, Tap, is_announcement
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import EVENT_SUBJECT
from conformance.spec.requirement import Grade

UPDATES = Needs(stream=True, model="implicit", operations=("read_status", "update_status"))
ACTS = Needs(
    stream=True,
    model="implicit",
    sets=1,
    status_changes=True,
    operations=("read_status", "update_status"),
)
SUBJECT_QUERY = "SSE-7.1.1.1-SUBJECT-QUERY"
SUBJECT_OPTIONAL = "SSE-7.1.1.2-SUBJECT-OPTIONAL"
NO_SUBJECT = {"no": "subject"}


@judges(SUBJECT_QUERY, SUBJECT_OPTIONAL, needs=UPDATES)
def test_a_status_may_be_of_a_subject(transmitter: RemoteTransmitter) -> None:
    """The status of one subject may be read and updated."""
    if not transmitter.profile.stream.subject_status:
        return
    with transmitter.new_stream() as stream:
        answer = stream.read_status(subject=EVENT_SUBJECT)
        observe(SUBJECT_QUERY, f"the status of a subject is answered {answer.status}")
        for status in ("paused", "enabled"):
            answer = stream.update_status(status, subject=EVENT_SUBJECT)
            observe(SUBJECT_OPTIONAL, f"{status} for a subject is answered {answer.status}")


@judges("SSE-7.1.1.1-ERR-404-SUBJECT", "SSE-7.1.1.2-ERR-404", needs=UPDATES)
def test_what_is_no_subject_has_no_status(transmitter: RemoteTransmitter) -> None:
    """Reading or updating the status of what is no subject is answered 404, and does nothing."""
    if not transmitter.profile.stream.subject_status:
        return
    with transmitter.new_stream() as stream:
        answer = stream.read_status(subject=NO_SUBJECT)
        verify("SSE-7.1.1.1-ERR-404-SUBJECT", answer.status == 404, expected="404", got=answer.text)
        before = stream.status
        answer = stream.update_status("paused", subject=NO_SUBJECT)
        after = stream.status
        verify(
            "SSE-7.1.1.2-ERR-404",
            answer.status == 404 and before == after,
            expected=f"404, and the stream still {before}",
            got=f"{answer.text}; the stream is {after}",
            # An invalid subject also makes the request invalid, which is answered 400.
            at_most=Grade.WARN if before == after else None,
        )


@judges(
    "SSE-7.1.1.1-ERR-404-NO-STREAM",
    "SSE-7.1.1.2-ERR-404",
    needs=Needs(
        stream=True,
        model="implicit",
        destructive=True,
        operations=("read_status", "update_status", "delete_stream"),
    ),
)
def test_without_a_stream_there_is_no_status(transmitter: RemoteTransmitter) -> None:
    """A Receiver that has no stream gets 404 for its status."""
    with transmitter.new_stream() as stream:
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        answer = stream.read_status()
        verify(
            "SSE-7.1.1.1-ERR-404-NO-STREAM", answer.status == 404, expected="404", got=answer.text
        )
        answer = stream.update_status("enabled")
        verify("SSE-7.1.1.2-ERR-404", answer.status == 404, expected="404", got=answer.text)


@judges("SSE-7.1-SUBJECT-CHANGE-ENABLED", "SSE-7.1.5-SENT", needs=ACTS)
def test_what_becomes_of_a_subject_is_announced(transmitter: RemoteTransmitter) -> None:
    """On an enabled stream, an end and a new beginning for one subject are announced."""
    if not transmitter.profile.stream.subject_status:
        return
    with transmitter.new_stream() as stream:
        for status in ("disabled", "enabled"):
            tap = Tap(stream)
            stream.act_on_status(status, subject=EVENT_SUBJECT)
            found = announcements(tap)
            verify(
                ("SSE-7.1-SUBJECT-CHANGE-ENABLED", "SSE-7.1.5-SENT"),
                found,
                expected=f"an announcement that the subject is {status}",
                got="none within the patience",
            )


@judges("SSE-7.1-SUBJECT-CHANGE-PAUSED", "SSE-7.1-SUBJECT-CHANGE-DISABLED", needs=ACTS)
def test_what_became_of_a_subject_is_announced_later(transmitter: RemoteTransmitter) -> None:
    """What becomes of a subject while the stream is stopped may be announced once it goes on."""
    if not transmitter.profile.stream.subject_status:
        return
    for stopped in ("paused", "disabled"):
        with transmitter.new_stream() as stream:
            if not stream.update_status(stopped).served:
                raise Blocked(f"the stream does not let itself be {stopped}")
            tap = Tap(stream)
            stream.act_on_status("disabled", subject=EVENT_SUBJECT)
            require(stream.update_status("enabled").served, "the stream can't be enabled")
            patience_s = QUIET_S if stopped == "disabled" else None
            found = announcements(tap, patience_s=patience_s)
            stream.act_on_status("enabled", subject=EVENT_SUBJECT)
        if stopped == "paused":
            verify(
                "SSE-7.1-SUBJECT-CHANGE-PAUSED",
                found,
                expected="an announcement once the stream is enabled again",
                got="none within the patience",
            )
        elif found:
            observe("SSE-7.1-SUBJECT-CHANGE-DISABLED", "announced once the stream is enabled again")


def announcements(tap: Tap, *, patience_s: float | None = None) -> list[Arrival]:
    """Return the announcements that come."""
    came = tap.wait(lambda found: any(map(is_announcement, found)), patience_s=patience_s)
    return [one for one in came if is_announcement(one)]
