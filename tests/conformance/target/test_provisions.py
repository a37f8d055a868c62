"""The one table of what the operator can provide, held against what must agree with it."""

import dataclasses
import re

import pytest

from conformance.judging.needs import Needs
from conformance.spec import schema
from conformance.spec.profile_files import load_profile
from conformance.spec.shipped_profiles import profile_ids
from conformance.target.provisions import PLACEHOLDERS, PROVISIONS

HOOKS = schema.load("ours/target.json")["properties"]["hooks"]["properties"]


def test_the_schema_of_target_toml_has_these_hooks_and_no_other():
    clock = HOOKS["clock"]
    assert clock["required"] == list(clock["properties"])
    named = {name for name in HOOKS if name != "clock"}
    named |= {f"clock.{name}" for name in clock["properties"]}
    assert named == set(PLACEHOLDERS)


@pytest.mark.parametrize("name", ["emit_event", "transmitter_status"])
def test_the_schema_names_the_placeholders_of_each_hook(name):
    named = set(re.findall(r"\{(\w+)\}", HOOKS[name]["description"]))
    assert named == set(PLACEHOLDERS[name])


def test_each_reason_belongs_to_something_that_a_case_can_need():
    needs = {field.name for field in dataclasses.fields(Needs)}
    reasons = [need for one in PROVISIONS.values() for need in one.missing]
    assert set(reasons) <= needs


@pytest.mark.parametrize("profile", profile_ids())
def test_each_example_has_the_tables_and_placeholders_of_its_hooks(profile):
    for one in PROVISIONS.values():
        example = one.example(load_profile(profile))
        if example is None or not one.hooks:
            continue
        assert re.findall(r"^\[hooks\.(.+)\]$", example, re.MULTILINE) == list(one.hooks)
        known = {name for names in one.hooks.values() for name in names}
        assert set(re.findall(r"\{(\w+)\}", example)) <= known
