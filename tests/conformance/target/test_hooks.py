import dataclasses
import json
import socket
import sys
from contextlib import contextmanager

import pytest
from helpers import transmitter_of
from peers import Peer, Reset, Silence, answer

from conformance.clock import RealClock
from conformance.receiver.preconditions import Blocked, NotReached
from conformance.spec.profile_files import load_profile
from conformance.target import hooks
from conformance.target.credentials import Bearer
from conformance.target.target import Hook, Limits, Target

VALUES = {"stream_id": "s-1", "seconds": 2.5, "count": 3, "nothing": None, "list": ["a"]}


def target_with(*given, timeout_s=20.0):
    return Target(
        name="a test",
        version=None,
        issuer="https://tx.example",
        profile=load_profile("ssf-1.0"),
        credentials={},
        hooks={hook.name: hook for hook in given},
        limits=Limits(timeout_s=timeout_s, patience_s=0.2),
        allow_http=True,
    )


def http(url, name="emit_event", **more):
    return Hook(name=name, kind="http", url=url, **more)


def program(text, *arguments, name="emit_event", **more):
    return Hook(name=name, kind="command", argv=(sys.executable, "-c", text, *arguments), **more)


def called(hook, values=None, **limits):
    transmitter = transmitter_of(target_with(hook, **limits), metadata={})
    return transmitter, transmitter.hooks.call(hook.name, VALUES if values is None else values)


@contextmanager
def peer(behaviour):
    with Peer(behaviour) as found:
        yield found


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{seconds}", 2.5),
        ("{count}", 3),
        ("{list}", ["a"]),
        ("{nothing}", None),
        ("{unknown}", "{unknown}"),
        ("/s/{stream_id}/{count}", "/s/s-1/3"),
        ("{count}{count}", "33"),
        ("plain", "plain"),
        ({"a": {"b": "{seconds}", "c": 1, "d": True}}, {"a": {"b": 2.5, "c": 1, "d": True}}),
        ({"a": "{nothing}", "b": 1}, {"b": 1}),
        (["{count}", ("{stream_id}",)], [3, ["s-1"]]),
        (7, 7),
    ],
)
def test_a_placeholder_alone_keeps_its_type_and_one_in_a_text_becomes_text(template, filled):
    assert hooks.fill(template, VALUES) == filled
    assert type(hooks.fill(template, VALUES)) is type(filled)


def test_a_value_is_not_filled_in_again():
    values = {"event_type": "urn:{audience}", "audience": "x"}
    assert hooks.fill("say {event_type}", values) == "say urn:{audience}"


def test_an_http_hook_sends_json_with_its_types_and_reads_its_answer():
    with peer(lambda asked: answer(200, {"data": [{"now": 12.5}]})) as one:
        hook = http(
            f"{one.issuer}/c/{{stream_id}}",
            method="PUT",
            body={"s": "{seconds}", "gone": "{nothing}"},
            headers={"x-stream": "{stream_id}"},
            read="data.0.now",
        )
        transmitter, found = called(hook)
    (asked,) = one.asked
    assert found == 12.5
    assert (asked.method, asked.path) == ("PUT", "/c/s-1")
    assert json.loads(asked.body) == {"s": 2.5}
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-stream"] == "s-1"
    assert "authorization" not in asked.headers
    assert [one.operation for one in transmitter.recorder.exchanges] == ["hook:emit_event"]


def test_an_http_hook_without_read_returns_nothing_whatever_is_answered():
    with peer(lambda asked: answer(202, b"<html>", content_type="text/html")) as one:
        assert called(http(one.issuer))[1] is None


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (lambda asked: answer(400, {}), "answered 400"),
        (lambda asked: answer(500, b"boom"), "answered 500"),
        (lambda asked: answer(200, b"not JSON"), "holds nothing at 'now'"),
        (lambda asked: answer(200, {"then": 1}), "holds nothing at 'now'"),
        (lambda asked: answer(200, [1]), "holds nothing at 'now'"),
        (lambda asked: answer(200, 5), "holds nothing at 'now'"),
        (lambda asked: answer(200, b"\xff"), "holds nothing at 'now'"),
        pytest.param(lambda asked: answer(200, b"[" * 100_000), "emit_event"),
        pytest.param(lambda asked: answer(302, b'{"now": 1}', location="/"), "answered 302"),
    ],
    ids=["400", "500", "no JSON", "no member", "array", "number", "bytes", "deep", "redirect"],
)
def test_an_http_hook_that_fails_blocks_by_name(behaviour, words):
    with peer(behaviour) as one, pytest.raises(Blocked, match="emit_event") as raised:
        called(http(one.issuer, read="now"))
    assert words in str(raised.value)


def test_each_failure_of_a_hook_is_kept_with_its_place():
    transmitter = transmitter_of(target_with(program("import sys; sys.exit(7)")), metadata={})
    for _ in range(2):
        with pytest.raises(Blocked):
            transmitter.hooks.call("emit_event", VALUES)
    assert len(transmitter.connection.troubles) == 2
    assert {one.place for one in transmitter.connection.troubles} == {"[hooks.emit_event]"}
    assert "ended with 7" in transmitter.connection.troubles[0].text


def _raise(error):
    raise error


@pytest.mark.parametrize("error", [Silence, Reset], ids=["silence", "reset"])
def test_an_http_hook_without_an_answer_blocks_by_name(error):
    with peer(lambda asked: _raise(error)) as one, pytest.raises(Blocked, match="emit_event"):
        called(http(one.issuer), timeout_s=0.3)


