from pathlib import Path

import pytest

from conformance.target.credentials import Bearer
from conformance.target.options import Options
from conformance.target.target import TargetError
from conformance.target.target_file import from_file, from_issuer

ISSUER = "https://tx.example/tenant"
CANARY = "canary-4f1d"
GOOD = f"""
[target]
name = "staging"
version = "1.2"
issuer = "{ISSUER}"
profile = "avnology"
[auth.management]
kind = "bearer"
token = "env:TARGET_TOKEN"
[auth.poll]
kind = "bearer"
token = "file:TOKEN_FILE"
[second_receiver.auth.management]
kind = "bearer"
token = "env:SECOND_TOKEN"
[limited_receiver.auth.management]
kind = "bearer"
token = "env:LIMITED_TOKEN"
[overrides]
poll = "https://tx.example/p"
[capabilities]
streams = 3
event_types = ["urn:a"]
subjects = [{{ format = "email", email = "a@example.com" }}]
[hooks.emit_event]
kind = "command"
argv = ["emit", "{{event_type}}"]
[hooks.clock.now]
kind = "http"
method = "GET"
url = "https://tx.example/clock"
read = "now"
[hooks.clock.advance]
kind = "http"
url = "https://tx.example/clock"
body = {{ seconds = "{{seconds}}" }}
[limits]
max_rps = 5
timeout_s = 2.5
patience_s = 7
"""


@pytest.fixture(autouse=True)
def _tokens(monkeypatch, tmp_path):
    monkeypatch.setenv("TARGET_TOKEN", "one")
    monkeypatch.setenv("SECOND_TOKEN", "three")
    monkeypatch.setenv("LIMITED_TOKEN", "four")
    (tmp_path / "token").write_text("two\n")


def written(tmp_path, text):
    path = tmp_path / "target.toml"
    path.write_text(text.replace("TOKEN_FILE", str(tmp_path / "token")))
    return path


def refused(tmp_path, text, options=None):
    path = written(tmp_path, text)
    with pytest.raises(TargetError) as raised:
        from_file(path, options or Options())
    assert str(path) in str(raised.value)
    return str(raised.value)


def minimal(more="", issuer=ISSUER):
    return f'[target]\nissuer = "{issuer}"\n{more}'


def credential(token, channel="management"):
    return minimal(f'[auth.{channel}]\nkind = "bearer"\ntoken = {token}\n')


def test_everything_that_a_file_says_arrives(tmp_path):
    target = from_file(written(tmp_path, GOOD), Options())
    assert (target.name, target.version, target.issuer) == ("staging", "1.2", ISSUER)
    assert target.profile.id == "avnology"
    assert target.credentials == {"management": Bearer("one"), "poll": Bearer("two")}
    assert target.second_receiver == {"management": Bearer("three")}
    assert target.limited_receiver == {"management": Bearer("four")}
    assert target.overrides == {"poll": "https://tx.example/p"}
    assert (target.streams, target.event_types) == (3, ("urn:a",))
    assert target.subjects == ({"format": "email", "email": "a@example.com"},)
    assert set(target.hooks) == {"emit_event", "clock.now", "clock.advance"}
    assert target.hooks["emit_event"].argv == ("emit", "{event_type}")
    assert target.hooks["clock.advance"].method == "POST"
    assert target.has_hook("clock")
    assert target.has_hook("second_receiver")
    assert target.has_hook("limited_receiver")
    assert not target.has_hook("transmitter_status")
    assert (target.limits.max_rps, target.limits.timeout_s, target.limits.patience_s) == (5, 2.5, 7)
    assert target.secrets == {"one", "two", "three", "four"}


def test_a_lab_may_be_named_one_in_the_file_and_on_the_command_line_alike(tmp_path):
    text = minimal("[limits]\nallow_http = true\n", issuer="http://tx.example")
    assert from_file(written(tmp_path, text), Options(allow_http=True)).allow_http
    assert from_file(written(tmp_path, text), Options()).allow_http


