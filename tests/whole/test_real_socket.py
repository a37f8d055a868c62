"""The suite against the mock as another process, over TLS: the verdicts of a run in process."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

PROFILES = ("ssf-1.0", "jamf", "avnology")


@pytest.fixture(params=PROFILES)
def target(request, tmp_path):
    """Start `ssf-mock-transmitter` and give the folder of its target.toml."""
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mock_transmitter", "--profile", request.param, "--tls",
            "--port", "0", "--clock", "simulated", "--ready-file", str(ready),
            "--target-out", str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    try:
        for _ in range(300):
            if ready.is_file() or process.poll() is not None:
                break
            time.sleep(0.1)
        assert ready.is_file(), process.stdout.read()
        yield request.param, tmp_path
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
        process.stdout.close()


def run(arguments, reports, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "run", *arguments, "--reports", str(reports)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=cwd,
    )
    assert (reports / "results.json").is_file(), done.stdout + done.stderr
    return json.loads((reports / "results.json").read_text(encoding="utf-8"))


# What is about how an issuer is written, and the two are written differently.
OF_THE_ISSUER = "SSF-7.2.1-TRAILING-SLASH-STRIPPED"


def verdicts(document):
    return {
        row["id"]: row["verdict"] for row in document["requirements"] if row["id"] != OF_THE_ISSUER
    }


@pytest.mark.slow
def test_over_tls_the_verdicts_are_those_found_in_process(target, tmp_path):
    profile, folder = target
    over_tls = run([str(folder / "target.toml"), "--allow-destructive"], tmp_path / "tls", tmp_path)
    in_process = run(["--mock", "--profile", profile], tmp_path / "mock", tmp_path)
    assert over_tls["plan"]["hooks"]["clock"] is True
    assert over_tls["target"]["issuer"].startswith("https://127.0.0.1:")
    assert verdicts(over_tls) == verdicts(in_process)
    assert "passed" in verdicts(over_tls).values()
    assert over_tls["run"]["verdict"] == "INCOMPLETE"
    assert [one["factor"] for one in over_tls["series"]] == [
        one["factor"] for one in in_process["series"]
    ]