def test_a_hook_at_a_closed_port_is_no_error_of_ours():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotReached):
        called(http(f"http://127.0.0.1:{port}"))


def test_a_header_takes_a_number_as_text():
    with peer(lambda asked: answer(200, {})) as one:
        called(http(one.issuer, headers={"x-seconds": "{seconds}"}))
    assert one.asked[0].headers["x-seconds"] == "2.5"


def test_a_command_gets_its_arguments_unsplit_and_no_shell_comes_between():
    hook = program(
        "import json, sys; print(json.dumps({'argv': sys.argv[1:]}))",
        "{stream_id}",
        "a b; $(touch x) {count}",
        "{seconds}",
        read="argv",
    )
    transmitter, found = called(hook)
    assert found == ["s-1", "a b; $(touch x) 3", "2.5"]
    (exchange,) = transmitter.recorder.exchanges
    assert exchange.operation == "command:emit_event"
    assert '"argv"' in exchange.response_body


def test_a_command_reads_nothing_from_our_input_and_needs_no_output():
    assert called(program("import sys; assert sys.stdin.read() == ''"))[1] is None


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (program("import sys; print('why', file=sys.stderr); sys.exit(7)"), "ended with 7: why"),
        (program("print('x')", read="a"), "holds nothing at 'a'"),
        (program("", read="a"), "holds nothing at 'a'"),
        (program("print('{\"a\": {}}')", read="a.b.c"), "holds nothing at 'a.b.c'"),
        (
            Hook(name="emit_event", kind="command", argv=("/nowhere/emit",)),
            "No such file",
        ),
        (Hook(name="emit_event", kind="command", argv=("/",)), "Permission denied"),
    ],
    ids=["exit code", "no JSON", "nothing", "too deep", "no program", "a directory"],
)
def test_a_command_that_fails_blocks_by_name(hook, words):
    with pytest.raises(Blocked, match="emit_event") as raised:
        called(hook)
    assert words in str(raised.value)


def test_a_command_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(hooks, "COMMAND_TIMEOUT_S", 0.3)
    with pytest.raises(Blocked, match="timed out"):
        called(program("import time; time.sleep(20)"))


def test_a_commands_secrets_do_not_stand_in_what_is_recorded():
    hook = program("print('token canary-9')", "--token", "canary-9")
    target = dataclasses.replace(target_with(hook), credentials={"management": Bearer("canary-9")})
    transmitter = transmitter_of(target, metadata={})
    transmitter.hooks.call("emit_event", {})
    assert "canary-9" not in repr(transmitter.recorder.exchanges)


# -- the clock ---------------------------------------------------


def clock_of(now, advance="pass"):
    return target_with(
        program(now, name="clock.now", read="now"), program(advance, name="clock.advance")
    )


def test_the_clock_is_read_and_moved_through_its_hooks(tmp_path):
    path = tmp_path / "moved"
    target = target_with(
        program('print(\'{"now": "12.5"}\')', name="clock.now", read="now"),
        Hook(
            name="clock.advance",
            kind="command",
            argv=(
                sys.executable,
                "-c",
                "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])",
                str(path),
                "{seconds}",
            ),
        ),
    )
    clock = transmitter_of(target, metadata={}).clock
    assert clock.movable
    assert clock.now() == 12.5
    clock.advance(86400)
    assert float(path.read_text()) == 86400


def test_half_a_clock_is_none():
    target = target_with(program("pass", name="clock.now"))
    assert isinstance(transmitter_of(target, metadata={}).clock, RealClock)


@pytest.mark.parametrize("now", ["'noon'", "null", "{}", "NaN", "1e999"])
def test_a_clock_that_tells_no_time_blocks_by_name(now):
    shown = now.replace("'", '\\"')
    target = clock_of(f'print("{{\\"now\\": {shown}}}")')
    with pytest.raises(Blocked, match=r"clock\.now"):
        transmitter_of(target, metadata={}).clock.now()


def test_waiting_beyond_the_patience_blocks_where_no_clock_can_be_moved():
    transmitter = transmitter_of(target_with(), metadata={})
    with pytest.raises(Blocked, match="--patience"):
        transmitter.wait(60)


# -- subjects ---------------------------------------------------

SUBJECT = {"format": "email", "email": "user@example.com"}


def test_a_command_gets_a_subject_as_json():
    hook = program(
        "import json, sys; print(json.dumps([json.loads(one) for one in sys.argv[1:]]))",
        "{subject}",
        '{{"subject": {subject}}}'.replace("{{", "{").replace("}}", "}"),
        read="1",
    )
    _, found = called(hook, {"subject": SUBJECT})
    assert found == {"subject": SUBJECT}


@pytest.mark.parametrize(
    ("hook", "takes"),
    [
        (http("https://tx.example", body={"about": "{subject}"}), True),
        (http("https://tx.example", body={"about": {"whom": ["{subject}"]}}), True),
        (program("", "{subject}"), True),
        (http("https://tx.example", body={"subject": "{event_type}"}), False),
    ],
)
def test_a_hook_takes_a_subject_where_it_has_a_place_for_one(hook, takes):
    assert target_with(hook).chooses_subjects is takes


def test_without_a_hook_nobody_chooses_subjects():
    assert not target_with().chooses_subjects
