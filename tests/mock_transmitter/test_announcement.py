"""What --target-out writes is a target that the suite loads."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from conformance.spec.profile_files import load_profile
from conformance.spec.shipped_profiles import DIRECTORY
from conformance.target.credentials import Bearer
from conformance.target.options import Options
from conformance.target.provisions import PROVISIONS
from conformance.target.target_file import from_file
from mock_transmitter.announcement import write_ready_file, write_target
from mock_transmitter.server import RunningServer


def written(tmp_path, profile, *, tls=False, simulated=True):
    options = {"tls": True, "ca_out": tmp_path / "ca.pem"} if tls else {}
    with RunningServer(
        load_profile(profile), clock="simulated" if simulated else "system", **options
    ) as server:
        path = write_target(server, tmp_path, profile=profile, simulated=simulated)
    return server, path


@pytest.mark.parametrize("profile", ["ssf-1.0", "jamf", "avnology", "sse-draft"])
@pytest.mark.parametrize("tls", [False, True])
def test_the_suite_loads_it_for_every_profile(tmp_path, profile, tls):
    server, path = written(tmp_path, profile, tls=tls)
    target = from_file(path, Options())
    assert target.issuer == server.issuer
    assert target.profile.id == profile
    assert target.allow_http is not tls
    assert target.ca_file == server.ca_file
    first, second = server.receivers
    assert target.credentials["management"].token == first.management_token
    assert target.second_receiver["management"].token == second.management_token
    assert target.limited_receiver == {"management": Bearer(first.limited_token)}
    # A client is given where the profile asks for OAuth, a listener by the suite itself.
    for hook in set(PROVISIONS) - {"oauth_client", "push_listener"}:
        assert target.has_hook(hook)


def test_where_the_profile_asks_for_oauth_receivers_are_clients(tmp_path):
    server, path = written(tmp_path, "caep-interop")
    target = from_file(path, Options())
    assert target.oauth_client is not None
    assert target.oauth_client.client.user == server.receivers[0].client_id
    assert target.oauth_client.call.url == server.token_url
    assert server.receivers[0].client_secret not in path.read_text()


def test_poll_tokens_are_given_where_a_receiver_has_them(tmp_path):
    server, path = written(tmp_path, "avnology")
    target = from_file(path, Options())
    assert target.credentials["poll"].token == server.receivers[0].poll_token
    assert target.second_receiver["poll"].token == server.receivers[1].poll_token


def test_the_one_implicit_stream_is_named_by_its_audience(tmp_path):
    _, path = written(tmp_path, "jamf")
    body = tomllib.loads(path.read_text())["hooks"]["emit_event"]["body"]
    assert body == {
        "event_type": "{event_type}",
        "subject": "{subject}",
        "audience": "{audience}",
    }


def test_the_system_clock_lends_no_clock_hook(tmp_path):
    _, path = written(tmp_path, "ssf-1.0", simulated=False)
    assert not from_file(path, Options()).has_hook("clock")


def test_no_secret_stands_in_the_file_and_the_tokens_are_private(tmp_path):
    server, path = written(tmp_path, "avnology")
    text = path.read_text()
    for receiver in server.receivers:
        assert receiver.management_token not in text
        assert receiver.poll_token not in text
        assert receiver.limited_token not in text
    tokens = list(tmp_path.glob("*.token"))
    assert len(tokens) == 5
    for file in (*tokens, path):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ['quo"te', "back\\slash", "new\nline", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "\x7f"]
)
def test_any_path_is_written_as_proper_toml(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    profile = folder / "own.toml"
    profile.write_text((DIRECTORY / "ssf-1.0.toml").read_text())
    _, path = written(folder, str(profile))
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    assert document["target"]["profile"] == str(profile)
    token = Path(document["auth"]["management"]["token"].removeprefix("file:"))
    assert token.parent == folder
    assert token.is_file()


def test_the_ready_file_replaces_an_older_one_whole(tmp_path):
    path = tmp_path / "ready.json"
    path.write_text("old")
    path.chmod(0o644)
    with RunningServer(load_profile("ssf-1.0")) as server:
        write_ready_file(server, path)
    assert json.loads(path.read_text())["issuer"] == server.issuer
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["ready.json"]
