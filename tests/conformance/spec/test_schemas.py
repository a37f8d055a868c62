"""The wire schemas: sound, open, annotated keyword by keyword, true to the examples of texts."""

import copy
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jsonschema_rs
import pytest
from golden_documents import ALL_EXAMPLES, BREAKS, FIRST_EXAMPLE, REMOVED, name_of
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "schemas"
REQUIREMENTS = ROOT / "conformance" / "spec" / "requirements"
BASE_URI = "https://ssf-conformance.invalid/schemas/"

# Keywords that only lead to other schemas, and those that no instance can break.
STRUCTURAL = {
    "$schema",
    "$id",
    "$defs",
    "$ref",
    "title",
    "description",
    "allOf",
    "properties",
    "patternProperties",
    "propertyNames",
    "additionalProperties",
    "items",
    "if",
    "then",
    "else",
}
ANNOTATIONS = {"x-requirement", "x-observe", "x-tls", "x-generate"}
CONFIGURATION = "ssf/stream-configuration.json"
STRATEGIES = {"event_types", "delivery", "text", "stream_id", "subject", "subject_format"}

WIRE = {
    path.relative_to(SCHEMAS).as_posix(): json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(SCHEMAS.glob("*/*.json"))
    if path.parent.name != "ours"
}
REGISTRY = Registry().with_resources(
    (schema["$id"], DRAFT202012.create_resource(schema)) for schema in WIRE.values()
)
REGISTRY_RS = jsonschema_rs.Registry([(schema["$id"], schema) for schema in WIRE.values()])


class Found(NamedTuple):
    path: str
    keyword: str
    requirement: str | None


