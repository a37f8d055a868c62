"""A dialect is one TOML file and no Python: another path layout of the 2021 text."""

import pytest
from helpers import results_in

from conformance.cli.main import main

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


def run(profile, reports, *arguments):
    code = main(["run", "--mock", "--profile", str(profile), "--reports", str(reports), *arguments])
    assert code == 0
    return results_in(reports)


def test_the_suite_and_the_mock_speak_it(profile, tmp_path):
    """Its own paths, verbs and names are those of these sections."""
    sections = [part for one in ("6", "7.1", "2.2") for part in ("--section", one)]
    document = run(
        profile, tmp_path / "reports", "--allow-incomplete", "--examples", "1", *sections
    )
    verdicts = {row["id"]: row["verdict"] for row in document["requirements"]}
    assert document["target"]["profile"] == "acme"
    assert not {"failed", "warning", "not reached"} & set(verdicts.values())
    assert verdicts["SSE-7.1.2.2-POST-UPDATES-200"] == "passed"
    assert verdicts["SSE-7.1.2.3-DELETE-200"] == "passed"
    assert verdicts["RFC8936-2.2-ACK-ACCEPTED"] == "passed"
    assert verdicts["SSE-6.2-WELLKNOWN"] == "not applicable"


def test_a_stream_id_of_another_name_has_it_in_queries_too(tmp_path):
    file = tmp_path / "named.toml"
    file.write_text(
        'extends = "ssf-1.0"\nid = "named"\ntitle = "Named"\nsources = ["https://acme.example"]\n'
        '[names.stream]\nstream_id = "id"\n',
        encoding="utf-8",
    )
    document = run(file, tmp_path / "reports", "--section", "8.1.1.5", "--examples", "1")
    assert document["run"]["verdict"] == "CONFORMANT"


def test_a_misspelt_key_is_named_with_its_file(profile, capsys):
    profile.write_text(DIALECT.replace("[endpoints]", "[endpionts]"), encoding="utf-8")
    code = main(["run", "--mock", "--profile", str(profile)])
    complaint = capsys.readouterr().err
    assert code == 4
    assert str(profile) in complaint
    assert "'endpionts'" in complaint
    assert "did you mean 'endpoints'" in complaint
    assert "Traceback" not in complaint