def subjects(*written_out):
    return minimal(f"[capabilities]\nsubjects = [{', '.join(written_out)}]\n")


@pytest.mark.parametrize(
    "subject",
    [
        '{ format = "opaque", id = "1" }',
        '{ format = "complex", user = { format = "email", email = "a@example.com" } }',
        '{ format = "aliases", identifiers = [{ format = "opaque", id = "1" }] }',
        '{ format = "jwt_id", iss = "https://idp.example", jti = "1" }',
        '{ format = "example.com:person", number = 7 }',
    ],
)
def test_subjects_of_any_format_are_taken(tmp_path, subject):
    assert len(from_file(written(tmp_path, subjects(subject)), Options()).subjects) == 1


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ('{ format = "email", mail = "a@example.com" }', ["1: unknown member 'mail'", "has email"]),
        ('{ format = "email" }', ["capabilities.subjects.1: 'email' is a required property"]),
        ('{ format = "email", email = "a" }', ["capabilities.subjects.1.email: 'a' does not"]),
        ('{ format = "opaque", id = 7 }', ["capabilities.subjects.1.id: 7 is not"]),
        ('{ format = "opaque", id = "1", iss = "x" }', ["unknown member 'iss'"]),
        ('{ format = "emial", emial = "x" }', ["1.format", "did you mean 'email'?"]),
        ('{ format = "Complex", user = {} }', ["did you mean 'complex'?"]),
        (
            '{ format = "complex", user = { format = "email", mail = "x" } }',
            ["capabilities.subjects.1.user: unknown member 'mail'"],
        ),
        (
            '{ format = "aliases", identifiers = [{ format = "opaque", uid = "1" }] }',
            ["capabilities.subjects.1.identifiers.0: unknown member 'uid'"],
        ),
    ],
)
def test_a_subject_that_its_format_does_not_have_is_named(tmp_path, subject, words):
    shown = refused(tmp_path, subjects('{ format = "opaque", id = "1" }', subject))
    assert all(word in shown for word in words), shown


def test_an_event_type_is_a_uri(tmp_path):
    shown = refused(tmp_path, minimal('[capabilities]\nevent_types = ["session-revoked"]\n'))
    assert "capabilities.event_types.0" in shown


def hook(name, *lines):
    return minimal("\n".join([f"[hooks.{name}]", *lines]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            hook("emit_event", 'kind = "http"', 'url = "https://x/{strem_id}"'),
            ["hooks.emit_event.url: unknown placeholder {strem_id}", "did you mean {stream_id}?"],
        ),
        (
            hook("emit_event", 'kind = "http"', 'url = "https://x"', 'body = {a=["{wat}"]}'),
            ["hooks.emit_event.body.a.0", "{wat}; known here: {event_type}, {subject}, "],
        ),
        (
            hook("emit_event", 'kind = "http"', 'url = "https://x"', 'headers = {a="{status}"}'),
            ["hooks.emit_event.headers.a: unknown placeholder {status}"],
        ),
        (
            hook("transmitter_status", 'kind = "command"', 'argv = ["x", "{stauts}"]'),
            ["hooks.transmitter_status.argv.1", "did you mean {status}?"],
        ),
        (
            hook("transmitter_status", 'kind = "manual"', 'manual = "Pause {stream}"'),
            ["hooks.transmitter_status.manual", "did you mean {stream_id}?"],
        ),
        (
            hook("clock.now", 'kind = "command"', 'argv = ["now", "{seconds}"]', 'read = "now"')
            + '\n[hooks.clock.advance]\nkind = "command"\nargv = ["go", "{seconds}"]\n',
            ["hooks.clock.now.argv.1: unknown placeholder {seconds}; known here: none"],
        ),
    ],
)
def test_a_placeholder_that_a_hook_does_not_have_is_named_with_the_nearest(tmp_path, text, words):
    shown = refused(tmp_path, text)
    assert all(word in shown for word in words), shown


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (hook("emit_event", 'kind = "manual"'), "'manual' is a required property"),
        (hook("emit_event", 'kind = "manual"', 'manual = ""'), "hooks.emit_event.manual"),
        (hook("emit_event", 'kind = "command"', 'argv = ["x"]', 'manual = "x"'), "'manual'"),
        (hook("emit_event", 'kind = "manual"', 'manual = "x"', 'url = "https://x"'), "'url'"),
        (hook("emit_event", 'kind = "manual"', 'manual = "x"', "timeout_s = 0"), "timeout_s"),
        (
            hook("clock.now", 'kind = "command"', 'argv = ["now"]', 'read = "x"')
            + '\n[hooks.clock.advance]\nkind = "manual"\nmanual = "wait {seconds}"\n',
            "hooks.clock.advance.kind",
        ),
    ],
)
def test_a_hook_has_the_keys_of_its_kind(tmp_path, text, word):
    assert word in refused(tmp_path, text)


