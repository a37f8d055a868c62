"""Workers: the same run side by side, and never where cases would disturb each other."""

import dataclasses

from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.estimate import Estimate
from conformance.engine.plugin import execute
from conformance.engine.results_document import document_of
from conformance.engine.run import Run
from conformance.engine.run_options import RunOptions
from conformance.reporting import results
from conformance.spec import schema


def document(**more):
    run = make_run(RunArguments(mock=True, sections=("8.1.1.3", "2.4"), examples=4, **more))
    execute(run)
    return document_of(run)


def test_workers_change_no_verdict_and_the_document_is_of_its_schema():
    alone, together = document(), document(workers=3)
    assert together["run"]["workers"] == 3
    assert {row["id"]: row["verdict"] for row in together["requirements"]} == {
        row["id"]: row["verdict"] for row in alone["requirements"]
    }
    assert "passed" in {row["verdict"] for row in alone["requirements"]}
    for one in (alone, together):
        assert schema.problems(results.SCHEMA, one) == []


def test_no_more_workers_than_streams_and_one_where_a_clock_or_a_stream_is_shared():
    mock = make_run(RunArguments(mock=True)).target
    implicit = make_run(RunArguments(mock=True, profile="jamf")).target
    timeless = dataclasses.replace(mock, hooks={}, streams=3)
    assert Run(timeless, RunOptions(workers=8)).workers == 3
    assert Run(timeless, RunOptions()).workers == 3
    assert Run(timeless, RunOptions(workers=2)).workers == 2
    assert Run(dataclasses.replace(mock, streams=3), RunOptions(workers=8)).workers == 1
    assert Run(dataclasses.replace(implicit, hooks={}), RunOptions(workers=8)).workers == 1


def test_a_plan_starts_no_case_however_many_workers_there_are(monkeypatch):
    started = []
    monkeypatch.setattr(Run, "start", lambda run: started.append(run) or {})
    run = make_run(RunArguments(mock=True, workers=4))
    plan, _ = execute(run, plan_only=True)
    assert plan.cases
    assert (started, run.finished) == ([], {})
    execute(make_run(RunArguments(mock=True, workers=4, requirements=("SSF-7.2.1-GET",))))
    assert started


def test_a_run_is_expected_to_be_as_fast_as_its_way_to_the_target(tmp_path):
    path = tmp_path / "target.toml"
    path.write_text('[target]\nissuer = "https://tx.example"\n[limits]\nmax_rps = 3\n')
    over_tls = make_run(RunArguments(mock=True, tls=True))
    over_tls.close()
    in_process = make_run(RunArguments(mock=True))
    remote = make_run(RunArguments(target="https://tx.example"))
    limited = make_run(RunArguments(target=str(path)))
    rates = [
        Estimate.of(run).requests_per_second for run in (in_process, over_tls, remote, limited)
    ]
    assert rates == sorted(rates, reverse=True)
    assert len(set(rates)) == 4
    assert rates[-1] == 3
