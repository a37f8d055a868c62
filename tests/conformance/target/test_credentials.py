"""Credentials of a target, over real sockets: what is sent and renewed, and never shows."""

import json
import ssl

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Response

from conformance.receiver.answer import NoAnswer
from conformance.receiver.connection import Connection
from conformance.receiver.exchange import Recorder
from conformance.target.credentials import Bearer, ClientCredentials, MutualTls, TokenRequest
from conformance.target.options import Options
from conformance.target.target import TargetError
from conformance.target.target_file import from_file

SECRET = "canary+7/a"
LAB = Options(allow_http=True)


class Server:
    """A resource and a token endpoint; `valid` are the tokens that the resource takes."""

    def __init__(self, http):
        self.http = http
        self.issued = 0
        self.valid = set()
        self.lifetime = 3600
        self.refuses_all = False
        http.expect_request("/token").respond_with_handler(self._token)
        http.expect_request("/resource").respond_with_handler(self._resource)

    def _token(self, _request):
        self.issued += 1
        token = f"token-canary-{self.issued}"
        self.valid = set() if self.refuses_all else {token}
        document = {"access_token": token, "expires_in": self.lifetime, "deep": {"id": token}}
        return Response(json.dumps(document), content_type="application/json")

    def _resource(self, request):
        sent = request.headers.get("Authorization", "") + request.headers.get("X-Token", "")
        good = sent.removeprefix("Bearer ") in self.valid
        return Response(f"you sent {sent}", status=200 if good else 401)

    @property
    def asked(self):
        return [request for request, _ in self.http.log if request.path == "/token"]

    @property
    def sent(self):
        return [request for request, _ in self.http.log if request.path == "/resource"]


@pytest.fixture
def server():
    with HTTPServer(host="127.0.0.1") as http:
        yield Server(http)


@pytest.fixture
def target_with(tmp_path, server, monkeypatch):
    monkeypatch.setenv("CLIENT_SECRET", SECRET)

    def make(credential, options=LAB):
        path = tmp_path / "target.toml"
        url = server.http.url_for("")
        text = credential.replace("URL", url.rstrip("/"))
        path.write_text(f'[target]\nissuer = "{url}"\n[auth.management]\n{text}\n')
        return from_file(path, options)

    return make


@pytest.fixture
def connect():
    opened = []

    def make(target):
        opened.append(Connection.open(target))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


def ask(connection, server, recorder=None):
    return connection.send(
        recorder or Recorder(),
        "read_stream",
        "GET",
        server.http.url_for("/resource"),
        channel="management",
        credential="own",
    )


CLIENT = """
kind = "oauth2-client-credentials"
token_url = "URL/token"
client_id = "the client"
client_secret = "env:CLIENT_SECRET"
scope = "ssf.manage ssf.read"
"""


def test_a_token_is_obtained_once_and_used_until_it_ends(target_with, connect, server):
    connection = connect(target_with(CLIENT))
    assert [ask(connection, server).status for _ in range(3)] == [200, 200, 200]
    (request,) = server.asked
    assert request.form.to_dict() == {
        "grant_type": "client_credentials",
        "scope": "ssf.manage ssf.read",
    }
    assert request.authorization.username == "the+client"
    assert request.authorization.password == "canary%2B7%2Fa"


def test_a_client_can_authenticate_in_the_body(target_with, connect, server):
    ask(connect(target_with(f'{CLIENT}authentication = "client_secret_post"')), server)
    (request,) = server.asked
    assert request.form["client_secret"] == SECRET
    assert request.authorization is None


def test_a_token_that_is_about_to_end_is_renewed_first(target_with, connect, server):
    server.lifetime = 0.0001
    connection = connect(target_with(CLIENT))
    assert [ask(connection, server).status for _ in range(2)] == [200, 200]
    assert len(server.asked) == 2
    assert len(server.sent) == 2


