"""`inspect-set`: what it prints, what it refuses, and its exit codes."""

import io
import json

import pytest
from golden_sets import AUDIENCE, ISSUER, KEYS, TOKENS, token

from conformance.cli.main import main

KNOWN = ("--issuer", ISSUER, "--audience", AUDIENCE)


@pytest.fixture
def jwks(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KEYS["published"]))
    return str(path)


@pytest.fixture
def piped(monkeypatch):
    def pipe(raw):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return pipe


def told(capsys, *arguments):
    code = main(["inspect-set", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_good_set_is_shown_decoded_and_ends_with_zero(capsys, jwks):
    code, out, err = told(capsys, token("ES256"), "--jwks", jwks, *KNOWN)
    assert (code, err) == (0, "")
    assert '"jti": "24c63fb56e5a2d77a6b512616ca9fa24"' in out
    assert '"kid": "p-256"' in out
    assert out.endswith("\nnothing broken\n")
    assert "--jwks" not in out


def test_a_breach_is_told_with_its_clause_and_ends_with_one(capsys, jwks):
    code, out, _ = told(capsys, token("typ JWT"), "--jwks", jwks, *KNOWN)
    assert code == 1
    assert "FAILED  SSF-4.1.1-TYP  MUST  SSF 1.0 section 4.1.1" in out
    assert "openid-sharedsignals-framework-1_0-final.html#section-4.1.1" in out
    assert "expected  typ \"secevent+jwt\"\n         got  typ 'JWT'" in out
    assert "\n  SSF-4.1.1-TYP\n" not in out


def test_a_warning_alone_ends_with_zero(capsys, jwks):
    code, out, _ = told(capsys, token("no txn"), "--jwks", jwks, *KNOWN)
    assert code == 0
    assert "WARNING  SSF-4.1.9-TXN-PRESENT" in out
    assert out.endswith("\n1 warning\n")


def test_the_profile_says_what_is_asked_of_a_set(capsys):
    good = token("subject in the event, in the draft of 2021")
    assert told(capsys, good, "--profile", "sse-draft")[0] == 0
    assert told(capsys, good)[0] == 1


def test_what_is_not_known_is_said_and_not_judged(capsys):
    code, out, _ = told(capsys, token("stripped signature"))
    assert code == 0
    for option in ("--jwks FILE", "--issuer", "--audience"):
        assert option in out.partition("not judged")[2]
    assert "RFC7515-5.2-SIGNATURE-VALID" not in out


def test_the_signature_is_not_printed(capsys):
    signature = token("ES256").rpartition(".")[2]
    for more in ((), ("--json",)):
        assert signature not in told(capsys, token("ES256"), *more)[1]


def test_a_set_is_read_from_the_input_with_white_space_around(capsys, piped):
    piped(f"\r\n\t {token('ES256')} \n\n".encode())
    assert told(capsys, "-")[0] == 0


def test_json_has_every_finding(capsys, jwks):
    code, out, _ = told(capsys, token("sub and exp"), "--jwks", jwks, *KNOWN, "--json")
    document = json.loads(out)
    assert (code, document["broken"]) == (1, True)
    verdicts = {one["requirement"]: one["verdict"] for one in document["findings"]}
    assert verdicts["SSF-4.1.2-NO-SUB"] == "failed"
    assert verdicts["RFC8417-2.2-JTI"] == "held"
    assert document["claims"]["sub"] == "user"
    assert all(one["url"].startswith("https://") for one in document["findings"])


def test_no_token_makes_it_print_what_is_no_json(subtests, capsys):
    for name in (one["name"] for one in TOKENS):
        with subtests.test(name):
            _, out, _ = told(capsys, token(name), "--json")
            json.loads(out, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("name", "why"), [("nested token", "inspect that one"), ("encrypted token", "encrypted")]
)
def test_claims_that_can_not_be_read_are_not_judged(capsys, name, why):
    code, out, _ = told(capsys, token(name))
    assert code == 0
    assert why in out.partition("not judged")[2]
    assert "\nclaims\n" not in out


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'{"sets": {"1": "e30.e30.e30"}}', "jq -r '.sets[]'"),
        (b'"e30.e30.e30"', "this is JSON"),
        (b"e30.e30.\n e30", "white space within"),
        (b"a.b.c\nd.e.f", "white space within"),
        (b"a" * 2_000_000, "2000000 bytes are not a SET"),
    ],
    ids=["nothing", "blanks", "poll response", "string", "wrapped", "two", "huge"],
)
def test_what_is_no_token_is_refused_with_the_next_step(capsys, piped, raw, says):
    piped(raw)
    code, out, err = told(capsys, "-")
    assert (code, out) == (4, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe\x00", b"\x00", b"\x1b[2J", b"...", b"\xed\xa0\x80.e30.e30", b"e30.e30.e30"]
)
def test_any_other_bytes_are_a_broken_set(capsys, piped, raw):
    piped(raw)
    code, out, err = told(capsys, "-")
    assert (code, err) == (1, "")
    assert "FAILED" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "can't be read: No such file"),
        (b"\xff", "is no UTF-8"),
        (b"{", "is no JSON"),
        (b"[]", "is not a JWK Set"),
        (b'{"keys": {}}', "is not a JWK Set"),
    ],
)
def test_a_key_set_that_is_none_is_named(capsys, tmp_path, content, says):
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    code, _, err = told(capsys, token("ES256"), "--jwks", str(path))
    assert code == 4
    assert f"--jwks {path}: {says}" in err


def test_a_url_for_the_key_set_is_told_how_to_fetch_it(capsys):
    code, _, err = told(capsys, token("ES256"), "--jwks", "https://transmitter.example/jwks.json")
    assert code == 4
    assert "curl -o jwks.json https://transmitter.example/jwks.json" in err


def test_an_unknown_profile_is_named(capsys):
    code, _, err = told(capsys, token("ES256"), "--profile", "ssf-9")
    assert code == 4
    assert "ssf-9" in err
