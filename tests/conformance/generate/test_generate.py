import hashlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
from helpers import environment, mock
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.plugin import execute
from conformance.generate import (
    EVENT_BOUNDARIES,
    from_schema,
    replacements,
    sites,
    stream_patches,
    stream_properties,
    text_boundaries,
    whole_bodies,
)
from conformance.generate.configurations import generating_for
from conformance.generate.example_settings import (
    apply_settings,
    draw_nothing_from_source,
    explore,
    exploring,
    run_settings,
)
from conformance.generate.from_schema import UngeneratedKeyword, instances
from conformance.generate.wrong_values import wrong_value, wrong_values
from conformance.spec import schema

STRATEGIES = {
    "create_stream_request": stream_properties,
    "update_stream_request": stream_patches,
    "replace_stream_request": replacements,
}
PROFILES = ["ssf-1.0", "jamf", "avnology"]
QUIET = settings(
    max_examples=60, derandomize=True, database=None, deadline=None, phases=[Phase.generate]
)


def drawn(strategy, transmitter):
    """Return what a strategy draws for a target, with the settings of a run."""
    found = []
    draw_nothing_from_source()

    @QUIET
    @given(value=strategy)
    def draw(value):
        found.append(value)

    with generating_for(transmitter):
        draw()
    return found


def offered(profile):
    """Return a Transmitter and the messages of its profile that are generated."""
    transmitter = mock(profile)
    names = [one for one in STRATEGIES if one in transmitter.profile.schemas]
    return transmitter, names


