"""`ssf-conformance init`: discovery and nothing else, and a file that the strict reader takes."""

import re
import tomllib
from pathlib import Path

import pytest
from helpers import results_in
from peers import WELL_KNOWN, Peer, answer, discovered, metadata

from conformance.cli.main import main
from conformance.spec.profile_files import load_profile
from conformance.target.options import Options
from conformance.target.target import TargetError
from conformance.target.target_file import from_file
from mock_transmitter.server import RunningServer

SSE_WELL_KNOWN = "/.well-known/sse-configuration"
TOKENS = (
    "SSF_TOKEN",
    "SSF_POLL_TOKEN",
    "SSF_SECOND_TOKEN",
    "SSF_SECOND_POLL_TOKEN",
    "SSF_LIMITED_TOKEN",
    "SSF_CLIENT_SECRET",
)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Run each test in a folder of its own, with no credential set."""
    monkeypatch.chdir(tmp_path)
    for name in TOKENS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def said(capsys, *arguments):
    code = main(list(map(str, arguments)))
    return code, "".join(capsys.readouterr())


def with_tokens(monkeypatch):
    for name in TOKENS:
        monkeypatch.setenv(name, f"value-of-{name}")


def started(profile, capsys, *more, members=None):
    """Run `init` against a peer that serves the metadata of a profile; return what was said."""
    path = load_profile(profile).discovery.url("http://h").removeprefix("http://h")

    def behave(asked):
        if asked.path != path:
            return answer(404, {})
        return answer(200, metadata(f"http://{asked.headers['host']}", **members or {}))

    with Peer(behave) as peer:
        code, shown = said(capsys, "init", peer.issuer, "--allow-http", "--profile", profile, *more)
    return peer, code, shown


def uncommented(path):
    """Take the # away wherever the file says that this uses an optional part."""
    text = path.read_text()
    path.write_text(re.sub(r"(?m)^#(?=\S)", "", text))
    return from_file(path, Options())


@pytest.mark.parametrize("profile", ["ssf-1.0", "sse-draft", "avnology", "jamf"])
def test_the_file_is_accepted_as_it_is_once_its_variables_are_set(
    place, capsys, monkeypatch, profile
):
    monkeypatch.setenv("CANARY", "x")
    peer, code, shown = started(profile, capsys, "--token-env", "CANARY")
    assert code == 0, shown
    monkeypatch.setenv("SSF_POLL_TOKEN", "the-poll-token")
    target = from_file(place / "target.toml", Options())
    assert target.issuer == peer.issuer
    assert target.profile.id == profile
    assert target.credentials["management"].token == "x"
    apart = load_profile(profile).offers("poll") and profile == "avnology"
    assert ("poll" in target.credentials) is apart
    monkeypatch.delenv("CANARY")
    with pytest.raises(TargetError, match="CANARY"):
        from_file(place / "target.toml", Options())


@pytest.mark.parametrize("profile", ["ssf-1.0", "sse-draft", "avnology", "jamf"])
def test_every_optional_part_is_valid_once_it_is_uncommented(place, capsys, monkeypatch, profile):
    with_tokens(monkeypatch)
    code, shown = started(profile, capsys, "--token-env", "SSF_TOKEN")[1:]
    assert code == 0, shown
    target = uncommented(place / "target.toml")
    for hook in ("emit_event", "second_receiver", "limited_receiver", "clock"):
        assert target.has_hook(hook)
    assert target.second_receiver["management"].token == "value-of-SSF_SECOND_TOKEN"
    explicit = load_profile(profile).stream.model == "explicit"
    assert target.streams == (4 if explicit else 1)
    assert target.event_types
    assert target.limits.max_rps == 5
    assert target.version == "1.0"
    assert target.allow_http


@pytest.mark.parametrize(
    ("profile", "method", "hooks"),
    [
        ("ssf-1.0", "urn:ietf:rfc:8935", {"transmitter_status", "push_listener"}),
        ("ssf-1.0", "urn:ietf:rfc:8936", {"transmitter_status"}),
        ("avnology", "urn:ietf:rfc:8936", set()),
    ],
)
def test_what_a_profile_or_target_does_not_have_is_not_offered(
    capsys, monkeypatch, profile, method, hooks
):
    with_tokens(monkeypatch)
    members = {"delivery_methods_supported": [method]}
    code, shown = started(profile, capsys, members=members)[1:]
    assert code == 0, shown
    target = uncommented(Path("target.toml"))
    assert hooks == {one for one in ("transmitter_status", "push_listener") if target.has_hook(one)}


