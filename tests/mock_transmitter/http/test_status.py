"""Status: SSF 1.0 sections 8.1.2 and 8.1.5, and the 2021 draft's sections 7.1.1 and 7.1.5."""

import json
import threading
from urllib.parse import quote

import pytest

UPDATED = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated"
DRAFT_UPDATED = "https://schemas.openid.net/secevent/sse/event-type/stream-updated"
USER = {"format": "email", "email": "user@example.com"}
OTHER = {"format": "email", "email": "other@example.com"}


def status(one, stream, **body):
    """Set the status of a stream where a body is given, and return what is shown."""
    endpoint = one.metadata["status_endpoint"]
    if body:
        answer = one.call("POST", endpoint, {"stream_id": stream["stream_id"], **body})
    else:
        answer = one.call("GET", f"{endpoint}?stream_id={stream['stream_id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(one, stream, to, **body):
    body = {"stream_id": stream["stream_id"], "status": to, **body}
    answer = one.control("POST", "status", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def polled(one, stream, body=None):
    return one.poll(stream, body).json()["sets"]


@pytest.fixture
def stream(ssf, types):
    return ssf.create({"events_requested": types})


def test_a_fresh_stream_is_enabled_and_has_no_reason(ssf, stream):
    assert status(ssf, stream) == {"stream_id": stream["stream_id"], "status": "enabled"}


@pytest.mark.parametrize("to", ["paused", "disabled", "enabled"])
def test_an_update_is_shown_with_its_reason_and_no_event_tells_of_it(ssf, stream, to):
    shown = status(ssf, stream, status=to, reason="ünder maintenance")
    expected = {"stream_id": stream["stream_id"], "status": to, "reason": "ünder maintenance"}
    assert shown == status(ssf, stream) == expected
    assert "reason" not in status(ssf, stream, status=to)
    assert polled(ssf, stream) == {}


def test_what_happens_in_a_pause_is_held_and_comes_in_order(ssf, stream):
    before = ssf.emit()
    status(ssf, stream, status="paused")
    held = [ssf.emit()[0] for _ in range(3)]
    assert polled(ssf, stream) == {}
    assert ssf.poll(stream).json()["moreAvailable"] is False
    status(ssf, stream, status="enabled")
    came = []
    for _ in range(4):
        (jti,) = polled(ssf, stream, {"maxEvents": 1, "returnImmediately": True, "ack": came[-1:]})
        came.append(jti)
    assert came == [*before, *held]


def test_a_set_that_was_delivered_can_be_acknowledged_in_a_pause(ssf, stream):
    jtis = ssf.emit()
    assert list(polled(ssf, stream)) == jtis
    status(ssf, stream, status="paused")
    polled(ssf, stream, {"ack": jtis, "returnImmediately": True})
    status(ssf, stream, status="enabled")
    assert polled(ssf, stream) == {}


def test_a_disabled_stream_drops_what_waits_and_what_happens(ssf, stream):
    ssf.emit()
    status(ssf, stream, status="disabled")
    assert ssf.emit() == []
    assert polled(ssf, stream) == {}
    status(ssf, stream, status="enabled")
    assert polled(ssf, stream) == {}
    assert list(polled(ssf, stream)) == []
    jtis = ssf.emit()
    assert list(polled(ssf, stream)) == jtis


def test_what_was_held_is_dropped_where_a_pause_ends_in_disabling(ssf, stream):
    status(ssf, stream, status="paused")
    ssf.emit()
    status(ssf, stream, status="disabled")
    status(ssf, stream, status="enabled")
    assert polled(ssf, stream) == {}


def test_the_status_of_one_stream_is_not_anothers(ssf, stream, types):
    other = ssf.create({"events_requested": types})
    status(ssf, stream, status="disabled")
    assert status(ssf, other)["status"] == "enabled"
    jtis = ssf.emit()
    assert list(polled(ssf, other)) == jtis


def test_enabling_wakes_a_held_poll(ssf, stream):
    status(ssf, stream, status="paused")
    held = ssf.emit()
    answers = []

    def poll():
        url = stream["delivery"]["endpoint_url"]
        headers = {"authorization": f"Bearer {ssf.first.management_token}"}
        answers.append(
            ssf.http.post(url, json={}, headers=headers, timeout=20, extensions={"held": True})
        )

    thread = threading.Thread(target=poll)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    status(ssf, stream, status="enabled")
    thread.join(60)
    assert list(answers[0].json()["sets"]) == held


def test_a_long_poll_of_a_paused_stream_lasts_as_long_as_any(ssf, stream):
    ssf.emit()
    status(ssf, stream, status="paused")
    before = ssf.tenant.clock.now()
    assert polled(ssf, stream, {"returnImmediately": False}) == {}
    assert ssf.tenant.clock.now() == before + 10


def verify(one, stream):
    body = {"stream_id": stream["stream_id"], "state": "x"}
    return one.call("POST", one.metadata["verification_endpoint"], body)


def test_verification_is_held_in_a_pause(ssf, stream):
    status(ssf, stream, status="paused")
    assert verify(ssf, stream).status_code == 204
    assert polled(ssf, stream) == {}
    status(ssf, stream, status="enabled")
    assert len(polled(ssf, stream)) == 1


def test_verification_of_a_disabled_stream_is_refused_and_does_not_count(ssf, stream):
    status(ssf, stream, status="disabled")
    answer = verify(ssf, stream)
    assert answer.status_code == 400
    assert "disabled" in answer.json()["error_description"]
    status(ssf, stream, status="enabled")
    assert polled(ssf, stream) == {}
    assert verify(ssf, stream).status_code == 204


BAD = [
    ({"status": "paused"}, 400),
    ({"stream_id": 7, "status": "paused"}, 400),
    ({"stream_id": "{id}"}, 400),
    ({"stream_id": "{id}", "status": "asleep"}, 400),
    ({"stream_id": "{id}", "status": "Paused"}, 400),
    ({"stream_id": "{id}", "status": None}, 400),
    ({"stream_id": "{id}", "status": "paused", "reason": 7}, 400),
    ({"stream_id": "unknown", "status": "paused"}, 404),
    ([], 400),
]


@pytest.mark.parametrize(("body", "code"), BAD)
def test_a_bad_update_is_refused_and_changes_nothing(ssf, stream, body, code):
    content = json.dumps(body).replace("{id}", stream["stream_id"]).encode()
    url = ssf.metadata["status_endpoint"]
    assert ssf.call("POST", url, content=content).status_code == code
    assert ssf.call("POST", url, content=content[:-1]).status_code == 400
    assert status(ssf, stream)["status"] == "enabled"


def test_who_may_read_and_set_a_status(ssf, stream):
    url = ssf.metadata["status_endpoint"]
    body = {"stream_id": stream["stream_id"], "status": "paused"}
    for token, code in (
        (None, 401),
        ("garbage", 401),
        (ssf.first.limited_token, 403),
        ("second", 404),
    ):
        assert ssf.call("POST", url, body, token=token).status_code == code
        query = f"{url}?stream_id={stream['stream_id']}"
        assert ssf.call("GET", query, token=token).status_code == code
    assert ssf.call("GET", url).status_code == 400
    assert ssf.call("GET", f"{url}?stream_id=unknown").status_code == 404
    assert status(ssf, stream)["status"] == "enabled"


# The Transmitter acts


@pytest.mark.parametrize("to", ["paused", "disabled"])
def test_a_stop_by_the_transmitter_is_announced_though_nothing_else_goes_out(
    ssf, stream, claims, to
):
    waiting = ssf.emit()
    (announced,) = act(ssf, stream, to, reason="Internal error")["sets"]
    ssf.emit()
    sets = polled(ssf, stream)
    assert list(sets) == [announced["jti"]]
    token = claims(sets[announced["jti"]])
    assert token["sub_id"] == {"format": "opaque", "id": stream["stream_id"]}
    assert token["events"] == {UPDATED: {"status": to, "reason": "Internal error"}}
    assert status(ssf, stream)["reason"] == "Internal error"
    polled(ssf, stream, {"ack": [announced["jti"]], "returnImmediately": True})
    assert polled(ssf, stream) == {}
    status(ssf, stream, status="enabled")
    expected = waiting if to == "paused" else []
    assert list(polled(ssf, stream))[: len(waiting)] == expected


@pytest.mark.parametrize("before", ["paused", "disabled"])
def test_enabling_by_the_transmitter_is_announced_and_delivers_again(ssf, stream, claims, before):
    status(ssf, stream, status=before)
    (announced,) = act(ssf, stream, "enabled")["sets"]
    sets = polled(ssf, stream)
    assert claims(sets[announced["jti"]])["events"] == {UPDATED: {"status": "enabled"}}
    assert ssf.emit()[0] in polled(ssf, stream)


def test_a_status_that_does_not_change_is_not_announced(ssf, stream):
    answer = act(ssf, stream, "enabled")
    assert answer["sets"] == []
    assert "already" in answer["why"]


def test_the_transmitter_acts_on_all_streams_of_an_audience(ssf, types):
    mine = [ssf.create({"events_requested": types}) for _ in range(2)]
    foreign = ssf.create({}, token="second")
    body = {"audience": ssf.first.audience, "status": "paused"}
    sets = ssf.control("POST", "status", body).json()["sets"]
    assert [one["stream_id"] for one in sets] == [one["stream_id"] for one in mine]
    streams = ssf.control("GET", "streams").json()["streams"]
    shown = {one["stream_id"]: one["status"] for one in streams}
    assert shown[foreign["stream_id"]] == "enabled"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400),
        ({"status": "asleep"}, 400),
        ({"status": "paused"}, 400),
        ({"status": ["paused"], "stream_id": "x"}, 400),
        ({"status": "paused", "stream_id": "x"}, 404),
        ({"status": "paused", "audience": "x"}, 404),
        ({"status": "paused", "stream_id": "x", "reason": 7}, 400),
        ({"status": "paused", "stream_id": "x", "subject": USER}, 400),
        ({"status": "paused", "stream_id": "x", "more": 1}, 400),
    ],
)
def test_bad_control_input_is_refused(ssf, stream, body, code):
    answer = ssf.control("POST", "status", body)
    assert answer.status_code == code, answer.text
    assert status(ssf, stream)["status"] == "enabled"


