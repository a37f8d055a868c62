"""Hooks that a person does, at a terminal of the tests' own."""

import os
import pty
import re
import sys
import threading
from contextlib import contextmanager

import httpx
import pytest
from helpers import results_in, target_file
from peers import WELL_KNOWN, Peer, answer, discovered

from conformance.cli.main import main
from conformance.spec.profile_files import load_profile
from conformance.target.by_hand import NotDone, Person
from mock_transmitter.server import RunningServer

MANUAL = (
    "[hooks.transmitter_status]",
    'kind = "manual"',
    'manual = "Set stream {stream_id} to {status}"',
    "timeout_s = 10",
)


class Keyboard:
    """The other end of the terminal: what is shown there, and whoever types."""

    def __init__(self, end):
        self._end = end
        self.shown = ""
        self._asked = 0
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                found = os.read(self._end, 4096).decode()
            except OSError:
                return
            with self._changed:
                self.shown += found
                self._changed.notify_all()

    def leave(self):
        """Wait until nothing is read any more."""
        self._reader.join(timeout=10)
        assert not self._reader.is_alive()

    def types(self, keys):
        os.write(self._end, keys)

    def after(self, times, text):
        """Wait until a text was shown so many times, and return what follows the last of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.shown.count(text) >= times, timeout=10)
        return self.shown.rpartition(text)[2]

    def is_asked(self, ended):
        """Wait until one more thing is asked, and say whether there was one before the end."""
        self._asked += 1
        with self._changed:
            while self.shown.count("press Enter") < self._asked:
                if ended.is_set():
                    return False
                self._changed.wait(0.05)
        return True

    def answers(self, keys):
        """Type as soon as something is asked."""
        typist = threading.Thread(target=lambda: (self.after(1, "press Enter"), self.types(keys)))
        typist.start()
        return typist


@contextmanager
def terminal():
    """Sit at a terminal; within a test, for between its parts pytest has its own in place."""
    ours, theirs = pty.openpty()
    with (
        os.fdopen(theirs, "w", closefd=False) as output,
        os.fdopen(theirs) as stdin,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", stdin)
        patch.setattr(sys, "stderr", output)
        keyboard = Keyboard(ours)
        yield keyboard
    # Reading ends with the other side. A reader left behind would take from whoever gets this
    # descriptor next.
    keyboard.leave()
    os.close(ours)


def test_a_task_is_shown_and_enter_says_that_it_is_done():
    with terminal() as keyboard:
        typist = keyboard.answers(b"\n")
        Person().ask("Pause \x1b stream 7", 10)
        typist.join()
        assert "by hand: Pause \\u001b stream 7" in keyboard.shown
        assert "within 10 s" in keyboard.shown


def test_a_word_says_why_it_is_not_done():
    with terminal() as keyboard:
        typist = keyboard.answers(b"no right to\n")
        with pytest.raises(NotDone, match="not done by hand: no right to"):
            Person().ask("Pause stream 7", 10)
        typist.join()


def test_what_nobody_confirms_in_time_is_not_done_and_nobody_is_asked_again():
    with terminal() as keyboard:
        person = Person()
        with pytest.raises(NotDone, match=r"nobody pressed Enter within 0\.05 s"):
            person.ask("Pause stream 7", 0.05)
        with pytest.raises(NotDone, match="any more"):
            person.ask("Pause stream 8", 10)
        assert "stream 8" not in keyboard.shown


def test_an_enter_too_many_is_no_answer_to_what_comes_next():
    with terminal() as keyboard:
        keyboard.types(b"\n\n")
        keyboard.after(2, "\r\n")
        with pytest.raises(NotDone, match="nobody pressed"):
            Person().ask("Pause stream 7", 0.05)


def test_a_terminal_that_is_closed_is_nobody():
    with terminal() as keyboard:
        typist = keyboard.answers(b"\x04")
        with pytest.raises(NotDone, match="closed"):
            Person().ask("Pause stream 7", 10)
        typist.join()


def test_a_run_asks_a_person_and_judges_what_comes_of_it(tmp_path, capsys):
    with terminal() as keyboard:
        with RunningServer(load_profile("ssf-1.0"), clock="system") as server:
            token = tmp_path / "token"
            token.write_text(server.receivers[0].management_token)
            path = target_file(tmp_path, server.issuer, *MANUAL, token=f"file:{token}")

            def act():
                # Each task in turn, however many the cases ask for.
                while keyboard.is_asked(ended):
                    task = keyboard.after(1, "by hand: ")
                    stream_id, status = re.search(r"Set stream (\S+) to (\w+)", task).groups()
                    body = {"stream_id": stream_id, "status": status}
                    httpx.post(f"{server.control_url}/status", json=body).raise_for_status()
                    keyboard.types(b"\n")

            ended = threading.Event()
            person = threading.Thread(target=act)
            person.start()
            code = main(
                [
                    *("run", str(path), "--allow-http", "--reports", str(tmp_path / "r")),
                    *("--requirement", "SSF-8.1.5-STATUS-PRESENT"),
                ]
            )
            ended.set()
            person.join()
        (row,) = results_in(tmp_path / "r")["requirements"]
        assert (code, row["verdict"]) == (0, "passed"), capsys.readouterr().out
        assert "[transmitter_status, for test_ssf_8_1_5" in keyboard.shown


def test_without_a_terminal_a_run_with_a_task_by_hand_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        path = target_file(tmp_path, peer.issuer, *MANUAL)
        code = main(["run", str(path), "--allow-http", "--reports", str(tmp_path / "r")])
    assert code == 4
    shown = capsys.readouterr().err
    assert "hooks.transmitter_status is manual, and there is no terminal" in shown
    assert {one.path for one in peer.asked} == {WELL_KNOWN}


def test_a_plan_needs_no_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CANARY", "x")
    with Peer(discovered(lambda asked: answer(404, {}))) as peer:
        path = target_file(tmp_path, peer.issuer, *MANUAL)
        assert main(["run", str(path), "--allow-http", "--plan"]) == 0
