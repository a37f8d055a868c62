import json

import pytest
from helpers import carry_out, finished_run, mock, target_file, transmitter_of
from peers import Peer, answer, discovered

from conformance.cli.main import main
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.bundled import deviations
from conformance.engine.results_document import document_of
from conformance.proof.trial import planned_rows
from conformance.receiver.exchange import BODY_LIMIT, Exchange, Recorder, told_of
from conformance.spec.redaction import REDACTED, redact_headers, redact_text

CANARY = "canary-8c2e51"
CREATION = ("--requirement", "SSF-8.1.1.1-CREATE-201", "--requirement", "SSF-8.1.1.1-ERR-400")
CREATION += ("--examples", "1")


@pytest.fixture(autouse=True)
def _canary(monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)


def mentions(directory):
    """Return the files of a directory that the canary stands in, by name or by content."""
    return sorted(
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and (CANARY.encode() in path.read_bytes() or CANARY in path.name)
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"a {CANARY} b {CANARY}", "a *** b ***"),
        ('{"authorization_header": "Bearer x\\"y"}', '{"authorization_header": "***"}'),
        ('{"access_token":"x"}', '{"access_token":"***"}'),
        ("https://x/?a=b&token=abc&c=d", "https://x/?a=b&token=***&c=d"),
        ('{"tokens": "x", "description": "y"}', '{"tokens": "x", "description": "y"}'),
    ],
)
def test_secrets_are_taken_out_of_texts(text, shown):
    assert redact_text(text, frozenset({CANARY, ""})) == shown


def test_the_longer_of_two_secrets_goes_first():
    assert redact_text("abcd", frozenset({"ab", "abcd"})) == REDACTED


def test_the_scheme_of_a_credential_stays():
    shown = redact_headers(
        {"Authorization": "Bearer abc", "Cookie": "abc", "X-Key": "abc", "A": "b"}
    )
    assert shown == {"Authorization": "Bearer ***", "Cookie": "***", "X-Key": "abc", "A": "b"}
    assert redact_headers({"X-Key": "abc"}, frozenset({"x-key"})) == {"X-Key": "***"}


def test_an_exchange_names_each_minted_value_once():
    recorder = Recorder()
    names = [recorder.variable_for("JTI", one) for one in ("a", "b", "a", "c")]
    assert names == ["JTI_1", "JTI_2", None, "JTI_3"]
    assert recorder.variable_for("STREAM_ID", "s") == "STREAM_ID_1"
    recorder.restart()
    assert recorder.variable_for("JTI", "z") == "JTI_1"


def test_a_call_is_recorded_with_what_was_sent_and_what_came():
    transmitter = mock()
    with transmitter.new_stream(description="a") as stream:
        stream.read()
    operations = [one.operation for one in transmitter.recorder.exchanges[1:]]
    assert operations == ["create_stream", "read_stream", "delete_stream"]
    create = transmitter.recorder.exchanges[1]
    assert json.loads(create.request_body)["description"] == "a"
    assert create.request_headers["authorization"] == "Bearer ***"
    assert create.status == 201
    assert "STREAM_ID_1" in [one.variable for one in create.captures]
    assert create.as_json(broke=True)["broke"] is True


def test_a_long_answer_is_cut_in_the_report_and_a_request_never():
    with Peer(lambda asked: answer(200, b"x" * (BODY_LIMIT + 5))) as peer:
        transmitter = transmitter_of(
            make_run(RunArguments(target=peer.issuer, allow_http=True)).target, metadata={}
        )
        found = transmitter.get(peer.issuer)
    assert len(found.body) == BODY_LIMIT + 5
    shown = transmitter.recorder.exchanges[0].as_json(broke=False)["response_body"]
    assert len(shown) < BODY_LIMIT + 40
    assert str(BODY_LIMIT + 5) in shown


def echoing(asked):
    """Refuse whatever is asked, and say with which credential, in body and headers."""
    credential = asked.headers.get("authorization", "none")
    return answer(400, {"error": f"no use: {credential}"}, x_credential=credential)


def run_against(behaviour, tmp_path, *arguments):
    reports = tmp_path / "reports"
    with Peer(discovered(behaviour)) as peer:
        path = target_file(tmp_path, peer.issuer)
        code = main(["run", str(path), "--allow-http", "--reports", str(reports), *arguments])
    assert any(CANARY in one.headers.get("authorization", "") for one in peer.asked)
    assert code in {0, 1, 5, 6}
    return reports


def test_a_token_stands_in_no_report(tmp_path, capsys):
    reports = run_against(lambda asked: answer(500, b"boom"), tmp_path, *CREATION)
    assert mentions(reports) == []
    assert CANARY not in "".join(capsys.readouterr())


def test_a_token_that_the_target_sends_back_stands_in_no_report(tmp_path, capsys):
    reports = run_against(echoing, tmp_path, *CREATION)
    assert mentions(reports) == []
    assert CANARY not in "".join(capsys.readouterr())


