"""The control API: what it does, and that bad input changes nothing."""

import pytest


def test_health_says_who_this_is(ssf, mock):
    assert ssf.control("GET", "health").json() == {
        "status": "ok",
        "issuer": "https://mock.example",
        "profile": "ssf-1.0",
        "clock": "simulated",
    }
    assert mock("jamf", clock="system").control("GET", "health").json()["clock"] == "system"


def test_an_event_goes_to_every_stream_that_delivers_its_type(ssf, types):
    one = ssf.create({"events_requested": types[:1]})
    two = ssf.create({"events_requested": types[:2]}, token="second")
    ssf.create({"events_requested": types[2:]})
    answer = ssf.control("POST", "events", {"event_type": types[0]}).json()
    assert [each["stream_id"] for each in answer["sets"]] == [one["stream_id"], two["stream_id"]]
    assert list(ssf.poll(one).json()["sets"]) == [answer["sets"][0]["jti"]]
    answer = ssf.control("POST", "events", {"event_type": types[0], "audience": two["aud"]}).json()
    assert [each["stream_id"] for each in answer["sets"]] == [two["stream_id"]]
    answer = ssf.control("POST", "events", {"event_type": types[0], "stream_id": one["stream_id"]})
    assert [each["stream_id"] for each in answer.json()["sets"]] == [one["stream_id"]]


def test_without_a_type_it_is_the_first_that_is_supported(ssf, types, claims):
    stream = ssf.create({"events_requested": types})
    assert len(ssf.emit()) == 1
    (token,) = ssf.poll(stream).json()["sets"].values()
    assert list(claims(token)["events"]) == types[:1]
    assert claims(token)["events"][types[0]]["event_timestamp"] == 1767225600
    assert claims(token)["sub_id"] == {"format": "email", "email": "user@example.com"}


def test_a_type_that_no_stream_delivers_makes_no_set(ssf, types):
    ssf.create({"events_requested": [types[0], "urn:example:unknown"]})
    assert ssf.emit(event_type="urn:example:unknown") == []
    assert ssf.emit(event_type=types[1]) == []


def test_moving_the_clock_says_what_fell_due(avnology, types):
    stream = avnology.create({"events_requested": types})
    (jti,) = avnology.emit()
    avnology.poll(stream, {})
    start = avnology.control("GET", "clock").json()
    assert start == {"now": 1767225600.0, "kind": "simulated"}
    assert avnology.advance(0.5) == {"now": 1767225600.5, "happened": []}
    assert avnology.advance(5) == {
        "now": 1767225605.5,
        "happened": [
            {"at": 1767225601.0, "what": "set_due", "stream_id": stream["id"], "jti": jti}
        ],
    }
    assert avnology.advance(0) == {"now": 1767225605.5, "happened": []}


def test_the_system_clock_can_not_be_moved(mock):
    one = mock("ssf-1.0", clock="system")
    answer = one.control("POST", "clock", {"advance_s": 1})
    assert answer.status_code == 409
    assert one.control("GET", "clock").json()["kind"] == "system"


def test_streams_are_shown_from_the_transmitters_side(ssf, types):
    stream = ssf.create({"events_requested": types})
    ssf.emit()
    assert ssf.control("GET", "streams").json() == {
        "streams": [
            {
                "stream_id": stream["stream_id"],
                "audience": stream["aud"],
                "status": "enabled",
                "pending": 1,
                "configuration": stream,
            }
        ]
    }


def test_an_implicit_stream_shows_its_id_here_alone(jamf):
    streams = jamf.control("GET", "streams").json()["streams"]
    assert [each["audience"] for each in streams] == [jamf.first.audience, jamf.second.audience]
    assert all(each["configuration"]["stream_id"] == each["stream_id"] for each in streams)


def test_deviations_are_switched_on_and_off(ssf):
    answer = ssf.control("PUT", "deviations", {"active": ["metadata-has-an-empty-array"]})
    assert answer.json()["active"] == ["metadata-has-an-empty-array"]
    assert "critical_subject_members" in ssf.metadata
    assert ssf.control("PUT", "deviations", {"active": []}).json()["active"] == []
    assert "critical_subject_members" not in ssf.metadata


def test_the_catalogue_is_shown_with_summaries(ssf):
    available = ssf.control("GET", "deviations").json()["available"]
    assert (
        available["faults"]["ack-is-ignored"] == "Acknowledgements are taken, and have no effect."
    )
    assert "one-stream-per-receiver" in available["variants"]


