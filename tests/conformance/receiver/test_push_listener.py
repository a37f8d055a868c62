"""The push listener, on real sockets: what arrives, how it is answered, and what is turned away."""

import socket
import ssl
import threading
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from helpers import ROOT, mock

from conformance.receiver import push_listener
from conformance.receiver.preconditions import Blocked, NotReached
from conformance.receiver.push_listener import LONGEST_BODY, MOST_PUSHES, PushListener
from conformance.receiver.push_replies import answered, redirected, refused, reset, silent, slow
from conformance.receiver.tls.server_context import Flaw, own_authority
from conformance.spec.profile_files import load_profile
from conformance.target.options import Options
from conformance.target.target import Listening, TargetError
from conformance.target.target_file import from_file, from_issuer

ISSUER = "https://tx.example"
HEADERS = {"content-type": "application/secevent+jwt", "accept": "application/json"}
# A compact JWS by its form, with jti "a" and then "b"; nothing here looks at the signature.
SETS = {"a": "eyJhbGciOiJub25lIn0.eyJqdGkiOiJhIn0.", "b": "eyJhbGciOiJub25lIn0.eyJqdGkiOiJiIn0."}


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def listener(request):
    made = PushListener(Listening(own_authority=request.param))
    yield made
    made.close()


@pytest.fixture
def plain():
    made = PushListener(Listening())
    yield made
    made.close()


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    own_authority().configure_trust(context)
    return context


def push(url, body=SETS["a"], *, method="POST", timeout=60.0, **headers):
    with httpx.Client(verify=trusting(), trust_env=False, timeout=timeout) as client:
        return client.request(method, url, content=body, headers={**HEADERS, **headers})


def test_a_push_is_kept_as_it_came_and_accepted(listener):
    endpoint = listener.open("a stream")
    answer = push(endpoint.at("Events/%41?of=B&c"), authorization="Bearer x")
    assert (answer.status_code, answer.content) == (202, b"")
    (one,) = endpoint.pushes
    assert (one.method, one.body, one.answered) == ("POST", SETS["a"].encode(), 202)
    assert one.url == endpoint.at("Events/%41?of=B&c")
    assert one.headers["content-type"] == "application/secevent+jwt"
    assert one.headers["authorization"] == "Bearer x"
    assert (one.tls is not None) == listener.url.startswith("https:")


