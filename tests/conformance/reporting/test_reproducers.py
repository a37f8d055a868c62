import json
import os
import shutil
import ssl
import stat
import subprocess
import sys

import pytest
import trustme
from pytest_httpserver import HTTPServer

from conformance.reporting.reproducers import script, write_all

BROKEN = "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"
NEW_ID = "0d0d0d0d-new"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="reproducers need curl")


def without_jq(folder):
    """A PATH with all that a script needs but jq."""
    folder.mkdir()
    for tool in ("sh", "curl", "tr", "sed", "mktemp", "rm"):
        (folder / tool).symlink_to(shutil.which(tool))
    (folder / "python3").symlink_to(sys.executable)
    return str(folder)


@pytest.fixture(params=["as installed", "without jq"])
def path(request, tmp_path):
    return os.environ["PATH"] if request.param == "as installed" else without_jq(tmp_path / "bin")


def run(text, path, **environment):
    return subprocess.run(
        ["/bin/sh"],
        input=text,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def of(document, identifier):
    return next(row for row in document["requirements"] if row["id"] == identifier)


def written(document, identifier=BROKEN):
    row = of(document, identifier)
    return script(row, row["cases"][0], document["target"])


@pytest.fixture
def target(httpserver):
    httpserver.expect_request("/ssf/stream", method="POST").respond_with_json(
        {"stream_id": NEW_ID}, status=201
    )
    httpserver.expect_request("/ssf/stream").respond_with_json({"stream_id": NEW_ID, "say": "ü"})
    return httpserver


def seen(target):
    return [request for request, _ in target.log]


def test_a_script_sends_the_exchanges_again_with_new_ids(document, target, path):
    issuer = target.url_for("").rstrip("/")
    done = run(written(document), path, ISSUER=issuer, MANAGEMENT_TOKEN='s3cret "$x"')
    assert (done.returncode, done.stderr) == (0, "")
    create, update, read, delete = seen(target)
    assert [one.method for one in seen(target)] == ["POST", "PATCH", "GET", "DELETE"]
    assert json.loads(create.get_data()) == {"description": "it's $HOME `here`", "iss": issuer}
    assert json.loads(update.get_data()) == {"stream_id": NEW_ID, "description": "b"}
    assert read.args["stream_id"] == delete.args["stream_id"] == NEW_ID
    assert {one.headers["Authorization"] for one in seen(target)} == {'Bearer s3cret "$x"'}
    assert create.headers["Content-Type"] == "application/json"
    assert not any("X-Ssf-Channel" in one.headers for one in seen(target))
    assert "status 201" in done.stdout
    assert '"ü"' in done.stdout or "\\u00fc" in done.stdout


def test_a_script_says_where_it_broke_and_what_was_expected(document, target, path):
    done = run(written(document), path, ISSUER=target.url_for("/"), MANAGEMENT_TOKEN="t")
    lines = done.stdout.splitlines()
    broke = next(index for index, line in enumerate(lines) if line.startswith("here it broke"))
    assert lines[broke + 1].startswith("2  PATCH")
    assert lines[-2:] == [
        'expected: delivery unchanged: {"method": "urn:ietf:rfc:8936"}',
        'recorded: {"method": ""}',
    ]
    assert "# here it broke: expected delivery unchanged" in written(document)


def test_a_missing_token_is_named_before_anything_is_sent(document, target, path):
    done = run(written(document), path, ISSUER=target.url_for(""))
    assert done.returncode != 0
    assert "MANAGEMENT_TOKEN" in done.stderr
    assert seen(target) == []


def test_an_answer_without_the_id_ends_the_script_and_says_so(document, httpserver, path):
    httpserver.expect_request("/ssf/stream").respond_with_json({"error": "no"}, status=400)
    done = run(written(document), path, ISSUER=httpserver.url_for(""), MANAGEMENT_TOKEN="t")
    assert done.returncode == 1
    assert "nothing at .stream_id in the answer above" in done.stderr
    assert len(seen(httpserver)) == 1


@pytest.mark.parametrize(
    ("tools", "complaint"),
    [(["sh"], "needs curl"), (["sh", "curl"], "reads JSON with jq or python3")],
)
def test_a_missing_tool_is_named(document, tools, complaint, tmp_path):
    for tool in tools:
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = run(written(document), str(tmp_path), MANAGEMENT_TOKEN="t")
    assert done.returncode == 127
    assert complaint in done.stderr


def one_exchange(document, **changes):
    row = of(document, "SSF-7.1-SCIM")
    row["cases"][0]["exchanges"][0].update(changes)
    return written(document, "SSF-7.1-SCIM")


def test_a_poll_takes_the_poll_token_and_a_wrong_token_is_made_up(document, target, path):
    headers = {"Authorization": "Bearer ***", "x-ssf-channel": "poll"}
    text = one_exchange(document, request_headers=headers)
    assert "MANAGEMENT_TOKEN" not in text
    run(text, path, ISSUER=target.url_for(""), POLL_TOKEN="p")
    text = one_exchange(document, request_headers=headers | {"x-ssf-channel": "other"})
    assert "POLL_TOKEN" not in text
    run(text, path, ISSUER=target.url_for(""))
    text = one_exchange(document, request_headers={"x-ssf-channel": "none", "x-empty": ""})
    run(text, path, ISSUER=target.url_for(""))
    assert [one.headers.get("Authorization") for one in seen(target)] == [
        "Bearer p",
        "Bearer not-a-valid-token",
        None,
    ]
    assert seen(target)[2].headers["X-Empty"] == ""


@pytest.mark.parametrize(
    "body",
    ["", "@/etc/passwd", "{'a': \"$(id)\"}", "a\nb\\n", "ü %s {}[]", "!!", '"${HOME}"'],
)
def test_a_body_arrives_as_it_was(document, target, path, body):
    text = one_exchange(document, request_body=body, method="POST", request_headers={})
    done = run(text, path, ISSUER=target.url_for(""))
    assert done.stderr == ""
    assert seen(target)[0].get_data(as_text=True) == body
    assert "Content-Type" not in seen(target)[0].headers


def test_what_a_target_said_can_not_leave_its_comment(document, target, path):
    row = of(document, "SSF-7.1-SCIM")
    row["cases"][0]["got"] = "x\ntouch /tmp/no\r\x1b[2J'; exit 9 #"
    done = run(
        written(document, "SSF-7.1-SCIM"), path, ISSUER=target.url_for(""), MANAGEMENT_TOKEN="t"
    )
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == ("recorded: x\\ntouch /tmp/no\\r\\u001b[2J'; exit 9 #")


def test_a_url_outside_the_issuer_path_follows_the_issuer_host(document, target, path):
    document["target"]["issuer"] = "https://tx.example/tenant"
    text = one_exchange(
        document, url="https://tx.example/.well-known/x/tenant?a=[1]{2}", request_headers={}
    )
    run(text, path, ISSUER=target.url_for("/other/"))
    assert seen(target)[0].full_path == "/.well-known/x/tenant?a=[1]{2}"


def test_a_host_that_only_begins_like_the_issuer_stays(document):
    text = one_exchange(document, url="https://tx.example.org/x")
    assert "'https://tx.example.org/x'" in text


def test_an_exchange_that_got_no_answer_does_not_end_the_script(document, target, path):
    row = of(document, BROKEN)
    row["cases"][0]["exchanges"][3].update(
        status=None, error="timed out", url="http://127.0.0.1:9/x"
    )
    done = run(written(document), path, ISSUER=target.url_for(""), MANAGEMENT_TOKEN="t")
    assert done.returncode == 0
    assert "recorded: timed out" in written(document)


def test_a_short_id_is_replaced_only_where_it_is_a_whole_value(document, target, path):
    row = of(document, BROKEN)
    exchanges = row["cases"][0]["exchanges"]
    exchanges[0]["captures"][0]["value"] = "1"
    exchanges[1]["request_body"] = '{"stream_id": "1", "maxEvents": 1, "description": "1 of 1"}'
    exchanges[2]["url"] = "https://tx.example/ssf/stream?stream_id=1&v=11"
    run(written(document), path, ISSUER=target.url_for(""), MANAGEMENT_TOKEN="t")
    _, update, read, _ = seen(target)
    assert json.loads(update.get_data()) == {
        "stream_id": NEW_ID,
        "maxEvents": 1,
        "description": "1 of 1",
    }
    assert read.args.to_dict() == {"stream_id": NEW_ID, "v": "11"}


def test_an_id_is_encoded_in_a_url_and_found_in_nested_answers(document, httpserver, path):
    httpserver.expect_request("/").respond_with_json({"sets": {"b:c": "x", "a:b/c": "y"}})
    httpserver.expect_request("/next/a:b/c").respond_with_data("")
    row = of(document, "SSF-7.1-SCIM")
    first = row["cases"][0]["exchanges"][0] | {"url": "https://tx.example/", "request_headers": {}}
    first["captures"] = [{"variable": "JTI", "path": ".sets | keys[0]", "value": "old:id/1"}]
    second = first | {"number": 2, "url": "https://tx.example/next/old%3Aid%2F1", "captures": []}
    third = second | {"url": "https://tx.example/", "request_body": '{"ack": ["old:id/1"]}'}
    row["cases"][0]["exchanges"] = [first, second, third | {"method": "POST"}]
    done = run(written(document, "SSF-7.1-SCIM"), path, ISSUER=httpserver.url_for(""))
    assert done.stderr == ""
    assert seen(httpserver)[1].environ["REQUEST_URI"] == "/next/a%3Ab%2Fc"
    assert json.loads(seen(httpserver)[2].get_data()) == {"ack": ["a:b/c"]}


def test_two_ids_captured_under_one_name_stay_two(document):
    row = of(document, BROKEN)
    exchanges = row["cases"][0]["exchanges"]
    exchanges[2]["captures"] = [
        {"variable": "STREAM_ID_1", "path": '.["say"]', "value": "another-long-id"},
        {"variable": "STREAM_ID_1", "path": ".stream_id", "value": "another-long-id"},
    ]
    exchanges[3]["url"] = "https://tx.example/ssf/stream?stream_id=another-long-id"
    text = written(document)
    assert text.count("STREAM_ID_1_2=$(pick") == 1
    assert 'stream_id=${STREAM_ID_1_2}"' in text


def test_only_what_a_later_request_carries_is_read_from_an_answer(document, target, path):
    row = of(document, BROKEN)
    row["cases"][0]["exchanges"][0]["captures"] += [
        {"variable": "JTI_1", "path": ".sets|keys_unsorted[0]", "value": "never-acknowledged"}
    ]
    done = run(written(document), path, ISSUER=target.url_for(""), MANAGEMENT_TOKEN="t")
    assert done.returncode == 0
    assert "JTI_1" not in written(document)


def test_a_captured_url_is_taken_whole(document, httpserver, path):
    new = httpserver.url_for("/new/poll")
    httpserver.expect_request("/make").respond_with_json(
        {"z": {"y": new}, "sets": {"b": 1, "a": 2}}
    )
    httpserver.expect_request("/new/poll").respond_with_json({})
    row = of(document, "SSF-7.1-SCIM")
    first = row["cases"][0]["exchanges"][0] | {
        "url": "https://tx.example/make",
        "request_headers": {},
        "captures": [
            {"variable": "POLL_URL", "path": ".z.y", "value": "https://tx.example/old/poll"},
            {"variable": "FIRST", "path": ".sets|keys_unsorted[0]", "value": "jti-of-b"},
            {"variable": "LEAST", "path": ".sets|keys[0]", "value": "jti-of-a"},
        ],
    }
    second = first | {
        "number": 2,
        "method": "POST",
        "url": "https://tx.example/old/poll",
        "request_body": '{"ack": ["jti-of-b", "jti-of-a"]}',
    }
    row["cases"][0]["exchanges"] = [first, second]
    done = run(written(document, "SSF-7.1-SCIM"), path, ISSUER=httpserver.url_for(""))
    assert done.stderr == ""
    assert seen(httpserver)[1].path == "/new/poll"
    assert json.loads(seen(httpserver)[1].get_data()) == {"ack": ["b", "a"]}


def test_a_command_hook_is_told_and_its_output_asked_for(document, target, path):
    row = of(document, BROKEN)
    command = row["cases"][0]["exchanges"][0] | {
        "operation": "command:emit_event",
        "method": "COMMAND",
        "url": "emit --type x\nrm -rf /",
        "captures": [{"variable": "JTI", "path": ".jti", "value": "jti-of-old"}],
    }
    row["cases"][0]["exchanges"][1] |= {
        "request_body": '{"ack": ["jti-of-old"]}',
        "captures": [],
    }
    row["cases"][0]["exchanges"][0] = command
    text = written(document)
    assert "#   run: emit --type x\\nrm -rf /" in text
    done = run(text, path, ISSUER=target.url_for(""), MANAGEMENT_TOKEN="t")
    assert "JTI" in done.stderr
    assert seen(target) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("bearer", "MANAGEMENT_TOKEN  the token of [auth.management] in target.toml, or of --tok"),
        ("basic", "MANAGEMENT_TOKEN  USER:PASSWORD of [auth.management] in base64"),
        ("header", "MANAGEMENT_TOKEN  the value of the header in [auth.management]"),
        ("oauth2-client-credentials", "an access token that the client of [auth.management]"),
    ],
)
def test_the_head_of_a_script_says_which_variables_to_set(document, kind, words):
    document["target"] |= {"credentials": {"management": kind}, "ca_file": "/ca $x.pem"}
    head = written(document).partition("set -eu")[0]
    assert "# Set and export these, then run it:\n" in head
    assert words in head
    assert "#   CA_FILE           /ca $x.pem, which the run trusted\n" in head
    assert "CLIENT_CERT" in head


