"""Adding and removing subjects: SSF 1.0, section 8.1.3. The effects are judged elsewhere."""

from typing import Any

import pytest
from hypothesis import given

from conformance.generate import (
    Site,
    simple_formats,
    sites,
    stream_subjects,
    subject_of_format,
    subject_sites,
)
from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.judging.subject_matching import simple_subjects
from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec.requirement import Grade

ADDS = Needs(stream=True, model="explicit", operations=("add_subject",))
BOTH = Needs(stream=True, model="explicit", operations=("add_subject", "remove_subject"))

OPERATIONS = ("add_subject", "remove_subject")
CODES = ("400", "400-INVALID", "404-STREAM")
ERRORS = {
    "add_subject": {code: f"SSF-8.1.3.2-ERR-{code}" for code in CODES},
    "remove_subject": {code: f"SSF-8.1.3.3-ERR-{code}" for code in CODES},
}
UNRECOGNISED = {
    "add_subject": "SSF-8.1.3.2-ERR-404-SUBJECT",
    "remove_subject": "SSF-8.1.3.3-ERR-404-SUBJECT",
}
SCHEMA = "ssf/subject.json"
UNPARSABLE = (b'{"stream_id": "x", "subject": {"form', b"", b'{"subject": "\xff"}')

each_operation = pytest.mark.parametrize("operation", OPERATIONS)


def errors(code: str) -> list[str]:
    """Return the rows about one status code, for both operations."""
    return [ERRORS[operation][code] for operation in OPERATIONS]


