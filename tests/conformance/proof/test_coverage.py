"""`ssf-conformance requirements coverage`: every row is judged, or the catalogue says why not."""

import json
from functools import cache

import pytest
from helpers import mock

from conformance.cli.main import main
from conformance.engine import bundled
from conformance.proof import coverage
from conformance.spec.requirement import Grade, load_catalogue
from conformance.spec.shipped_profiles import profile_ids

CATALOGUE = load_catalogue()


@cache
def profiles():
    return [coverage.coverage_of(name) for name in profile_ids()]


def open_rows(reason=None):
    """Return each open row with its profiles: those open for this reason, or for want of a case."""
    found = {}
    for one in profiles():
        for row in one.rows:
            named = row.reason if row.reason in {coverage.NO_FAULT, coverage.NO_VARIANT} else None
            if row.state == coverage.OPEN and named == reason:
                found.setdefault(row.id, []).append(one.profile)
    return [f"{one}: {', '.join(names)}" for one, names in found.items()]


def test_every_row_of_every_profile_is_judged_or_excluded_or_not_applicable():
    rows = open_rows()
    assert not rows, "\n".join(rows)


def test_every_obligation_and_conditional_is_broken_by_a_fault():
    rows = open_rows(coverage.NO_FAULT)
    assert not rows, "\n".join(rows)


def test_every_tolerance_is_exercised_by_a_variant():
    rows = open_rows(coverage.NO_VARIANT)
    assert not rows, "\n".join(rows)


def test_only_a_row_that_is_never_more_than_noted_needs_no_fault():
    without = [
        row
        for one in profiles()
        for row in one.rows
        if row.state == coverage.COVERED and row.kind != "tolerance" and not row.faults
    ]
    assert {row.grade for row in without} <= {Grade.NOTE}


@pytest.mark.parametrize("one", profiles(), ids=lambda one: one.profile)
def test_the_rows_are_those_of_a_run_and_each_stands_in_one_group(one):
    grouped = [row for rows in one.grouped().values() for row in rows]
    assert sorted(row.id for row in grouped) == sorted(row.id for row in one.rows)
    assert {row.id for row in one.rows} == {
        row.id for row in CATALOGUE.for_tags(mock(one.profile).profile.tags)
    }
    for row in one.rows:
        assert row.state in coverage.STATES
        assert (row.reason is None) == (row.state == coverage.COVERED)


def test_a_row_names_the_faults_and_variants_that_are_about_it():
    known = {one.name: one for one in bundled.deviations()}
    for row in profiles()[0].rows:
        assert all(row.id in known[name].breaks for name in row.faults)
        assert all(row.id in known[name].exercises for name in row.variants)


def said(capsys, *arguments):
    code = main(["requirements", "coverage", *arguments])
    return code, "".join(capsys.readouterr())


def test_people_get_the_totals_of_the_chosen_profiles_and_a_line_for_each_level_and_kind(capsys):
    code, shown = said(capsys, "--profile", "avnology")
    (avnology,) = (one for one in profiles() if one.profile == "avnology")
    assert code == 0
    lines = [line.split() for line in shown.splitlines()]
    assert [str(len(avnology.rows))] == [words[1] for words in lines if words[:1] == ["avnology"]][
        :1
    ]
    for (level, kind), rows in avnology.grouped().items():
        (line,) = (
            words for words in lines if words[: len(level.split()) + 1] == [*level.split(), kind]
        )
        assert line[len(level.split()) + 1] == str(len(rows))
    for reason, ids in avnology.reasons("excluded").items():
        assert reason in " ".join(shown.split())
        assert all(one in shown for one in ids)
    assert "ssf-1.0" not in shown
    assert all(len(line) <= 110 for line in shown.splitlines() if "https://" not in line)


def test_machines_get_every_row_with_what_stands_behind_it(capsys):
    code, shown = said(capsys, "--json", "--profile", "ssf-1.0")
    document = json.loads(shown)
    assert code == 0
    assert document["official_suite"]["version"]
    (profile,) = document["profiles"]
    rows = {row["id"]: row for row in profile["requirements"]}
    created = rows["SSF-8.1.1.1-CREATE-201"]
    assert created["state"] == "covered"
    assert created["faults"]
    assert "openid-ssf-stream-control-happy-path" in created["official"]
    assert profile["counts"]["rows"] == len(rows) == sum(one["rows"] for one in profile["groups"])


def test_a_profile_that_is_not_there_is_wrong_usage(capsys):
    code, shown = said(capsys, "--profile", "ssf-9")
    assert code == 4
    assert "ssf-9" in shown
