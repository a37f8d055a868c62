"""Reproducers: shell scripts that send the exchanges of a failed case again, with curl.

A script is POSIX sh. It takes credentials only from the environment. Ids that the target creates (a
`stream_id`, a `jti`) are read from the new answers, because the recorded ones no longer exist.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from conformance.reporting.results import (
    CHANNEL_HEADER,
    Capture,
    Case,
    Exchange,
    Requirement,
    Results,
    Target,
    smallest_broken,
)
from conformance.reporting.shell_words import Variables, escaped, is_in_process, quoted, word
from conformance.spec.redaction import REDACTED
from conformance.text import printable, shortened

FOLDER = "reproducers"
_MARK = "# A reproducer by ssf-conformance."


# curl adds these itself, or they belong to the recorded connection.
_NOT_SENT = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "transfer-encoding",
        "user-agent",
        CHANNEL_HEADER,
    }
)

_TOKENS = {"management": "MANAGEMENT_TOKEN", "poll": "POLL_TOKEN"}
_OTHER_TOKEN = "OTHER_TOKEN"  # noqa: S105 (a variable's name)

# What to set a token to, by the kind of the credential in target.toml.
_TOKEN_OF = {
    "header": "the value of the header in {table}",
    "basic": "USER:PASSWORD of {table} in base64",
    "token-request": "a token that the request of {table} obtains",
    "oauth2-client-credentials": "an access token that the client of {table} obtains",
}
_BEARER = "the token of {table} in target.toml, or of --token-env"
_MTLS = "mtls"

_LONGEST_COMMENT = 2000
_SHORTEST_TIMEOUT_S = 60

_FUNCTIONS = """\
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# The options that every call shares; prints the status and the body, which stays in $answer.
curl() {
  : >"$answer"
  command curl --silent --show-error --globoff --max-time "${TIMEOUT:-@TIMEOUT@}" \\
    ${CA_FILE:+--cacert "$CA_FILE"} ${CLIENT_CERT:+--cert "$CLIENT_CERT"} \\
    ${CLIENT_KEY:+--key "$CLIENT_KEY"} \\
    --output "$answer" --write-out '   status %{http_code}\\n' "$@"
  tr -d '\\000-\\010\\013-\\037' <"$answer" | sed 's/^/   /'
  say
}
"""

_PICK = """\