def test_a_token_that_is_refused_in_mid_run_is_renewed_once(target_with, connect, server):
    connection = connect(target_with(CLIENT))
    assert ask(connection, server).status == 200
    server.valid = set()
    assert ask(connection, server).status == 200
    assert len(server.asked) == 2
    server.refuses_all = True
    server.valid = set()
    assert ask(connection, server).status == 401
    assert len(server.asked) == 3


def test_a_static_token_that_is_refused_is_not_sent_again(target_with, connect, server):
    target = target_with('kind = "bearer"\ntoken = "env:CLIENT_SECRET"')
    assert ask(connect(target), server).status == 401
    assert len(server.sent) == 1


def test_no_secret_stands_in_what_is_recorded_said_or_shown(target_with, connect, server):
    target = target_with(CLIENT)
    recorder = Recorder()
    answer = ask(connect(target), server, recorder)
    assert answer.status == 200
    assert "token-canary-1" in target.secrets
    shown = f"{recorder.exchanges!r} {answer.text} {target!r}"
    for secret in (SECRET, "token-canary-1", "canary%2B7%2Fa"):
        assert secret not in shown
    assert recorder.exchanges[0].request_headers == {"authorization": "Bearer ***"}


def test_a_login_is_a_request_for_a_token(target_with, connect, server):
    target = target_with(
        'kind = "token-request"\nurl = "URL/token"\ntoken_path = "deep.id"\nheader = "X-Token"\n'
        'scheme = ""\nlifetime_s = 900\nheaders = { X-Tenant = "mine" }\n'
        'basic = { user = "me", password = "env:CLIENT_SECRET" }\n'
        'json = { audience = "sse", nested = { client_secret = "env:CLIENT_SECRET" } }'
    )
    recorder = Recorder()
    assert ask(connect(target), server, recorder).status == 200
    (request,) = server.asked
    assert (request.authorization.username, request.authorization.password) == ("me", SECRET)
    assert request.headers["X-Tenant"] == "mine"
    assert request.get_json() == {"audience": "sse", "nested": {"client_secret": SECRET}}
    assert server.sent[0].headers["X-Token"] == "token-canary-1"
    assert recorder.exchanges[0].request_headers == {"x-token": "***"}


def test_a_form_can_carry_the_secret(target_with, connect, server):
    target = target_with(
        'kind = "token-request"\nurl = "URL/token"\nmethod = "POST"\n'
        'form = { user = "me", password = "env:CLIENT_SECRET" }'
    )
    assert ask(connect(target), server).status == 200
    assert server.asked[0].form.to_dict() == {"user": "me", "password": SECRET}


@pytest.mark.parametrize(
    "case",
    [
        (
            'kind = "basic"\nuser = "me"\npassword = "env:CLIENT_SECRET"',
            "Authorization",
            "Basic bWU6Y2FuYXJ5KzcvYQ==",
        ),
        ('kind = "header"\nname = "X-Key"\nvalue = "env:CLIENT_SECRET"', "X-Key", SECRET),
    ],
)
def test_basic_credentials_and_headers_are_sent_as_they_are(target_with, connect, server, case):
    credential, header, value = case
    recorder = Recorder()
    ask(connect(target_with(credential)), server, recorder)
    assert server.sent[0].headers[header] == value
    (shown,) = recorder.exchanges[0].request_headers.values()
    assert shown in {"***", "Basic ***"}


@pytest.mark.parametrize(
    "case",
    [
        (400, {"error": "invalid_client"}, ["400", "invalid_client"]),
        (200, {"token": "elsewhere"}, ["no token at 'access_token'"]),
        (200, [], ["no token"]),
        (200, {"access_token": "two words"}, ["no token"]),
    ],
)
def test_a_token_that_is_not_given_is_said_by_name(target_with, connect, server, case):
    status, body, words = case
    server.http.clear()
    server.http.expect_request("/token").respond_with_json(body, status=status)
    with pytest.raises(NoAnswer) as error:
        ask(connect(target_with(CLIENT)), server)
    for word in ["auth.management", "/token", *words]:
        assert word in str(error.value)
    assert SECRET not in str(error.value)


