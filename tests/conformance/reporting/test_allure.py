import json

import pytest

from conformance.reporting import allure, reproducers
from conformance.reporting.results import CHANNEL_HEADER

BROKEN = "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"


@pytest.fixture
def folder(document, tmp_path):
    reproducers.write_all(document, tmp_path)
    return allure.write(document, tmp_path)


def results_in(folder):
    return [json.loads(path.read_text("utf-8")) for path in folder.glob("*-result.json")]


def result_of(folder, identifier):
    found = [one for one in results_in(folder) if one["fullName"].startswith(f"{identifier} ")]
    return found[0]


def labels(result, name):
    return [label["value"] for label in result["labels"] if label["name"] == name]


def test_there_is_one_result_for_each_requirement_and_case(document, folder):
    assert len(results_in(folder)) == document["counts"]["results"]
    assert len({one["historyId"] for one in results_in(folder)}) == document["counts"]["results"]


@pytest.mark.parametrize(
    ("identifier", "status", "message"),
    [
        (BROKEN, "failed", "failed: expected delivery unchanged"),
        ("SSF-7.1-ISSUER", "failed", "known failure: expected the issuer"),
        ("SSF-7.1-SCIM", "unknown", "warning: expected an https URL"),
        ("SSF-9.1-SUBJECT", "skipped", "not seen: because no SET had a subject"),
        ("SSF-9.2-REACHED", "skipped", "not reached: because no stream"),
    ],
)
def test_a_verdict_has_its_status_and_opens_the_message(folder, identifier, status, message):
    result = result_of(folder, identifier)
    assert result["status"] == status
    assert result["statusDetails"]["message"].startswith(message)
    assert result["statusDetails"]["known"] is (identifier == "SSF-7.1-ISSUER")


def test_what_passed_has_nothing_to_tell(folder):
    result = result_of(folder, "SSF-8.1.1.3-PATCH-APPLIES")
    assert result["status"] == "passed"
    assert "statusDetails" not in result


def test_a_result_can_be_found_by_document_section_id_and_level(folder):
    result = result_of(folder, BROKEN)
    assert labels(result, "epic") == ["OpenID SSF 1.0"]
    assert labels(result, "feature") == ["8.1.1.3"]
    assert labels(result, "story") == [BROKEN]
    assert labels(result, "severity") == ["critical"]
    assert labels(result, "tag") == ["MUST NOT", "failed"]
    assert result["name"].startswith(f"{BROKEN} A PATCH")
    assert result["links"][0]["url"].endswith("#section-8.1.1.3")
    assert result["stop"] - result["start"] == 500


def test_a_failure_has_a_step_for_each_exchange_and_two_attachments(folder):
    result = result_of(folder, BROKEN)
    assert [step["status"] for step in result["steps"]] == ["passed", "failed", "passed", "passed"]
    assert (
        result["steps"][1]["name"] == "2  PATCH https://tx.example/ssf/stream  200  <- broke here"
    )
    names = {one["name"]: folder / one["source"] for one in result["attachments"]}
    assert sorted(names) == ["exchanges.json", "reproducer.sh"]
    assert names["reproducer.sh"].read_text().startswith("#!/bin/sh")
    exchanges = json.loads(names["exchanges.json"].read_text("utf-8"))
    assert len(exchanges) == 4
    assert not any(CHANNEL_HEADER in one["request_headers"] for one in exchanges)


def test_what_a_target_said_is_no_markup(document, tmp_path):
    case = document["requirements"][0]["cases"][0]
    case["got"] = "```\n<script>x</script>\x1b"
    description = result_of(allure.write(document, tmp_path), BROKEN)["description"]
    assert "**Got**\n\n    ```\n    <script>x</script>\\u001b" in description
    assert "    the description was truncated" in description


def test_a_long_case_has_a_bounded_number_of_steps(document, tmp_path):
    case = document["requirements"][0]["cases"][0]
    case["exchanges"] = case["exchanges"][:1] * 500
    steps = result_of(allure.write(document, tmp_path), BROKEN)["steps"]
    assert len(steps) == 61
    assert steps[-1]["name"] == "440 more in exchanges.json"


def test_results_of_an_earlier_run_go_and_other_files_stay(document, folder):
    (folder / "mine.txt").write_text("x")
    allure.write(document, folder.parent)
    assert len(results_in(folder)) == document["counts"]["results"]
    assert (folder / "mine.txt").exists()


def test_the_history_of_a_result_is_the_same_in_each_run(document, folder):
    first = {one["historyId"] for one in results_in(folder)}
    allure.write(document, folder.parent)
    assert {one["historyId"] for one in results_in(folder)} == first


def test_the_environment_tells_target_profile_and_verdict(document, tmp_path):
    document["target"]["version"] = "2\\3\nverdict=CONFORMANT"
    lines = (allure.write(document, tmp_path) / "environment.properties").read_text().splitlines()
    assert "verdict=NONCONFORMANT" in lines
    assert "target.version=2\\\\3\\\\nverdict=CONFORMANT" in lines
    assert "hooks=second_receiver, clock" in lines
    assert "seed=derandomised" in lines


def test_every_message_but_a_pass_falls_into_a_category(folder):
    categories = json.loads((folder / "categories.json").read_text("utf-8"))
    assert categories == json.loads(allure.categories_file().read_text("utf-8"))
    for result in results_in(folder):
        if result["status"] == "passed":
            continue
        message = result["statusDetails"]["message"]
        assert any(
            result["status"] in one["matchedStatuses"]
            and message.startswith(one.get("messageRegex", "^").removeprefix("^"))
            for one in categories
        )