@pytest.mark.parametrize(("to", "queued"), [("paused", 1), ("disabled", 0)])
def test_raising_an_event_says_why_nothing_goes_out(ssf, stream, to, queued):
    assert "why" not in ssf.control("POST", "events", {}).json()
    status(ssf, stream, status=to)
    answer = ssf.control("POST", "events", {}).json()
    assert len(answer["sets"]) == queued
    assert answer["why"] == f"the stream is {to}"


def test_raising_an_event_says_why_for_each_stream_that_gets_nothing(ssf, types):
    streams = [ssf.create({"events_requested": wanted}) for wanted in (types, types[1:], types)]
    status(ssf, streams[0], status="paused")
    paused, other, served = (one["stream_id"] for one in streams)
    answer = ssf.control("POST", "events", {"event_type": types[0]}).json()
    assert {one["stream_id"] for one in answer["sets"]} == {paused, served}
    silent = {one["stream_id"]: one["why"] for one in answer["silent"]}
    assert silent[paused] == "the stream is paused"
    assert "events_delivered" in silent[other]
    assert set(silent) == {paused, other}
    assert "why" not in answer
    assert "silent" not in ssf.control("POST", "events", {"stream_id": served}).json()


# Inactivity

MONTH = 2_592_000


def test_an_idle_stream_is_paused_and_says_so(ssf, stream, claims):
    assert stream["inactivity_timeout"] == MONTH
    assert ssf.advance(MONTH - 1)["happened"] == []
    happened = ssf.advance(1)["happened"]
    assert [(one["what"], one["stream_id"]) for one in happened if one["what"] != "set_due"] == [
        ("stream_paused", stream["stream_id"])
    ]
    ssf.emit()
    (token,) = polled(ssf, stream).values()
    assert claims(token)["events"][UPDATED]["status"] == "paused"
    assert str(MONTH) in status(ssf, stream)["reason"]
    assert status(ssf, stream)["status"] == "paused"