def test_a_token_that_a_refused_call_sends_back_is_not_in_its_text():
    with Peer(discovered(echoing)) as peer:
        arguments = RunArguments(target=peer.issuer, allow_http=True, token_env="CANARY")
        transmitter = transmitter_of(make_run(arguments).target)
        found = transmitter.create_stream({})
    assert found.status == 400
    assert CANARY not in found.text


def test_an_authorization_header_stands_in_no_report(tmp_path):
    def shows_secrets(asked):
        delivery = {"method": "urn:ietf:rfc:8935", "authorization_header": f"Bearer {CANARY}-own"}
        return answer(201, {"stream_id": "s", "delivery": delivery, "description": "other"})

    reports = run_against(shows_secrets, tmp_path, *CREATION)
    assert mentions(reports) == []


@pytest.mark.parametrize("profile", ["ssf-1.0", "jamf", "avnology"])
def test_no_token_of_the_mocks_stands_in_the_results(profile):
    """Not even where it was sent with what broke a row, which shows the exchanges."""
    (fault,) = (one for one in deviations() if one.name == "invalid-requests-are-server-errors")
    run = make_run(
        RunArguments(
            mock=True,
            profile=profile,
            requirements=tuple(set(fault.breaks) & planned_rows(profile)),
            deviations=(fault.name,),
            examples=2,
        )
    )
    carry_out(run)
    document = document_of(run)
    text = json.dumps(document)
    assert "Bearer ***" in text
    secrets = run.target.secrets | run.options.lease("another").target.secrets
    assert [one for one in secrets if one in text] == []


def test_a_failed_run_shows_its_exchanges_and_where_it_broke():
    run = finished_run(
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED", deviations=("patch-resets-missing-properties",)
    )
    (row,) = document_of(run)["requirements"]
    assert row["verdict"] == "failed"
    case = next(one for one in row["cases"] if one["verdict"] == "failed")
    assert sum(one["broke"] for one in case["exchanges"]) == 1
    assert [one["number"] for one in case["exchanges"]] == list(
        range(1, len(case["exchanges"]) + 1)
    )


def test_it_broke_in_the_exchange_whose_answer_is_told():
    run = finished_run(
        "SSF-8.1.1.3-PATCH-RO-MISMATCH-400", deviations=("patch-accepts-another-iss",)
    )
    (row,) = document_of(run)["requirements"]
    case = next(one for one in row["cases"] if one["verdict"] == "failed")
    (broke,) = [one for one in case["exchanges"] if one["broke"]]
    assert broke["operation"] == "update_stream"
    told = f"{broke['status']} {broke['response_body']}"
    assert case["got"].startswith(told[: len("200 ") + 300])
    wrong = "https://another.example/iss"
    assert wrong in case["expected"]
    assert json.loads(broke["request_body"])["iss"] == wrong


def answered(number, status, body, operation="read_stream", method="GET"):
    return Exchange(
        number=number,
        operation=operation,
        channel="management",
        method=method,
        url="https://tx.example/",
        request_headers={},
        request_body=None,
        status=status,
        response_headers={},
        response_body=body,
        error=None,
        duration_s=0.0,
    )


@pytest.mark.parametrize(
    ("got", "at"),
    [
        ('200 {"a": 1}; nothing changed', 1),
        ('200 {"a": 1}', 1),
        ("202; nothing changed", 2),
        (f"200 {'x' * 300}; nothing changed", 4),
        ("200 y; nothing changed", 5),
        ('201 {"late": 1}', 5),
        ("202 of another kind", 5),
        ("otherwise", 5),
        ("True", 5),
    ],
)
def test_what_was_got_names_the_answer_that_it_begins_with(got, at):
    exchanges = [
        answered(1, 200, '{"a": 1}'),
        answered(2, 202, ""),
        answered(3, 202, "", operation="push"),
        answered(4, 200, "x" * 400),
        answered(5, 200, '{"b": 2}'),
        answered(6, 201, '{"late": 1}'),
    ]
    assert told_of(exchanges, got, upto=5) == at


def test_of_equal_answers_the_last_is_told_of():
    exchanges = [answered(number, 200, "x") for number in (1, 2, 3)]
    exchanges += [answered(4, None, None)]
    assert told_of(exchanges, "200 x; changed", upto=4) == 3
    assert told_of(exchanges, "200 x", upto=2) == 2
    assert told_of([], "200 x", upto=0) == 0


def test_a_read_that_is_answered_like_the_update_only_looks_at_it():
    exchanges = [
        answered(1, 200, "x", method="PATCH"),
        answered(2, 200, "x", method="PATCH"),
        answered(3, 200, "x"),
    ]
    assert told_of(exchanges, "200 x; changed", upto=3) == 2
    assert told_of(exchanges, "200 x", upto=3) == 3
