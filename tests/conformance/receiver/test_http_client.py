"""What goes out with a request, and what is read of an answer, by a transport that keeps both."""

import gzip

import httpx
import pytest

from conformance.receiver.http_client import HttpClient, HttpError, NotConnected, Silence


def exchanged(answer, method="GET", headers=None, content=None):
    """Send one request to a transport that answers so; return the request and the response."""
    sent = []

    def handle(request):
        sent.append(request)
        return answer(request) if callable(answer) else answer

    client = HttpClient.by_transport(httpx.MockTransport(handle))
    response = client.send(
        method, "https://tx.example:8443/a?b=c", headers or {}, content, timeout_s=3
    )
    return sent[0], response


@pytest.mark.parametrize(
    ("method", "content", "length"),
    [
        ("GET", None, None),
        ("DELETE", None, None),
        ("DELETE", b"", None),
        ("POST", None, "0"),
        ("PUT", b"", "0"),
        ("PATCH", b"{}", "2"),
        ("GET", b"{}", "2"),
    ],
)
def test_a_request_says_how_long_its_content_is(method, content, length):
    request, _ = exchanged(httpx.Response(200), method, content=content)
    assert request.headers.get("content-length") == length
    assert request.headers["host"] == "tx.example:8443"
    assert request.read() == (content or b"")


def test_the_headers_of_a_request_replace_the_usual_ones():
    request, _ = exchanged(httpx.Response(200), headers={"accept": "text/plain", "x-api-key": "k"})
    assert request.headers.get_list("accept") == ["text/plain"]
    assert request.headers["x-api-key"] == "k"
    assert request.headers["user-agent"] == "ssf-conformance"


def test_fields_of_one_name_are_joined_and_names_are_in_lower_case():
    fields = [("WWW-Authenticate", "Bearer"), ("www-authenticate", "Basic"), ("X-Odd", b"\xe9")]
    _, response = exchanged(httpx.Response(401, headers=fields))
    assert response.headers["www-authenticate"] == "Bearer, Basic"
    assert response.headers["x-odd"] == "é"


def test_a_coded_body_is_decoded():
    coded = {"content-encoding": "gzip"}
    body = httpx.ByteStream(gzip.compress(b'{"a": 1}'))
    _, response = exchanged(httpx.Response(200, headers=coded, stream=body))
    assert response.body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (httpx.ConnectError("refused"), NotConnected, "ConnectError: refused"),
        (httpx.ReadTimeout("slow"), Silence, "a hang"),
        (httpx.RemoteProtocolError("broken"), HttpError, "RemoteProtocolError: broken"),
    ],
)
def test_a_request_without_an_answer_says_why(error, kind, words):
    def fail(request):
        raise error

    with pytest.raises(kind, match=words):
        exchanged(fail)
