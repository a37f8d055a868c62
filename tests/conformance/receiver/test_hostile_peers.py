import json
import socket
from threading import Timer

import pytest
from flying_time import let_time_fly
from helpers import results_in, target_file, transmitter_of
from peers import Drip, Peer, Reset, Silence, answer, discovered, metadata

from conformance.cli.main import main
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.plugin import all_cases
from conformance.engine.results_document import document_of
from conformance.receiver.answer import NoAnswer
from conformance.receiver.http_client import Unreachable
from conformance.reporting import allure, reproducers, results
from conformance.reporting.terminal import render

DOCUMENTED = {0, 1, 4, 5, 6}
JSON = "application/json"
CREATED = "SSF-8.1.1.1-CREATE-201"


def _raise(error):
    raise error


def _json(body):
    return lambda asked: answer(200, body, content_type=JSON)


def _host(asked):
    return f"http://{asked.headers['host']}"


def _poll_stream(asked):
    delivery = {"method": "urn:ietf:rfc:8936", "endpoint_url": f"{_host(asked)}/poll"}
    return {"stream_id": "s", "delivery": delivery}


BEHAVIOURS = {
    "reset": lambda asked: _raise(Reset),
    "silence": lambda asked: _raise(Silence),
    "garbage": lambda asked: b"\x00\x01 this is no HTTP\r\n\r\n",
    "closed at once": lambda asked: b"",
    "half an answer": lambda asked: answer(200, b"{}", content_length="500"),
    "broken chunks": lambda asked: (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\nno"
    ),
    "no gzip": lambda asked: answer(200, b"{}", content_encoding="gzip"),
    "long header": lambda asked: answer(200, b"{}", x_long="a" * 200_000),
    "HTML": lambda asked: answer(200, b"<html>hello</html>", content_type="text/html"),
    "plain text": lambda asked: answer(200, b"{}", content_type="text/plain"),
    "no content type": lambda asked: answer(200, b'{"stream_id": "s"}'),
    "huge": _json(b" " * (17 << 20)),
    "redirect": lambda asked: answer(302, b"", location=f"{_host(asked)}/elsewhere"),
    "server error": lambda asked: answer(500, b"boom"),
    "status 999": lambda asked: answer(999, {}),
    "not modified": lambda asked: answer(304, b""),
    "too many": lambda asked: answer(429, b"", retry_after="0"),
    "too many, for a day": lambda asked: answer(429, b"", retry_after="86400"),
    "too many, oddly": lambda asked: answer(429, b"", retry_after="\u00b2"),
    "duplicate headers": lambda asked: answer(
        200, b"{}", content_type=[JSON, "text/html"], retry_after=["1", "2"]
    ),
    "invalid UTF-8": _json(b'{"stream_id": "\xff\xfe"}'),
    "deep arrays": _json(b"[" * 100_000 + b"]" * 100_000),
    "deep stream": _json(b'{"stream_id": "s", "aud": ' + b"[" * 900 + b"]" * 900 + b"}"),
    "long number": _json(b'{"stream_id": ' + b"9" * 10_000 + b"}"),
    "array": _json(b"[1, 2]"),
    "null": _json(b"null"),
    "no numbers": _json(b'{"stream_id": "s", "min_verification_interval": NaN, "iss": Infinity}'),
    "half a surrogate": _json(b'{"stream_id": "\\ud800", "description": "\\udfff"}'),
    "odd id": _json(b'{"stream_id": "a\\u0000b\\n/../?#{issuer}", "delivery": "text"}'),
    "wrong types": _json(
        b'{"stream_id": "s", "delivery": [], "events_delivered": 5, "aud": {"a": []}, "iss": null}'
    ),
    "odd SETs": lambda asked: answer(
        200,
        _poll_stream(asked)
        | {
            "sets": {"a": 5, "b": "x.y.z", "": "..", "c": None, "d": "e30.eyJhIjpOYU59.x"},
            "moreAvailable": "yes",
        },
    ),
}
# What no case can tell from another answer is shown to few cases.
FEW = ("SSF-8.1.1.1-ERR-400", "RFC7517-5-JWKS-SHAPE")
# What answers discovery with a JSON object is taken for metadata.
STREAMS = {"no content type", "no numbers", "half a surrogate", "odd id", "wrong types"}
OBJECTS = {*STREAMS, "odd SETs"}