def test_each_activity_starts_the_timeout_anew(ssf, stream):
    subject = {"stream_id": stream["stream_id"], "subject": USER}
    activities = [
        lambda: polled(ssf, stream),
        lambda: ssf.read(stream["stream_id"]),
        lambda: ssf.patch({"stream_id": stream["stream_id"], "description": "x"}),
        lambda: ssf.put({"stream_id": stream["stream_id"], "description": "x"}),
        lambda: status(ssf, stream),
        lambda: status(ssf, stream, status="enabled"),
        lambda: verify(ssf, stream),
        lambda: ssf.call("POST", ssf.metadata["add_subject_endpoint"], subject),
        lambda: ssf.call("POST", ssf.metadata["remove_subject_endpoint"], subject),
    ]
    for activity in activities:
        ssf.advance(MONTH - 1)
        activity()
    ssf.advance(MONTH - 1)
    assert status(ssf, stream)["status"] == "enabled"


def test_what_does_not_name_the_stream_is_no_activity(ssf, stream):
    ssf.advance(MONTH - 1)
    ssf.call("GET", ssf.configuration)
    ssf.read(stream["stream_id"], token="second")
    ssf.emit()
    ssf.advance(1)
    assert status(ssf, stream)["status"] == "paused"


def test_a_stream_that_nobody_could_enable_again_has_no_timeout(avnology, mock):
    assert "inactivity_timeout" not in avnology.create()
    assert "inactivity_timeout" not in mock("sse-draft").call("GET", avnology.configuration).json()


