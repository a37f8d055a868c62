"""Plays the golden conversations against the mock, with no profile in between.

`tests/golden/README.md` says how they are written. Only `# profile:` decides which mock is started:
from there on it is raw HTTP, compared with what the texts show.
"""

import base64
import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from conformance.spec.profile_files import load_profile
from mock_transmitter.fronts.in_process import InProcessTransport
from mock_transmitter.site import Site

GOLDEN = Path(__file__).parents[1] / "golden"
ISSUER = "https://transmitter.example.com"

PLACE = re.compile(r"\{([A-Z][A-Z0-9_]*)(:json)?\}")
NAME = re.compile(r"\$([A-Z][A-Z0-9_]*)\$")


@dataclass
class Message:
    """The lines of a request or of an answer: first line, header fields, body."""

    first: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""


@dataclass
class Block:
    """A request with its answer, or an instruction."""

    line: int
    request: Message | None = None
    answer: Message | None = None
    instruction: str = ""
    expected: str = ""


def read(path):
    """Return the head of a conversation and its blocks."""
    head, *blocks = re.split(r"(?m)^###[ \t]*\n", path.read_text(encoding="utf-8"))
    facts = dict(re.findall(r"(?m)^# (profile|source): (.*)$", head))
    line = head.count("\n") + 2
    result = []
    for text in blocks:
        result.append(block(text, line))
        line += text.count("\n") + 1
    return facts, result


def block(text, line):
    lines = text.split("\n")
    while lines and (not lines[0].strip() or lines[0].startswith("#")):
        lines.pop(0)
    if lines[0].startswith("!"):
        return Block(line, instruction=lines[0][1:].strip(), expected="\n".join(lines[1:]).strip())
    begin = next(index for index, one in enumerate(lines) if one.startswith("<"))
    return Block(line, message(lines[:begin], ">"), message(lines[begin:], "<"))


def message(lines, mark):
    marked = list(itertools.takewhile(lambda one: one.startswith(mark), lines))
    first, *headers = (one[1:].strip() for one in marked)
    fields = [tuple(part.strip() for part in one.split(":", 1)) for one in headers]
    return Message(first, fields, "\n".join(lines[len(marked) :]).strip("\n"))


