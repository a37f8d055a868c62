"""Adding and removing subjects: SSF 1.0 section 8.1.3, and the 2021 draft's section 7.1.3."""

import pytest

USER = {"format": "email", "email": "user@example.com"}
OTHER = {"format": "email", "email": "other@example.com"}
PROFILES = ["ssf-1.0", "sse-draft"]


class Subjects:
    """One stream of a mock, and the subjects in it."""

    def __init__(self, one, types):
        self.one = one
        self.explicit = one.profile.stream.model == "explicit"
        wanted = {"events_requested": types}
        if self.explicit:
            self.stream = one.create(wanted)
            self.named = {"stream_id": self.stream["stream_id"]}
        else:
            wanted["delivery"] = one.call("GET", one.configuration).json()["delivery"]
            self.stream = one.call("POST", one.configuration, wanted).json()
            self.named = {}

    def ask(self, verb, body, **how):
        return self.one.call("POST", self.one.metadata[f"{verb}_subject_endpoint"], body, **how)

    def add(self, subject, **members):
        answer = self.ask("add", {**self.named, "subject": subject, **members})
        assert (answer.status_code, answer.content) == (200, b""), answer.text

    def remove(self, subject):
        answer = self.ask("remove", {**self.named, "subject": subject})
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    def raised(self, subject):
        return bool(self.one.emit(subject=subject, audience=self.one.first.audience))


@pytest.fixture(params=PROFILES)
def one(request, mock, types):
    return Subjects(mock(request.param), types)


@pytest.fixture(params=PROFILES)
def none(request, mock, types):
    return Subjects(mock(request.param, deviations=["no-subjects-by-default"]), types)


def test_all_subjects_are_covered_until_they_are_removed(one):
    assert one.raised(USER)
    one.remove(USER)
    one.remove(USER)
    assert not one.raised(USER)
    assert one.raised(OTHER)
    one.add(USER)
    one.add(USER, verified=False)
    assert one.raised(USER)


def test_without_subjects_by_default_only_what_was_added_is_covered(none):
    assert not none.raised(USER)
    none.add(USER, verified=True)
    assert none.raised(USER)
    assert not none.raised(OTHER)
    none.remove(USER)
    assert not none.raised(USER)


def test_the_metadata_of_the_final_text_says_which(ssf, mock):
    assert ssf.metadata["default_subjects"] == "ALL"
    assert mock("ssf-1.0", deviations=["no-subjects-by-default"]).metadata["default_subjects"] == (
        "NONE"
    )
    assert "default_subjects" not in mock("sse-draft").metadata


def test_complex_subjects_match_as_the_text_says(none):
    tenant = {"format": "opaque", "id": "example-a38h4792-uw2"}
    wrap = {"format": "complex"} if none.explicit else {}
    none.add({**wrap, "tenant": tenant, "user": USER})
    assert none.raised({**wrap, "tenant": tenant})
    assert none.raised({**wrap, "user": USER, "device": OTHER})
    assert not none.raised({**wrap, "tenant": tenant, "user": OTHER})
    assert not none.raised(USER)


def test_the_stream_itself_is_always_covered(none):
    stream_id = none.one.control("GET", "streams").json()["streams"][0]["stream_id"]
    subject = {"format": "opaque", "id": stream_id}
    none.remove(subject)
    assert none.raised(subject)


def test_verification_needs_no_subject(none):
    url = none.one.metadata["verification_endpoint"]
    assert none.one.call("POST", url, none.named).status_code == 204
    assert len(none.one.poll(none.stream).json()["sets"]) == 1


def test_what_waits_still_goes_out_after_the_removal(one):
    (jti,) = one.one.emit(subject=USER, audience=one.one.first.audience)
    one.remove(USER)
    assert list(one.one.poll(one.stream).json()["sets"]) == [jti]
    assert list(one.one.poll(one.stream).json()["sets"]) == [jti]


def test_subjects_of_one_stream_are_not_anothers(ssf, types):
    first, second = Subjects(ssf, types), Subjects(ssf, types)
    first.remove(USER)
    answer = ssf.control("POST", "events", {"subject": USER}).json()
    assert [one["stream_id"] for one in answer["sets"]] == [second.stream["stream_id"]]


def test_an_event_about_what_is_not_covered_says_so(one):
    one.remove(USER)
    body = {"subject": USER, "audience": one.one.first.audience}
    answer = one.one.control("POST", "events", body).json()
    assert answer["sets"] == []
    assert "subject" in answer["why"]


@pytest.mark.parametrize("verb", ["add", "remove"])
@pytest.mark.parametrize(
    "subject",
    [None, "x", [], {"format": "email"}, {"format": 7}, {"format": "email", "email": 7}],
)
def test_what_is_no_subject_is_refused(one, verb, subject):
    assert one.ask(verb, {**one.named, "subject": subject}).status_code == 400
    assert one.raised(USER)


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_request_without_its_members_is_refused(one, verb):
    assert one.ask(verb, one.named).status_code == 400
    assert one.ask(verb, None, content=b'{"subject": ').status_code == 400
    assert one.ask(verb, []).status_code == 400
    if one.explicit:
        assert one.ask(verb, {"subject": USER}).status_code == 400
        body = {"stream_id": "unknown", "subject": USER}
        assert one.ask(verb, body).status_code == 404
        unformatted = {**one.named, "subject": {"email": "user@example.com"}}
        assert one.ask(verb, unformatted).status_code == 400


@pytest.mark.parametrize("subject", [{"format": "urn:x", "any": 1}, {"format": "phone", "n": "1"}])
def test_a_format_that_no_text_knows_is_taken(one, subject):
    one.add(subject)
    one.remove(subject)
    assert not one.raised(subject)


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_who_may(one, verb):
    body = {**one.named, "subject": USER}
    assert one.ask(verb, body, token=None).status_code == 401
    assert one.ask(verb, body, token="garbage").status_code == 401
    assert one.ask(verb, body, token=one.one.first.limited_token).status_code == 403
    if one.explicit:
        assert one.ask(verb, body, token="second").status_code == 404
    assert one.raised(USER)


def test_avnology_has_neither_status_nor_subjects(avnology):
    assert not [name for name in avnology.metadata if "status" in name or "subject" in name]
