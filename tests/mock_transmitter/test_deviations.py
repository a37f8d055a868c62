"""The catalogue of deviations, and that each makes a difference that can be seen."""

import re

import pytest

from conformance.spec.profile import load_profile
from conformance.spec.requirement import load_catalogue
from mock_transmitter.deviations.catalogue import FAULTS, VARIANTS, UnknownDeviation, find
from mock_transmitter.deviations.seams import Deviation

ALL = {**FAULTS, **VARIANTS}
PROFILES = ("ssf-1.0", "jamf", "avnology")
ROWS = {row.id: row for row in load_catalogue()}


@pytest.mark.parametrize("name", ALL)
def test_names_only_requirements_that_exist(name):
    entry = ALL[name]
    ids = (*entry.breaks, *entry.also, *entry.exercises)
    assert not [one for one in ids if one not in ROWS]
    assert len(set(entry.breaks)) == len(entry.breaks)
    assert not set(entry.breaks) & set(entry.also)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_breaks_what_a_transmitter_owes(name):
    assert FAULTS[name].breaks
    assert all(ROWS[one].kind != "tolerance" for one in FAULTS[name].breaks)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_exercises_something_and_breaks_nothing(name):
    assert VARIANTS[name].exercises
    assert not VARIANTS[name].breaks


@pytest.mark.parametrize("name", ALL)
def test_a_name_is_in_kebab_case_and_its_summary_one_sentence(name):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name)
    assert re.fullmatch(r"[^.]+(?:\S\.\S[^.]*)*\.", ALL[name].summary), ALL[name].summary


def test_each_profile_has_faults_and_variants_of_its_own():
    for profile in PROFILES:
        tags = set(load_profile(profile).tags)
        apt = [
            name
            for name, entry in FAULTS.items()
            if any(tags & set(ROWS[one].tags) for one in entry.breaks)
        ]
        assert len(apt) > 8, profile
    assert len(FAULTS) >= 26
    assert len(VARIANTS) >= 10


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(UnknownDeviation, match="ack-is-ignored"):
        find("ack-ignored")
    with pytest.raises(UnknownDeviation, match="catalogue"):
        find("zzzzzz")


def test_the_base_class_changes_nothing(mock):
    plain, same = mock("ssf-1.0"), mock("ssf-1.0")
    same.tenant._seams.use([Deviation(), Deviation()])
    assert story(plain) == story(same)