def test_a_hook_may_be_a_task_for_a_person(tmp_path):
    text = hook("transmitter_status", 'kind = "manual"', 'manual = "Pause {stream_id}"')
    target = from_file(written(tmp_path, text), Options())
    found = target.hooks["transmitter_status"]
    assert (found.manual, found.timeout_s) == ("Pause {stream_id}", 300)
    assert target.manual_hooks == ("transmitter_status",)
    assert target.has_hook("transmitter_status")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"push_url": "https://ci.example/"}, ["--push-url https://ci.example/", "--push-listen"]),
        ({"push_url": ""}, ["--push-url ''"]),
        ({"push_listen": ""}, ["--push-listen ''", "HOST:PORT"]),
        ({"push_listen": "127.0.0.1:0", "push_cert": Path("gone.pem")}, ["--push-cert gone.pem"]),
    ],
)
def test_half_a_push_listener_is_refused(options, words):
    with pytest.raises(TargetError) as raised:
        from_issuer(ISSUER, Options(**options))
    assert all(word in str(raised.value) for word in words), raised.value


def test_the_url_of_pushes_may_stand_in_the_file_and_the_port_on_the_command_line(tmp_path):
    path = written(tmp_path, minimal('[push]\nurl = "https://ci.example/"\n'))
    with pytest.raises(TargetError, match="--push-listen"):
        from_file(path, Options())
    assert from_file(path, Options(push_listen="127.0.0.1:0")).listening is not None


def test_a_bare_issuer_is_held_to_ssf_1_0_and_named_by_its_host():
    target = from_issuer(ISSUER, Options())
    assert (target.profile.id, target.name, target.credentials) == ("ssf-1.0", "tx.example", {})
    assert not target.has_hook("second_receiver")
    assert not target.has_hook("limited_receiver")
    assert not target.allow_destructive


def test_options_win_over_the_file(tmp_path):
    options = Options(
        profile="jamf",
        token_env="SECOND_TOKEN",
        patience_s=1,
        max_rps=2,
        push_listen="127.0.0.1:0",
        push_url="https://p.example",
    )
    target = from_file(written(tmp_path, GOOD), options)
    assert target.profile.id == "jamf"
    assert target.credentials == {"management": Bearer("three"), "poll": Bearer("two")}
    assert (target.limits.patience_s, target.limits.max_rps) == (1, 2)
    assert target.push_url == "https://p.example/"