def test_a_certificate_of_the_receivers_is_asked_for_and_presented(document, tmp_path):
    authority = trustme.CA()
    trusted, own = tmp_path / "ca.pem", tmp_path / "own.pem"
    authority.cert_pem.write_to_path(str(trusted))
    authority.issue_cert("rx@example.com").private_key_and_cert_chain_pem.write_to_path(str(own))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    document["target"]["credentials"] = {"management": "mtls"}
    for one in of(document, BROKEN)["cases"][0]["exchanges"]:
        one["request_headers"] = {"x-ssf-channel": "management"}
    text = written(document)
    assert "#   CLIENT_CERT       `certificate` of [auth.management], a PEM file\n" in text
    assert "MANAGEMENT_TOKEN" not in text
    with HTTPServer(host="127.0.0.1", ssl_context=context) as http:
        http.expect_request("/ssf/stream").respond_with_json({"stream_id": NEW_ID})
        given = {"ISSUER": http.url_for(""), "CA_FILE": str(trusted)}
        done = run(text, os.environ["PATH"], **given)
        assert "CLIENT_CERT: set it to a PEM file" in done.stderr
        done = run(text, os.environ["PATH"], **given, CLIENT_CERT=str(own), CLIENT_KEY=str(own))
        assert (done.stderr, len(seen(http))) == ("", 4)


