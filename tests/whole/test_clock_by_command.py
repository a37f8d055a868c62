"""A target whose clock is read and moved by commands, as an operator's target.toml has it."""

import json
import sys

from helpers import carry_out

from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.results_document import document_of
from conformance.spec.profile_files import load_profile
from mock_transmitter.announcement import write_target
from mock_transmitter.domain.redelivery import parse_curve
from mock_transmitter.server import RunningServer

READ = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).read().decode())"
MOVE = """
import json, sys, urllib.request as r
body = json.dumps({"advance_s": float(sys.argv[2])}).encode()
r.urlopen(r.Request(sys.argv[1], body, {"content-type": "application/json"}), timeout=5)
"""
NEEDS_THE_CLOCK = "VEPA-BACKOFF-INDEPENDENT"


def with_commands(target, control_url):
    """Append hooks.clock to a target.toml that has none."""
    clock = f"{control_url}/clock"
    lines = []
    for name, argv, more in (
        ("now", [sys.executable, "-c", READ, clock], ['read = "now"']),
        ("advance", [sys.executable, "-c", MOVE, clock, "{seconds}"], []),
    ):
        lines += ["", f"[hooks.clock.{name}]", 'kind = "command"', f"argv = {json.dumps(argv)}"]
        lines += more
    target.write_text(target.read_text(encoding="utf-8") + "\n".join(lines) + "\n")
    return target


def test_a_backoff_is_walked_with_a_clock_that_commands_read_and_move(tmp_path):
    profile = load_profile("avnology")
    curve = parse_curve("initial=600,factor=4")
    with RunningServer(profile, clock="simulated", redelivery=curve) as server:
        target = write_target(server, tmp_path, profile="avnology", simulated=False)
        run = make_run(
            RunArguments(
                target=str(with_commands(target, server.control_url)),
                requirements=(NEEDS_THE_CLOCK,),
            )
        )
        carry_out(run)
    (row,) = document_of(run)["requirements"]
    assert run.plan.hooks["clock"]
    assert (row["verdict"], row["reason"]) == ("passed", None)
