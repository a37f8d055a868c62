"""Pushing: RFC 8935, to Receivers on real sockets."""

import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import httpx
import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Response

from conformance.spec.profile_files import load_profile
from mock_transmitter.__main__ import main
from mock_transmitter.deviations.deviation import Deviation
from mock_transmitter.domain.push import PushOutcome
from mock_transmitter.server import CannotServeError, RunningServer

PUSH = "urn:ietf:rfc:8935"
POLL = "urn:ietf:rfc:8936"
PATIENCE_S = 60
REFUSAL = Response(
    '{"err": "invalid_key", "description": "who are you"}',
    400,
    {"content-type": "application/json", "content-language": "en"},
)


class Receiver:
    """A listener that keeps what is pushed to it and answers as its script says, else 202."""

    def __init__(self, context=None):
        self.pushed = []
        self.script = []
        self.always = Response(status=202)
        self.server = HTTPServer(port=0, ssl_context=context)
        self.server.expect_request("/events").respond_with_handler(self._answer)
        self.server.expect_request("/other").respond_with_handler(self._answer)
        self.server.start()
        self.url = self.server.url_for("/events")
        self.other_url = self.server.url_for("/other")

    def _answer(self, request):
        self.pushed.append((request.path, dict(request.headers), request.data, request.method))
        answer = self.script.pop(0) if self.script else self.always
        return answer() if callable(answer) and not isinstance(answer, Response) else answer

    @property
    def tokens(self):
        return [data.decode() for _, _, data, _ in self.pushed]

    def wait_for(self, count):
        end = time.monotonic() + PATIENCE_S
        while len(self.pushed) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.pushed) >= count


@pytest.fixture(scope="module")
def listening():
    one = Receiver()
    yield one
    one.server.stop()


@pytest.fixture
def receiver(listening):
    listening.pushed.clear()
    listening.script = []
    listening.always = Response(status=202)
    return listening


@pytest.fixture
def lab(mock):
    """Return a mock on plain http, so that it pushes to plain http."""
    return mock("ssf-1.0", base_url="http://mock.example", push_timeout_s=PATIENCE_S)


def to(url, **more):
    return {"method": PUSH, "endpoint_url": url, **more}


def make(lab, types, url, **more):
    return lab.create({"events_requested": types, "delivery": to(url, **more)})


def shown(lab):
    return lab.control("GET", "streams").json()["streams"][0]["push"]


def pushes(answer):
    return [one for one in answer["happened"] if one["what"] == "push"]


def user(name):
    return {"format": "email", "email": f"{name}@example.com"}


# What is sent


def test_a_set_is_posted_as_the_rfc_has_it(lab, receiver, types, claims, header):
    make(lab, types, receiver.url)
    (jti,) = lab.emit()
    ((path, headers, body, method),) = receiver.pushed
    assert (path, method) == ("/events", "POST")
    assert headers["Content-Type"] == "application/secevent+jwt"
    assert headers["Accept"] == "application/json"
    assert "Authorization" not in headers
    assert claims(body.decode())["jti"] == jti
    assert header(body.decode())["typ"] == "secevent+jwt"
    assert shown(lab) == {"pending": [], "dead_letters": []}


def test_the_authorization_header_is_sent_as_it_was_given_and_follows_updates(lab, receiver, types):
    stream = make(lab, types, receiver.url, authorization_header="Basic  ex:Act=")
    lab.emit()
    delivery = to(receiver.url, authorization_header="Bearer two")
    assert lab.patch({"stream_id": stream["stream_id"], "delivery": delivery}).is_success
    lab.emit()
    assert lab.patch({"stream_id": stream["stream_id"], "delivery": to(receiver.url)}).is_success
    lab.emit()
    sent = [headers.get("Authorization") for _, headers, _, _ in receiver.pushed]
    assert sent == ["Basic  ex:Act=", "Bearer two", None]


def test_verification_leads_to_a_push_before_it_is_answered(lab, receiver, claims):
    stream = make(lab, [], receiver.url)
    body = {"stream_id": stream["stream_id"], "state": "s"}
    assert lab.call("POST", lab.metadata["verification_endpoint"], body).status_code == 204
    (token,) = receiver.tokens
    (event,) = claims(token)["events"].values()
    assert event == {"state": "s"}