def test_one_token_serves_both_channels_where_the_file_names_none():
    target = from_issuer(ISSUER, Options(token_env="TARGET_TOKEN"))
    assert target.credentials == {"management": Bearer("one"), "poll": Bearer("one")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (minimal('colour = "red"'), ["target.colour"]),
        ('[target]\nisuer = "https://x"', ["target.isuer", "'issuer'"]),
        (minimal("[limits]\ntimeout = 3"), ["limits.timeout", "'timeout_s'"]),
        (minimal("[hook]"), ["hook", "'hooks'"]),
        (minimal("[hooks.emit]\nkind='http'"), ["hooks.emit", "emit_event"]),
        (minimal("[overrides]\npol = 'https://x'"), ["overrides.pol", "'poll'"]),
        (minimal("[auth.push]\nkind='bearer'\ntoken='env:X'"), ["auth.push"]),
        (minimal("[auth.management]\nkind='bearer'\ntokn='env:X'"), ["auth.management.tokn"]),
        ("", ["'target'"]),
        ("[target]", ["target", "'issuer'"]),
        ("[target]\nissuer = 5", ["target.issuer"]),
        ("[target]\nissuer = 'tx.example'", ["target.issuer"]),
        (minimal(issuer="https://"), ["target.issuer", "host"]),
        (minimal(issuer="https://tx.example?a=b"), ["target.issuer", "query"]),
        (minimal(issuer="https://tx.example#a"), ["target.issuer", "fragment"]),
        (minimal(issuer="http://tx.example"), ["target.issuer", "--allow-http"]),
        (minimal("[auth.management]\nkind='kerberos'\ntoken='env:X'"), ["auth.management.kind"]),
        (minimal("[auth.management]\nkind='bearer'"), ["auth.management", "'token'"]),
        (minimal("[limited_receiver]"), ["limited_receiver", "'auth'"]),
        (
            minimal("[second_receiver.auth.poll]\nkind='bearer'\ntoken='env:X'"),
            ["second_receiver.auth", "'management'"],
        ),
        (minimal("[hooks.emit_event]\nkind='http'"), ["hooks.emit_event", "'url'"]),
        (minimal("[hooks.emit_event]\nkind='command'"), ["hooks.emit_event", "'argv'"]),
        (minimal("[hooks.emit_event]\nkind='command'\nargv=[]"), ["hooks.emit_event.argv"]),
        (minimal("[hooks.emit_event]\nkind='command'\nargv='ls'"), ["hooks.emit_event.argv"]),
        (minimal("[hooks.emit_event]\nkind='shell'\nargv=['a']"), ["hooks.emit_event.kind"]),
        (
            minimal("[hooks.emit_event]\nkind='http'\nurl='https://x'\nmethod='TRACE'"),
            ["hooks.emit_event.method"],
        ),
        (
            minimal("[hooks.clock.now]\nkind='http'\nurl='https://x'"),
            ["hooks.clock", "'advance'"],
        ),
        (minimal("[capabilities]\nstreams = 0"), ["capabilities.streams"]),
        (minimal("[capabilities]\nevent_types = []"), ["capabilities.event_types"]),
        (minimal('[capabilities]\nsubjects = [{ id = "a" }]'), ["capabilities.subjects", "format"]),
        (minimal("[limits]\nmax_rps = 0"), ["limits.max_rps"]),
        (minimal("[limits]\npatience_s = -1"), ["limits.patience_s"]),
        (minimal("[limits]\ntimeout_s = '3'"), ["limits.timeout_s"]),
        (minimal("[tls]\nca_file = '/nowhere.pem'"), ["tls.ca_file", "/nowhere.pem"]),
        ("[target", ["not valid TOML"]),
        (minimal() * 2, ["not valid TOML"]),
        pytest.param(minimal(issuer="https://[::1"), ["target.issuer"]),
        pytest.param(minimal(issuer="https://user:pass@tx.example"), ["target.issuer"]),
        pytest.param(
            minimal(
                "[hooks.clock.now]\nkind='http'\nurl='https://x'\n"
                "[hooks.clock.advance]\nkind='http'\nurl='https://x'"
            ),
            ["hooks.clock.now", "read"],
        ),
    ],
)
def test_a_wrong_file_is_named_with_the_key(tmp_path, text, words):
    message = refused(tmp_path, text)
    assert "Traceback" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("profile", ["nope", "./nope.toml", "ssf-1.O"])
def test_an_unknown_profile_is_named(tmp_path, profile):
    path = written(tmp_path, minimal(f'profile = "{profile}"'))
    with pytest.raises(TargetError, match=profile):
        from_file(path, Options())