class Conversation:
    """One conversation with a fresh mock."""

    def __init__(self, profile):
        self.site = Site(load_profile(profile), base_url=ISSUER)
        self.client = httpx.Client(transport=InProcessTransport(self.site))
        receiver = self.site.tenant.receivers[0]
        self.names = {
            "ISSUER": ISSUER,
            "MANAGEMENT_TOKEN": receiver.management_token,
            "POLL_TOKEN": receiver.poll_token,
        }

    def filled(self, text):
        def value(found):
            known = self.names[found[1]]
            return json.dumps(known) if found[2] else str(known)

        return PLACE.sub(value, text)

    def play(self, one):
        if one.instruction:
            getattr(self, one.instruction.partition(" ")[0])(one)
            return
        method, _, url = self.filled(one.request.first).partition(" ")
        answer = self.client.request(
            method,
            httpx.URL(ISSUER).join(url),
            headers=[(name, self.filled(value)) for name, value in one.request.headers],
            content=self.filled(one.request.body).encode(),
        )
        assert str(answer.status_code) in one.answer.first.split(), answer.text
        for name, value in one.answer.headers:
            assert name in answer.headers, name
            if value != "*":
                assert answer.headers[name] == self.filled(value)
        self.compare_text(one.answer.body, answer.text)

    def compare_text(self, expected, got):
        if expected.strip() == "(empty)":
            assert got == ""
        elif expected.strip():
            self.compare(json.loads(self.filled(expected)), json.loads(got))

    def compare(self, expected, got):
        found = next(matches(expected, got, {}), None)
        assert found is not None, (
            f"{json.dumps(got, indent=1)}\nis not\n{json.dumps(expected, indent=1)}"
        )
        self.names |= found

    # Instructions

    def control(self, path, body):
        answer = self.client.post(f"{self.site.tenant.control_url}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def emit(self, one):
        assert self.control("events", {"event_type": one.instruction.split()[1]})["sets"]

    def status(self, one):
        _, status, reason = one.instruction.split(maxsplit=2)
        audience = self.site.tenant.receivers[0].audience
        body = {"audience": audience, "status": status, "reason": reason}
        assert self.control("status", body)["sets"]

    def advance(self, one):
        self.control("clock", {"advance_s": float(one.instruction.split()[1])})

    def claims(self, one):
        token = self.filled(one.instruction.split()[1])
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        self.compare(json.loads(self.filled(one.expected)), claims)


GONE = object()


def matches(expected, got, names):
    """Yield the names that each way of matching gives."""
    if expected == "!gone":
        if got in (GONE, None, "", [], {}):
            yield names
        return
    if isinstance(expected, str):
        yield from value_matches(expected, got, names)
    elif isinstance(expected, dict) and isinstance(got, dict):
        yield from members_match(expected, got, names)
    elif isinstance(expected, list) and isinstance(got, list):
        if len(expected) == len(got):
            yield from items_match(expected, got, names)
    elif type(expected) is type(got) and expected == got:
        yield names


def value_matches(expected, got, names):
    name = NAME.fullmatch(expected)
    if got is GONE:
        return
    if name:
        yield {**names, name[1]: got}
    elif expected in ("*", got):
        yield names


def members_match(expected, got, names):
    named = [key for key in expected if NAME.fullmatch(key)]
    if (named or not expected) and len(expected) != len(got):
        return
    plain = [key for key in expected if key not in named]
    others = [key for key in got if key not in plain]
    for chosen in itertools.permutations(others, len(named)):
        keys = [*zip(plain, plain, strict=True), *zip(named, chosen, strict=True)]
        states = [names]
        for key, actual in keys:
            states = [
                {**state, **({NAME.fullmatch(key)[1]: actual} if key in named else {})}
                for before in states
                for state in matches(expected[key], got.get(actual, GONE), before)
            ]
        yield from states


def items_match(expected, got, names):
    if not expected:
        yield names
        return
    for index, one in enumerate(got):
        for state in matches(expected[0], one, names):
            yield from items_match(expected[1:], got[:index] + got[index + 1 :], state)


FILES = sorted(GOLDEN.glob("*.http"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_mock_holds_the_conversation(path):
    facts, blocks = read(path)
    conversation = Conversation(facts["profile"])
    assert blocks
    for one in blocks:
        try:
            conversation.play(one)
        except AssertionError as error:
            raise AssertionError(f"{path.name}:{one.line}: {error}") from None


def test_every_profile_has_a_conversation():
    profiles = {read(path)[0]["profile"] for path in FILES}
    assert {"ssf-1.0", "sse-draft", "jamf", "avnology"} <= profiles


@pytest.mark.parametrize(
    ("expected", "got", "names"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {}),
        ({"a": 1}, {"a": 2}, None),
        ({"a": 1}, {"a": True}, None),
        ({}, {}, {}),
        ({}, {"a": 1}, None),
        ([1, 2], [2, 1], {}),
        ([1], [1, 2], None),
        ([], [1], None),
        ({"a": "*"}, {"a": None}, {}),
        ({"a": "*"}, {}, None),
        ({"a": "!gone"}, {}, {}),
        ({"a": "!gone"}, {"a": ""}, {}),
        ({"a": "!gone"}, {"a": "x"}, None),
        ({"a": "$X$"}, {"a": [1]}, {"X": [1]}),
        ({"k": 1, "$A$": "$B$"}, {"x": "y", "k": 1}, {"A": "x", "B": "y"}),
        ({"$A$": "$B$"}, {"x": "y", "k": 1}, None),
        ({"$A$": 2, "$B$": 1}, {"x": 1, "y": 2}, {"A": "y", "B": "x"}),
        ([{"a": "$X$"}, {"b": 1}], [{"b": 1}, {"a": 7}], {"X": 7}),
    ],
)
def test_the_comparison_itself(expected, got, names):
    assert next(matches(expected, got, {}), None) == names
