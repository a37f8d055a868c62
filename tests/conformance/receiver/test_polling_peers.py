"""Targets whose polls hang, crash or drip: each costs its timeouts, and is named by its row."""

import json
from dataclasses import dataclass, field

import pytest
from flying_time import let_time_fly
from helpers import carry_out, target_file
from peers import Drip, Peer, Silence, answer, discovered

from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.results_document import document_of
from conformance.receiver.http_client import HttpClient
from conformance.spec import schema
from conformance.spec.requirement import load_catalogue


@dataclass
class Polled:
    """One stream of a peer: SETs are raised by verification, and polls are answered by `poll`."""

    queue: dict = field(default_factory=dict)
    odd: object = None

    def __call__(self, asked):
        path = asked.path.partition("?")[0]
        if path == "/stream":
            return self.manage(asked)
        if path == "/verify":
            self.queue[f"jti-{len(self.queue)}"] = "e30.e30.x"
            return answer(204, b"")
        if path != "/poll":
            return answer(404, {})
        try:
            body = json.loads(asked.body)
        except (ValueError, RecursionError):
            body = None
        done = self.odd(body) if self.odd else None
        return done or self.poll(body)

    def manage(self, asked):
        if asked.method == "DELETE":
            return answer(204, b"")
        url = f"http://{asked.headers['host']}/poll"
        delivery = {"method": "urn:ietf:rfc:8936", "endpoint_url": url}
        status = 201 if asked.method == "POST" else 200
        return answer(status, {"stream_id": "s", "delivery": delivery})

    def poll(self, body):
        if list(schema.problems("rfc8936/poll-request.json", body)):
            return answer(400, {})
        for jti in [*body.get("ack", []), *body.get("setErrs", {})]:
            self.queue.pop(jti, None)
        sets = dict(list(self.queue.items())[: int(body.get("maxEvents", 100))])
        more = len(self.queue) > len(sets)
        return answer(200, {"sets": sets, "moreAvailable": more})


def crashes(body):
    return answer(500, {"error": "boom"})


def hangs_on_malformed_bodies(body):
    if not isinstance(body, dict):
        raise Silence


def hangs_on_empty_queues(body):
    if isinstance(body, dict) and body.get("returnImmediately") and not body.get("ack"):
        raise Silence


def drips(body):
    raise Drip


def judged(tmp_path, monkeypatch, odd, *requirements, hangs_after_s=None):
    """Return the verdicts of a run against such a peer.

    Polls are given up after `hangs_after_s` seconds; nothing else depends on so short a time.
    """
    monkeypatch.setenv("CANARY", "canary-5577")
    let_time_fly(monkeypatch)
    if hangs_after_s is not None:
        give_polls_up(monkeypatch, hangs_after_s)
    with Peer(discovered(Polled(odd=odd))) as peer:
        path = target_file(tmp_path, peer.issuer)
        run = make_run(
            RunArguments(
                target=str(path),
                allow_http=True,
                requirements=requirements,
                examples=2,
            )
        )
        carry_out(run)
    assert run.crashes == {}
    return {row["id"]: row["verdict"] for row in document_of(run)["requirements"]}


def give_polls_up(monkeypatch, seconds):
    send = HttpClient.send

    def impatient(client, method, url, headers, content, **how):
        if url.endswith("/poll"):
            how["timeout_s"] = seconds
        return send(client, method, url, headers, content, **how)

    monkeypatch.setattr(HttpClient, "send", impatient)


def test_a_poll_that_crashes_fails_its_status_and_nothing_else(tmp_path, monkeypatch):
    rows = [one.id for one in load_catalogue() if one.id.startswith("RFC8936-2")]
    found = judged(tmp_path, monkeypatch, crashes, *rows)
    failed = {one for one, verdict in found.items() if verdict in {"failed", "warning"}}
    assert failed == {"RFC8936-2.5-STATUS-200"}


@pytest.mark.parametrize(
    ("odd", "row"),
    [
        (hangs_on_malformed_bodies, "RFC8936-2.5.1-400-DEFAULT"),
        (hangs_on_empty_queues, "RFC8936-2.2-RETURN-IMMEDIATELY"),
        (drips, "RFC8936-2.5-STATUS-200"),
    ],
)
def test_a_hang_is_a_breach_of_what_was_asked(tmp_path, monkeypatch, odd, row):
    found = judged(tmp_path, monkeypatch, odd, row, hangs_after_s=0.1)
    assert found[row] in {"failed", "warning"}


def test_a_plain_peer_that_polls_well_is_not_alarmed_about(tmp_path, monkeypatch):
    rows = ("RFC8936-2.5.1-400-DEFAULT", "RFC8936-2.5-STATUS-200", "RFC8936-2.2-ACK-ACCEPTED")
    found = judged(tmp_path, monkeypatch, None, *rows)
    assert set(found.values()) == {"passed"}
