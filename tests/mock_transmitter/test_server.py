"""The command `ssf-mock-transmitter` as another process, spoken to over real sockets."""

import contextlib
import json
import os
import queue
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
import tomllib
from http.client import HTTPSConnection
from pathlib import Path

import httpx
import pytest

from conformance.spec.profile_files import load_profile
from mock_transmitter.__main__ import main
from mock_transmitter.deviations.catalogue import faults, variants
from mock_transmitter.server import RunningServer

ROOT = Path(__file__).resolve().parents[2]
POLL = "urn:ietf:rfc:8936"
PATIENCE_S = 60


class Mock:
    """A running command: what it said, and a client that trusts it."""

    def __init__(self, folder, *options, tls=True):
        self.ready_file = folder / "ready.json"
        arguments = [*(["--tls"] if tls else []), "--ready-file", str(self.ready_file), *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mock_transmitter", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.output = []
        try:
            self._await_ready()
            self.ready = json.loads(self.ready_file.read_text())
            self.issuer = self.ready["issuer"]
            self.http = self.client()
        except BaseException:
            self.close()
            raise

    def _await_ready(self):
        lines = queue.Queue()

        def read():
            for line in self.process.stdout:
                lines.put(line.rstrip("\n"))
            lines.put(None)

        self.reader = threading.Thread(target=read)
        self.reader.start()
        while True:
            line = lines.get(timeout=PATIENCE_S)
            if line is None:
                raise AssertionError(self.process.stderr.read())
            self.output.append(line)
            if line.startswith("ready "):
                return

    def client(self):
        ca_file = self.ready["ca_file"]
        verify = ssl.create_default_context(cafile=ca_file) if ca_file else True
        return httpx.Client(base_url=self.issuer, verify=verify, timeout=PATIENCE_S)

    def control(self, method, path, body=None):
        answer = self.http.request(method, f"{self.ready['control_url']}{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stream(self, receiver=0):
        """Make a poll stream and return how to poll it: a function of the poll request."""
        metadata = self.http.get(self.ready["discovery_url"]).json()
        token = self.ready["receivers"][receiver]["management_token"]
        made = self.http.post(
            metadata["configuration_endpoint"],
            headers={"authorization": f"Bearer {token}"},
            json={"delivery": {"method": POLL}, "events_requested": metadata["events_supported"]}
            if "events_supported" in metadata
            else {
                "delivery": {"method": POLL},
                "events_requested": [
                    "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
                ],
            },
        )
        assert made.status_code == 201, made.text
        return PollStream(made.json()["delivery"]["endpoint_url"], token)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def close(self):
        with contextlib.suppress(AttributeError):
            self.http.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()
        self.process.stderr.close()


class PollStream:
    """A stream, seen by its Receiver."""

    def __init__(self, url, token):
        self.url = url
        self.token = token

    def poll(self, client, **members):
        answer = client.post(
            self.url, headers={"authorization": f"Bearer {self.token}"}, json=members
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["sets"]


class Held:
    """A long poll in a thread of its own."""

    def __init__(self, mock, stream):
        self.answer = queue.Queue()
        self.client = mock.client()
        self.thread = threading.Thread(target=self._run, args=(stream,))
        self.thread.start()

    def _run(self, stream):
        try:
            self.answer.put(stream.poll(self.client, returnImmediately=False))
        except (httpx.HTTPError, AssertionError) as error:
            self.answer.put(error)

    def result(self):
        sets = self.answer.get(timeout=PATIENCE_S)
        self.thread.join(PATIENCE_S)
        self.client.close()
        return sets

    def still_held(self, seconds=0.3):
        with contextlib.suppress(queue.Empty):
            self.answer.put(self.answer.get(timeout=seconds))
            return False
        return True


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    mock = Mock(tmp_path_factory.mktemp("mock"), "--clock", "simulated")
    yield mock
    mock.close()


@pytest.fixture
def start(tmp_path):
    running = []

    def starter(*options, **more):
        running.append(Mock(tmp_path, *options, **more))
        return running[-1]

    yield starter
    for mock in running:
        mock.close()


def run(*options, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "mock_transmitter", *options],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Return a function: it gives the command wrong options and returns the one line it says."""
    monkeypatch.chdir(tmp_path)

    def refuse(*options):
        try:
            code = main(options)
        except SystemExit as stopped:
            code = stopped.code
        assert code == 4
        said = capsys.readouterr()
        assert said.out == ""
        (line,) = said.err.splitlines()
        return line

    return refuse


def test_the_last_line_says_ready_and_the_issuer(shared):
    assert shared.output[-1] == f"ready {shared.issuer}"


def test_the_lines_before_it_hold_what_a_person_needs(shared):
    text = "\n".join(shared.output)
    for needed in (
        "ssf-1.0",
        shared.ready["discovery_url"],
        shared.ready["control_url"],
        shared.ready["ca_file"],
        *(receiver["management_token"] for receiver in shared.ready["receivers"]),
    ):
        assert needed in text
    assert "--allow-http" not in text


def test_the_ready_file_is_private_and_complete(shared):
    assert stat.S_IMODE(shared.ready_file.stat().st_mode) == 0o600
    assert set(shared.ready) == {
        "issuer",
        "discovery_url",
        "control_url",
        "token_url",
        "profile",
        "ca_file",
        "receivers",
    }
    assert shared.ready["profile"] == "ssf-1.0"
    assert len(shared.ready["receivers"]) == 2
    for receiver in shared.ready["receivers"]:
        tokens = {"management_token", "poll_token", "limited_token"}
        assert set(receiver) == {"audience", *tokens, "client_id", "client_secret"}


def test_discovery_is_served_over_tls_under_the_written_authority(shared):
    answer = shared.http.get(shared.ready["discovery_url"])
    assert answer.status_code == 200
    assert answer.json()["issuer"] == shared.issuer
    assert shared.issuer.startswith("https://127.0.0.1:")
    assert "server" not in answer.headers


def test_a_client_without_the_authority_refuses_the_certificate(shared):
    with httpx.Client() as stranger, pytest.raises(httpx.ConnectError, match="CERTIFICATE"):
        stranger.get(shared.ready["discovery_url"])


def test_a_set_is_polled_acknowledged_and_gone(shared):
    stream = shared.stream()
    sent = shared.control("POST", "/events", {})["sets"]
    sets = stream.poll(shared.http, returnImmediately=True)
    assert set(sets) <= {one["jti"] for one in sent}
    assert len(sets) == 1
    assert stream.poll(shared.http, returnImmediately=True, ack=list(sets)) == {}


def test_a_held_poll_keeps_nobody_waiting(shared):
    held = Held(shared, shared.stream())
    assert held.still_held()
    assert shared.http.get(shared.ready["discovery_url"]).status_code == 200
    assert held.still_held()
    shared.control("POST", "/events", {})
    assert len(held.result()) == 1


def test_moving_the_simulated_clock_to_the_deadline_answers_a_held_poll(shared):
    held = Held(shared, shared.stream())
    assert held.still_held()
    shared.control("POST", "/clock", {"advance_s": 9})
    assert held.still_held()
    shared.control("POST", "/clock", {"advance_s": 1})
    assert held.result() == {}


def test_a_poll_whose_client_hangs_up_takes_no_set(shared):
    stream = shared.stream()
    port = int(shared.issuer.rpartition(":")[2])
    context = ssl.create_default_context(cafile=shared.ready["ca_file"])
    path = stream.url.removeprefix(shared.issuer)
    body = b'{"returnImmediately":false}'
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {stream.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as caller,
    ):
        caller.sendall(head.encode() + body)
        caller.settimeout(0.3)
        with pytest.raises(TimeoutError):
            caller.recv(1)
    shared.control("POST", "/events", {})
    assert len(stream.poll(shared.http, returnImmediately=True)) == 1


def test_on_the_system_clock_a_long_poll_ends_at_its_deadline(start):
    mock = start("--long-poll-timeout", "0.5", "--clock", "system")
    stream = mock.stream()
    before = time.monotonic()
    assert stream.poll(mock.http, returnImmediately=False) == {}
    assert time.monotonic() - before > 0.4


def test_a_connection_is_kept_for_the_next_request(shared):
    context = ssl.create_default_context(cafile=shared.ready["ca_file"])
    address = shared.issuer.removeprefix("https://")
    path = shared.ready["discovery_url"].removeprefix(shared.issuer)
    connection = HTTPSConnection(address, context=context, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        sockets = set()
        for _ in range(2):
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
            sockets.add(connection.sock)
    assert len(sockets - {None}) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_one_mebibyte_is_refused(shared, chunked):
    stream = shared.stream()
    body = b'{"ack":["' + b"a" * 3_000_000 + b'"]}'
    answer = shared.http.post(
        stream.url,
        headers={"authorization": f"Bearer {stream.token}", "content-type": "application/json"},
        content=iter([body]) if chunked else body,
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_success_although_polls_are_held(start, number):
    mock = start("--clock", "simulated")
    held = Held(mock, mock.stream())
    assert held.still_held()
    assert mock.stop(number) == 0
    assert isinstance(held.result(), (httpx.HTTPError, AssertionError))
    assert mock.process.stderr.read() == ""


def test_the_authority_of_a_run_goes_with_it(start):
    mock = start()
    ca_file = Path(mock.ready["ca_file"])
    assert ca_file.is_file()
    mock.stop()
    assert not ca_file.exists()


def test_the_authority_is_written_where_it_is_asked_for(start, tmp_path):
    mock = start("--ca-out", "here.pem")
    assert mock.ready["ca_file"] == str(tmp_path / "here.pem")
    mock.stop()
    assert (tmp_path / "here.pem").is_file()


def test_an_older_ready_file_is_never_taken_for_the_new_one(refused, tmp_path):
    (tmp_path / "ready.json").write_text('{"issuer": "http://127.0.0.1:1"}')
    assert "--host" in refused("--ready-file", "ready.json", "--host", "192.0.2.1")
    assert not (tmp_path / "ready.json").exists()


def test_the_seed_decides_the_tokens(start, shared):
    mock = start("--seed", "5")
    tokens = [one["management_token"] for one in mock.ready["receivers"]]
    with RunningServer(load_profile("ssf-1.0"), seed=5) as same:
        assert [one.management_token for one in same.receivers] == tokens
    assert tokens != [one["management_token"] for one in shared.ready["receivers"]]


def test_a_fault_and_a_variant_are_served(start):
    names = [min(faults()), min(variants())]
    mock = start("--fault", names[0], "--variant", names[1])
    assert sorted(mock.control("GET", "/deviations")["active"]) == sorted(names)


def test_the_list_names_every_fault_and_variant():
    listed = run("--list")
    assert listed.returncode == 0
    names = {line.strip() for line in listed.stdout.splitlines()}
    assert names >= {*faults(), *variants()}


def test_plain_http_says_what_a_run_needs(start):
    mock = start(tls=False)
    assert mock.issuer.startswith("http://127.0.0.1:")
    assert mock.ready["ca_file"] is None
    assert any("--allow-http" in line for line in mock.output)


def test_behind_a_proxy_it_calls_itself_what_it_is_told(start, tmp_path):
    mock = start("--issuer", "https://ssf.example/", "--target-out", "target", tls=False)
    assert mock.issuer == "https://ssf.example"
    written = tomllib.loads((tmp_path / "target" / "target.toml").read_text())
    assert written["target"]["issuer"] == "https://ssf.example"
    assert "limits" not in written


def test_a_port_in_use_is_named_with_the_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port), cwd=tmp_path)
    assert done.returncode == 4
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"--port: can't listen on 127.0.0.1 port {port}" in line
    assert "--port 0" in line


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        (["--profile", "avnolgy"], ["--profile", "'avnology'"]),
        (["--profile", "none/such.toml"], ["--profile", "none/such.toml"]),
        (["--set", "poll"], ["--set", "KEY=VALUE"]),
        (["--set", "poll.redelivery.modle=3"], ["--set", "poll.redelivery.modle", "'model'"]),
        (["--fault", "patch-resets-missing-propertees"], ["--fault", "--list"]),
        (["--variant", "no-such-thing"], ["--variant", "--list"]),
        (["--port", "65536"], ["--port", "65535"]),
        (["--long-poll-timeout", "nan"], ["--long-poll-timeout", "seconds"]),
        (["--redelivery", "factor=0.5"], ["--redelivery", "factor=0.5", "from 1 on"]),
        (["--redelivery", "factor=2"], ["--redelivery", "poll.redelivery.model"]),
        (["--clock", "wall"], ["--clock", "simulated"]),
        (["--issuer", "mock.example"], ["--issuer", "https"]),
        (["--issuer", "https://mock.example?a"], ["--issuer", "query"]),
        (["--issuer", "http://mock.example", "--tls"], ["--issuer", "--tls"]),
        (["--ca-out", "ca.pem"], ["--ca-out", "--tls"]),
        (["--tls", "--ca-out", "none/such.pem"], ["--ca-out", "none/such.pem"]),
        (["--ready-file", "none/such.json"], ["--ready-file", "none/such.json"]),
        (["--target-out", "/dev/null/target"], ["--target-out", "/dev/null/target"]),
        (["--host", "not a host"], ["--host", "127.0.0.1"]),
        (["--prot", "1"], ["--prot", "--help"]),
    ],
)
def test_a_wrong_option_is_one_line_that_names_it_and_the_next_step(refused, options, needed):
    line = refused(*options)
    for part in needed:
        assert part in line


def test_a_fault_misspelt_is_shown_its_near_match(refused):
    name = min(faults())
    assert name in refused("--fault", name[:-1])


def test_a_variant_is_not_served_as_a_fault(refused):
    name = min(variants())
    assert f"write --variant {name}" in refused("--fault", name)