def test_a_push_only_profile_pushes(mock, receiver, types):
    jamf = mock("jamf", base_url="http://mock.example")
    document = jamf.call("GET", jamf.configuration).json()
    wanted = {**document, "delivery": {**document["delivery"], "endpoint_url": receiver.url}}
    wanted["events_requested"] = wanted["events_supported"]
    assert jamf.call("POST", jamf.configuration, wanted).is_success
    jamf.control("POST", "events", {"event_type": document["events_supported"][0]})
    assert len(receiver.pushed) == 1


def test_an_address_below_invalid_is_never_contacted_and_its_sets_wait(
    lab, receiver, types, monkeypatch
):
    looked_up = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: looked_up.append(a))
    stream = make(lab, types, "http://receiver.invalid/events")
    jtis = [*lab.emit(), *lab.emit()]
    assert pushes(lab.advance(90000)) == []
    assert [one["jti"] for one in shown(lab)["pending"]] == jtis
    assert looked_up == []
    monkeypatch.undo()
    lab.patch({"stream_id": stream["stream_id"], "delivery": to(receiver.url)})
    assert len(receiver.pushed) == 2


def test_a_paused_stream_is_not_pushed_to_and_goes_on_in_order(lab, receiver, types, claims):
    stream = make(lab, types, receiver.url)
    endpoint = lab.metadata["status_endpoint"]
    paused = {"stream_id": stream["stream_id"], "status": "paused"}
    assert lab.call("POST", endpoint, paused).is_success
    jtis = [*lab.emit(), *lab.emit(), *lab.emit()]
    assert pushes(lab.advance(60)) == []
    assert receiver.pushed == []
    assert lab.call("POST", endpoint, {**paused, "status": "enabled"}).is_success
    assert [claims(token)["jti"] for token in receiver.tokens] == jtis


# Answers


def test_a_set_that_is_refused_is_not_sent_again(lab, receiver, types, claims):
    receiver.script = [REFUSAL]
    make(lab, types, receiver.url)
    (first,) = lab.emit()
    (second,) = lab.emit()
    lab.advance(90000)
    assert [claims(token)["jti"] for token in receiver.tokens] == [first, second]
    assert shown(lab) == {
        "pending": [],
        "dead_letters": [
            {"jti": first, "attempts": 1, "reason": "who are you", "err": "invalid_key"}
        ],
    }


@pytest.mark.parametrize(
    "answer",
    [
        *(Response(status=code) for code in (200, 204, 401, 403, 404, 429, 500, 503)),
        Response(status=307, headers={"location": "/other"}),
        Response("no JSON", 400),
        Response('{"error": "x"}', 400, content_type="application/json"),
        Response('{"err": 5}', 400, content_type="application/json"),
        Response("x" * 100_000, 400),
    ],
    ids=lambda answer: f"{answer.status_code}-{len(answer.data)}",
)
def test_whatever_else_is_answered_the_same_set_is_tried_again(lab, receiver, types, answer):
    receiver.script = [answer, answer]
    make(lab, types, receiver.url)
    (jti,) = lab.emit()
    assert len(receiver.pushed) == 1
    (waiting,) = shown(lab)["pending"]
    assert (waiting["jti"], waiting["attempts"]) == (jti, 1)
    assert pushes(lab.advance(0.9)) == []
    happened = pushes(lab.advance(10))
    assert [(one["at"] - 1767225600, one["ending"]) for one in happened] == [
        (1, "failed"),
        (3, "delivered"),
    ]
    assert len(set(receiver.tokens)) == 1
    assert [path for path, _, _, _ in receiver.pushed] == ["/events"] * 3
    assert shown(lab)["pending"] == []


def test_a_slow_answer_and_none_are_tried_again(mock, receiver, types):
    lab = mock("ssf-1.0", base_url="http://mock.example", push_timeout_s=0.4)
    late = threading.Event()

    def slowly():
        late.wait(PATIENCE_S)
        return Response(status=202)

    receiver.script = [slowly]
    make(lab, types, receiver.url)
    began = time.monotonic()
    lab.emit()
    assert time.monotonic() - began >= 0.4
    late.set()
    (again,) = pushes(lab.advance(1))
    assert again["ending"] == "delivered"
    assert again["attempt"] == 2


