"""What several of these tests need: a record, a Transmitter, a run, the command in a process."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from conformance.engine import bundled
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.plugin import all_cases
from conformance.judging.record import CaseRecord
from conformance.receiver.connection import Connection
from conformance.receiver.exchange import Recorder
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import Grade

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


def record(**grades):
    """Return a record that declares and plans these ids: `record(A="fail")`."""
    return CaseRecord(
        ids=frozenset(grades), grades={name: Grade(grade) for name, grade in grades.items()}
    )


def transmitter_of(target, transport=None, metadata=None):
    """Return a Transmitter to call, with metadata given or fetched."""
    found = RemoteTransmitter(Connection.open(target, transport), Recorder())
    if metadata is None:
        found.learn(found.discover())
    else:
        found.connection.metadata = metadata
    return found


def mock(profile="ssf-1.0", *deviations, settings=None):
    """Return a Transmitter of the bundled mock's, in process."""
    target = bundled.target_of(load_profile(profile, settings))
    lease = bundled.leases(target, seed=0, active=deviations)("a test")
    return transmitter_of(lease.target, lease.transport)


def finished_run(*requirements, profile="ssf-1.0", deviations=(), **more):
    """Return a run against the mock, done, that judged these requirements."""
    run = make_run(
        RunArguments(
            mock=True,
            profile=profile,
            requirements=requirements,
            deviations=deviations,
            **{"examples": 5} | more,
        )
    )
    carry_out(run)
    return run


def carry_out(run):
    """Plan a run, execute its cases and close it: no case is collected anew, as pytest would."""
    with closing(run):
        for case in sorted(run.prepare(all_cases()).cases, key=lambda case: case.last):
            run.execute(case)


def environment(**more):
    """Return an environment in which this checkout is what runs, free of what our own run set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return kept | {"PYTHONPATH": str(ROOT)} | more


def command(*arguments, cwd, **more):
    """Start `ssf-conformance` as another process."""
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *map(str, arguments)],
        cwd=cwd,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def ended(process):
    """Wait for a process; return its exit code, output and complaints."""
    output, complaints = process.communicate(timeout=PATIENCE_S)
    return process.returncode, output, complaints


def results_in(directory):
    """Return the results.json of a reports directory."""
    return json.loads((directory / "results.json").read_text(encoding="utf-8"))


def target_file(directory, issuer, *more, token="env:CANARY", profile="ssf-1.0", timeout_s=20.0):
    """Write a target.toml for a peer, with little patience, and return its path.

    A test that waits for a hang gives a short `timeout_s`, in seconds; no other depends on it.
    """
    path = directory / "target.toml"
    lines = [
        "[target]",
        f'issuer = "{issuer}"',
        f'profile = "{profile}"',
        *(
            line
            for channel in ("management", "poll")
            for line in (f"[auth.{channel}]", 'kind = "bearer"', f'token = "{token}"')
        ),
        "[limits]",
        f"timeout_s = {timeout_s}",
        "patience_s = 0.3",
        *more,
    ]
    path.write_text("\n".join(lines))
    return path
