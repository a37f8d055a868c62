"""`ssf-conformance requirements`: list and show."""

import json

import pytest
from helpers import command

from conformance.cli import requirements
from conformance.cli.main import main
from conformance.engine.plugin import all_cases
from conformance.spec.profile_files import shipped_profiles
from conformance.spec.requirement import load_catalogue


def said(capsys, *arguments):
    code = main(list(map(str, arguments)))
    return code, "".join(capsys.readouterr())


def listed(capsys, *arguments):
    """Return the rows of `requirements list --json`."""
    code, shown = said(capsys, "requirements", "list", "--json", *arguments)
    assert code == 0, shown
    return json.loads(shown)


def test_each_requirement_is_one_line(capsys):
    code, shown = said(capsys, "requirements", "list")
    assert code == 0
    assert [line.split()[0] for line in shown.splitlines()] == [one.id for one in load_catalogue()]


def test_a_line_has_level_kind_grade_section_and_summary(capsys):
    shown = said(capsys, "requirements", "list", "--section", "8.1.1.1")[1]
    (line,) = [one for one in shown.splitlines() if one.startswith("SSF-8.1.1.1-CREATE-201 ")]
    row = load_catalogue()["SSF-8.1.1.1-CREATE-201"]
    for word in (row.level, row.kind, row.grade, row.citation):
        assert f"  {word}  " in line
    assert line.endswith(row.summary)


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        (("--role", "receiver"), lambda row: row["role"] == "receiver"),
        (("--level", "must not"), lambda row: row["level"] == "MUST NOT"),
        (("--kind", "tolerance"), lambda row: row["kind"] == "tolerance"),
        (("--section", "8.1.1"), lambda row: f"{row['section']}.".startswith("8.1.1.")),
        (("--profile", "jamf"), lambda row: {"jamf", "sse-draft"} & set(row["tags"])),
    ],
    ids=["role", "level", "kind", "section", "profile"],
)
def test_a_filter_keeps_the_rows_that_it_speaks_of_and_no_others(capsys, arguments, holds):
    every, kept = listed(capsys), listed(capsys, *arguments)
    ids = {row["id"] for row in kept}
    assert ids == {row["id"] for row in every if holds(row)}
    assert 0 < len(ids) < len(every)


def test_filters_add_up(capsys):
    arguments = ("--profile", "ssf-1.0", "--level", "MUST", "--section", "8.1.1.3")
    rows = listed(capsys, *arguments)
    assert rows
    assert all(row["level"] == "MUST" and "ssf-1.0" in row["tags"] for row in rows)
    nothing = (*arguments, "--role", "receiver", "--kind", "tolerance")
    assert listed(capsys, *nothing) == []
    assert "no requirement" in said(capsys, "requirements", "list", *nothing)[1]


def test_in_a_profile_a_row_has_the_grade_of_that_profile(capsys):
    own = {row["id"]: row["grade"] for row in listed(capsys)}
    there = {row["id"]: row["grade"] for row in listed(capsys, "--profile", "jamf")}
    softer = [one for one in there if (own[one], there[one]) == ("fail", "warn")]
    assert softer
    assert not [one for one in there if (own[one], there[one]) == ("warn", "fail")]


def test_a_requirement_is_told_with_clause_grade_profiles_and_cases(capsys):
    code, shown = said(capsys, "requirements", "show", "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED")
    row = load_catalogue()["SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"]
    assert code == 0
    assert row.url in shown
    assert f"{row.grade}: " in shown
    assert "ssf-1.0: fail" in shown
    case = "test_patch_changes_only_the_properties_it_names"
    assert f"test_ssf_8_1_1_3_update_stream.py::{case}" in shown
    assert shown.count(case) == 1


def test_every_requirement_can_be_told_within_the_width():
    cases, profiles = all_cases(), shipped_profiles()
    for row in load_catalogue():
        told = requirements.requirement_text(row, profiles, cases)
        words = " ".join(told.split())
        for part in (row.summary, row.how, row.note, row.why, row.citation):
            assert part is None or " ".join(part.split()) in words
        # A URL and the name of a case stay whole.
        wide = [one for one in told.splitlines() if len(one) > 100]
        assert [one for one in wide if "://" not in one and "::" not in one] == []


def test_a_row_without_a_case_says_why(capsys):
    catalogue = load_catalogue()
    receiver = next(row for row in catalogue if row.role == "receiver")
    assert "binds Receivers" in requirements.requirement_text(receiver, (), ())
    unseen = next(
        row for row in catalogue if row.role == "transmitter" and row.observable == "not-observable"
    )
    assert "none: it can't be seen" in requirements.requirement_text(unseen, (), ())


def test_a_row_that_a_profile_departs_from_is_not_applicable_there(capsys):
    shown = said(capsys, "requirements", "show", "SSE-6.2-WELLKNOWN")[1]
    assert "jamf: not applicable" in shown
    assert "sse-draft: fail" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["requirements", "show", "SSF-8.1.1.1-CREATE-200"], "did you mean SSF-8.1.1.1-CREATE-201"),
        (["requirements", "list", "--section", "99"], "section 99"),
        (["requirements", "list", "--level", "PERHAPS"], "--level"),
        (["requirements", "list", "--profile", "nowhere.toml"], "nowhere.toml"),
    ],
    ids=str,
)
def test_wrong_usage_ends_with_4_and_names_what_is_wrong(capsys, arguments, words):
    code, shown = said(capsys, *arguments)
    assert code == 4
    assert words in shown
    assert "Traceback" not in shown


def test_a_reader_that_has_gone_is_no_error(tmp_path):
    process = command("requirements", "list", cwd=tmp_path)
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), complaints) == (0, "")