def test_a_client_of_an_authorization_server_may_take_the_place_of_the_token(
    place, capsys, monkeypatch
):
    with_tokens(monkeypatch)
    assert started("ssf-1.0", capsys)[1] == 0
    path = place / "target.toml"
    text = path.read_text()
    token = '[auth.management]\nkind = "bearer"\ntoken = "env:SSF_TOKEN"\n'
    assert text.count(token) == 1
    path.write_text(re.sub(r"(?m)^#   ", "", text.replace(token, "")))
    assert from_file(path, Options()).has_hook("oauth_client")


def test_a_certificate_that_is_not_trusted_leads_to_ca_file(place, capsys):
    with RunningServer(load_profile("ssf-1.0"), tls=True, ca_out=place / "ca.pem") as server:
        code, shown = said(capsys, "init", server.issuer)
    assert code == 4
    assert "CERTIFICATE_VERIFY_FAILED" in shown
    assert "--ca-file" in shown


@pytest.mark.parametrize("profile", ["ssf-1.0", "avnology"])
def test_over_tls_what_init_writes_is_what_run_takes(place, capsys, monkeypatch, profile):
    with RunningServer(load_profile(profile), tls=True, ca_out=place / "ca.pem") as server:
        code, shown = said(
            capsys, "init", server.issuer, "--profile", profile, "--ca-file", "ca.pem"
        )
        assert code == 0, shown
        monkeypatch.setenv("SSF_TOKEN", server.receivers[0].management_token)
        monkeypatch.setenv("SSF_POLL_TOKEN", server.receivers[0].poll_token or "unused")
        monkeypatch.chdir(place.parent)
        chosen = {"ssf-1.0": "SSF-8.1.1.1-CREATE-201", "avnology": "VEPA-POLL-PATH"}[profile]
        file = place / "target.toml"
        code, shown = said(
            capsys, "run", file, "--requirement", chosen, "--examples", "1",
            "--reports", place / "r",
        )  # fmt: skip
    (row,) = results_in(place / "r")["requirements"]
    assert row["verdict"] == "passed", shown


def test_nothing_but_discovery_is_sent_and_no_credential_with_it(capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "secret-token")
    peer, code, shown = started("ssf-1.0", capsys, "--token-env", "CANARY")
    assert code == 0, shown
    assert [(one.method, one.path) for one in peer.asked] == [("GET", WELL_KNOWN)]
    assert "authorization" not in peer.asked[0].headers


def test_a_profile_whose_metadata_takes_a_credential_asks_for_it_first(capsys, monkeypatch):
    peer, code, shown = started("jamf", capsys)
    assert (code, peer.asked) == (4, [])
    assert "--token-env" in shown
    monkeypatch.setenv("CANARY", "secret-token")
    peer, code, shown = started("jamf", capsys, "--token-env", "CANARY")
    assert code == 0, shown
    assert peer.asked[0].headers["authorization"] == "Bearer secret-token"
    assert "secret-token" not in shown


def test_without_a_profile_the_first_text_whose_metadata_is_found_is_taken(place, capsys):
    def only_2021(asked):
        if asked.path == SSE_WELL_KNOWN:
            return answer(200, metadata(f"http://{asked.headers['host']}"))
        return answer(404, {})

    with Peer(only_2021) as peer:
        code, shown = said(capsys, "init", peer.issuer, "--allow-http")
    assert code == 0, shown
    places = [path.rstrip("/") for path in peer.paths()]
    assert list(dict.fromkeys(places)) == [WELL_KNOWN, SSE_WELL_KNOWN]
    assert all("authorization" not in one.headers for one in peer.asked)
    assert tomllib.loads((place / "target.toml").read_text())["target"]["profile"] == "sse-draft"
    assert "sse-draft" in shown