@contextmanager
def bare_listener(serve):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/events"
        thread.join(PATIENCE_S)


def test_a_reset_is_tried_again(lab, types):
    def resetting(listening):
        connection, _ = listening.accept()
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        connection, _ = listening.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        connection.close()

    with bare_listener(resetting) as url:
        make(lab, types, url)
        lab.emit()
        (waiting,) = shown(lab)["pending"]
        assert waiting["attempts"] == 1
        (again,) = pushes(lab.advance(1))
    assert again["ending"] == "delivered"


def test_a_set_that_nobody_takes_ends_as_a_dead_letter(lab, types):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    make(lab, types, f"http://127.0.0.1:{port}/")
    (jti,) = lab.emit()
    happened = pushes(lab.advance(86400))
    times = [1767225600.0, *(one["at"] for one in happened)]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == [*(2.0**n for n in range(12)), *[3600.0] * 7]
    push = shown(lab)
    assert push["pending"] == []
    (dead,) = push["dead_letters"]
    assert (dead["jti"], dead["attempts"]) == (jti, 20)
    assert "ConnectError" in dead["reason"]


def test_a_header_that_can_not_be_sent_is_a_failure_like_others(lab, receiver, types):
    make(lab, types, receiver.url, authorization_header="Bearer é")
    lab.emit()
    assert len(receiver.pushed) == 1
    for stream in lab.tenant.transmitter.streams():
        object.__setattr__(stream.configuration.delivery, "authorization_header", "a\nb: c")
    lab.emit()
    assert len(receiver.pushed) == 1
    assert len(shown(lab)["pending"]) == 1


# Order


def test_one_that_fails_holds_up_only_its_own_subject(lab, receiver, types, claims):
    receiver.script = [Response(status=503)]
    make(lab, types, receiver.url)
    (first,) = lab.emit(subject=user("a"))
    (second,) = lab.emit(subject=user("a"))
    (third,) = lab.emit(subject=user("b"))
    lab.advance(60)
    came = [claims(token)["jti"] for token in receiver.tokens]
    assert came == [first, third, first, second]


def test_verifications_are_not_held_up_by_one_that_failed(lab, receiver):
    receiver.script = [Response(status=503)]
    stream = make(lab, [], receiver.url)
    endpoint = lab.metadata["verification_endpoint"]
    lab.call("POST", endpoint, {"stream_id": stream["stream_id"]})
    lab.tenant.transmitter.streams()[0].verified_at = None
    lab.call("POST", endpoint, {"stream_id": stream["stream_id"]})
    assert len(receiver.pushed) == 2


# Changes on the way


def test_a_new_address_is_tried_at_once(lab, receiver, types):
    receiver.always = Response(status=503)
    stream = make(lab, types, receiver.url)
    lab.emit(subject=user("a"))
    lab.emit(subject=user("b"))
    lab.advance(100)
    receiver.always = Response(status=202)
    receiver.pushed.clear()
    lab.patch({"stream_id": stream["stream_id"], "delivery": to(receiver.other_url)})
    assert [path for path, _, _, _ in receiver.pushed] == ["/other", "/other"]


def test_a_stream_that_is_polled_from_now_on_keeps_what_was_not_delivered(lab, receiver, types):
    receiver.always = Response(status=503)
    stream = make(lab, types, receiver.url)
    jtis = [*lab.emit(), *lab.emit()]
    answer = lab.patch({"stream_id": stream["stream_id"], "delivery": {"method": POLL}})
    polled = lab.poll(answer.json()).json()["sets"]
    assert list(polled) == jtis
    assert polled[jtis[0]] == receiver.tokens[0]


def test_a_polled_stream_that_is_pushed_to_from_now_on_keeps_what_was_not_acknowledged(
    lab, receiver, types
):
    stream = lab.create({"events_requested": types})
    lab.emit()
    (token,) = lab.poll(stream).json()["sets"].values()
    lab.patch({"stream_id": stream["stream_id"], "delivery": to(receiver.url)})
    assert receiver.tokens == [token]


