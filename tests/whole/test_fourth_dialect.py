"""A dialect is one TOML file and no Python: another path layout of the 2021 text."""

import json
import subprocess
import sys

import pytest

DIALECT = """
format = 1
id = "acme"
title = "Acme Signals, the 2021 text under other paths"
extends = "sse-draft"
sources = ["https://acme.example/docs"]

[discovery]
path = "/signals/.well-known"
splice = "append"

[endpoints]
jwks = ["{issuer}/signals/keys"]
configuration = ["{issuer}/signals/v2/subscription"]

[operations.replace_stream]
method = "PUT"

[names.stream]
"delivery.endpoint_url" = "delivery.url"
format = "subject_format"

[[deviation]]
summary = "the metadata stands under the vendor's own path"
source = "https://acme.example/docs"
requirements = ["SSE-6.2-WELLKNOWN", "SSE-6.2.1-TRAILING-SLASH", "SSE-6.2.2-ERROR-STATUS"]
"""


@pytest.fixture
def profile(tmp_path):
    file = tmp_path / "acme.toml"
    file.write_text(DIALECT, encoding="utf-8")
    return file


def run(profile, reports, *more):
    done = subprocess.run(
        [
            sys.executable, "-m", "conformance", "run", "--mock", "--profile", str(profile),
            "--allow-incomplete", "--reports", str(reports), *more,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((reports / "results.json").read_text(encoding="utf-8"))


def test_the_suite_and_the_mock_speak_it(profile, tmp_path):
    document = run(profile, tmp_path / "reports")
    verdicts = {row["id"]: row["verdict"] for row in document["requirements"]}
    assert document["target"]["profile"] == "acme"
    assert not {"failed", "warning", "not reached"} & set(verdicts.values())
    assert verdicts["SSE-7.1.2.2-POST-UPDATES-200"] == "passed"
    assert verdicts["SSE-7.1.2.3-DELETE-200"] == "passed"
    assert verdicts["RFC8936-2.2-ACK-ACCEPTED"] == "passed"
    assert verdicts["SSE-6.2-WELLKNOWN"] == "not applicable"


def test_a_misspelt_key_is_named_with_its_file(profile, tmp_path):
    profile.write_text(DIALECT.replace("[endpoints]", "[endpionts]"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "run", "--mock", "--profile", str(profile)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 4
    assert str(profile) in done.stderr
    assert "'endpionts'" in done.stderr
    assert "did you mean 'endpoints'" in done.stderr
    assert "Traceback" not in done.stderr