def chosen_for(name):
    """Return the rows and sections that a behaviour is shown to."""
    if name in STREAMS:
        return {"sections": ("8.1.1.1", "8.1.1.3")}
    if name in OBJECTS:
        return {"sections": ("2.4",)}
    # Each request would be tried again a second later.
    return {"requirements": FEW[1:] if name == "too many, oddly" else FEW}


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv("CANARY", "canary-5577")
    let_time_fly(monkeypatch)


def run(tmp_path, issuer, *arguments, timeout_s=20.0):
    """Run the suite against a peer; return the exit code."""
    path = target_file(tmp_path, issuer, timeout_s=timeout_s)
    reports = str(tmp_path / "r")
    options = ["--allow-http", "--reports", reports, "--examples", "1", *arguments]
    return main(["run", str(path), *options])


def timeout_of(name):
    """Return how long an answer is waited for, in seconds: long where one comes."""
    return 0.5 if name == "silence" else 20.0


def one_of_each_function(cases):
    """Return the first case of each function: the others differ in what they send alone."""
    return {case.function: case for case in reversed(cases)}.values()


def nothing_of_ours_shows(capsys):
    shown = "".join(capsys.readouterr())
    assert "Traceback" not in shown
    assert "error of the suite" not in shown
    return shown


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_whatever_discovery_answers_the_run_ends_before_it_begins(tmp_path, name):
    with Peer(BEHAVIOURS[name]) as peer:
        path = target_file(tmp_path, peer.issuer, timeout_s=timeout_of(name))
        asked = make_run(RunArguments(target=str(path), allow_http=True))
        if name in OBJECTS:
            asked.prepare([])
        else:
            with pytest.raises(Unreachable, match=peer.issuer):
                asked.prepare([])
        asked.close()
    # Its place, with a slash behind it, and the place that some mistake it for.
    assert 1 <= len(peer.asked) <= 4
    assert {one.method for one in peer.asked} == {"GET"}


@pytest.mark.parametrize("name", ["HTML", "garbage"])
def test_a_target_without_metadata_ends_with_4_and_leaves_no_reports(tmp_path, capsys, name):
    with Peer(BEHAVIOURS[name]) as peer:
        code = run(tmp_path, peer.issuer)
    assert code == 4
    assert peer.issuer in nothing_of_ours_shows(capsys)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_whatever_the_streams_answer_the_run_ends_with_a_documented_code(tmp_path, name):
    with Peer(discovered(BEHAVIOURS[name])) as peer:
        asked = make_run(
            RunArguments(
                target=str(target_file(tmp_path, peer.issuer, timeout_s=timeout_of(name))),
                allow_http=True,
                examples=1,
                shrink=False,
                **chosen_for(name),
            )
        )
        for case in one_of_each_function(asked.prepare(all_cases()).cases):
            asked.execute(case)
        asked.close()
    assert asked.crashes == {}
    document = document_of(asked)
    assert document["run"]["exit_code"] in DOCUMENTED - {0, 4}
    reproducers.write_all(document, tmp_path / "r")
    results.write(document, tmp_path / "r")
    allure.write(document, tmp_path / "r")
    assert results_in(tmp_path / "r") == json.loads(json.dumps(document))
    assert render(document, colour=False, width=100, directory=tmp_path, reports=())


@pytest.mark.parametrize("name", ["server error", "array", "reset"])
def test_a_hostile_target_costs_no_traceback_on_the_command_line(tmp_path, capsys, name):
    with Peer(discovered(BEHAVIOURS[name])) as peer:
        code = run(tmp_path, peer.issuer, "--requirement", CREATED)
    nothing_of_ours_shows(capsys)
    assert code in DOCUMENTED - {0, 4}
    assert results_in(tmp_path / "r")["run"]["exit_code"] == code