# The 2021 draft


@pytest.fixture
def sse(mock):
    return mock("sse-draft")


@pytest.fixture
def implicit(sse, types):
    stream = sse.call("GET", sse.configuration).json()
    wanted = {"events_requested": types, "delivery": stream["delivery"]}
    return sse.call("POST", sse.configuration, wanted).json()


def draft(one, subject=None, **body):
    endpoint = one.metadata["status_endpoint"]
    if body:
        named = {} if subject is None else {"subject": subject}
        return one.call("POST", endpoint, {**body, **named})
    return one.call(
        "GET", endpoint if subject is None else f"{endpoint}?subject={quote(json.dumps(subject))}"
    )


def raised(one, subject):
    return one.emit(subject=subject, audience=one.first.audience)


def test_a_subject_in_the_stream_has_a_status_of_its_own(sse, implicit):
    assert draft(sse, USER).json() == {"status": "enabled", "subject": USER}
    assert draft(sse, USER, status="paused").json() == {"status": "paused", "subject": USER}
    assert draft(sse, USER).json()["status"] == "paused"
    assert draft(sse, OTHER).json()["status"] == "enabled"
    assert draft(sse).json() == {"status": "enabled"}
    held, free = raised(sse, USER), raised(sse, OTHER)
    assert list(polled(sse, implicit)) == free
    draft(sse, USER, status="enabled")
    assert set(polled(sse, implicit)) == {*held, *free}


def test_a_disabled_subject_is_not_held(sse, implicit):
    draft(sse, USER, status="paused")
    raised(sse, USER)
    free = raised(sse, OTHER)
    draft(sse, USER, status="disabled")
    assert raised(sse, USER) == []
    draft(sse, USER, status="enabled")
    assert list(polled(sse, implicit)) == free


@pytest.mark.parametrize("subject", [{"x": "y"}, {}, [], "x", {"format": "email"}])
def test_what_is_no_subject_is_not_found(sse, implicit, subject):
    assert draft(sse, subject).status_code == 404
    assert draft(sse, subject, status="paused").status_code in {400, 404}
    assert draft(sse).json()["status"] == "enabled"
    assert polled(sse, implicit) == {}


def test_a_subject_that_is_no_json_is_not_found(sse):
    assert sse.call("GET", f"{sse.metadata['status_endpoint']}?subject=x").status_code == 404


def about(one, to, subject):
    body = {"audience": one.first.audience, "status": to, "subject": subject}
    return one.control("POST", "status", body).json()["sets"]


def test_the_transmitters_change_of_a_subject_is_announced(sse, implicit, claims):
    (announced,) = about(sse, "paused", USER)
    sets = polled(sse, implicit)
    assert claims(sets[announced["jti"]])["events"] == {
        DRAFT_UPDATED: {"status": "paused", "subject": USER}
    }


def test_in_a_pause_that_announcement_waits_and_disabled_it_is_dropped(sse, implicit):
    draft(sse, status="paused")
    (announced,) = about(sse, "disabled", USER)
    assert polled(sse, implicit) == {}
    draft(sse, status="enabled")
    assert list(polled(sse, implicit)) == [announced["jti"]]
    draft(sse, status="disabled")
    assert about(sse, "enabled", USER) == []
    draft(sse, status="enabled")
    assert polled(sse, implicit) == {}


def test_jamf_has_a_status_of_the_stream_alone(jamf):
    url = jamf.metadata["status_endpoint"]
    assert jamf.call("GET", f"{url}?subject=x").json() == {"status": "enabled"}
    body = {"status": "paused", "reason": "x", "subject": USER}
    assert jamf.call("POST", url, body).json() == {"status": "paused"}
    assert "add_subject_endpoint" not in jamf.metadata