def while_pushing(lab, receiver, types, act):
    """Act on a stream while its SET is under way, and answer 503 then."""
    stream = make(lab, types, receiver.url)

    def acting():
        act(stream)
        return Response(status=503)

    receiver.script = [acting]
    lab.emit()
    return stream


def test_a_stream_deleted_while_pushing_is_not_pushed_to_again(lab, receiver, types):
    def delete(stream):
        url = f"{lab.configuration}?stream_id={stream['stream_id']}"
        assert lab.call("DELETE", url).status_code == 204

    while_pushing(lab, receiver, types, delete)
    assert pushes(lab.advance(86400)) == []
    assert len(receiver.pushed) == 1


def test_an_address_changed_while_pushing_gets_the_set_at_once(lab, receiver, types):
    def change(stream):
        changes = {"stream_id": stream["stream_id"], "delivery": to(receiver.other_url)}
        assert lab.patch(changes).is_success

    while_pushing(lab, receiver, types, change)
    assert [path for path, _, _, _ in receiver.pushed] == ["/events", "/other"]
    assert shown(lab)["pending"] == []


def test_a_stream_disabled_while_pushing_drops_the_set_for_good(lab, receiver, types):
    def disable(stream):
        for status in ("disabled", "enabled"):
            body = {"stream_id": stream["stream_id"], "status": status}
            assert lab.call("POST", lab.metadata["status_endpoint"], body).is_success

    while_pushing(lab, receiver, types, disable)
    assert pushes(lab.advance(60)) == []
    assert shown(lab) == {"pending": [], "dead_letters": []}


def test_a_receiver_may_ask_the_mock_while_it_is_pushed_to(lab, receiver, types):
    asked = []

    def ask():
        asked.append(lab.call("GET", lab.metadata["jwks_uri"], token=None).status_code)
        return Response(status=202)

    receiver.script = [ask]
    make(lab, types, receiver.url)
    lab.emit()
    assert asked == [200]


# TLS


@pytest.fixture
def authority():
    return trustme.CA()


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@contextmanager
def tls_receiver(certificate):
    one = Receiver(context_of(certificate))
    yield one
    one.server.stop()


def test_over_tls_the_given_authority_is_trusted(mock, authority, types):
    with tls_receiver(authority.issue_cert("localhost")) as one:
        tenant = mock("ssf-1.0", push_ca=authority.cert_pem.bytes().decode())
        make(tenant, types, one.url)
        tenant.emit()
        assert len(one.pushed) == 1


@pytest.mark.parametrize("trusted", ["another", "system"])
def test_an_unknown_authority_gets_no_set(mock, authority, types, trusted):
    with tls_receiver(authority.issue_cert("localhost")) as one:
        ca = trustme.CA().cert_pem.bytes().decode() if trusted == "another" else None
        tenant = mock("ssf-1.0", push_ca=ca)
        make(tenant, types, one.url)
        tenant.emit()
        assert one.pushed == []
        assert len(shown(tenant)["pending"]) == 1


def test_a_certificate_of_another_host_gets_no_set(mock, authority, types):
    with tls_receiver(authority.issue_cert("elsewhere.example")) as one:
        tenant = mock("ssf-1.0", push_ca=authority.cert_pem.bytes().decode())
        make(tenant, types, one.url)
        tenant.emit()
        assert one.pushed == []


# Seams


class Otherwise(Deviation):
    def __init__(self, push=None, pushed=None):
        if push:
            self.push = push
        if pushed:
            self.pushed = pushed


def test_a_deviation_may_change_an_attempt_or_withhold_it(lab, receiver, types):
    make(lab, types, receiver.url)
    lab.tenant._seams.use([Otherwise(push=lambda attempt, at: None)])
    lab.emit()
    assert receiver.pushed == []
    assert shown(lab) == {"pending": [], "dead_letters": []}


def test_a_deviation_may_take_an_outcome_for_another(lab, receiver, types):
    receiver.script = [REFUSAL]
    make(lab, types, receiver.url)
    taken = PushOutcome(ending="delivered", reason="never mind")
    lab.tenant._seams.use([Otherwise(pushed=lambda outcome, at: taken)])
    lab.emit()
    assert shown(lab) == {"pending": [], "dead_letters": []}