def test_what_was_done_by_hand_is_asked_for_again(document, target, path):
    exchanges = of(document, BROKEN)["cases"][0]["exchanges"]
    exchanges[1] |= {
        "operation": "manual:transmitter_status",
        "method": "",
        "url": f"Pause {exchanges[0]['captures'][0]['value']} `now`",
        "status": None,
        "captures": [],
    }
    done = run(written(document), path, ISSUER=target.url_for(""), MANAGEMENT_TOKEN="t")
    assert f"by hand, then Enter: Pause {NEW_ID} `now`" in done.stdout


def test_a_script_of_a_run_in_process_says_how_to_start_the_mock(document):
    document["target"]["issuer"] = "https://mock.invalid"
    row = of(document, BROKEN)
    for one in row["cases"][0]["exchanges"]:
        one["url"] = one["url"].replace("tx.example", "mock-7.invalid")
    text = written(document)
    assert "#   ssf-mock-transmitter --profile ssf-1.0 --port 8080 \\\n" in text
    assert "MANAGEMENT_TOKEN=$(jq -r '.receivers[0].management_token' mock.json)" in text
    assert '"${ORIGIN}/ssf/stream"' in text
    row["cases"][0]["exchanges"][0]["operation"] = "hook:clock"
    assert "--clock simulated" in written(document)