@judges(
    "SSF-8.1.3.2-ADD-200-EMPTY",
    "SSF-8.1.3.2-ADD-IDEMPOTENT",
    "SSF-8.1.3.3-REMOVE-204",
    *UNRECOGNISED.values(),
    needs=BOTH,
)
@given(subjects=stream_subjects())
def test_a_subject_of_any_format_is_added_twice_and_removed(
    transmitter: RemoteTransmitter, subjects: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """A valid subject is added with an empty 200, again and again, and removed with a 204."""
    with transmitter.new_stream() as stream:
        for subject in subjects:
            added = stream.send("add_subject", body={"subject": subject})
            if added.status in {403, 404}:
                observe(UNRECOGNISED["add_subject"], f"{subject['format']}: {added.status}")
                continue
            verify(
                "SSF-8.1.3.2-ADD-200-EMPTY",
                added.status == 200 and not added.body,
                expected="200 and an empty body",
                got=added.text,
                at_most=softer(added),
            )
            if not added.served:
                continue
            again = stream.send("add_subject", body={"subject": subject})
            verify(
                "SSF-8.1.3.2-ADD-IDEMPOTENT",
                again.served,
                expected="a success, as at first",
                got=again.text,
            )
            removed = stream.send("remove_subject", body={"subject": subject})
            verify(
                "SSF-8.1.3.3-REMOVE-204",
                removed.status == 204,
                expected="204",
                got=removed.text,
                at_most=Grade.WARN if removed.served else None,
            )


@judges("SSF-8.1.3.2-ADD-200-EMPTY", needs=ADDS)
def test_a_subject_of_each_format_is_added(transmitter: RemoteTransmitter) -> None:
    """A simple subject of each format is added with an empty 200, or is not recognised."""
    with transmitter.new_stream() as stream:
        for subject_format in simple_formats(SCHEMA):
            subject = subject_of_format(SCHEMA, subject_format)
            added = stream.send("add_subject", body={"subject": subject})
            if added.status in {403, 404}:
                continue
            verify(
                "SSF-8.1.3.2-ADD-200-EMPTY",
                added.status == 200 and not added.body,
                expected=f"200 and an empty body for {subject!r}",
                got=added.text,
                at_most=softer(added),
            )


def softer(added: Answer) -> Grade | None:
    """Return the loudest grade for the answer to a valid request to add a subject.

    Section 9.1 mentions a 204. A target may treat an unknown format as invalid.
    """
    if added.status == 204:
        return Grade.NOTE
    return Grade.WARN if added.served or added.refused else None


@pytest.mark.parametrize("verified", [None, True, False], ids=str)
@judges("SSF-8.1.3.2-ADD-200-EMPTY", needs=ADDS)
def test_a_subject_that_is_known_is_added(transmitter: RemoteTransmitter, verified: object) -> None:
    """A subject that the target knows is added, whether or not the Receiver has verified it."""
    subject = simple_subjects(transmitter)[0]
    said = {} if verified is None else {"verified": verified}
    with transmitter.new_stream() as stream:
        added = stream.send("add_subject", body={"subject": subject, **said})
        if added.refused and not (transmitter.target.subjects or transmitter.target.disposable):
            raise Blocked(
                f"a made-up subject was refused ({added.text}); name some that the target knows in"
                " [capabilities] subjects"
            )
        verify(
            "SSF-8.1.3.2-ADD-200-EMPTY",
            added.status == 200 and not added.body,
            expected="200 and an empty body",
            got=added.text,
            at_most=Grade.WARN if added.status in {403, 404} else softer(added),
        )


@judges("SSF-8.1.3.3-REMOVE-204", UNRECOGNISED["remove_subject"], needs=BOTH)
@given(subjects=stream_subjects())
def test_what_was_never_added_is_removed_or_not_recognised(
    transmitter: RemoteTransmitter, subjects: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """Removing a subject that nobody added, and removing it again, gets 204 or a refusal."""
    with transmitter.new_stream() as stream:
        for subject in (*subjects, subjects[0]):
            removed = stream.send("remove_subject", body={"subject": subject})
            if removed.refused:
                observe(UNRECOGNISED["remove_subject"], f"answered {removed.status}")
                continue
            verify(
                "SSF-8.1.3.3-REMOVE-204",
                removed.status == 204,
                expected="204, or 404",
                got=removed.text,
                at_most=Grade.WARN if removed.served else None,
            )


@each_operation
@pytest.mark.parametrize("raw", UNPARSABLE, ids=["cut short", "empty", "not UTF-8"])
@judges(*errors("400"), needs=BOTH)
def test_a_request_that_can_not_be_parsed_is_refused(
    transmitter: RemoteTransmitter, raw: bytes, operation: str
) -> None:
    """A body that is no JSON is answered 400."""
    with transmitter.new_stream() as stream:
        answer = stream.send(operation, raw=raw)
        verify(ERRORS[operation]["400"], answer.status == 400, expected="400", got=answer.text)


@pytest.mark.parametrize(
    ("operation", "site"),
    [
        pytest.param(operation, site, id=f"{operation} {site}")
        for operation in OPERATIONS
        for site in sites(f"ssf/{operation.replace('_', '-')}-request.json")
    ],
)
@judges(*errors("400-INVALID"), needs=BOTH)
def test_a_request_that_is_wrong_in_one_place_is_refused(
    transmitter: RemoteTransmitter, operation: str, site: Site
) -> None:
    """A request that is wrong in one place is answered 400, or is at least no crash."""
    body = {"subject": simple_subjects(transmitter)[0], "verified": True}
    with transmitter.new_stream() as stream:
        for wrong in site.broken(body):
            answer = stream.send(operation, body=wrong)
            if site.requirement is None and (answer.served or answer.refused):
                observe(ERRORS[operation]["400-INVALID"], f"{site}: answered {answer.status}")
                continue
            verify(
                ERRORS[operation]["400-INVALID"],
                answer.status == 400,
                expected=f"400 for what is wrong at {site}",
                got=answer.text,
            )


@each_operation
@judges(*errors("400-INVALID"), needs=BOTH)
def test_a_request_has_to_say_which_stream(transmitter: RemoteTransmitter, operation: str) -> None:
    """A request that names no stream is answered 400 (or 404)."""
    with transmitter.new_stream() as stream:
        require(stream.id, "the stream has no stream_id")
        answer = transmitter.call(operation, body={"subject": simple_subjects(transmitter)[0]})
        verify(
            ERRORS[operation]["400-INVALID"],
            answer.status in {400, 404},
            expected="400 (or 404), for the request names no stream",
            got=answer.text,
        )


@each_operation
@judges(*errors("400-INVALID"), needs=BOTH)
def test_a_subject_that_lacks_what_its_format_asks_for_is_answered(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """A subject that is wrong in its format is not recognised or refused, and is no crash."""
    with transmitter.new_stream() as stream:
        for subject_format in simple_formats(SCHEMA):
            body = {"subject": subject_of_format(SCHEMA, subject_format)}
            for site in subject_sites(SCHEMA, subject_format):
                # Only some of the invalid values, because each takes a request.
                for wrong in list(site.broken(body))[::2]:
                    answer = stream.send(operation, body=wrong)
                    verify(
                        ERRORS[operation]["400-INVALID"],
                        answer.served or answer.refused,
                        expected=f"an answer to {wrong['subject']!r}",
                        got=answer.text,
                    )


@each_operation
@judges(
    *errors("404-STREAM"),
    needs=Needs(stream=True, model="explicit", operations=(*OPERATIONS, "delete_stream")),
)
def test_a_deleted_stream_has_no_subjects(transmitter: RemoteTransmitter, operation: str) -> None:
    """Adding to a stream that is no more, or removing from it, is answered 404."""
    with transmitter.new_stream() as stream:
        gone = stream.delete()
        require(gone.served, f"the stream could not be deleted: {gone.text}")
        answer = stream.send(operation, body={"subject": simple_subjects(transmitter)[0]})
        verify(
            ERRORS[operation]["404-STREAM"],
            answer.status == 404,
            expected="404",
            got=answer.text,
        )