@pytest.mark.parametrize("name", ALL)
def test_a_deviation_shows_in_at_least_one_profile(mock, name):
    assert any(
        story(mock(profile, deviations=[name])) != reference(mock, profile) for profile in PROFILES
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_deviations_can_be_combined(mock, profile):
    """However they are combined, the mock answers; a bug of its own would be a 500 in its log."""
    names = list(ALL)
    for begin in range(0, len(names), 7):
        seen = story(mock(profile, deviations=names[begin : begin + 7]))
        assert "the mock has a bug" not in repr(seen)


_REFERENCES = {}


def reference(mock, profile):
    if profile not in _REFERENCES:
        _REFERENCES[profile] = story(mock(profile))
    return _REFERENCES[profile]


def story(one):
    """Return all that one long conversation shows."""
    return Story(one).seen


class Story:
    """A conversation that goes wherever a deviation may show."""

    TYPES = tuple(
        f"https://schemas.openid.net/secevent/caep/event-type/{name}"
        for name in ("session-revoked", "credential-change")
    )

    def __init__(self, one):
        self.one = one
        self.seen = []
        self.send("GET", one.tenant.discovery_url)
        self.configuration = one.site.tenant.routes.url("configuration")
        self.send("GET", one.site.tenant.routes.url("jwks"))
        if one.tenant.transmitter.explicit:
            self.streams()
        else:
            self.implicit()

    def send(self, method, url, body=None, **how):
        answer = self.one.call(method, url, body, **how)
        self.seen.append((answer.status_code, sorted(answer.headers.items()), answer.text))
        self.seen.append(self.one.tenant.clock.now())
        return answer

    def streams(self):
        self.send("GET", self.configuration)
        body = {"events_requested": [self.TYPES[0], "urn:x:y"], "description": "long " * 20}
        self.send("POST", self.configuration, body)
        self.send("POST", self.configuration, {})
        self.send("POST", self.configuration, {}, token="second")
        self.send("GET", self.configuration)
        streams = self.one.tenant.transmitter.streams(self.one.first.audience)
        profile = self.one.profile
        for stream in streams:
            shown = self.one.tenant.transmitter.document(stream)
            for token in ("first", "second", None, "garbage"):
                self.send("GET", self.place(stream), token=token)
            if profile.offers("verify"):
                self.verifications(stream)
            self.updates(stream, shown)
            self.polls(stream)
            for token in (None, "garbage", "second", "first", "first"):
                self.send("DELETE", self.place(stream), token=token)
            self.send("GET", self.place(stream))
            self.update(stream, {"description": "x"})
            self.poll(stream, returnImmediately=True)
        self.send("GET", self.configuration, token=None)
        self.send("GET", self.configuration)

    def implicit(self):
        shown = self.send("GET", self.configuration).json()
        unknown = {**shown, "events_requested": [self.TYPES[1], "urn:x:y"], "format": "email"}
        self.send("POST", self.configuration, unknown)
        self.send("POST", self.configuration, shown)
        for member in ("events_requested", "delivery", "format"):
            body = {key: value for key, value in unknown.items() if key != member}
            self.send("POST", self.configuration, body)
            self.send("GET", self.configuration)
        for member, value in (("iss", "https://other.example"), ("aud", "https://other.example")):
            self.send("POST", self.configuration, {**unknown, member: value})
            self.send("GET", self.configuration)
        for token in (None, "garbage"):
            self.send("GET", self.configuration, token=token)
            self.send("POST", self.configuration, unknown, token=token)
        url = self.one.site.tenant.routes.url("verification")
        self.send("POST", url, {"state": "x"})
        self.one.advance(60)
        self.send("POST", url, {"state": "x"})
        self.send("DELETE", self.configuration)
        self.send("GET", self.configuration)
        self.send("POST", self.configuration, unknown)

    def place(self, stream):
        read = self.one.profile.operations["read_stream"]
        if read.stream_id == "path":
            return self.one.site.tenant.routes.url(read.endpoint, stream.stream_id)
        return f"{self.configuration}?stream_id={stream.stream_id}"

    def update(self, stream, body, method="PATCH"):
        update = self.one.profile.operations["update_stream"]
        if update.stream_id == "path":
            url = self.place(stream)
        else:
            url, body = self.configuration, {"stream_id": stream.stream_id, **body}
        self.send(method, url, body)
        self.send("GET", self.place(stream))

    def updates(self, stream, shown):
        names = self.one.profile.stream.transmitter_supplied
        readonly = {name: shown[name] for name in names if name in shown}
        methods = ("PATCH", "PUT") if self.one.profile.offers("replace_stream") else ("PATCH",)
        for method in methods:
            self.update(stream, {"description": "short", "events_requested": [*self.TYPES]}, method)
            self.update(stream, readonly, method)
            self.update(stream, {"events_requested": [self.TYPES[1]]}, method)
            self.update(stream, {"iss": "https://other.example"}, method)
            self.update(stream, {"aud": "https://other.example"}, method)
            self.update(stream, {"iss": shown["iss"], "description": 7}, method)
        self.update(stream, {"events_requested": [*self.TYPES]})
        self.send("PATCH", self.configuration, {"stream_id": "x", "description": "y"})

    def verifications(self, stream):
        url = self.one.site.tenant.routes.url("verification")
        for state in ({"state": "a long enough state"}, {}):
            self.send("POST", url, {"stream_id": stream.stream_id, **state})
            self.one.advance(60)

    def polls(self, stream):
        for _ in range(4):
            self.one.emit(stream_id=stream.stream_id)
        self.poll(stream, token=None, returnImmediately=True)
        self.poll(stream, token=self.one.second.poll_token or "second", returnImmediately=True)
        self.poll(stream, returnImmediately=True, maxEvents=0)
        self.poll(stream, returnImmediately=True, maxEvents=1)
        self.poll(stream)
        self.walk(stream, 22)
        pending = [one.jti for one in stream.queue]
        self.acknowledge(stream, pending[:1])
        self.walk(stream, 3)
        self.one.emit(stream_id=stream.stream_id)
        self.one.advance(100_000)
        self.poll(stream, returnImmediately=True)
        pending = [one.jti for one in stream.queue]
        if pending:
            report = {pending[0]: {"err": "invalid_request", "description": "x"}}
            self.poll(stream, returnImmediately=True, setErrs=report)
        for _ in range(3):
            self.acknowledge(stream, pending)
            self.acknowledge(stream, [*pending, "unknown"])
            self.one.advance(100_000)
            self.poll(stream, returnImmediately=True)
        self.poll(stream, returnImmediately=False)
        self.one.emit(stream_id=stream.stream_id)
        self.poll(stream, returnImmediately=True)

    def walk(self, stream, steps):
        for _ in range(steps):
            due = stream.queue.next_due()
            if due is not None:
                self.one.tenant.clock.advance_to(due)
            self.poll(stream, returnImmediately=True, x=1)

    def poll(self, stream, *, token="own", **body):
        names = self.one.profile.names.get("poll_request", {})
        own = self.one.first.poll_token or self.one.first.management_token
        self.send(
            "POST",
            self.one.site.tenant.routes.url("poll", stream.stream_id),
            {names.get(name, name): value for name, value in body.items()},
            token=own if token == "own" else token,
        )

    def acknowledge(self, stream, jtis):
        if self.one.profile.offers("acknowledge"):
            url = self.one.site.tenant.routes.url("acknowledge", stream.stream_id)
            self.send("POST", url, {"acks": jtis}, token=self.one.first.poll_token)
        else:
            self.poll(stream, returnImmediately=True, ack=jtis)