def spoken(url, request):
    """Send a request as it is, and return the status line of the answer."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall(request.replace(b"PATH", parts.path.encode()))
        return connection.makefile("rb").readline().split(b" ", 1)[1].strip()


CHUNKED = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (
    SETS["a"][:5].encode(),
    len(SETS["a"]) - 5,
    SETS["a"][5:].encode(),
)


@pytest.mark.parametrize(
    ("request_line", "headers", "body"),
    [
        (b"POST PATH HTTP/1.0", b"Content-Length: %d" % len(SETS["a"]), SETS["a"].encode()),
        (b"POST PATH HTTP/1.1", b"Transfer-Encoding: chunked", CHUNKED),
        (b"POST http://hPATH HTTP/1.1", b"CONTENT-LENGTH:%d" % len(SETS["a"]), SETS["a"].encode()),
    ],
    ids=["HTTP/1.0", "in chunks", "to a proxy"],
)
def test_a_push_is_taken_in_whatever_way_http_allows(plain, request_line, headers, body):
    endpoint = plain.open("a stream")
    lines = request_line, b"Host: h", b"Connection: close", headers, b"", body
    assert spoken(endpoint.url, b"\r\n".join(lines)) == b"202 ACCEPTED"
    (one,) = endpoint.pushes
    assert (one.method, one.url, one.body) == ("POST", endpoint.url, SETS["a"].encode())


@pytest.mark.parametrize("path", ["//PATH", "/./PATH", "/PATH/", "/PATH//x?y"])
def test_a_url_that_is_almost_right_is_kept_as_it_was_used(plain, path):
    endpoint = plain.open("a stream")
    used = path.replace("/PATH", urlsplit(endpoint.url).path)
    lines = f"POST {used} HTTP/1.1", "Host: h", "Connection: close", "Content-Length: 1", "", "x"
    assert spoken(endpoint.url, "\r\n".join(lines).encode()) == b"202 ACCEPTED"
    (one,) = endpoint.pushes
    assert one.url == plain.url.removesuffix("/") + used


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_who_asks_whether_an_endpoint_is_there_has_pushed_nothing(plain, method):
    endpoint = plain.open("a stream")
    endpoint.answers(answered(500))
    assert push(endpoint.url, "", method=method).status_code == 204
    assert endpoint.pushes == ()
    assert push(endpoint.url, method=method).status_code == 500
    assert [one.method for one in endpoint.pushes] == [method]


def test_a_method_is_kept_as_it_is_spelled(plain):
    endpoint = plain.open("a stream")
    request = b"post PATH HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    spoken(endpoint.url, request)
    assert [one.method for one in endpoint.pushes] == ["post"]


def test_endpoints_follow_from_seed_and_name_alone():
    def path(seed, name):
        listener = PushListener(Listening(), url="https://tunnel.example/in/", seed=seed)
        return listener.open(name).url

    assert path(1, "a") == path(1, "a")
    assert len({path(1, "a"), path(1, "b"), path(2, "a")}) == 3
    assert path(1, "a").startswith("https://tunnel.example/in/")
    assert len(path(1, "a").rpartition("/")[2]) == 32


def test_a_tunnel_may_put_a_path_before_the_endpoint_and_the_url_stays_its_own(plain):
    behind = PushListener(Listening(), url="https://tunnel.example/in/")
    try:
        endpoint = behind.open("a stream")
        behind.start()
        token = endpoint.url.rpartition("/")[2]
        port = urlsplit(behind._door(None).url).port
        for before in ("", "/in"):
            push(f"http://127.0.0.1:{port}{before}/{token}/x")
        assert [one.url for one in endpoint.pushes] == [endpoint.at("x")] * 2
    finally:
        behind.close()


def test_answers_come_in_their_order_and_then_the_last_word(listener):
    endpoint = listener.open("a stream")
    endpoint.answers(
        refused("invalid_key", "no such key"),
        answered(401),
        answered(403),
        answered(429, retry_after_s=7),
        answered(500),
        redirected(endpoint.at("elsewhere")),
        afterwards=answered(503),
    )
    answers = [push(endpoint.url) for _ in range(8)]
    assert [one.status_code for one in answers] == [400, 401, 403, 429, 500, 307, 503, 503]
    assert answers[0].json() == {"err": "invalid_key", "description": "no such key"}
    assert answers[0].headers["content-type"] == "application/json"
    assert answers[3].headers["retry-after"] == "7"
    assert answers[5].headers["location"] == endpoint.at("elsewhere")
    assert [one.answered for one in endpoint.pushes] == [one.status_code for one in answers]


def test_a_repeated_push_takes_no_answer_away_from_the_next_new_one(plain):
    endpoint = plain.open("a stream")
    endpoint.answers(answered(500), answered(503), again=answered(202))
    pushed = [SETS["a"], SETS["a"], SETS["b"], SETS["b"], SETS["a"]]
    assert [push(endpoint.url, body).status_code for body in pushed] == [500, 202, 503, 202, 202]


def test_a_reset_breaks_the_connection_off_and_the_next_push_is_served(listener):
    endpoint = listener.open("a stream")
    endpoint.answers(reset())
    with pytest.raises(httpx.TransportError):
        push(endpoint.url)
    assert push(endpoint.url).status_code == 202
    assert [one.answered for one in endpoint.pushes] == [None, 202]


def test_a_slow_answer_comes_and_a_silent_one_does_not_in_the_time_of_a_transmitter(listener):
    endpoint = listener.open("a stream")
    endpoint.answers(slow(0.2, answered(500)), silent())
    assert push(endpoint.url).status_code == 500
    with pytest.raises(httpx.ReadTimeout):
        push(endpoint.url, timeout=0.3)
    assert len(endpoint.pushes) == 2


def test_a_silent_answer_holds_nobody_else_up_and_ends_with_the_listener(listener):
    endpoint = listener.open("a stream")
    endpoint.answers(silent())
    held = threading.Thread(target=push, args=(endpoint.url,))
    held.start()
    endpoint.await_more(0, 5.0)
    assert push(endpoint.url).status_code == 202
    listener.close()
    held.join(5.0)
    assert not held.is_alive()


def test_two_that_push_at_once_are_both_kept(listener):
    first, second = listener.open("first"), listener.open("second")
    threads = [
        threading.Thread(target=push, args=(one.url,)) for one in (first, second) for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10.0)
    assert (len(first.pushes), len(second.pushes)) == (8, 8)


def test_what_comes_to_no_open_endpoint_is_counted_and_answered_404(listener):
    endpoint = listener.open("a stream")
    assert push(f"{listener.url}nobody").status_code == 404
    endpoint.close()
    assert push(endpoint.url).status_code == 404
    assert (listener.strays, endpoint.pushes) == (2, ())


def test_a_flood_is_cut_off_with_429_and_counted(plain, monkeypatch):
    monkeypatch.setattr(push_listener, "MOST_PUSHES", 3)
    endpoint = plain.open("a stream")
    answers = [push(endpoint.url).status_code for _ in range(5)]
    assert answers == [202, 202, 202, 429, 429]
    assert (len(endpoint.pushes), endpoint.cut_off) == (3, 2)
    assert MOST_PUSHES > 100


def test_a_body_without_measure_is_not_read(plain):
    endpoint = plain.open("a stream")
    assert push(endpoint.url, "x" * (LONGEST_BODY + 1)).status_code == 413
    assert endpoint.pushes == ()


def test_a_client_that_never_shakes_hands_holds_nobody_up():
    listener = PushListener(Listening(own_authority=True))
    try:
        endpoint = listener.open("a stream")
        with socket.create_connection(("127.0.0.1", urlsplit(endpoint.url).port)):
            assert push(endpoint.url).status_code == 202
    finally:
        listener.close()


@pytest.mark.parametrize("flaw", [Flaw.UNKNOWN_AUTHORITY, Flaw.EXPIRED, Flaw.WRONG_NAME])
def test_a_client_that_verifies_turns_away_from_a_wrong_certificate(flaw):
    listener = PushListener(Listening(own_authority=True))
    try:
        endpoint = listener.open("a stream", flaw=flaw)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            push(endpoint.url)
        assert (listener.connections(flaw), endpoint.pushes) == (1, ())
        with httpx.Client(verify=False, trust_env=False) as careless:
            assert careless.post(endpoint.url, content=SETS["a"]).status_code == 202
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("flaw", "version"), [(Flaw.OLD_TLS, "TLSv1.1"), (Flaw.NO_ENCRYPTION, "TLSv1.2")]
)
def test_a_client_of_today_does_not_take_what_is_weak(flaw, version):
    listener = PushListener(Listening(own_authority=True))
    careless = ssl.create_default_context(
        cadata=own_authority().cert_pem.bytes().decode("ascii"),
    )
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        careless.minimum_version = ssl.TLSVersion.TLSv1
    careless.set_ciphers("ALL:eNULL:@SECLEVEL=0")
    try:
        endpoint = listener.open("a stream", flaw=flaw)
        with pytest.raises(httpx.ConnectError, match="alert"):
            push(endpoint.url)
        assert (listener.connections(flaw), endpoint.pushes) == (1, ())
        with httpx.Client(verify=careless, trust_env=False) as client:
            assert client.post(endpoint.url, content=SETS["a"]).status_code == 202
        assert endpoint.pushes[0].tls == version
    finally:
        listener.close()


def test_a_listener_can_be_without_tls_on_purpose():
    listener = PushListener(Listening(own_authority=True))
    try:
        endpoint = listener.open("a stream", flaw=Flaw.PLAIN_HTTP)
        assert endpoint.url.startswith("http://")
        assert push(endpoint.url).status_code == 202
        assert endpoint.pushes[0].tls is None
    finally:
        listener.close()


def test_a_listener_has_only_the_flaws_that_it_can_show(tmp_path):
    given = Listening(cert=tmp_path / "c", key=tmp_path / "k")
    assert PushListener(Listening(own_authority=True)).flaws == set(Flaw)
    assert PushListener(given).flaws == set(Flaw) - {Flaw.EXPIRED, Flaw.WRONG_NAME}
    assert PushListener(Listening()).flaws == set()
    assert PushListener(given, url="https://tunnel.example/").flaws == set()


def test_a_certificate_of_the_operators_is_shown(tmp_path):
    certificate = trustme.CA().issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(str(cert))
    certificate.private_key_pem.write_to_path(str(key))
    listener = PushListener(Listening(cert=cert, key=key))
    try:
        listener.start()
        shown = ssl.get_server_certificate(("127.0.0.1", urlsplit(listener.url).port))
        assert shown.strip() == cert.read_text().strip()
    finally:
        listener.close()


def test_what_can_not_be_served_is_named_with_its_option(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TargetError, match=f"--push-listen 127.0.0.1:{port}"):
            PushListener(Listening(port=port)).start()
    with pytest.raises(TargetError, match="--push-listen"):
        PushListener(Listening(host="203.0.113.1")).start()
    with pytest.raises(TargetError, match="--push-cert"):
        PushListener(Listening(cert=tmp_path / "none.pem")).start()


def test_a_certificate_without_its_key_leads_to_push_key(tmp_path):
    certificate = trustme.CA().issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(str(cert))
    trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(str(key))
    with pytest.raises(TargetError, match=r"cert\.pem: holds no .* key .*; give --push-key too$"):
        PushListener(Listening(cert=cert)).start()
    with pytest.raises(TargetError, match=r"key\.pem: are no certificate and its key"):
        PushListener(Listening(cert=cert, key=key)).start()
    both = tmp_path / "both.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(both))
    listener = PushListener(Listening(cert=both))
    listener.start()
    listener.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"push_listen": "8443"}, "HOST:PORT"),
        ({"push_listen": "a:b"}, "HOST:PORT"),
        ({"push_listen": "a:70000"}, "HOST:PORT"),
        ({"push_listen": "127.0.0.1:0"}, "--push-cert"),
        ({"push_cert": "c.pem"}, "--push-listen"),
        ({"push_listen": "127.0.0.1:0", "push_key": "k.pem"}, "--push-cert"),
        ({"push_listen": "127.0.0.1:0", "push_url": "http://a.example"}, "--allow-http"),
        ({"push_url": "https://a.example/?q=1"}, "query"),
    ],
)
def test_options_that_make_no_listener_are_named(options, said):
    with pytest.raises(TargetError, match=said):
        from_issuer(ISSUER, Options(**options))


def test_a_listener_needs_tls_a_tunnel_or_a_lab(tmp_path):
    pem = tmp_path / "both.pem"
    pem.touch()
    for more in (
        {"push_cert": pem, "push_key": pem},
        {"push_url": "https://tunnel.example"},
        {"allow_http": True},
    ):
        target = from_issuer(ISSUER, Options(push_listen="[::1]:8443", **more))
        assert (target.listening.host, target.listening.port) == ("::1", 8443)
        assert target.has_hook("push_listener")
    assert not from_issuer(ISSUER, Options()).has_hook("push_listener")


def test_the_file_says_where_to_listen_and_the_command_line_goes_before_it(tmp_path):
    path = tmp_path / "target.toml"
    path.write_text(
        f'[target]\nissuer = "{ISSUER}"\n[push]\nlisten = "0.0.0.0:8443"\nurl = "https://p.example"'
    )
    found = from_file(path, Options())
    assert (found.listening, found.push_url) == (
        Listening(host="0.0.0.0", port=8443),
        "https://p.example/",
    )
    found = from_file(path, Options(push_listen="127.0.0.1:0", push_url="https://q.example"))
    assert (found.listening, found.push_url) == (Listening(), "https://q.example/")


# -- streams that receive by push
# ----------------------------------------------------------------------------------------------


@pytest.fixture
def transmitter():
    """Return a mock that pushes to no address of ours by itself, and a listener."""
    found = mock()
    found.connection.listener = PushListener(Listening(own_authority=True))
    yield found
    found.connection.listener.close()


def test_a_push_stream_has_an_endpoint_of_its_own_while_it_lives(transmitter):
    with transmitter.new_push_stream(tail="Events?of=A", authorization_header="Bearer x") as stream:
        delivery = stream.read()["delivery"]
        assert delivery["method"] == transmitter.profile.delivery.push
        assert delivery["endpoint_url"] == stream.endpoint.at("Events?of=A")
        assert push(stream.endpoint.url).status_code == 202
    assert push(stream.endpoint.url).status_code == 404


def test_pushed_sets_are_recorded_kept_and_acknowledged_by_a_202(transmitter):
    with transmitter.new_push_stream() as stream:
        stream.endpoint.answers(answered(503))
        push(stream.endpoint.url, SETS["a"], authorization="Bearer secret")
        push(stream.endpoint.url, SETS["b"])
        assert stream.await_sets(2) == SETS
        assert stream.history.outstanding == ["a"]
        pushed = [one for one in transmitter.recorder.exchanges if one.operation == "push"]
        assert [one.status for one in pushed] == [503, 202]
        assert pushed[0].request_headers["authorization"] == "Bearer ***"
        seen = transmitter.connection.seen_sets
        assert [(one.key, one.pushed, one.exchanges[-1].url) for one in seen] == [
            ("a", True, stream.endpoint.url),
            ("b", True, stream.endpoint.url),
        ]


def test_awaiting_again_looks_at_what_comes_anew(transmitter):
    with transmitter.new_push_stream() as stream:
        push(stream.endpoint.url)
        assert set(stream.await_sets()) == {"a"}
        with pytest.raises(Blocked):
            stream.await_sets()
        push(stream.endpoint.url)
        assert stream.await_again(["a"]) == {"a"}
        assert len(stream.await_pushes(2)) == 2
        assert len(stream.await_pushes(lambda them: them[-1].body == b"", patience_s=1)) == 2


def test_what_no_case_looked_at_is_recorded_at_the_end(transmitter):
    with transmitter.new_push_stream() as stream:
        push(stream.endpoint.url)
    assert len(transmitter.connection.seen_sets) == 1


def test_a_target_that_pushes_without_end_is_reported(transmitter, monkeypatch):
    monkeypatch.setattr(push_listener, "MOST_PUSHES", 1)

    def flooded(look):
        with transmitter.new_push_stream() as stream:
            for _ in range(3):
                push(stream.endpoint.url)
            look(stream)

    for look in (lambda stream: stream.await_pushes(), lambda stream: None):
        with pytest.raises(NotReached, match="without end"):
            flooded(look)


def test_without_a_listener_no_stream_pushes():
    with pytest.raises(Blocked, match="--push-listen"), mock().new_push_stream():
        pass


def test_a_dialect_that_only_pushes_receives_by_push():
    transmitter = mock("jamf")
    transmitter.connection.listener = PushListener(Listening(own_authority=True))
    try:
        with transmitter.new_stream() as stream:
            assert stream.read()["delivery"]["endpoint_url"] == stream.endpoint.url
    finally:
        transmitter.connection.listener.close()


def test_the_user_guide_names_the_options():
    text = (ROOT / "docs/judging-a-transmitter.md").read_text(encoding="utf-8")
    for option in ("--push-listen", "--push-url", "--push-cert", "--push-key", "[push]"):
        assert option in text
    assert load_profile("jamf").delivery.push is not None
