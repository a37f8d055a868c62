import io
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import command, ended, environment, results_in, target_file
from peers import WELL_KNOWN, Peer, answer, discovered

from conformance.cli.main import main
from conformance.engine.run import Run
from conformance.reporting import progress
from conformance.reporting.results import FILE_NAME
from conformance.spec.profile_files import load_profile
from mock_transmitter.server import RunningServer

ONE = ("--requirement", "SSF-8.1.1.1-CREATE-201")
FEW = ("--section", "8.1.1.1", "--section", "8.1.1.3", "--examples", "1")

INTRUDER = """
import pathlib, sys
pathlib.Path({path!r}).write_text("run")
def pytest_collection_modifyitems(items):
    items.clear()
"""


class Started:
    """Commands that run beside the tests, two at a time; each test waits for its own."""

    def __init__(self, folder):
        self.folder = folder
        self.pool = ThreadPoolExecutor(2)
        self.futures = {}

    def start(self, name, *arguments, **env):
        cwd = self.folder / name
        cwd.mkdir(exist_ok=True)
        self.futures[name] = self.pool.submit(lambda: ended(command(*arguments, cwd=cwd, **env)))

    def __getitem__(self, name):
        return (*self.futures[name].result(), self.folder / name)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    found = Started(tmp_path_factory.mktemp("commands"))
    intruded = found.folder / "intruded"
    intruded.mkdir()
    trap = intruded / "trap"
    (intruded / "conftest.py").write_text(INTRUDER.format(path=str(trap)))
    (intruded / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option -x\n")
    (intruded / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--nope"\n')
    found.start("plain", "run", "--mock", *FEW, COLUMNS="100")
    found.start(
        "intruded", "run", "--mock", *FEW,
        PYTEST_ADDOPTS="--no-such-option", PYTEST_PLUGINS="nowhere", CI="true",
        PYTHONHASHSEED="77", COLUMNS="100",
    )  # fmt: skip
    (found.folder / "pytest").mkdir()
    found.futures["pytest"] = found.pool.submit(_pytest, found.folder / "pytest")
    found.futures["pipe"] = found.pool.submit(_broken_pipe, found.folder)
    yield found
    found.pool.shutdown()


def _pytest(cwd):
    arguments = [
        "--pyargs", "conformance.cases", "--ssf-target", "mock", "--ssf-examples", "1",
        "--ssf-reports", "out", "-q", "-p", "no:cacheprovider", "-k", "8_1_1_3",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return ended(process)


def _broken_pipe(folder):
    # A known failure that holds makes a run fail, which nobody may take for a success.
    known = folder / "known.toml"
    known.write_text(f'[[known]]\nid = "{ONE[1]}"\nreason = "r"\nexpires = 2999-01-01\n')
    process = command(
        "run", "--mock", *ONE, "--known-failures", known, "--reports", "pipe", cwd=folder
    )
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()
    return process.wait(timeout=60), complaints


def comparable(document):
    """Return results without what differs from run to run: times, and how the run was called."""

    def cleared(value):
        if isinstance(value, dict):
            return {
                key: cleared(part)
                for key, part in value.items()
                if key not in {"started", "duration_s", "again"}
            }
        return [cleared(part) for part in value] if isinstance(value, list) else value

    return cleared(document)


def said(capsys, *arguments):
    """Run the command in this process; return its code and all that it said."""
    code = main(list(map(str, arguments)))
    return code, "".join(capsys.readouterr())


# -- in a process of its own ---------------------------------------------------


def test_a_run_ends_with_the_table_the_files_and_one_word(started):
    code, output, complaints, cwd = started["plain"]
    assert (code, complaints) == (0, "") or (code, complaints) == (6, "")
    document = results_in(cwd / "reports")
    assert document["run"]["exit_code"] == code
    assert output.rstrip().splitlines()[-1] == document["run"]["verdict"]
    assert str(cwd / "reports" / FILE_NAME) in output or f"reports/{FILE_NAME}" in output
    assert (cwd / "reports" / "allure-results").is_dir()


def test_a_selected_run_says_that_it_speaks_of_its_selection(started):
    _, output, _, cwd = started["plain"]
    assert results_in(cwd / "reports")["run"]["selection"]["sections"] == ["8.1.1.1", "8.1.1.3"]
    assert "8.1.1.3" in output
    assert "select" in output.lower()


def test_without_a_terminal_there_is_neither_colour_nor_a_progress_bar(started):
    _, output, complaints, _ = started["plain"]
    assert "\x1b" not in output + complaints
    assert "\r" not in output + complaints


def test_a_run_leaves_nothing_behind_but_its_reports(started):
    cwd = started["plain"][-1]
    assert [path.name for path in cwd.iterdir()] == ["reports"]


def test_a_users_own_pytest_settings_have_no_say_and_two_runs_are_equal(started):
    code, output, complaints, cwd = started["intruded"]
    plain_code, plain_output, _, plain = started["plain"]
    assert (code, complaints) == (plain_code, "")
    assert not (cwd / "trap").exists()
    mine, theirs = results_in(plain / "reports"), results_in(cwd / "reports")
    assert comparable(mine) == comparable(theirs)
    assert re.sub(r"[0-9.]+ s\b", "", output) == re.sub(r"[0-9.]+ s\b", "", plain_output)


def test_the_same_run_under_pytest_agrees(started):
    code, output, complaints, cwd = started["pytest"]
    assert code == 0, output + complaints
    theirs = {row["id"]: row["verdict"] for row in results_in(cwd / "out")["requirements"]}
    mine = {
        row["id"]: row["verdict"]
        for row in results_in(started["plain"][-1] / "reports")["requirements"]
    }
    # Who is refused is a case of another file.
    judged = [
        one
        for one in mine
        if one.startswith("SSF-8.1.1.3") and mine[one] == "passed" and "-ERR-40" not in one
    ]
    assert len(judged) > 5
    assert {one: theirs[one] for one in judged} == {one: mine[one] for one in judged}


def test_a_reader_that_has_gone_changes_no_verdict_and_shows_no_traceback(started):
    code, complaints = started.futures["pipe"].result()
    assert complaints == ""
    assert results_in(started.folder / "pipe")["run"]["exit_code"] == 1
    assert code == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_2_and_keeps_the_results(tmp_path, number):
    def slow(asked):
        time.sleep(0.15)
        return answer(404, {})

    with Peer(discovered(slow)) as peer:
        path = target_file(tmp_path, peer.issuer, token="env:CANARY")
        process = command("run", path, "--allow-http", cwd=tmp_path, CANARY="x")
        deadline = time.monotonic() + 30
        while len(peer.asked) < 8 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        code, output, complaints = ended(process)
    assert code == 2, complaints
    assert "Traceback" not in output + complaints
    document = results_in(tmp_path / "reports")
    assert document["run"]["interrupted"] is True
    assert document["run"]["exit_code"] == 2


# Interrupts itself when the command is imported.
EARLY = """
import importlib.abc, os, signal, sys
from conformance.__main__ import main

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "conformance.cli.prove":
            os.kill(os.getpid(), signal.{name})

sys.meta_path.insert(0, Finder())
sys.argv = ["ssf-conformance", "prove"]
sys.exit(main())
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_before_there_is_a_run_is_told_as_one(name):
    done = subprocess.run(
        [sys.executable, "-c", EARLY.replace("{name}", name)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "ssf-conformance: interrupted\n")


def test_an_interrupt_while_the_run_is_planned_is_told_as_one(tmp_path, capsys, monkeypatch):
    def interrupted(self, cases):
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "prepare", interrupted)
    code, shown = said(capsys, "run", "--mock", *ONE, "--reports", tmp_path / "r")
    assert (code, shown) == (2, "ssf-conformance: interrupted\n")


def test_cases_without_a_target_end_in_one_word_about_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", "conformance.cases", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "give --ssf-target" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


# -- in this process ---------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["walk"], "invalid choice"),
        (["run"], "name one target"),
        (["run", "--mock", "--nope"], "--nope"),
        (["run", "--mock", "https://tx.example"], "name one target"),
        (["run", "nowhere.toml"], "nowhere.toml"),
        (["run", "http://tx.example"], "--allow-http"),
        (["run", "--mock", "--profile", "ssf-1.O"], "ssf-1.0"),
        (["run", "--mock", "--profile", "nowhere.toml"], "nowhere.toml"),
        (["run", "--mock", "--set", "poll.redelivry.cap_s=1"], "poll.redelivry"),
        (["run", "--mock", "--set", "poll"], "KEY=VALUE"),
        (["run", "--mock", "--set", "poll.redelivery.cap_s=soon"], "poll.redelivery.cap_s"),
        (["run", "--mock", "--examples", "0"], "--examples"),
        (["run", "--mock", "--examples", "many"], "--examples"),
        (["run", "--mock", "--requirement", "SSF-8.1.1.1-CREATE-200"], "CREATE-201"),
        (["run", "--mock", "--known-failures", "nowhere.toml"], "nowhere.toml"),
        (["run", "--mock", "--push-url", "ftp://x"], "--push-url"),
        (["run", "--mock", "--push-listen", ""], "--push-listen"),
        (["run", "https://tx.example", "--push-url", "https://ci.example/"], "--push-listen"),
        (["run", "--mock", "--section", "99"], "section 99"),
        (["prove", "no-such-fault"], "no-such-fault"),
        (["prove", "--profile", "nope"], "nope"),
        pytest.param(["run", "https://tx.example", "--max-rps", "0"], "--max-rps"),
        pytest.param(["run", "https://[::1"], "https://[::1"),
        pytest.param(
            ["run", "--mock", "--token-env", "NOT_SET_ANYWHERE", "--plan"], "NOT_SET_ANYWHERE"
        ),
    ],
    ids=str,
)
def test_wrong_usage_ends_with_4_and_names_what_is_wrong(capsys, arguments, words):
    code, shown = said(capsys, *arguments)
    assert code == 4
    assert words in shown
    assert "Traceback" not in shown


def test_help_and_version_are_no_errors(capsys):
    assert said(capsys, "--help")[0] == 0
    assert said(capsys, "run", "--help")[0] == 0
    assert said(capsys, "--version")[0] == 0


HEAVY = ("hypothesis", "pytest", "_pytest", "jsonschema", "httpx", "jwcrypto", "rich")


@pytest.mark.parametrize(
    ("package", "option"),
    [("conformance", "--help"), ("conformance", "--version"), ("mock_transmitter", "--help")],
)
def test_help_and_version_import_nothing_that_takes_long(package, option):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", package, option],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "argparse" in imported
    assert imported.isdisjoint(HEAVY)


def test_what_is_wrong_is_said_once(capfd):
    main(["run", "--mock", "--requirement", "SSF-8.1.1.1-CREATE-200"])
    shown = "".join(capfd.readouterr())
    assert shown.count("there is no requirement") == 1


def test_an_unknown_requirement_stops_before_any_request(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        path = target_file(tmp_path, peer.issuer)
        code, shown = said(capsys, "run", path, "--allow-http", "--requirement", "NO-SUCH-ID")
    assert code == 4
    assert "NO-SUCH-ID" in shown
    assert peer.asked == []


@pytest.mark.parametrize("more", [(), ("--section", "8.1.1.1")], ids=["all", "selected"])
def test_a_plan_sends_nothing_but_the_discovery_request(tmp_path, capsys, monkeypatch, more):
    monkeypatch.setenv("CANARY", "x")
    monkeypatch.chdir(tmp_path)
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        path = target_file(tmp_path, peer.issuer)
        code, shown = said(capsys, "run", path, "--allow-http", "--plan", *more)
    assert code == 0
    assert [(one.method, one.path) for one in peer.asked] == [("GET", WELL_KNOWN)]
    assert "SSF-8.1.1.1-CREATE-201" in shown
    assert ("SSF-7.2-CONTENT-TYPE" in shown) is (not more)
    assert [one.name for one in tmp_path.iterdir()] == ["target.toml"]


def test_a_plan_names_what_a_missing_hook_would_unlock(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")
    with Peer(discovered(lambda asked: answer(404, {}), verification_endpoint=None)) as peer:
        path = target_file(tmp_path, peer.issuer)
        code, shown = said(capsys, "run", path, "--allow-http", "--plan")
    assert code == 0
    assert "emit_event" in shown
    assert "second" in shown


def hook_that(kind):
    return {
        "fails": ("[hooks.emit_event]", 'kind = "command"', 'argv = ["false"]'),
        "is away": ("[hooks.emit_event]", 'kind = "http"', 'url = "http://127.0.0.1:1/emit"'),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "words"), [("fails", "false ended with 1"), ("is away", "Connection refused")]
)
def test_a_hook_that_fails_is_told_once_with_its_place_and_ends_with_4_if_nothing_was_judged(
    tmp_path, capsys, kind, words
):
    with RunningServer(load_profile("ssf-1.0")) as server:
        token = tmp_path / "token"
        token.write_text(server.receivers[0].management_token)
        path = target_file(tmp_path, server.issuer, *hook_that(kind), token=f"file:{token}")
        code, shown = said(
            capsys, "run", path, "--allow-http", "--requirement", "SSF-8.1.2.1-PAUSED-SILENT",
            "--reports", tmp_path / "r",
        )  # fmt: skip
    assert code == 4, shown
    (told,) = [one for one in shown.split("\n\n") if one.startswith("trouble  ")]
    assert words in " ".join(told.split())
    assert "mend [hooks.emit_event]" in " ".join(told.split())
    assert shown.rstrip().splitlines()[-1] == "INCOMPLETE"


CLIENT = """
[auth.management]
kind = "oauth2-client-credentials"
token_url = "{url}/token"
client_id = "me"
client_secret = "env:CANARY"
"""


@pytest.mark.parametrize(
    ("gone", "words"),
    [(False, "answered 401 with 'invalid_client'"), (True, "ConnectError")],
    ids=["refused", "away"],
)
def test_a_credential_that_cannot_be_had_ends_a_run_before_its_first_case(
    tmp_path, capsys, monkeypatch, gone, words
):
    monkeypatch.setenv("CANARY", "x")
    refusal = answer(401, {"error": "invalid_client"})
    with Peer(discovered(lambda asked: refusal)) as peer:
        url = "http://127.0.0.1:1" if gone else peer.issuer
        path = tmp_path / "target.toml"
        path.write_text(f'[target]\nissuer = "{peer.issuer}"\n{CLIENT.format(url=url)}')
        code, shown = said(capsys, "run", path, "--allow-http", *ONE, "--reports", tmp_path / "r")
    assert code == 4
    assert shown.startswith(f"ssf-conformance: {path}: auth.management: POST {url}/token")
    assert words in shown
    assert shown.count("/token") == 1
    assert set(peer.paths()) == ({WELL_KNOWN} if gone else {WELL_KNOWN, "/token"})


def test_a_certificate_that_cannot_be_used_ends_a_run_before_its_first_case(tmp_path, capsys):
    path = tmp_path / "target.toml"
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        path.write_text(
            f'[target]\nissuer = "{peer.issuer}"\n[auth.management]\nkind = "mtls"\n'
            f'certificate = "{path}"\nkey = "file:{path}"\n'
        )
        code, shown = said(capsys, "run", path, "--allow-http", *ONE)
    assert (code, peer.paths()) == (4, [WELL_KNOWN])
    assert "no PEM certificate" in shown


def test_a_credential_that_is_always_answered_401_says_nothing_about_the_target(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("CANARY", "x")
    with Peer(discovered(lambda asked: answer(401, {"error": "invalid_token"}))) as peer:
        path = target_file(tmp_path, peer.issuer)
        code, shown = said(capsys, "run", path, "--allow-http", *ONE, "--reports", tmp_path / "r")
    assert code == 4
    assert "credential of [auth.management] was answered 401" in " ".join(shown.split())
    assert shown.rstrip().splitlines()[-1] == "INCOMPLETE"


def test_who_gives_no_credential_and_is_always_answered_401_learns_which(tmp_path, capsys):
    with Peer(discovered(lambda asked: answer(401, {"error": "invalid_token"}))) as peer:
        more = ("--allow-http", "--section", "7.1", "--strict", "--reports", tmp_path / "r")
        code, shown = said(capsys, "run", peer.issuer, *more)
    assert code == 4
    assert "there is no credential for management" in " ".join(shown.split())
    assert "DELIVERY-METHODS-HONOURED" not in shown
    assert shown.rstrip().splitlines()[-1] == "INCOMPLETE"


def test_a_target_that_goes_away_is_told_before_anything_else(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")

    def leaving(asked):
        peer.leave()
        return answer(404, {})

    with Peer(discovered(leaving)) as peer:
        path = target_file(tmp_path, peer.issuer)
        more = ("--allow-http", "--section", "8.1.1.5", "--reports", tmp_path / "r")
        code, shown = said(capsys, "run", path, *more)
    assert code == 4
    told = " ".join(shown.split())
    assert "trouble the target can't be reached any more" in told
    assert "next: fix the troubles above" in told


def test_a_log_is_told_how_far_a_run_is(monkeypatch):
    monkeypatch.setattr(progress, "_EVERY_S", 0.02)
    log = io.StringIO()
    with progress.ProgressBar(log) as bar:
        bar.planned(3)
        bar.ended("one")
        bar.began("two")
        deadline = time.monotonic() + 10
        while "2 min" not in log.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert "2 min: 1 of 3 cases, now two\n" in log.getvalue()


def test_verbose_names_the_rows_that_could_not_be_judged(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        path = target_file(tmp_path, peer.issuer)
        more = ("--allow-http", "--section", "8.1.5", "--reports", tmp_path / "r")
        plain = said(capsys, "run", path, *more)[1]
        verbose = said(capsys, "run", path, *more, "-v")[1]
    assert "give [hooks.transmitter_status] in target.toml" in " ".join(plain.split())
    assert "SSF-8.1.5-STATUS-PRESENT" not in plain
    assert "SSF-8.1.5-STATUS-PRESENT" in verbose


def test_a_profile_of_ones_own_is_a_file(tmp_path, capsys):
    profile = tmp_path / "mine.toml"
    profile.write_text(
        'extends = "ssf-1.0"\nid = "mine"\ntitle = "My own"\nsources = ["https://my.example"]\n'
    )
    reports = tmp_path / "r"
    code, shown = said(
        capsys, "run", "--mock", "--profile", profile, *ONE, "--examples", "1", "--reports", reports
    )
    assert code == 0, shown
    assert results_in(reports)["target"]["profile"] == "mine"
    profile.write_text('extends = "ssf-1.0"\nid = "mine"\n[strem]\n')
    code, shown = said(capsys, "run", "--mock", "--profile", profile)
    assert (code, str(profile) in shown, "strem" in shown) == (4, True, True)


@pytest.mark.parametrize("arguments", [("--requirement", "VEPA-ACK-PATH")], ids=" ".join)
def test_a_selection_that_holds_nothing_ends_with_5(tmp_path, capsys, arguments):
    code, shown = said(capsys, "run", "--mock", *arguments, "--reports", tmp_path)
    assert code == 5
    assert shown.rstrip().splitlines()[-1] == "INCOMPLETE"


def test_a_run_with_a_failure_ends_with_1_and_says_how_to_run_it_again(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("CANARY", "x")
    with Peer(discovered(lambda asked: answer(500, b"boom"))) as peer:
        path = target_file(tmp_path, peer.issuer)
        code, shown = said(capsys, "run", path, "--allow-http", *ONE, "--reports", tmp_path / "r")
    assert code == 1
    assert shown.rstrip().splitlines()[-1] == "NONCONFORMANT"
    assert f"run {path} --allow-http" in shown
    assert list((tmp_path / "r" / "reproducers").glob("*.sh"))


def test_an_incomplete_run_ends_with_6_unless_that_is_accepted(tmp_path, capsys):
    arguments = ("run", "--mock", "--section", "8.1.1.2", "--examples", "1", "--reports", tmp_path)
    code, shown = said(capsys, *arguments)
    document = results_in(tmp_path)
    if document["run"]["verdict"] != "INCOMPLETE":
        pytest.skip("every row of the section is covered")
    assert code == 6
    assert "--allow-incomplete" in shown
    assert said(capsys, *arguments, "--allow-incomplete")[0] == 0


def test_an_error_of_ours_ends_with_3(capsys, monkeypatch):
    def broken(run, known):
        raise LookupError("deep inside")

    monkeypatch.setattr("conformance.cli.run.document_of", broken)
    code, shown = said(capsys, "run", "--mock", *ONE, "--examples", "1")
    assert code == 3
    assert "please report" in shown
    assert "deep inside" in shown


def test_reports_that_cannot_be_written_are_named(tmp_path, capsys):
    path = tmp_path / "a file"
    path.write_text("kept")
    code, shown = said(capsys, "run", "--mock", *ONE, "--examples", "1", "--reports", path / "r")
    assert code == 4
    assert "--reports" in shown
    assert path.read_text() == "kept"


def test_known_failures_are_read_before_anything_is_sent(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")
    known = tmp_path / "known.toml"
    known.write_text('[[known]]\nid = "NO-SUCH-ID"\nreason = "r"\nexpires = 2030-01-01\n')
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        path = target_file(tmp_path, peer.issuer)
        code, shown = said(capsys, "run", path, "--allow-http", "--known-failures", known, *ONE)
    assert (code, peer.asked) == (4, [])
    assert "NO-SUCH-ID" in shown


def test_a_known_failure_is_forgiven_end_to_end(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")
    known = tmp_path / "known.toml"
    known.write_text(
        '[[known]]\nid = "SSF-8.1.1.1-CREATE-201"\nreason = "a ticket"\nexpires = 2999-01-01\n'
    )
    with Peer(discovered(lambda asked: answer(500, b"boom"))) as peer:
        path = target_file(tmp_path, peer.issuer)
        code, shown = said(
            capsys, "run", path, "--allow-http", "--known-failures", known, *ONE,
            "--reports", tmp_path / "r",
        )  # fmt: skip
    (row,) = results_in(tmp_path / "r")["requirements"]
    assert (code, row["verdict"], row["known_failure"]) == (0, "known failure", "a ticket")
    assert "known failure" in shown


def test_colour_is_for_terminals_alone_and_no_color_is_obeyed(tmp_path, capsys, monkeypatch):
    arguments = ("run", "--mock", *ONE, "--examples", "1", "--reports", tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = said(capsys, *arguments)[1]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    coloured = said(capsys, *arguments)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" in coloured
    assert "\x1b" not in plain + said(capsys, *arguments)[1]
