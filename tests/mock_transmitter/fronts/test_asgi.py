"""The ASGI front and the server around it, in this process."""

import asyncio
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conformance.spec.profile_files import load_profile
from mock_transmitter.fronts.asgi import Application
from mock_transmitter.http.message import Parked, Request, Response
from mock_transmitter.server import CannotServeError, RunningServer, check_issuer

PATIENCE_S = 60
SESSION_REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"


class OneAnswer:
    """A Site that gives one answer and keeps what it was asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []
        self.listeners = []

    def handle(self, request: Request):
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def subscribe(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def stir(self):
        for listener in list(self.listeners):
            listener()


class Call:
    """One ASGI call: its messages in, and what came out."""

    def __init__(self, method="POST", path="/poll", query=b"", headers=(), body=(b"{}",)):
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": list(headers),
        }
        self.messages = asyncio.Queue()
        self.read = 0
        for index, chunk in enumerate(body):
            more = index < len(body) - 1
            self.messages.put_nowait({"type": "http.request", "body": chunk, "more_body": more})
        self.sent = []

    async def receive(self):
        self.read += 1
        return await self.messages.get()

    async def send(self, message):
        self.sent.append(message)

    def hang_up(self):
        self.messages.put_nowait({"type": "http.disconnect"})

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return dict(self.sent[0]["headers"])

    @property
    def document(self):
        return json.loads(self.sent[1]["body"])


def parked(attempt, *, deadline=1000.0, now=lambda: 0.0):
    return Parked(deadline, lambda: deadline, attempt, lambda: Response(200), now)


def run(site, call, *, simulated=True, **options):
    application = Application(site, simulated=simulated, **options)
    asyncio.run(asyncio.wait_for(application(call.scope, call.receive, call.send), PATIENCE_S))
    return application


def poll_stream(server, client):
    metadata = client.get(server.discovery_url).json()
    receiver = server.receivers[0]
    credentials = {"authorization": f"Bearer {receiver.management_token}"}
    made = client.post(
        metadata["configuration_endpoint"],
        headers=credentials,
        json={"delivery": {"method": "urn:ietf:rfc:8936"}, "events_requested": [SESSION_REVOKED]},
    )
    assert made.status_code == 201, made.text
    return made.json()["delivery"]["endpoint_url"], credentials


def test_path_query_headers_and_body_reach_the_core_as_they_were_sent():
    site = OneAnswer(Response(204))
    call = Call("PATCH", "/a%3Ab", b"x=%20y", [(b"Authorization", b"Bearer t")], (b"{", b"}"))
    run(site, call)
    (request,) = site.asked
    assert request == Request("PATCH", "/a%3Ab?x=%20y", (("authorization", "Bearer t"),), b"{}")


def test_the_absolute_form_of_a_target_is_its_path():
    site = OneAnswer(Response(204))
    run(site, Call(path="http://[mock.example/a//b"))
    assert site.asked[0].target == "/a//b"


def test_an_answer_without_content_has_no_length():
    call = Call()
    run(OneAnswer(Response(204, body=b"ignored")), call)
    assert call.headers == {}
    assert call.sent[1]["body"] == b""


def test_a_bug_in_the_core_is_a_500_that_says_so_and_a_log_entry(caplog):
    call = Call()
    run(OneAnswer(ZeroDivisionError("a bug")), call)
    assert call.status == 500
    assert call.document["error"] == "server_error"
    assert "a bug" in caplog.text


def test_a_bug_in_a_held_poll_is_a_500_too(caplog):
    def attempt():
        raise ZeroDivisionError

    call = Call()
    site = OneAnswer(parked(attempt))
    run(site, call)
    assert call.status == 500
    assert site.listeners == []


def test_no_more_than_one_byte_past_the_limit_reaches_the_core():
    site = OneAnswer(Response(413))
    call = Call(body=(b"a" * 700_000,) * 3)
    run(site, call)
    assert len(site.asked[0].body) == 1024 * 1024 + 1
    assert b"connection" not in call.headers


def test_an_endless_body_is_read_to_a_bound_and_the_connection_closed():
    site = OneAnswer(Response(413))
    call = Call(body=(b"a" * 1024 * 1024,) * 40)
    run(site, call)
    assert call.read < 20
    assert call.headers[b"connection"] == b"close"


def test_a_client_that_asks_first_is_refused_before_it_sends():
    site = OneAnswer(Response(413))
    call = Call(headers=[(b"expect", b"100-continue"), (b"content-length", b"2000000")], body=())
    run(site, call)
    assert call.read == 0
    assert call.status == 413
    assert call.headers[b"connection"] == b"close"


def test_a_body_that_never_comes_is_answered_408(monkeypatch):
    monkeypatch.setattr("mock_transmitter.fronts.asgi.BODY_TIMEOUT_S", 0.05)
    site = OneAnswer(Response(204))
    call = Call(body=())
    run(site, call)
    assert call.status == 408
    assert site.asked == []


def test_a_client_that_leaves_in_mid_request_is_no_request():
    site = OneAnswer(Response(204))
    call = Call(body=())
    call.hang_up()
    run(site, call)
    assert site.asked == []
    assert call.sent == []


def test_a_held_poll_is_asked_again_whenever_something_happened():
    answers = [None, None, Response.json(200, {"sets": {}})]
    site = OneAnswer(parked(lambda: answers.pop(0)))

    async def story():
        call = Call()
        application = Application(site, simulated=True)
        task = asyncio.create_task(application(call.scope, call.receive, call.send))
        for _ in range(2):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(site.stir)
        await asyncio.wait_for(task, PATIENCE_S)
        return application, call

    application, call = asyncio.run(story())
    assert call.document == {"sets": {}}
    assert site.listeners == []
    assert application.held == 0


def test_a_poll_whose_client_has_left_is_not_asked_again():
    asked = []
    site = OneAnswer(parked(lambda: asked.append(1)))

    async def story():
        call = Call()
        application = Application(site, simulated=True)
        task = asyncio.create_task(application(call.scope, call.receive, call.send))
        await asyncio.sleep(0.05)
        before = len(asked)
        call.hang_up()
        site.stir()
        await asyncio.wait_for(task, PATIENCE_S)
        return call, before

    call, before = asyncio.run(story())
    assert call.sent == []
    assert len(asked) == before
    assert site.listeners == []


def test_on_a_simulated_clock_that_nobody_moves_a_poll_ends_as_at_its_deadline():
    with RunningServer(load_profile("ssf-1.0"), clock="simulated") as server:
        server._application._simulated_patience_s = 0.2
        with httpx.Client(timeout=PATIENCE_S) as client:
            url, credentials = poll_stream(server, client)
            answer = client.post(url, headers=credentials, json={"returnImmediately": False})
    assert answer.status_code == 200
    assert answer.json()["sets"] == {}


def test_on_the_system_clock_a_poll_is_asked_again_when_it_falls_due():
    began = time.monotonic()

    def attempt():
        due = time.monotonic() - began >= 0.2
        return Response.json(200, {"sets": {}}) if due else None

    call = Call()
    site = OneAnswer(parked(attempt, deadline=0.2, now=lambda: time.monotonic() - began))
    run(site, call, simulated=False)
    assert call.status == 200


def test_a_hundred_held_polls_cost_no_thread_and_one_event_answers_them_all():
    with RunningServer(load_profile("ssf-1.0"), clock="system", long_poll_timeout_s=60) as server:
        threads = threading.active_count()

        async def story():
            limits = httpx.Limits(max_connections=200)
            async with httpx.AsyncClient(timeout=PATIENCE_S, limits=limits) as client:
                with httpx.Client() as direct:
                    url, credentials = poll_stream(server, direct)
                request = {"returnImmediately": False}
                polls = [
                    asyncio.create_task(client.post(url, headers=credentials, json=request))
                    for _ in range(100)
                ]
                await asyncio.to_thread(wait_until, lambda: server.held_polls == 100)
                assert threading.active_count() <= threads + 2
                await client.get(server.discovery_url)
                assert server.held_polls == 100
                await client.post(f"{server.control_url}/events", json={})
                answers = await asyncio.gather(*polls)
                return [tuple(answer.json()["sets"]) for answer in answers]

        polled = asyncio.run(story())
    # RFC 8936: as long as nobody acknowledges it, every poll gets it.
    assert len(polled) == 100
    assert len(set(polled)) == 1
    assert len(polled[0]) == 1


def test_backoff_shows_that_a_poll_that_was_dropped_took_nothing():
    with RunningServer(load_profile("avnology"), clock="simulated") as server:
        receiver = server.receivers[0]
        transmitter_view = f"{server.control_url}/streams"
        with httpx.Client(timeout=PATIENCE_S) as client:
            url, credentials = avnology_stream(server, client, receiver)
            with pytest.raises(httpx.ReadTimeout):
                client.post(
                    url, headers=credentials, json={"return_immediately": False}, timeout=0.3
                )
            wait_until(lambda: server.held_polls == 0)
            client.post(f"{server.control_url}/events", json={})
            (stream,) = client.get(transmitter_view).json()["streams"]
            assert stream["pending"] == 1
            # Once delivered, it would be due only after the first gap, and this clock stands still.
            polled = client.post(url, headers=credentials, json={"return_immediately": True})
    assert len(polled.json()["sets"]) == 1


def avnology_stream(server, client, receiver):
    profile = server.profile
    create = profile.operations["create_stream"]
    made = client.request(
        create.method,
        profile.url(create.endpoint, issuer=server.issuer),
        headers={"authorization": f"Bearer {receiver.management_token}"},
        json={
            "delivery": {"method": profile.delivery.poll},
            "events_requested": [SESSION_REVOKED],
        },
    )
    assert made.status_code in create.success, made.text
    (stream,) = client.get(f"{server.control_url}/streams").json()["streams"]
    url = profile.url("poll", issuer=server.issuer, stream_id=stream["stream_id"])
    return url, {"authorization": f"Bearer {receiver.poll_token}"}


def wait_until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_stopping_closes_the_port_and_may_be_repeated():
    server = RunningServer(load_profile("ssf-1.0"))
    port = int(server.issuer.rpartition(":")[2])
    assert server.running
    server.stop()
    server.stop()
    assert not server.running
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def test_an_idle_tls_client_does_not_hold_up_a_stop():

    server = RunningServer(load_profile("ssf-1.0"), tls=True)
    context = ssl.create_default_context(cafile=server.ca_file)
    with httpx.Client(verify=context) as client:
        assert client.get(server.discovery_url).status_code == 200
        server.stop()
    assert not server.ca_file.exists()


def test_a_stop_answers_held_polls_at_once():
    with ThreadPoolExecutor(1) as pool, httpx.Client(timeout=PATIENCE_S) as client:
        with RunningServer(load_profile("ssf-1.0")) as server:
            url, credentials = poll_stream(server, client)
            request = {"returnImmediately": False}
            held = pool.submit(client.post, url, headers=credentials, json=request)
            wait_until(lambda: server.held_polls == 1)
            server.stop()
        assert held.result(PATIENCE_S).status_code == 503


def test_a_head_request_has_headers_and_no_content():
    with RunningServer(load_profile("ssf-1.0")) as server, httpx.Client() as client:
        answer = client.head(server.discovery_url)
        assert answer.content == b""
        assert client.get(server.discovery_url).status_code == 200


def test_a_request_that_is_not_http_is_answered_400():
    with RunningServer(load_profile("ssf-1.0")) as server:
        port = int(server.issuer.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as caller:
            caller.sendall(b"nonsense\r\n\r\n")
            assert caller.recv(65536).startswith(b"HTTP/1.1 400")


def test_ipv6_is_served_under_a_bracketed_issuer():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with RunningServer(load_profile("ssf-1.0"), host="::1") as server, httpx.Client() as client:
        assert server.issuer.startswith("http://[::1]:")
        assert client.get(server.discovery_url).json()["issuer"] == server.issuer


@pytest.mark.parametrize("issuer", ["https://a.example:x", "https://", "https://u@a.example", "a"])
def test_what_is_no_issuer_is_refused(issuer):
    with pytest.raises(CannotServeError, match="issuer"):
        check_issuer(issuer, tls=False)


def test_a_server_that_cannot_start_leaves_no_port_open(tmp_path):
    with pytest.raises(CannotServeError, match="ca-out"):
        RunningServer(load_profile("ssf-1.0"), tls=True, ca_out=tmp_path / "none" / "ca.pem")
