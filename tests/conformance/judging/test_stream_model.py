"""The judge's own model of several streams: each kind of wrong effect is found, under its row."""

import pytest

from conformance.judging.stream_model import JUDGED, Step, findings
from conformance.receiver.answer import Answer

POLL = {"method": "urn:ietf:rfc:8936", "endpoint_url": "https://t.example/poll/a"}


def shown(stream_id="a", **members):
    return {
        "stream_id": stream_id,
        "iss": "https://t.example",
        "aud": "r",
        "events_supported": ["urn:e:1", "urn:e:2"],
        "events_requested": ["urn:e:1"],
        "events_delivered": ["urn:e:1"],
        "delivery": POLL,
        "description": "before",
        **members,
    }


def answered(status):
    return Answer(status=status, headers={}, body=b"", document=None, is_json=False, shown="")


def step(operation="update_stream", status=200, **members):
    known = {
        "operation": operation,
        "answer": answered(status),
        "stream_id": "a",
        "before": {"a": shown(), "b": shown("b")},
        "after": {"a": shown(), "b": shown("b")},
        **members,
    }
    return Step(**known)


def broken(one):
    return {found.requirement for found in findings(one) if not found.held}


RIGHT = [
    step(named={"description": "x"}, after={"a": shown(description="x"), "b": shown("b")}),
    step(
        "replace_stream",
        named={"delivery": {"method": POLL["method"]}, "events_requested": ["urn:e:1"]},
        after={"a": shown(description=None), "b": shown("b")},
    ),
    step("delete_stream", 204, after={"b": shown("b")}),
    step(
        "create_stream",
        201,
        stream_id="c",
        after={"a": shown(), "b": shown("b"), "c": shown("c", description="")},
    ),
    step("list_streams", listed=[shown("b"), shown()]),
    step(status=400, invalid=True, named={"description": "x"}),
    step(
        named={"events_requested": ["urn:e:2", "urn:unknown"]},
        after={
            "a": shown(events_requested=["urn:e:2"], events_delivered=["urn:e:2"]),
            "b": shown("b"),
        },
    ),
]


@pytest.mark.parametrize("one", RIGHT, ids=lambda one: one.operation)
def test_what_the_text_asks_for_is_right(one):
    found = list(findings(one))
    assert found
    assert [finding for finding in found if not finding.held] == []
    assert {finding.requirement for finding in found} <= set(JUDGED)


WRONG = {
    "SSF-8.1.1.3-PATCH-APPLIES": step(named={"description": "x"}),
    "SSF-8.1.1.3-PATCH-200-FULL": step(status=500, named={"description": "x"}),
    "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED": step(
        named={"description": "x"},
        after={"a": shown(description="x", delivery={"method": ""}), "b": shown("b")},
    ),
    "SSF-8.1.1.3-PATCH-RO-MISMATCH-400": step(
        status=400,
        invalid=True,
        named={"description": "x"},
        after={"a": shown(description="x"), "b": shown("b")},
    ),
    "SSF-8.1.1.4-PUT-200": step("replace_stream", named={"description": "x"}),
    "SSF-8.1.1.4-PUT-MISSING-DELETES": step("replace_stream"),
    "SSF-8.1.1.5-DELETE-EFFECTIVE": step("delete_stream", 204),
    "SSF-8.1.1.1-SECOND-NEW-ID": step(
        "create_stream",
        201,
        stream_id="c",
        after={"a": shown(), "c": shown("c", description="")},
    ),
    "SSF-8.1.1.1-RECEIVER-FIELDS-ACCEPTED": step(
        "create_stream",
        201,
        stream_id="c",
        named={"description": "x"},
        after={"a": shown(), "b": shown("b"), "c": shown("c", description="y")},
    ),
    "SSF-8.1.1-DESCRIPTION": step(
        "create_stream", 201, stream_id="c", after={"a": shown(), "b": shown("b"), "c": shown("c")}
    ),
    "SSF-8.1.1.2-LIST-ARRAY": step("list_streams", listed=[shown()]),
    "SSF-8.1.1.2-READ-200": step(
        "list_streams", after={"a": shown(), "b": shown("b", description="")}
    ),
}


@pytest.mark.parametrize("requirement", WRONG)
def test_a_wrong_effect_is_found_under_its_row_alone(requirement):
    assert broken(WRONG[requirement]) == {requirement}


def test_a_deleted_stream_stays_away():
    one = step("create_stream", 201, stream_id="c", before={"b": shown("b")})
    assert "SSF-8.1.1.5-DELETE-EFFECTIVE" in broken(one)


def test_every_row_that_the_model_names_can_be_broken():
    assert set(WRONG) == set(JUDGED)


@pytest.mark.parametrize(
    ("operation", "requirement"),
    [
        ("update_stream", "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"),
        ("replace_stream", "SSF-8.1.1.4-PUT-200"),
        ("delete_stream", "SSF-8.1.1.5-DELETE-EFFECTIVE"),
    ],
)
def test_a_stream_that_the_operation_is_not_about_stays_as_it_was(operation, requirement):
    after = {"b": shown("b", description="of a")}
    if operation != "delete_stream":
        after["a"] = shown(description=None)
    one = step(operation, named={"description": None}, after=after)
    assert broken(one) == {requirement}