@pytest.mark.parametrize(
    "text",
    [
        credential(f'"{CANARY}"'),
        credential(f'"Bearer {CANARY}"'),
        credential(f'["{CANARY}"]'),
        credential(f'"env {CANARY}"'),
        credential(f'{{ value = "{CANARY}" }}'),
        credential(f'"{CANARY}"', "poll"),
        minimal(f'[second_receiver.auth.poll]\nkind = "bearer"\ntoken = "{CANARY}"\n'),
        minimal(f'[limited_receiver.auth.management]\nkind = "bearer"\ntoken = "{CANARY}"\n'),
        minimal(f'[limited_receiver]\nauth = "{CANARY}"\n'),
        pytest.param(minimal(f'[auth]\nmanagement = "{CANARY}"')),
        pytest.param(f'auth = "{CANARY}"\n{minimal()}'),
    ],
)
def test_a_secret_written_out_is_refused_and_never_shown(tmp_path, text):
    message = refused(tmp_path, text)
    assert CANARY not in message
    assert "auth" in message


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ('"env:NOT_SET"', ["auth.management.token", "NOT_SET", "export"]),
        ('"env:EMPTY"', ["auth.management.token", "EMPTY"]),
        ('"file:/nowhere/token"', ["auth.management.token", "/nowhere/token"]),
        ('"file:/"', ["auth.management.token", "can't be read"]),
        ('"env:SPACED"', ["auth.management.token", "printable ASCII"]),
        ('"env:ACCENTED"', ["auth.management.token", "printable ASCII"]),
        pytest.param('"env:CONTROL"', ["auth.management.token", "printable ASCII"]),
    ],
)
def test_a_secret_that_cannot_be_had_is_named_and_not_shown(tmp_path, monkeypatch, token, words):
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("SPACED", f"{CANARY} x")
    monkeypatch.setenv("ACCENTED", f"{CANARY}é")
    monkeypatch.setenv("CONTROL", f"{CANARY}\x01")
    message = refused(tmp_path, credential(token))
    assert CANARY not in message
    for word in words:
        assert word in message


def test_an_empty_secret_file_is_named(tmp_path):
    (tmp_path / "empty").write_text("\n")
    message = refused(tmp_path, credential(f'"file:{tmp_path / "empty"}"'))
    assert "empty" in message


def test_a_token_env_that_is_not_set_is_named():
    with pytest.raises(TargetError, match=r"--token-env.*NOT_SET"):
        from_issuer(ISSUER, Options(token_env="NOT_SET"))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path, words in ((tmp_path / "none.toml", "can't be read"), (tmp_path, "can't be read")):
        with pytest.raises(TargetError, match=words):
            from_file(path, Options())
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TargetError, match="not UTF-8"):
        from_file(tmp_path / "bytes.toml", Options())


def test_plain_http_is_for_labs_alone(tmp_path):
    lab = minimal("[limits]\nallow_http = true", issuer="http://127.0.0.1:1")
    assert from_file(written(tmp_path, lab), Options()).allow_http
    assert from_issuer("http://127.0.0.1:1", Options(allow_http=True)).allow_http
    with pytest.raises(TargetError, match="--allow-http"):
        from_issuer("http://127.0.0.1:1", Options())


@pytest.mark.parametrize(
    "url",
    [
        "http://listener.example/",
        "listener.example",
        "https://",
        pytest.param("https://[::1"),
    ],
)
def test_a_push_url_that_is_no_https_url_is_named(url):
    with pytest.raises(TargetError, match="--push-url"):
        from_issuer(ISSUER, Options(push_url=url))


def test_no_secret_stands_in_a_repr(tmp_path):
    shown = repr(from_file(written(tmp_path, GOOD), Options()))
    assert not any(secret in shown for secret in ("'one'", "'two'", "'three'", "'four'"))
    assert "two" not in repr(Bearer("two"))