# Prints what a jq path finds in the last answer.
pick() {
  if command -v jq >/dev/null 2>&1; then
    jq -er "$1" "$answer"
  else
    python3 -c '
import json, re, sys, urllib.parse
path, uri, _ = sys.argv[1].partition("|@uri")
try:
    value = json.load(open(sys.argv[2], encoding="utf-8"))
    for keys, quoted, name in re.findall(r"\\| *(keys\\w*)|\\"([^\\"]*)\\"|([\\w-]+)", path):
        step = quoted or name
        if keys:
            value = sorted(value) if keys == "keys" else list(value)
        else:
            value = value[int(step) if isinstance(value, list) else step]
except (LookupError, TypeError, ValueError):
    value = None
if value is None:
    sys.exit(1)
value = value if isinstance(value, str) else json.dumps(value)
print(urllib.parse.quote(value, safe="", errors="replace") if uri else value)
' "$1" "$answer"
  fi || { say "nothing at $1 in the answer above: the target answered otherwise now" >&2; exit 1; }
}
"""

_NEEDS_CURL = """\
say() { printf '%s\\n' "$*"; }
command -v curl >/dev/null 2>&1 ||
  { say "$0 needs curl: install it and run again" >&2; exit 127; }
"""
_NEEDS_JQ = """\
command -v jq >/dev/null 2>&1 || command -v python3 >/dev/null 2>&1 ||
  { say "$0 reads JSON with jq or python3: install one and run again" >&2; exit 127; }
"""


def script(requirement: Requirement, case: Case, target: Target) -> str:
    """Return a POSIX shell script that sends the exchanges of a case again.

    It needs curl, reads JSON with jq or else python3, and takes ISSUER, CA_FILE, CLIENT_CERT and
    CLIENT_KEY (PEM files), TIMEOUT (seconds) and the tokens from the environment.
    """
    issuer = _issuer_of(case, target).rstrip("/")
    known = Variables(issuer)
    exchanges = case["exchanges"]
    calls = [
        line
        for at, exchange in enumerate(exchanges)
        for line in _exchange(exchange, case, known, later=exchanges[at + 1 :])
    ]
    body = "\n".join(calls)
    longest = max((exchange["duration_s"] for exchange in exchanges), default=0.0)
    timeout = max(_SHORTEST_TIMEOUT_S, int(longest * 2) + 1)
    lines = [
        "#!/bin/sh",
        _MARK,
        "#",
        *_heading(requirement, case),
        "#",
        *_how_to_run(body, case, target),
        "set -eu",
        "",
        _NEEDS_CURL.rstrip(),
    ]
    picks = "$(pick " in body
    if picks:
        lines += [_NEEDS_JQ.rstrip()]
    if _is_gone(case, target):
        lines += [': "${ISSUER:?start the mock as told above and set it to its issuer}"']
    else:
        lines += [f'[ -n "${{ISSUER:-}}" ] || ISSUER={quoted(issuer)}']
    lines += ['ISSUER="${ISSUER%/}"']
    if "${ORIGIN}" in body:
        lines += ["""ORIGIN=$(printf '%s' "$ISSUER" | sed 's#^\\([a-z]*://[^/]*\\).*#\\1#')"""]
    lines += [
        f': "${{{name}:?set it to the {channel} credential, without its scheme}}"'
        for channel, name in _TOKENS.items()
        if f"${{{name}}}" in body
    ]
    if _channels_of(case, target, _MTLS):
        lines += [': "${CLIENT_CERT:?set it to a PEM file}" "${CLIENT_KEY:?set it to a PEM file}"']
    if f"${{{_OTHER_TOKEN}}}" in body:
        lines += [f'{_OTHER_TOKEN}="${{{_OTHER_TOKEN}:-not-a-valid-token}}"']
    lines += ["", _FUNCTIONS.replace("@TIMEOUT@", str(timeout)).rstrip()]
    if picks:
        lines += [_PICK.rstrip()]
    lines += ["", body.rstrip(), "", *_ending(case)]
    return "\n".join(lines) + "\n"


def write_all(document: Results, directory: Path) -> list[Path]:
    """Write `reproducers/<ID>.sh` for each broken requirement, and note it in the document.

    The script reproduces the smallest broken case of a requirement. The `reproducer` of that case
    becomes the path relative to `directory`; all others become None. Scripts of earlier runs are
    deleted.
    """
    folder = directory / FOLDER
    for old in folder.glob("*.sh"):
        if _MARK in old.read_text(encoding="utf-8", errors="replace")[:200]:
            old.unlink()
    written = []
    for requirement in document["requirements"]:
        for case in requirement["cases"]:
            case["reproducer"] = None
        smallest = smallest_broken(requirement)
        if smallest is None or not smallest["exchanges"]:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{requirement['id']}.sh"
        text = script(requirement, smallest, document["target"])
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
        path.chmod(0o755)
        smallest["reproducer"] = f"{FOLDER}/{path.name}"
        written.append(path)
    return written


def _heading(requirement: Requirement, case: Case) -> list[str]:
    lines = [f"{requirement['id']}  {requirement['level']}  {requirement['citation']}"]
    lines += [requirement["url"]] if requirement["url"] else []
    lines += [f"claim:    {case['claim']}", f"case:     {case['case']}"]
    lines += [f"expected: {case['expected']}"] if case["expected"] is not None else []
    lines += [f"got:      {case['got']}"] if case["got"] is not None else []
    return [f"# {_comment(line)}" for line in lines]


def _how_to_run(body: str, case: Case, target: Target) -> list[str]:
    tokens = [name for name in _TOKENS.values() if f"${{{name}}}" in body]
    lines = []
    if _is_gone(case, target):
        clocked = any(one["operation"].startswith("hook:clock") for one in case["exchanges"])
        clock = " --clock simulated" if clocked else ""
        lines += [
            "The run spoke to the bundled mock, which ended with it. The same mock on a port, with",
            "the --fault and --variant that the run had, if any:",
            f"  ssf-mock-transmitter --profile {target['profile']} --port 8080{clock} \\",
            "    --ready-file mock.json &",
            "  export ISSUER=http://127.0.0.1:8080",
            *(
                f"  export {name}=$(jq -r '.receivers[0].{name.lower()}' mock.json)"
                for name in tokens
            ),
        ]
    else:
        needed = [*_needed_variables(tokens, case, target)]
        lines += ["Set and export these, then run it:", *needed] if needed else ["Run it as it is."]
    lines += [
        "ISSUER (another target), CA_FILE (a PEM file of authorities to trust), CLIENT_CERT and",
        "CLIENT_KEY (PEM files, for a target that asks for a certificate) and TIMEOUT (seconds)",
        "may be set as well.",
    ]
    if f"${{{_OTHER_TOKEN}}}" in body:
        lines += [
            "OTHER_TOKEN is a credential of neither channel that the case used (a wrong one, a",
            "second Receiver's, a hook's): a made-up one unless it is set.",
        ]
    return [f"# {line}" for line in lines]


def _needed_variables(tokens: Sequence[str], case: Case, target: Target) -> Iterator[str]:
    kinds = target.get("credentials", {})
    for channel, name in _TOKENS.items():
        if name in tokens:
            token = _TOKEN_OF.get(kinds.get(channel, ""), _BEARER)
            yield f"  {name:<16}  {token.format(table=f'[auth.{channel}]')}"
    for channel in _channels_of(case, target, _MTLS):
        yield f"  CLIENT_CERT       `certificate` of [auth.{channel}], a PEM file"
        yield f"  CLIENT_KEY        `key` of [auth.{channel}], a PEM file"
    if target.get("ca_file"):
        yield f"  CA_FILE           {_comment(target['ca_file'] or '')}, which the run trusted"


def _channels_of(case: Case, target: Target, kind: str) -> list[str]:
    """Return the channels on which a case used a credential of a kind."""
    used = {one["request_headers"].get(CHANNEL_HEADER) for one in case["exchanges"]}
    kinds = target.get("credentials", {})
    return [channel for channel in _TOKENS if channel in used and kinds.get(channel) == kind]


def _exchange(
    exchange: Exchange, case: Case, known: Variables, *, later: Sequence[Exchange]
) -> Iterator[str]:
    number, operation = exchange["number"], exchange["operation"]
    answered = exchange["error"] if exchange["status"] is None else exchange["status"]
    yield f"# {number}  {_comment(operation)}; recorded: {_comment(str(answered))}"
    if exchange["broke"]:
        yield f"# here it broke: {_comment(_expected_and_got(case))}"
        yield f"say {quoted(f'here it broke: {_comment(_expected_and_got(case))}')}"
    if operation.startswith("command:"):
        yield f"#   run: {_comment(exchange['url'] or exchange['request_body'] or '')}"
        for capture in _needed(exchange, later):
            if name := known.learn(capture["variable"], capture["value"]):
                place = escaped(capture["path"])
                yield f': "${{{name}:?set it to what that command prints at {place}}}"'
        yield ""
        return
    if operation.startswith("manual:"):
        yield f"say 'by hand, then Enter: '{word(printable(exchange['url']), known, url=False)}"
        yield "read -r _ </dev/tty || say 'no terminal to wait on: going on at once'"
        yield ""
        return
    if operation == "push":
        yield f"#   the target pushes: {_comment(exchange['method'])} {_comment(exchange['url'])}"
        yield ""
        return
    method = exchange["method"]
    url = word(exchange["url"], known, url=True)
    yield f"say {quoted(f'{number}  {method} ')}{url}"
    words = [
        "curl",
        "--head" if method == "HEAD" else f"-X {method if method.isalpha() else quoted(method)}",
    ]
    words += [url]
    words += [f"-H {one}" for one in _headers(exchange, known)]
    if exchange["request_body"] is not None:
        words += [f"--data-raw {word(exchange['request_body'], known, url=False)}"]
    call = " ".join(words[:3]) + "".join(f" \\\n  {one}" for one in words[3:])
    # An exchange without an answer may be the failure itself. It must not end the script.
    yield f"{call} || true" if exchange["status"] is None else call
    for capture in _needed(exchange, later):
        yield from _captured(capture, known, later)
    yield ""


def _captured(capture: Capture, known: Variables, later: Sequence[Exchange]) -> Iterator[str]:
    value, path = capture["value"], capture["path"]
    if _occurs(value, later) and (name := known.learn(capture["variable"], value)):
        yield f"{name}=$(pick {quoted(path)})"
    in_url = quote(value, safe="", errors="replace")
    if _occurs(in_url, later) and (name := known.learn(f"{capture['variable']}_URI", in_url)):
        yield f"{name}=$(pick {quoted(f'{path}|@uri')})"


def _needed(exchange: Exchange, later: Sequence[Exchange]) -> Iterator[Capture]:
    """Yield the captures that a later request needs. Reading more of them could only fail."""
    for capture in exchange["captures"]:
        if any(
            _occurs(text, later)
            for text in (capture["value"], quote(capture["value"], safe="", errors="replace"))
        ):
            yield capture


def _occurs(text: str, later: Sequence[Exchange]) -> bool:
    return any(text in one["url"] or text in (one["request_body"] or "") for one in later)


def _headers(exchange: Exchange, known: Variables) -> Iterator[str]:
    given = {name.lower(): value for name, value in exchange["request_headers"].items()}
    token = _TOKENS.get(given.get(CHANNEL_HEADER, ""), _OTHER_TOKEN)
    for name, value in exchange["request_headers"].items():
        if name.lower() in _NOT_SENT:
            continue
        if value == REDACTED or value.endswith(f" {REDACTED}"):
            yield f'"{escaped(f"{name}: {value.removesuffix(REDACTED)}")}${{{token}}}"'
        elif not value:
            yield quoted(f"{name};")
        else:
            yield word(f"{name}: {value}", known, url=False)
    if exchange["request_body"] is not None and "content-type" not in given:
        # Otherwise curl would send the body as a form.
        yield "'Content-Type:'"


def _ending(case: Case) -> list[str]:
    return [
        f"say {quoted(f'{label} {_comment(text)}')}"
        for label, text in (("expected:", case["expected"]), ("recorded:", case["got"]))
        if text is not None
    ]


def _expected_and_got(case: Case) -> str:
    return f"expected {case['expected'] or 'otherwise'}; recorded then: {case['got'] or 'this'}"


def _issuer_of(case: Case, target: Target) -> str:
    return case.get("issuer", target["issuer"])


def _is_gone(case: Case, target: Target) -> bool:
    """Return whether the Transmitter that the case called ended with the run."""
    return "issuer" in case or is_in_process(target["issuer"])


def _comment(text: str) -> str:
    return shortened(printable(text), _LONGEST_COMMENT)