def test_a_refused_connection_is_an_unreachable_target(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert run(tmp_path, f"http://127.0.0.1:{port}") == 4
    assert "refused" in nothing_of_ours_shows(capsys).lower()


def test_a_silent_target_is_called_a_hang(tmp_path, capsys):
    with Peer(lambda asked: _raise(Silence)) as peer:
        run(tmp_path, peer.issuer, timeout_s=0.1)
    assert "hang" in nothing_of_ours_shows(capsys)


@pytest.mark.parametrize(
    "wrong",
    [
        {"configuration_endpoint": 5},
        {"configuration_endpoint": "ftp://127.0.0.1/x"},
        {"configuration_endpoint": "//"},
        {"configuration_endpoint": "http://127.0.0.1:99999/"},
        {"configuration_endpoint": "http://[::1/"},
        {"jwks_uri": ["a"], "delivery_methods_supported": {}},
        {"delivery_methods_supported": "urn:ietf:rfc:8936", "authorization_schemes": "none"},
        {"issuer": None, "spec_version": 1.0},
    ],
    ids=str,
)
def test_metadata_of_wrong_types_is_judged_not_stumbled_over(tmp_path, capsys, wrong):
    with Peer(discovered(lambda asked: answer(404, {}), **wrong)) as peer:
        code = run(tmp_path, peer.issuer, "--section", "7.1", "--requirement", CREATED)
    nothing_of_ours_shows(capsys)
    assert code in DOCUMENTED


def test_an_answer_that_never_ends_takes_bounded_time():
    """A peer that sends a byte now and then keeps each read within its timeout."""
    with Peer(lambda asked: _raise(Drip)) as peer:
        arguments = RunArguments(target=peer.issuer, allow_http=True)
        transmitter = transmitter_of(make_run(arguments).target, metadata={})
        object.__setattr__(transmitter.target.limits, "timeout_s", 0.2)
        # Whoever reads on until the peer ends is ended with it.
        timer = Timer(60, peer.leave)
        timer.start()
        with pytest.raises(NoAnswer):
            transmitter.get(peer.issuer)
        assert timer.is_alive()
        timer.cancel()


def test_a_redirect_is_never_followed(tmp_path):
    elsewhere = "http://127.0.0.1:1/elsewhere"
    with Peer(discovered(lambda asked: answer(307, b"", location=elsewhere))) as peer:
        run(tmp_path, peer.issuer, "--requirement", CREATED)
    assert set(peer.paths()) <= {"/.well-known/ssf-configuration", "/stream", "/jwks.json"}


def test_a_cookie_that_the_target_sets_is_never_sent_back(tmp_path):
    def behave(asked):
        return answer(201, {"stream_id": "s"}, set_cookie="session=1; Path=/")

    with Peer(discovered(behave)) as peer:
        run(tmp_path, peer.issuer, "--requirement", CREATED)
    assert len(peer.asked) > 3
    assert not any("cookie" in one.headers for one in peer.asked)


def test_a_proxy_or_netrc_of_the_operators_gives_no_credential_away(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password canary-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        run(tmp_path, peer.issuer, "--requirement", CREATED)
    assert {one.headers.get("authorization", "none") for one in peer.asked} <= {
        "none",
        "Bearer canary-5577",
        "Bearer not-a-token-of-this-transmitter",
    }


def test_too_many_requests_are_repeated_a_few_times_and_no_more():
    with Peer(discovered(lambda asked: answer(429, b"", retry_after="0"))) as peer:
        arguments = RunArguments(target=peer.issuer, allow_http=True)
        transmitter = transmitter_of(make_run(arguments).target)
        assert transmitter.create_stream({}).status == 429
    assert peer.paths().count("/stream") == 4


def test_the_metadata_of_a_peer_is_what_the_issuer_says():
    assert metadata("http://x")["jwks_uri"] == "http://x/jwks.json"


def test_an_answer_larger_than_anybody_needs_is_no_answer():
    with Peer(BEHAVIOURS["huge"]) as peer:
        arguments = RunArguments(target=peer.issuer, allow_http=True)
        transmitter = transmitter_of(make_run(arguments).target, metadata={})
        with pytest.raises(NoAnswer, match="larger than"):
            transmitter.get(peer.issuer)
