"""Adding and removing subjects: SSE Framework 1.0 ID1 (2021), section 7.1.3."""

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
from conformance.judging import Needs, judges, observe, verify
from conformance.judging.subject_matching import simple_subjects
from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec.requirement import Grade

OPERATIONS = ("add_subject", "remove_subject")
BOTH = Needs(stream=True, model="implicit", operations=OPERATIONS)
CODES = ("400", "404")
ERRORS = {
    "add_subject": {code: f"SSE-7.1.3.1-ERR-{code}" for code in CODES},
    "remove_subject": {code: f"SSE-7.1.3.2-ERR-{code}" for code in CODES},
}
SCHEMA = "sse/subject.json"
UNPARSABLE = (b'{"subject": {"form', b"", b'{"subject": "\xff"}')

each_operation = pytest.mark.parametrize("operation", OPERATIONS)


def errors(code: str) -> list[str]:
    """Return the rows about one status code, for both operations."""
    return [ERRORS[operation][code] for operation in OPERATIONS]


@judges("SSE-7.1.3.1-ADD-200", "SSE-7.1.3.2-REMOVE-204", *errors("404"), needs=BOTH)
@given(subjects=stream_subjects())
def test_a_subject_of_any_format_is_added_and_removed(
    transmitter: RemoteTransmitter, subjects: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """A valid subject is added with an empty 200 and removed with a 204, or is not recognised."""
    with transmitter.new_stream() as stream:
        for subject in subjects:
            added = stream.send("add_subject", body={"subject": subject})
            if added.status in {403, 404}:
                observe(ERRORS["add_subject"]["404"], f"answered {added.status}")
            else:
                verify(
                    "SSE-7.1.3.1-ADD-200",
                    added.status == 200 and not added.body,
                    expected="200 and an empty body",
                    got=added.text,
                    at_most=softer(added),
                )
            # The second time there is nothing left to remove.
            for there in (added.served, False):
                removed = stream.send("remove_subject", body={"subject": subject})
                if removed.refused and not there:
                    observe(ERRORS["remove_subject"]["404"], f"answered {removed.status}")
                    continue
                verify(
                    "SSE-7.1.3.2-REMOVE-204",
                    removed.status == 204,
                    expected="204",
                    got=removed.text,
                    at_most=Grade.WARN if removed.served else None,
                )


@pytest.mark.parametrize("verified", [True, False], ids=str)
@judges("SSE-7.1.3.1-ADD-200", needs=BOTH)
def test_a_subject_may_be_verified_or_not(transmitter: RemoteTransmitter, verified: object) -> None:
    """A subject is added whether or not the Receiver has verified it, or is not recognised."""
    body = {"subject": simple_subjects(transmitter)[0], "verified": verified}
    with transmitter.new_stream() as stream:
        added = stream.send("add_subject", body=body)
        if added.status in {403, 404}:
            return
        verify(
            "SSE-7.1.3.1-ADD-200",
            added.status == 200 and not added.body,
            expected="200 and an empty body",
            got=added.text,
            at_most=softer(added),
        )


@judges("SSE-7.1.3.1-ADD-200", needs=BOTH)
def test_a_subject_of_each_format_is_added(transmitter: RemoteTransmitter) -> None:
    """A simple subject of each format is added with an empty 200, or is not recognised."""
    with transmitter.new_stream() as stream:
        for subject_format in simple_formats(SCHEMA):
            subject = subject_of_format(SCHEMA, subject_format)
            added = stream.send("add_subject", body={"subject": subject})
            if added.status in {403, 404}:
                continue
            verify(
                "SSE-7.1.3.1-ADD-200",
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
        for site in sites(f"sse/{operation.replace('_', '-')}-request.json")
    ],
)
@judges(*errors("400"), needs=BOTH)
def test_a_request_that_is_wrong_in_one_place_is_refused(
    transmitter: RemoteTransmitter, operation: str, site: Site
) -> None:
    """A request that is wrong in one place is answered 400, or is at least no crash."""
    body = {"subject": simple_subjects(transmitter)[0], "verified": True}
    with transmitter.new_stream() as stream:
        for wrong in site.broken(body):
            answer = stream.send(operation, body=wrong)
            answered = answer.served or answer.refused
            if site.requirement is None and answered:
                observe(ERRORS[operation]["400"], f"{site}: answered {answer.status}")
                continue
            verify(
                ERRORS[operation]["400"],
                answer.status == 400,
                expected=f"400 for what is wrong at {site}",
                got=answer.text,
                at_most=Grade.WARN if answered else None,
            )


@each_operation
@judges(*errors("400"), needs=BOTH)
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
                        ERRORS[operation]["400"],
                        answer.served or answer.refused,
                        expected=f"an answer to {wrong['subject']!r}",
                        got=answer.text,
                    )
