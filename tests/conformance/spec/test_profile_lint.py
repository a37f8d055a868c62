"""Profiles held against what they name."""

import pytest

from conformance.spec.profile import ProfileError
from conformance.spec.profile_files import findings, load_profile

HEAD = 'id = "mine"\ntitle = "Mine"\nsources = ["https://my.example"]\n'


def profile_file(tmp_path, names, parent="ssf-1.0"):
    file = tmp_path / "mine.toml"
    file.write_text(f'extends = "{parent}"\n{HEAD}{names}')
    return str(file)


@pytest.mark.parametrize(
    ("names", "key", "right_way"),
    [
        ('[names.stream]\nid = "stream_id"', "names.stream.id", "stream_id = 'id'"),
        (
            '[names.poll_request]\nmax_events = "maxEvents"',
            "names.poll_request.max_events",
            "maxEvents = 'max_events'",
        ),
        (
            '[names.stream]\n"delivery.url" = "delivery.endpoint_url"',
            'names.stream."delivery.url"',
            "\"delivery.endpoint_url\" = 'delivery.url'",
        ),
    ],
)
def test_a_name_map_that_is_the_wrong_way_round_is_refused(tmp_path, names, key, right_way):
    file = profile_file(tmp_path, names)
    (found,) = findings(file)
    assert found.startswith(f"{key}: is the wrong way round")
    assert found.endswith(f"write {right_way}")
    with pytest.raises(ProfileError) as refused:
        load_profile(file)
    assert str(refused.value) == f"{file}: {found}"


@pytest.mark.parametrize(
    "names",
    [
        '[names.stream]\nstream_id = "id"',
        '[names.stream]\n"delivery.method" = "delivery.delivery_method"',
        # Each is a name of the specification: the dialect swaps them.
        '[names.stream]\niss = "aud"\naud = "iss"',
        '[names.transmitter_configuration]\njwks_uri = "keys"',
    ],
)
def test_a_name_map_that_is_the_right_way_round_is_taken(tmp_path, names):
    assert list(findings(profile_file(tmp_path, names))) == []


def test_a_wrong_map_of_a_message_without_a_schema_is_not_a_crash(tmp_path):
    names = '[schemas]\npoll_request = "rfc8936/pol.json"\n[names.poll_request]\na = "maxEvents"'
    (found,) = findings(profile_file(tmp_path, names))
    assert found.startswith("schemas.poll_request: ")