def test_a_script_of_a_case_with_an_issuer_of_its_own_says_how_to_start_the_mock(document):
    document["target"]["issuer"] = "https://127.0.0.1:4443"
    case = of(document, BROKEN)["cases"][0]
    case["issuer"] = "https://127.0.0.1:4443/tenants/case-1"
    for one in case["exchanges"]:
        one["url"] = one["url"].replace("https://tx.example", case["issuer"])
    text = written(document)
    assert "#   ssf-mock-transmitter --profile ssf-1.0 --port 8080 \\\n" in text
    assert '"${ISSUER}/ssf/stream"' in text
    assert "case-1" not in text


def test_the_smallest_broken_case_of_a_requirement_gets_the_script(document, tmp_path):
    row = of(document, BROKEN)
    long = row["cases"][0]
    row["cases"] = [
        long | {"verdict": "warning", "exchanges": long["exchanges"][:1]},
        long,
        long | {"exchanges": long["exchanges"][:2], "reproducer": "stale"},
        long | {"exchanges": []},
        long | {"verdict": "passed", "reproducer": "stale"},
    ]
    stale = tmp_path / "reproducers" / "SSF-OLD.sh"
    kept = tmp_path / "reproducers" / "mine.sh"
    stale.parent.mkdir()
    stale.write_text(written(document))
    kept.write_text("#!/bin/sh\n")
    paths = write_all(document, tmp_path)
    assert [path.name for path in paths] == [f"{BROKEN}.sh", "SSF-7.1-SCIM.sh"]
    assert [case["reproducer"] for case in row["cases"]] == [
        None,
        None,
        f"reproducers/{BROKEN}.sh",
        None,
        None,
    ]
    assert paths[0].stat().st_mode & stat.S_IXUSR
    assert not stale.exists()
    assert kept.exists()


def test_a_broken_row_without_exchanges_has_no_script(document, tmp_path):
    assert f"{tmp_path}/reproducers/SSF-7.1-ISSUER.sh" not in map(
        str, write_all(document, tmp_path)
    )