@cache
def independent(name):
    """Return a schema in the eyes of another implementation, formats checked."""
    root = schema.schema_root()
    documents = [json.loads(path.read_text()) for path in sorted(root.rglob("*.json"))]
    registry = jsonschema_rs.Registry([(one["$id"], one) for one in documents])
    return jsonschema_rs.Draft202012Validator(
        schema.load(name), validate_formats=True, registry=registry
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_every_generated_configuration_is_valid_in_the_eyes_of_two_implementations(profile):
    transmitter, names = offered(profile)
    assert names
    for message in names:
        file = transmitter.profile.schemas[message]
        ours, theirs = schema.validator(file), independent(file)
        values = drawn(STRATEGIES[message](), transmitter)
        assert len(values) > 20
        for value in values:
            # The stream_id is the stream's, and put in when it is known.
            whole = (
                {"stream_id": "s", **value} if "stream_id" in ours.schema["properties"] else value
            )
            assert [one.message for one in ours.iter_errors(whole)] == []
            theirs.validate(whole)


def test_the_two_implementations_can_say_no():
    theirs = independent("ssf/create-stream-request.json")
    ours = schema.validator("ssf/create-stream-request.json")
    for wrong in ({"description": 5}, {"events_requested": []}, {"events_requested": ["no uri"]}):
        assert not theirs.is_valid(wrong)
        assert list(ours.iter_errors(wrong))


@pytest.mark.parametrize("profile", PROFILES)
def test_generated_values_reach_every_property_and_leave_every_optional_one_out(profile):
    transmitter, names = offered(profile)
    for message in names:
        values = drawn(STRATEGIES[message](), transmitter)
        document = schema.load(transmitter.profile.schemas[message])
        for member in set(document["properties"]) - {"stream_id"}:
            assert any(member in value for value in values), (message, member)
        if message == "replace_stream_request":
            assert all({"events_requested", "delivery"} <= set(value) for value in values)
            assert any("description" not in value for value in values)
        if message == "update_stream_request":
            assert all(values)
        if message == "create_stream_request":
            assert {} in values


def test_pushes_go_to_the_suites_own_listener_alone():
    transmitter = mock("jamf")
    urls = {
        value["delivery"]["endpoint_url"]
        for value in drawn(replacements(), transmitter)
        if value["delivery"]["method"] == transmitter.profile.delivery.push
    }
    assert len(urls) > 2
    assert all(url.startswith("https://receiver.invalid/") for url in urls)


def test_only_event_types_that_the_target_can_raise_or_nobody_knows_are_asked_for():
    transmitter = mock()
    object.__setattr__(transmitter.target, "event_types", ("urn:own:a",))
    asked = {
        event
        for value in drawn(stream_properties(), transmitter)
        for event in value.get("events_requested", ())
    }
    assert "urn:own:a" in asked
    assert not any("caep" in event for event in asked)


def digest_of_examples():
    """Return a digest of everything that is drawn for ssf-1.0, in order."""
    transmitter, names = offered("ssf-1.0")
    values = [drawn(STRATEGIES[message](), transmitter) for message in names]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def test_the_same_examples_come_in_every_process_whatever_its_hash_seed(tmp_path):
    here = digest_of_examples()
    assert here == digest_of_examples()
    script = (
        "import sys; sys.path[:0] = sys.argv[1].split(':');"
        "import test_generate; print(test_generate.digest_of_examples())"
    )
    for seed in ("4242",):
        done = subprocess.run(
            [sys.executable, "-c", script, ":".join([str(Path(__file__).parent), *sys.path])],
            env=environment(PYTHONHASHSEED=seed, CI="true"),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout.strip() == here, done.stderr


def test_another_seed_draws_other_examples_and_the_same_seed_the_same():
    def drawn_with(seed):
        found = []

        @given(value=st.integers(0, 10**9))
        def draw(value):
            found.append(value)

        apply_settings(draw, run_settings(examples=20, seed=seed), seed)
        draw()
        return found

    assert drawn_with(1) == drawn_with(1)
    assert drawn_with(1) != drawn_with(2)
    assert drawn_with(None) == drawn_with(None)
    assert len(drawn_with(1)) == 20


def test_an_unknown_keyword_is_refused_rather_than_ignored(monkeypatch):
    documents = {
        "keyword": {"type": "string", "pattern": "^a$"},
        "deeper": {"type": "array", "items": {"type": "string", "pattern": "^a$"}},
        "type": {"type": ["string", "null"]},
        "choice": {"oneOf": [{"type": "string"}]},
    }
    for name, node in documents.items():
        document = {"$id": name, "type": "object", "properties": {"a": node}}
        monkeypatch.setattr(from_schema.schema, "load", lambda _, found=document: found)
        with pytest.raises(UngeneratedKeyword, match=name):
            instances(name, {})


@pytest.mark.parametrize(
    "keyword",
    [
        {"pattern": "^x-"},
        {"minProperties": 2},
        {"dependentRequired": {"a": ["b"]}},
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    ],
    ids=str,
)
def test_an_unknown_keyword_of_the_whole_message_is_refused_too(monkeypatch, keyword):
    document = {"$id": "root", "type": "object", "properties": {"a": {"type": "string"}}, **keyword}
    monkeypatch.setattr(from_schema.schema, "load", lambda _: document)
    with pytest.raises(UngeneratedKeyword, match="root"):
        instances("root", {})


@pytest.mark.parametrize(
    "node",
    [
        {"type": "integer", "minimum": 5, "maximum": 6},
        {"type": "boolean"},
        {"enum": ["a", 1]},
        {"const": "c"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1, "uniqueItems": True},
        {"type": "object", "properties": {"b": {"const": 1}}, "required": ["b"]},
        {"type": "string", "minLength": 2, "maxLength": 3},
        pytest.param({"type": "integer", "minimum": 2000}),
        pytest.param({"type": "string", "minLength": 30}),
        pytest.param({"type": "array", "items": {"type": "integer"}, "minItems": 8}),
    ],
    ids=str,
)
def test_whatever_the_generator_knows_it_keeps(monkeypatch, node):
    document = {"$id": "x", "type": "object", "properties": {"a": node}, "required": ["a"]}
    monkeypatch.setattr(from_schema.schema, "load", lambda _: document)
    theirs = jsonschema_rs.Draft202012Validator(document)
    values = drawn(instances("x", {}), None)
    assert values
    assert all(theirs.is_valid(value) for value in values)


def test_nothing_is_drawn_outside_a_case():
    with pytest.raises(RuntimeError, match="inside a case"):
        drawn(stream_properties(), None)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        5,
        "x",
        "https://another.example/iss",
        ["a", "b"],
        [],
        {},
        ["urn:example:another:iss"],
    ],
    ids=str,
)
def test_a_wrong_value_is_another_value_of_a_like_shape(value):
    wrong = wrong_value("iss", value)
    if value != "https://another.example/iss":
        assert wrong != value
    if isinstance(value, list):
        assert isinstance(wrong, list)
        assert sorted(wrong) != sorted(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_a_wrong_value_is_found_for_any_number(value):
    assert wrong_value("min_verification_interval", value) != value


def test_wrong_values_are_several_where_one_may_hide_in_a_list():
    assert wrong_values("aud", "r") == (
        "https://another.example/aud",
        ["https://another.example/aud"],
        ["r", "https://another.example/aud"],
    )
    assert wrong_values("events_supported", ["a", "b"])[1:] == (["a"], [])
    assert len(wrong_values("events_supported", [])) == 1
    assert wrong_values("iss", "https://t.example/a/")[1:] == (
        "https://t.example/a",
        "https://t.example/a/another",
    )
    assert len(wrong_values("min_verification_interval", 30)) == 1


def test_a_wrong_value_is_never_the_right_one():
    right = wrong_value("iss", "x")
    assert wrong_value("iss", right) != right


def test_explore_uses_the_settings_of_the_run():
    from hypothesis.stateful import RuleBasedStateMachine, rule  # noqa: PLC0415 (here alone)

    made = []

    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            made.append(1)

        @rule()
        def step(self):
            pass

    with exploring(run_settings(examples=7, seed=None)):
        explore(Machine)
    assert 1 <= len(made) <= 8


REQUESTS = [
    "ssf/create-stream-request.json",
    "ssf/update-stream-request.json",
    "ssf/replace-stream-request.json",
    "sse/replace-stream-request.json",
]
SITES = [(name, site) for name in REQUESTS for site in sites(name)]


@cache
def whole(name):
    """Return bodies of a message with every member, the stream's own id included."""
    transmitter = mock("jamf" if name.startswith("sse") else "ssf-1.0")
    message = {
        file: message
        for message, file in transmitter.profile.schemas.items()
        if message in STRATEGIES
    }[name]
    members = schema.load(name)["properties"]
    of_a_stream = {"stream_id": "s"} if "stream_id" in members else {}
    return [of_a_stream | body for body in drawn(whole_bodies(message), transmitter)[:10]]


@pytest.mark.parametrize(("name", "site"), SITES, ids=lambda one: str(one).replace("/", "."))
def test_a_broken_body_breaks_one_keyword_at_one_place_and_nothing_else(name, site):
    theirs = independent(name)
    for body in whole(name):
        ways = list(site.broken(body))
        assert ways
        for broken in ways:
            found = schema.problems(name, broken)
            assert [(one.path, one.keyword, one.requirement) for one in found] == [
                (site.pointer, site.keyword, site.requirement)
            ]
            assert not theirs.is_valid(broken)
        assert schema.problems(name, body) == []


def test_a_wrong_type_is_tried_with_every_other_type():
    site = next(one for one in sites(REQUESTS[1]) if str(one) == "/description type")
    body = {"events_requested": ["urn:a:b"], "delivery": {}, "description": "right"}
    wrong = [one["description"] for one in site.broken(body)]
    assert {type(one) for one in wrong} == {int, bool, list, dict, float}
    assert body["description"] == "right"


@pytest.mark.parametrize("name", REQUESTS)
def test_every_annotated_keyword_of_a_request_is_a_place_to_break(name):
    annotated = {
        (pointer, keyword)
        for pointer, node in walked(schema.load(name))
        for keyword in {*node.get("x-requirement", {}), *node.get("x-observe", ())}
        if not pointer.startswith("/stream_id")
    }
    assert {(site.pointer, site.keyword) for site in sites(name)} >= {
        (pointer, keyword)
        for pointer, keyword in annotated
        if (pointer, keyword) != ("/", "required")
    }


def walked(node, path=()):
    """Yield each part of a schema with the pointer to what it speaks of."""
    yield "/" + "/".join(map(str, path)), node
    for member, part in node.get("properties", {}).items():
        yield from walked(part, (*path, member))
    if isinstance(node.get("items"), dict):
        yield from walked(node["items"], (*path, 0))


BOUNDARIES = [*text_boundaries("description"), *EVENT_BOUNDARIES]


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_a_boundary_is_a_valid_value(boundary):
    value = boundary.value_for(mock())
    for name in REQUESTS[:3]:
        body = {"stream_id": "s", boundary.member: value}
        assert {one.path for one in schema.problems(name, body)} <= {"/"}


def test_the_boundaries_are_all_different_and_go_where_receivers_go():
    assert len(set(map(str, BOUNDARIES))) == len(BOUNDARIES)
    texts = [one.value_for(mock()) for one in text_boundaries("description")]
    assert len(set(texts)) == len(texts)
    assert {0, 1, 64, 128, 255, 256} <= set(map(len, texts))
    assert any(not text.isascii() for text in texts)
    assert any(ord(character) > 0xFFFF for character in "".join(texts))


def test_the_parameters_of_a_case_share_its_examples():
    run = make_run(RunArguments(mock=True, profile="ssf-1.0", examples=20))
    execute(run, plan_only=True)
    count = {case.name.split("[")[0]: run.examples_of(case) for case in run.plan.cases}
    assert count["test_ssf_8_1_1_3_refused_updates.py::test_patch_refuses_what_is_invalid"] == 1
    name = "test_ssf_8_1_1_1_create_stream.py::test_a_stream_configuration_has_its_shape"
    assert count[name] == 20
