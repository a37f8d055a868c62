import pytest

from conformance.receiver.shown_values import absent, differing, same, shows

POLL = "urn:ietf:rfc:8936"
PUSH = "urn:ietf:rfc:8935"


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_null_empty_and_missing_are_one_and_the_same(value):
    assert absent(value)
    assert same("description", value, None)
    assert shows({"description": value}, "description", None)
    assert shows({}, "description", value)
    assert not shows({"description": "kept"}, "description", value)


@pytest.mark.parametrize("value", [0, False, " ", [None], {"a": None}])
def test_a_falsy_value_is_not_therefore_missing(value):
    assert not absent(value)


@pytest.mark.parametrize(
    ("name", "first", "second", "expected"),
    [
        ("events_requested", ["a", "b"], ["b", "a"], True),
        ("events_delivered", ["a"], ["a", "a"], True),
        ("events_supported", ["a"], ["a", "b"], False),
        ("events_requested", ["a"], "a", False),
        ("aud", "x", ["x"], True),
        ("aud", ["x", "y"], ["y", "x"], True),
        ("aud", ["x"], ["x", "y"], False),
        ("delivery", {"method": POLL}, {"method": POLL, "authorization_header": "s"}, True),
        ("delivery", {"method": POLL}, {"method": POLL, "endpoint_url": None}, True),
        ("delivery", {"method": POLL}, {"method": POLL, "endpoint_url": "u"}, False),
        ("delivery", {"method": POLL}, {"method": PUSH}, False),
        ("delivery", {"method": POLL}, POLL, False),
        ("description", "a", "a", True),
        ("description", "a", "b", False),
        ("description", "a", None, False),
        ("inactivity_timeout", 1, True, False),
        ("inactivity_timeout", 0, False, False),
        ("inactivity_timeout", 60, 60, True),
        ("iss", "https://a", "https://a/", False),
        ("format", ["a", "b"], ["b", "a"], False),
    ],
)
def test_two_values_of_a_property_are_the_same_one(name, first, second, expected):
    assert same(name, first, second) is expected
    assert same(name, second, first) is expected


@pytest.mark.parametrize(
    ("name", "shown", "value", "expected"),
    [
        ("description", "a long story", "a long story", True),
        ("description", "a long", "a long story", True),
        ("description", "a longer", "a long story", False),
        ("description", "story", "a long story", False),
        ("description", "a long story told", "a long story", False),
        ("description", None, "a long story", False),
        ("description", "", "a long story", False),
        ("description", 5, "a long story", False),
        ("delivery", {"method": POLL, "endpoint_url": "u"}, {"method": POLL}, True),
        ("delivery", {"method": PUSH, "endpoint_url": "u"}, {"method": POLL}, False),
        ("delivery", {"method": ""}, {"method": POLL}, False),
        ("delivery", {}, {"method": POLL}, False),
        ("delivery", None, {"method": POLL}, False),
        ("delivery", "poll", {"method": POLL}, False),
        (
            "delivery",
            {"method": PUSH, "endpoint_url": "u"},
            {"method": PUSH, "endpoint_url": "u", "authorization_header": "s"},
            True,
        ),
        (
            "delivery",
            {"method": PUSH, "endpoint_url": "v"},
            {"method": PUSH, "endpoint_url": "u"},
            False,
        ),
        ("aud", "x", ["x"], True),
    ],
)
def test_a_configuration_shows_what_was_supplied(name, shown, value, expected):
    assert shows({name: shown}, name, value) is expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (["a", "b", "x"], True),
        (["x", "b", "a"], True),
        (["a", "b"], True),
        (None, True),
        (["a"], False),
        ([], False),
        (["a", "b", "c"], False),
        (["a", "b", "y"], False),
        ("a", False),
    ],
)
def test_unknown_event_types_may_be_dropped_and_supported_ones_may_not(shown, expected):
    configuration = {"events_requested": shown, "events_supported": ["a", "b", "c"]}
    assert shows(configuration, "events_requested", ["a", "b", "x"]) is expected


def test_the_supported_event_types_can_be_given():
    configuration = {"events_requested": ["a"], "events_supported": ["a", "b"]}
    assert not shows(configuration, "events_requested", ["a", "b"])
    assert shows(configuration, "events_requested", ["a", "b"], supported=["a"])
    assert not shows(configuration, "events_requested", ["a", "b"], supported=["b"])


def test_what_differs_is_named():
    before = {"description": "a", "aud": "x", "iss": "i", "events_requested": ["a", "b"]}
    after = {"description": "b", "aud": ["x"], "events_requested": ["b", "a"], "new": 1}
    assert differing(before, after, ["description", "aud", "iss", "events_requested"]) == [
        "description",
        "iss",
    ]
    assert differing(before, after, []) == []
