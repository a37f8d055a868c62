"""The suite against the mock as another process, over TLS: the verdicts of a run with --mock."""

import subprocess
import sys

import pytest
import trustme
from helpers import environment, results_in

from conformance.cli.main import main

# A few rows that need a clock that is moved, a push endpoint, or a handshake.
ROWS = {
    "ssf-1.0": ("SSF-8.1.2.1-DISABLED-SILENT", "RFC8935-2.2-HANDLES-202", "RFC8936-4.3-TLS12"),
    "jamf": ("SSE-7.1.1.1-DISABLED", "SSE-7.1.1.1-PAUSED-HOLDS"),
}


@pytest.fixture(params=ROWS)
def target(request, tmp_path):
    """Start `ssf-mock-transmitter` and give the folder of its target.toml."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "push-ca.pem")
    pushed_to = authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem
    pushed_to.write_to_path(tmp_path / "push.pem")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mock_transmitter", "--profile", request.param, "--tls",
            "--port", "0", "--clock", "simulated", "--target-out", str(tmp_path),
            "--push-ca", str(tmp_path / "push-ca.pem"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )  # fmt: skip
    try:
        told = []
        for line in process.stdout:
            told.append(line)
            if line.startswith("ready"):
                break
        assert process.poll() is None, told
        yield request.param, tmp_path
    finally:
        process.terminate()
        process.communicate(timeout=60)


def judged(reports, rows, *arguments):
    """Run the suite on these rows and return its results."""
    rows = [part for row in rows for part in ("--requirement", row)]
    code = main(["run", *arguments, *rows, "--examples", "2", "--reports", str(reports)])
    assert code == 0
    return results_in(reports)


def verdicts(document):
    return {row["id"]: row["verdict"] for row in document["requirements"]}


def test_of_another_process_the_verdicts_are_those_of_the_bundled_mock(target, tmp_path):
    profile, folder = target
    listening = ["--push-listen", "127.0.0.1:0"]
    listening += ["--push-cert", str(folder / "push.pem"), "--push-key", str(folder / "push.pem")]
    other = judged(
        tmp_path / "tls", ROWS[profile],
        str(folder / "target.toml"), "--allow-destructive", *listening,
    )  # fmt: skip
    bundled = judged(tmp_path / "mock", ROWS[profile], "--mock", "--tls", "--profile", profile)
    assert other["plan"]["hooks"]["clock"] is True
    assert other["target"]["issuer"].startswith("https://127.0.0.1:")
    assert verdicts(other) == verdicts(bundled) == dict.fromkeys(ROWS[profile], "passed")
