"""The suite against the mock as another process, over TLS: the verdicts of a run with --mock."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import trustme

PROFILES = ("ssf-1.0", "jamf", "avnology")
# The lifetime of a token is seen where one is requested; target.toml holds tokens that stand.
OF_REQUESTED_TOKENS = "RFC8936-4.4.1-TOKEN-LIFETIME"


@pytest.fixture(params=PROFILES)
def target(request, tmp_path):
    """Start `ssf-mock-transmitter` and give the folder of its target.toml."""
    ready = tmp_path / "ready.json"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "push-ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "push.pem"
    )
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mock_transmitter", "--profile", request.param, "--tls",
            "--port", "0", "--clock", "simulated", "--ready-file", str(ready),
            "--target-out", str(tmp_path), "--push-ca", str(tmp_path / "push-ca.pem"),
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
        [sys.executable, "-m", "conformance", "run", *arguments, "--reports", str(reports)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=cwd,
    )
    assert (reports / "results.json").is_file(), done.stdout + done.stderr
    return json.loads((reports / "results.json").read_text(encoding="utf-8"))


def verdicts(document):
    return {row["id"]: row["verdict"] for row in document["requirements"]}


def differing(one, other):
    """Return both verdicts of each row in which two runs differ."""
    differ = {name: (one[name], other[name]) for name in one if one[name] != other[name]}
    if OF_REQUESTED_TOKENS in differ:
        assert differ.pop(OF_REQUESTED_TOKENS) == ("not testable", "passed")
    return differ


@pytest.mark.slow
def test_of_another_process_the_verdicts_are_those_of_the_bundled_mock(target, tmp_path):
    profile, folder = target
    listening = ["--push-listen", "127.0.0.1:0"]
    listening += ["--push-cert", str(folder / "push.pem"), "--push-key", str(folder / "push.pem")]
    other = run(
        [str(folder / "target.toml"), "--allow-destructive", "--examples", "2", *listening],
        tmp_path / "tls",
        tmp_path,
    )
    bundled = run(
        ["--mock", "--tls", "--profile", profile, "--examples", "2"], tmp_path / "mock", tmp_path
    )
    assert other["plan"]["hooks"]["clock"] is True
    assert other["target"]["issuer"].startswith("https://127.0.0.1:")
    assert differing(verdicts(other), verdicts(bundled)) == {}
    assert "passed" in verdicts(other).values()
    assert bundled["run"]["verdict"] == "CONFORMANT"
    assert [one["factor"] for one in other["series"]] == [
        one["factor"] for one in bundled["series"]
    ]
