import json

import pytest

from conformance.reporting import results
from conformance.spec.schema import validator


def test_the_sample_keeps_the_schema_of_results(document):
    assert [error.message for error in validator(results.SCHEMA).iter_errors(document)] == []


def test_the_schema_is_closed(document):
    document["run"]["surprise"] = 1
    assert not validator(results.SCHEMA).is_valid(document)


def test_what_was_written_is_read_back(document, tmp_path):
    path = results.write(document, tmp_path / "new" / "reports")
    assert path.name == "results.json"
    assert results.read(path) == document
    assert results.read(path.parent) == document
    assert [file.name for file in path.parent.iterdir()] == ["results.json"]


def test_half_a_surrogate_pair_survives(document, tmp_path):
    document["requirements"][0]["cases"][0]["got"] = "\ud83d ü"
    path = results.write(document, tmp_path)
    assert results.read(path)["requirements"][0]["cases"][0]["got"] == "\ud83d ü"
    assert "ü".encode() in path.read_bytes()


def test_a_failed_write_leaves_the_old_file(document, tmp_path):
    path = results.write(document, tmp_path)
    document["run"]["duration_s"] = float("nan")
    with pytest.raises(ValueError, match="JSON compliant"):
        results.write(document, tmp_path)
    assert results.read(path)["run"]["duration_s"] == 12.5


def test_members_of_a_later_version_are_ignored(document, tmp_path):
    document["run"]["later"] = 1
    document["plan"]["hooks"]["later"] = True
    assert results.read(results.write(document, tmp_path))["run"]["verdict"] == "NONCONFORMANT"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("not JSON", "not JSON"),
        ("[]", "no format"),
        ("{}", "no format"),
        ('{"format": 2}', "format 2, this version reads format 1"),
        ('{"format": 1}', "'suite' is a required property"),
    ],
)
def test_a_file_that_is_no_results_json_is_named(content, complaint, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(results.UnreadableResults) as caught:
        results.read(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_wrong_member_is_named_by_its_path(document, tmp_path):
    document["run"]["verdict"] = "FINE" * 200
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document))
    with pytest.raises(results.UnreadableResults, match=r"\$\.run\.verdict") as caught:
        results.read(path)
    assert len(str(caught.value)) < 500


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(results.UnreadableResults, match="No such file"):
        results.read(tmp_path / "results.json")