@cache
def _validator(name):
    return Draft202012Validator(
        WIRE[name], registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


@cache
def _validator_rs(name):
    return jsonschema_rs.Draft202012Validator(
        WIRE[name], registry=REGISTRY_RS, validate_formats=True
    )


def _findings(name, document):
    """Return what the document breaks, each keyword with its annotation; KeyError without one."""
    return sorted({_annotated(error) for error in _validator(name).iter_errors(document)}, key=str)


def _annotated(error):
    path = "".join(f"/{step}" for step in error.absolute_path)
    keyword = error.validator
    requirement = error.schema.get("x-requirement", {}).get(keyword)
    if keyword == "required":
        member = next(m for m in error.validator_value if error.message.startswith(repr(m)))
        requirement = (requirement or {}).get(member)
    if requirement is None and keyword not in error.schema.get("x-observe", []):
        raise KeyError(f"{keyword} at {path} is not annotated")
    return Found(path, keyword, requirement)


def _subschemas(schema, pointer=""):
    """Yield every schema that an instance can break, with its place; conditions are none."""
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for keyword in ("properties", "patternProperties", "$defs"):
        for name, part in schema.get(keyword, {}).items():
            yield from _subschemas(part, f"{pointer}/{keyword}/{name}")
    for keyword in ("items", "additionalProperties", "propertyNames", "then", "else"):
        yield from _subschemas(schema.get(keyword), f"{pointer}/{keyword}")
    for index, part in enumerate(schema.get("allOf", [])):
        yield from _subschemas(part, f"{pointer}/allOf/{index}")


def _requirement_ids(schema):
    for _, part in _subschemas(schema):
        for value in part.get("x-requirement", {}).values():
            yield from value.values() if isinstance(value, dict) else (value,)


def every_place():
    """Yield each schema's name with every schema in it and its place: `name#pointer`."""
    for name, schema in WIRE.items():
        for pointer, part in _subschemas(schema):
            yield name, f"{name}#{pointer}", part


def test_each_is_a_valid_schema_with_a_name_and_a_description():
    for name, schema in WIRE.items():
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", name
        assert schema["$id"] == BASE_URI + name, name
    assert [name for name, one in WIRE.items() if not (one["title"] and one["description"])] == []


def test_every_reference_leads_to_a_schema():
    for name, place, part in every_place():
        resolver = REGISTRY.resolver(base_uri=WIRE[name]["$id"])
        if "$ref" in part:
            assert isinstance(resolver.lookup(part["$ref"]).contents, dict), place


def test_every_validating_keyword_is_judged_or_observed_and_not_both(subtests):
    for name, schema in WIRE.items():
        with subtests.test(name):
            for pointer, part in _subschemas(schema):
                validating = set(part) - STRUCTURAL - ANNOTATIONS
                judged = part.get("x-requirement", {})
                observed = set(part.get("x-observe", []))
                assert validating == set(judged) | observed, pointer
                # `required` alone can be both: some members judged, the others observed.
                assert set(judged) & observed <= {"required"}, pointer
                members = set(part.get("required", []))
                named = set(judged.get("required", {}))
                assert named < members if "required" in observed else named == members, pointer


def test_each_is_open_to_members_that_no_text_defines():
    closing = ("additionalProperties", "unevaluatedProperties", "items")
    closed = [
        place
        for _, place, part in every_place()
        if "unevaluatedProperties" in part or any(part.get(one) is False for one in closing)
    ]
    assert closed == []


def test_only_requests_say_how_to_generate():
    wrong = [
        place
        for name, place, part in every_place()
        if "x-generate" in part
        and not (name.endswith("-request.json") and part["x-generate"] in STRATEGIES)
    ]
    assert wrong == []


def test_only_patterns_that_want_https_ask_for_tls():
    wrong = [
        place
        for _, place, part in every_place()
        if part.get("x-tls") != (["pattern"] if part.get("pattern", "").endswith("://") else None)
    ]
    assert wrong == []


def test_every_requirement_that_one_names_is_one_that_can_be_broken():
    breakable = {
        row["id"]
        for path in REQUIREMENTS.glob("*.toml")
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("requirement", [])
        if row["kind"] != "tolerance"
    }
    named = {(name, one) for name in WIRE for one in _requirement_ids(WIRE[name])}
    assert [(name, one) for name, one in sorted(named) if one not in breakable] == []


def test_each_has_an_example_and_a_document_that_breaks_it():
    assert set(WIRE) - set(FIRST_EXAMPLE) == set()
    assert set(WIRE) - {case.schema for case in BREAKS} == set()


def test_an_example_of_a_text_breaks_nothing_that_is_judged(subtests):
    for example in ALL_EXAMPLES:
        with subtests.test(name_of(example)):
            findings = _findings(example.schema, example.document)
            assert [found for found in findings if found.requirement] == []
            assert [f"{found.path} {found.keyword}" for found in findings] == example.observed


def test_a_broken_document_breaks_the_keyword_meant_and_no_other():
    wrong = {}
    for case in BREAKS:
        found = [(f.keyword, f.requirement) for f in _findings(case.schema, case.document())]
        if found != [(case.keyword, case.requirement)]:
            wrong[name_of(case)] = found
    assert wrong == {}


def test_two_libraries_find_the_same_places_broken():
    documents = [(name_of(one), one.schema, one.document) for one in ALL_EXAMPLES]
    documents += [(name_of(one), one.schema, one.document()) for one in BREAKS]
    differing = []
    for label, name, document in documents:
        ours = {tuple(error.absolute_path) for error in _validator(name).iter_errors(document)}
        theirs = {tuple(error.instance_path) for error in _validator_rs(name).iter_errors(document)}
        if ours != theirs:
            differing.append(label)
    assert differing == []


@pytest.mark.parametrize(
    "value", ["\u00e9", "a b", "//host/path", "http://[::1", "%zz", "urn:x:\u20ac"]
)
def test_two_libraries_agree_on_what_is_no_uri(value):
    document = {**copy.deepcopy(FIRST_EXAMPLE[CONFIGURATION]), "events_supported": [value]}
    assert not _validator(CONFIGURATION).is_valid(document)
    assert not _validator_rs(CONFIGURATION).is_valid(document)


@pytest.mark.parametrize("value", [None, [], REMOVED])
def test_a_deleted_property_may_show_as_absent_null_or_empty(value):
    document = copy.deepcopy(FIRST_EXAMPLE[CONFIGURATION])
    for member in ("events_requested", "description"):
        document.pop(member)
        if value is not REMOVED:
            document[member] = "" if value == [] and member == "description" else value
    assert _findings(CONFIGURATION, document) == []