def test_an_unknown_deviation_is_refused_with_near_names_and_nothing_changes(ssf):
    ssf.control("PUT", "deviations", {"active": ["ack-is-ignored"]})
    body = {"active": ["metadata-has-an-empty-array", "ack-ignored"]}
    answer = ssf.control("PUT", "deviations", body)
    assert answer.status_code == 400
    assert "ack-is-ignored" in answer.json()["error_description"]
    assert ssf.control("GET", "deviations").json()["active"] == ["ack-is-ignored"]
    assert "critical_subject_members" not in ssf.metadata


def test_tenants_are_opened_and_closed(avnology):
    answer = avnology.control("POST", "tenants", {"name": "x"})
    assert answer.status_code == 201
    opened = answer.json()
    assert opened["issuer"] == "https://mock.example/tenants/x"
    tokens = {"management_token", "poll_token", "limited_token"}
    client = {"client_id", "client_secret"}
    assert set(opened["receivers"][0]) == {"audience", *tokens, *client}
    metadata = avnology.call("GET", opened["discovery_url"]).json()
    streams = avnology.call(
        "GET",
        metadata["configuration_endpoint"],
        token=opened["receivers"][0]["management_token"],
    )
    assert streams.json() == []
    assert avnology.call("GET", f"{opened['control_url']}/health").json()["status"] == "ok"
    assert avnology.control("DELETE", "tenants/x").status_code == 204
    assert avnology.control("DELETE", "tenants/x").status_code == 404
    assert avnology.control("POST", "tenants").status_code == 201


def test_a_tenant_opens_no_tenants(ssf, mock):
    one = mock("ssf-1.0", site=ssf.site, tenant=ssf.site.open_tenant("x"))
    assert one.control("POST", "tenants", {"name": "y"}).status_code == 404
    assert one.control("DELETE", "tenants/x").status_code == 404
    assert one.control("GET", "health").status_code == 200


def test_the_control_api_needs_no_token_and_ignores_one(ssf):
    url = f"{ssf.tenant.control_url}/health"
    assert ssf.call("GET", url, token=None).status_code == 200
    assert ssf.call("GET", url, token="garbage").status_code == 200


BAD = [
    ("POST", "events", {"event_type": 7}, 400),
    ("POST", "events", {"event_type": "no uri"}, 400),
    ("POST", "events", {"subject": "x"}, 400),
    ("POST", "events", {"payload": []}, 400),
    ("POST", "events", {"stream_id": 7}, 400),
    ("POST", "events", {"stream_id": "unknown"}, 404),
    ("POST", "events", {"audience": "unknown"}, 404),
    ("POST", "events", {"type": "urn:x:y"}, 400),
    ("POST", "events", [], 400),
    ("POST", "clock", {}, 400),
    ("POST", "clock", {"advance_s": -1}, 400),
    ("POST", "clock", {"advance_s": "1"}, 400),
    ("POST", "clock", {"advance_s": True}, 400),
    ("POST", "clock", {"advance_s": 1e10}, 400),
    ("PUT", "deviations", {"active": "ack-is-ignored"}, 400),
    ("PUT", "deviations", {"active": [7]}, 400),
    ("PUT", "deviations", {}, 400),
    ("POST", "tenants", {"name": 7}, 400),
    ("POST", "tenants", {"name": "a/b"}, 400),
    ("GET", "nothing", None, 404),
    ("GET", "", None, 404),
    ("DELETE", "tenants/", None, 404),
    ("PUT", "clock", {}, 405),
    ("GET", "tenants/x", None, 405),
    ("GET", "tenants", None, 405),
]


@pytest.mark.parametrize(("request_", "status"), [(each[:3], each[3]) for each in BAD])
def test_bad_input_is_refused_and_changes_nothing(ssf, types, request_, status):
    ssf.create({"events_requested": types})

    def state():
        return [ssf.control("GET", each).json() for each in ("streams", "clock", "deviations")]

    before = state()
    answer = ssf.control(*request_)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "error_description"}
    assert (status == 405) == ("allow" in answer.headers)
    assert state() == before


@pytest.mark.parametrize("content", [b"{", b'{"a": 1, "a": 1}', b"\xff", b'{"advance_s": NaN}'])
def test_what_is_no_json_is_refused(ssf, content):
    for path in ("events", "clock", "tenants"):
        assert ssf.control("POST", path, content=content).status_code == 400
