"""A mock to talk to, in process.

A request goes straight to the transport: a client of httpx would cost more than the mock's answer.
"""

import base64
import json
from functools import cache

import httpx

from conformance.spec.profile_files import load_profile
from mock_transmitter.fronts.in_process import InProcessTransport
from mock_transmitter.site import Site

ISSUER = "https://mock.example"
parsed = cache(httpx.URL)
plain_profile = cache(load_profile)


class Mock:
    """One tenant, and a client for each of its Receivers."""

    def __init__(
        self, profile, *, settings=None, tenant=None, site=None, base_url=ISSUER, **options
    ):
        self.profile = load_profile(profile, settings) if settings else plain_profile(profile)
        self.site = site or Site(self.profile, base_url=base_url, **options)
        self.tenant = tenant or self.site.tenant
        self.transport = InProcessTransport(self.site)
        self.http = httpx.Client(transport=self.transport)
        self.first, self.second = self.tenant.receivers

    def call(self, method, url, body=None, *, token="first", content=None, headers=None):
        """Send one request; `token` is a Receiver's place, a token, or None."""
        if token in {"first", "second"}:
            token = getattr(self, token).management_token
        headers = dict(headers or {})
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if body is not None:
            content = json.dumps(body).encode()
        request = httpx.Request(method, parsed(url), content=content, headers=headers)
        answer = self.transport.handle_request(request)
        answer.read()
        return answer

    @property
    def metadata(self):
        return self.call("GET", self.tenant.discovery_url).json()

    @property
    def configuration(self):
        return self.metadata["configuration_endpoint"]

    def create(self, body=None, **how):
        answer = self.call("POST", self.configuration, body or {}, **how)
        assert answer.is_success, answer.text
        return answer.json()

    def patch(self, body, **how):
        return self.call("PATCH", self.configuration, body, **how)

    def put(self, body, **how):
        return self.call("PUT", self.configuration, body, **how)

    def read(self, stream_id, **how):
        return self.call("GET", f"{self.configuration}?stream_id={stream_id}", **how)

    def emit(self, **body):
        answer = self.control("POST", "events", body)
        assert answer.status_code == 200, answer.text
        return [one["jti"] for one in answer.json()["sets"]]

    def control(self, method, path, body=None, content=None):
        url = f"{self.tenant.control_url}/{path}"
        return self.call(method, url, body, token=None, content=content)

    def poll(self, stream, body=None, *, token=None, content=None):
        token = token or self.first.poll_token or self.first.management_token
        url = stream["delivery"]["endpoint_url"]
        body = {"returnImmediately": True} if body is None and content is None else body
        return self.call("POST", url, body, token=token, content=content)

    def advance(self, seconds):
        answer = self.control("POST", "clock", {"advance_s": seconds})
        assert answer.status_code == 200, answer.text
        return answer.json()


def decoded(token):
    """Return header and claims of a compact token, unverified."""
    header, claims, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims))