# The server


@contextmanager
def served(clock, **options):
    with RunningServer(
        load_profile("ssf-1.0"), clock=clock, push_timeout_s=PATIENCE_S, **options
    ) as one:
        token = one.receivers[0].management_token
        with httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
            yield one, client


def made(server, client, url, types):
    endpoint = client.get(server.discovery_url).json()["configuration_endpoint"]
    answer = client.post(endpoint, json={"events_requested": types, "delivery": to(url)})
    assert answer.status_code == 201, answer.text


def emitted(server, client):
    assert client.post(f"{server.control_url}/events", json={}).status_code == 200


def test_a_server_pushes_and_retries_on_the_systems_clock(receiver, types):
    receiver.script = [Response(status=503)]
    with served("system") as (server, client):
        made(server, client, receiver.url, types)
        began = time.monotonic()
        emitted(server, client)
        receiver.wait_for(2)
        assert time.monotonic() - began >= 0.9
    assert len(set(receiver.tokens)) == 1


def test_on_a_server_no_request_waits_for_a_receiver(receiver, types):
    late = threading.Event()

    def slowly():
        late.wait(PATIENCE_S)
        return Response(status=202)

    receiver.script = [slowly]
    with served("system") as (server, client):
        made(server, client, receiver.url, types)
        emitted(server, client)
        receiver.wait_for(1)
        assert client.get(server.discovery_url).status_code == 200
        assert not late.is_set()
        late.set()


def test_on_a_server_moving_the_clock_returns_when_pushes_are_made(receiver, types):
    receiver.script = [Response(status=503)] * 3
    with served("simulated") as (server, client):
        made(server, client, receiver.url, types)
        emitted(server, client)
        receiver.wait_for(1)
        client.post(f"{server.control_url}/clock", json={"advance_s": 60})
        assert len(receiver.pushed) == 4
        emitted(server, client)
        receiver.wait_for(5)


def test_a_tenant_of_a_server_is_pushed_for_too(receiver, types):
    with served("simulated") as (server, client):
        opened = client.post(f"{server.control_url}/tenants", json={}).json()
        headers = {"authorization": f"Bearer {opened['receivers'][0]['management_token']}"}
        endpoint = client.get(opened["discovery_url"]).json()["configuration_endpoint"]
        body = {"events_requested": types, "delivery": to(receiver.url)}
        assert client.post(endpoint, json=body, headers=headers).status_code == 201
        client.post(f"{opened['control_url']}/events", json={})
        receiver.wait_for(1)


def test_a_server_that_stops_ends_its_pushing(receiver, types):
    receiver.always = Response(status=503)
    with served("system") as (server, client):
        made(server, client, receiver.url, types)
        emitted(server, client)
        receiver.wait_for(1)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("ssf-mock-push")]


# The command line


@pytest.mark.parametrize("text", ["nothing", ""])
def test_an_authority_that_is_none_is_refused_with_the_option(text):
    with pytest.raises(CannotServeError, match="push-ca") as raised:
        RunningServer(load_profile("ssf-1.0"), push_ca=text)
    assert "certificate" in str(raised.value)


def test_a_file_without_a_certificate_is_named(tmp_path, capsys):
    path = tmp_path / "key.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\n")
    assert main(["--push-ca", str(path)]) == 4
    assert f"--push-ca: {path} holds no certificate; name a file" in capsys.readouterr().err


def test_where_the_mock_is_on_plain_http_both_schemes_are_named(mock, lab, types):
    def complaint(transmitter):
        body = {"events_requested": types, "delivery": {"method": PUSH}}
        answer = transmitter.call("POST", transmitter.configuration, body)
        return answer.json()["error_description"]

    assert "must be an https or http URL" in complaint(lab)
    assert "must be an https URL" in complaint(mock("ssf-1.0"))


def test_a_file_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["--push-ca", str(tmp_path / "none.pem")]) == 4
    assert "--push-ca" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_push_has_to_be_given_time(seconds, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--push-timeout", seconds])
    assert ended.value.code == 4
    assert "--push-timeout" in capsys.readouterr().err