def test_a_client_certificate_is_presented(tmp_path):
    authority = trustme.CA()
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    own = authority.issue_cert("receiver@example.com")
    chain, key = tmp_path / "own.pem", tmp_path / "own.key"
    own.cert_chain_pems[0].write_to_path(str(chain))
    own.private_key_pem.write_to_path(str(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with HTTPServer(host="127.0.0.1", ssl_context=context) as http:
        http.expect_request("/resource").respond_with_data("served")
        path = tmp_path / "target.toml"
        path.write_text(
            f'[target]\nissuer = "{http.url_for("")}"\n[tls]\nca_file = "{trusted}"\n'
            f'[auth.management]\nkind = "mtls"\ncertificate = "{chain}"\nkey = "file:{key}"\n'
        )
        target = from_file(path, Options())
        assert isinstance(target.credentials["management"], MutualTls)
        connection = Connection.open(target)
        url = http.url_for("/resource")
        try:
            with_it = connection.send(
                Recorder(), "get", "GET", url, channel="management", credential="own"
            )
            assert with_it.status == 200
            with pytest.raises(NoAnswer):
                connection.send(Recorder(), "get", "GET", url, channel="none", credential=None)
        finally:
            connection.close()


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        ('kind = "magic"', ["auth.management.kind", "token-request"]),
        ('kind = "bearer"', ["auth.management", "token"]),
        ('kind = "bearer"\ntoken = "env:CLIENT_SECRET"\nuser = "me"', ["auth.management", "kind"]),
        ('kind = "basic"\nuser = "me"\npassword = "canary"', ["password", "env:NAME"]),
        ('kind = "header"\nname = "X-Key"\nvalue = "canary"', ["value", "env:NAME"]),
        (
            'kind = "token-request"\nurl = "URL/t"\nheaders = { Authorization = "canary" }',
            ["headers.Authorization", "env:NAME"],
        ),
        (
            'kind = "token-request"\nurl = "URL/t"\njson = { a = { password = "canary" } }',
            ["json.a.password", "env:NAME"],
        ),
        ('kind = "mtls"\ncertificate = "/no.pem"\nkey = "file:/no.key"', ["/no.pem"]),
        ('kind = "mtls"\ncertificate = "/no.pem"\nkey = "env:canary"', ["auth.management.key"]),
        ('kind = "token-request"\nurl = "URL/t"\nform = {}\njson = {}', ["auth.management"]),
    ],
)
def test_a_credential_that_cannot_be_used_is_named_and_not_repeated(target_with, credential, words):
    with pytest.raises(TargetError) as error:
        target_with(credential)
    assert "canary" not in str(error.value).replace("target.toml", "")
    for word in words:
        assert word in str(error.value)


def test_a_token_is_not_asked_for_over_plain_http_without_leave(tmp_path, monkeypatch):
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    path = tmp_path / "target.toml"
    text = CLIENT.replace("URL", "http://as.example")
    path.write_text(f'[target]\nissuer = "https://tx.example"\n[auth.management]\n{text}')
    with pytest.raises(TargetError, match=r"token_url.*not https"):
        from_file(path, Options())


def test_only_client_credentials_make_an_oauth_client(target_with):
    assert isinstance(target_with(CLIENT).oauth_client, ClientCredentials)
    assert target_with(CLIENT).has_hook("oauth_client")
    login = target_with('kind = "token-request"\nurl = "URL/t"')
    assert isinstance(login.credentials["management"], TokenRequest)
    assert login.oauth_client is None


def test_a_credential_never_shows_in_a_repr(target_with):
    target = target_with(CLIENT)
    assert SECRET not in repr(target)
    assert "secret" not in repr(Bearer("secret"))
