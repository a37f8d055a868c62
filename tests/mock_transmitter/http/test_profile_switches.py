"""What a profile may set, and the three profiles don't: the mock obeys it all the same."""

import pytest

PUSH = {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://receiver.invalid/events"}


def test_a_replacement_may_leave_alone_what_is_missing(mock):
    one = mock("ssf-1.0", settings={"semantics.replace_missing": "unchanged"})
    stream = one.create({"description": "x", "delivery": PUSH})
    assert one.put({"stream_id": stream["stream_id"]}).json() == stream


def test_a_wrong_read_only_value_may_be_ignored(mock):
    one = mock("ssf-1.0", settings={"semantics.read_only_mismatch": "ignore"})
    stream = one.create()
    change = {"stream_id": stream["stream_id"], "iss": "https://other.example", "description": "x"}
    assert one.patch(change).json() == {**stream, "description": "x"}


def test_a_stream_that_is_gone_has_the_profiles_code(mock):
    one = mock("ssf-1.0", settings={"semantics.gone_stream": [410]})
    assert one.read("unknown").status_code == 410


def test_a_long_poll_may_be_ignored(mock):
    one = mock("ssf-1.0", settings={"poll.long_poll": "ignored"})
    before = one.tenant.clock.now()
    assert one.poll(one.create(), {"returnImmediately": False}).json()["sets"] == {}
    assert one.tenant.clock.now() == before


def test_a_poll_may_have_no_error_reports(mock, types):
    one = mock("ssf-1.0", settings={"poll.set_errors": False})
    stream = one.create({"events_requested": types})
    (jti,) = one.emit()
    report = {jti: {"err": "invalid_request", "description": "x"}}
    answer = one.poll(stream, {"setErrs": report, "returnImmediately": True})
    assert list(answer.json()["sets"]) == [jti]


def test_success_has_the_profiles_first_code(mock):
    settings = {
        "operations.create_stream.success": [200, 201],
        "operations.delete_stream.success": [200],
    }
    one = mock("ssf-1.0", settings=settings)
    answer = one.call("POST", one.configuration, {})
    assert answer.status_code == 200
    url = f"{one.configuration}?stream_id={answer.json()['stream_id']}"
    assert one.call("DELETE", url).status_code == 200


@pytest.fixture
def without_schemas(mock):
    unset = {f"schemas.{verb}_stream_request": "!unset" for verb in ("create", "update")}
    return mock("ssf-1.0", settings=unset)


@pytest.mark.parametrize(
    "body",
    [
        {"events_requested": "urn:x:y"},
        {"events_requested": [7]},
        {"delivery": "urn:ietf:rfc:8936"},
        {"delivery": {"method": ["urn:ietf:rfc:8936"]}},
        {"delivery": {**PUSH, "endpoint_url": ["x"]}},
    ],
)
def test_where_a_dialect_has_no_schema_the_domain_still_knows_what_it_can_use(
    without_schemas, body
):
    assert without_schemas.call("POST", without_schemas.configuration, body).status_code == 400
    stream = without_schemas.create()
    assert without_schemas.patch({"stream_id": stream["stream_id"], **body}).status_code == 400
    assert without_schemas.read(stream["stream_id"]).json() == stream


def test_a_poll_url_that_names_no_stream_needs_one_stream_for_each_receiver(mock):
    one = mock("ssf-1.0", settings={"endpoints.poll": ["{issuer}/poll"]})
    answer = one.call("POST", "https://mock.example/poll", {})
    assert answer.status_code == 400


def test_an_accepted_update_is_applied_later_and_its_repetition_gives_the_result(mock):
    one = mock("ssf-1.0", deviations=["updates-are-answered-202"])
    stream = one.create({"description": "before"})
    change = {"stream_id": stream["stream_id"], "description": "after"}
    answer = one.patch(change)
    assert (answer.status_code, answer.content) == (202, b"")
    assert one.patch(change).json() == {**stream, "description": "after"}
    assert one.patch({**change, "description": 7}).status_code == 400
    assert one.patch({**change, "description": "later"}).status_code == 202
    assert one.read(stream["stream_id"]).json() == {**stream, "description": "later"}