def test_where_no_text_is_found_the_first_place_is_named_and_nothing_written(place, capsys):
    with Peer(lambda asked: answer(404, {})) as peer:
        code, shown = said(capsys, "init", peer.issuer, "--allow-http")
    assert code == 4
    assert WELL_KNOWN in shown
    assert "--profile" in shown
    assert list(place.iterdir()) == []


def test_what_the_metadata_offers_and_the_next_step_are_told(capsys, monkeypatch):
    monkeypatch.setenv("SSF_TOKEN", "x")
    peer, code, shown = started("ssf-1.0", capsys)
    assert code == 0
    assert f"{peer.issuer}/stream" in shown
    assert "urn:ietf:rfc:8936" in shown
    assert "urn:ietf:rfc:6749" in shown
    assert re.search(r"not in it: .*status_endpoint", shown)
    assert "ssf-conformance run target.toml --plan" in shown
    assert "export" not in shown
    monkeypatch.delenv("SSF_TOKEN")
    assert "export SSF_TOKEN=" in started("ssf-1.0", capsys, "--force")[2]


def test_an_issuer_that_calls_itself_otherwise_is_told(capsys):
    other = {"issuer": "https://other.example"}
    assert "issuer is not the one" in started("ssf-1.0", capsys, members=other)[2]
    assert "issuer is not the one" not in started("ssf-1.0", capsys, "--force")[2]


def test_metadata_can_put_nothing_into_the_file_and_nothing_onto_the_terminal(place, capsys):
    nasty = "urn:x\n[overrides]\npoll = 'https://evil.example'\x1b[2J\u2028x"
    members = {
        "authorization_schemes": [{"spec_urn": nasty}],
        "configuration_endpoint": nasty,
        "jwks_uri": 7,
        "default_subjects": ["ALL", None],
    }
    code, shown = started("ssf-1.0", capsys, members=members)[1:]
    assert code == 0, shown
    assert "\x1b" not in shown
    document = tomllib.loads((place / "target.toml").read_text())
    assert set(document) == {"target", "auth", "limits"}
    assert "evil.example" in (place / "target.toml").read_text()


def test_a_file_that_is_there_is_kept_unless_forced(place, capsys):
    path = place / "target.toml"
    path.write_text("mine")
    peer, code, shown = started("ssf-1.0", capsys)
    assert (code, peer.asked, path.read_text()) == (4, [], "mine")
    assert "--force" in shown
    assert started("ssf-1.0", capsys, "--output", "other.toml")[1] == 0
    assert started("ssf-1.0", capsys, "--force")[1] == 0
    assert "[target]" in path.read_text()


def test_a_place_that_cannot_be_written_is_named(capsys):
    code, shown = started("ssf-1.0", capsys, "--output", "no/such/folder.toml")[1:]
    assert code == 4
    assert "no/such/folder.toml" in shown


def test_a_profile_of_ones_own_is_found_from_any_folder(place, capsys, monkeypatch):
    (place / "mine.toml").write_text(
        'extends = "ssf-1.0"\nid = "mine"\ntitle = "Mine"\nsources = ["https://my.example"]\n'
    )
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        code, shown = said(capsys, "init", peer.issuer, "--allow-http", "--profile", "./mine.toml")
    assert code == 0, shown
    monkeypatch.setenv("SSF_TOKEN", "x")
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    assert from_file(place / "target.toml", Options()).profile.id == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["init"], "ISSUER_URL"),
        (["init", "tx.example"], "https://tx.example"),
        (["init", "http://tx.example"], "--allow-http"),
        (["init", "https://tx.example/.well-known/ssf-configuration"], "name the issuer"),
        (["init", "https://tx.example?a=b"], "query"),
        (["init", "https://tx.example", "--profile", "ssf-1.O"], "ssf-1.0"),
        (["init", "https://tx.example", "--token-env", "NOT_SET"], "NOT_SET"),
        (["init", "https://tx.example", "--ca-file", "nowhere.pem"], "nowhere.pem"),
        (["init", "http://127.0.0.1:1", "--allow-http"], "can't be reached"),
    ],
    ids=str,
)
def test_wrong_usage_ends_with_4_names_what_is_wrong_and_writes_nothing(
    place, capsys, arguments, words
):
    code, shown = said(capsys, *arguments)
    assert code == 4
    assert words in shown
    assert "Traceback" not in shown
    assert list(place.iterdir()) == []
