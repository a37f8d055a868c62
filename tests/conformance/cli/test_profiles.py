"""`ssf-conformance profiles`: list, show and lint."""

import pytest

from conformance.cli.main import main
from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import load_catalogue
from conformance.spec.shipped_profiles import profile_ids

HEAD = 'extends = "ssf-1.0"\nid = "mine"\ntitle = "Mine"\nsources = ["https://my.example"]\n'


def said(capsys, *arguments):
    code = main(list(map(str, arguments)))
    return code, "".join(capsys.readouterr())


def linted(capsys, tmp_path, text):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    code, shown = said(capsys, "profiles", "lint", file)
    return code, shown, file


def test_every_shipped_profile_has_a_line_with_its_parent_rows_tags_and_title(capsys):
    code, shown = said(capsys, "profiles", "list")
    lines = {line.split()[0]: line for line in shown.splitlines() if line}
    assert code == 0
    for name in profile_ids():
        profile = load_profile(name)
        rows = len(load_catalogue().for_tags(profile.tags))
        assert lines[name].split()[2] == str(rows)
        assert lines[name].endswith(profile.title)
    assert lines["jamf"].split()[1] == "sse-draft"


@pytest.mark.parametrize("name", profile_ids())
def test_a_profile_is_shown_key_by_key_with_the_evidence_that_grades_go_by(capsys, name):
    code, shown = said(capsys, "profiles", "show", name)
    profile = load_profile(name)
    assert code == 0
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    for key in ("discovery.path", "operations.read_stream.method", "sets.algorithms"):
        assert lines[key][0] == profile.evidence_of(key)
    assert lines["discovery.path"][1] == f'"{profile.discovery.path}"'
    assert "operations.poll.method" in lines or not profile.offers("poll")
    for deviation in profile.deviations:
        assert deviation.summary in " ".join(shown.split())
        assert all(one in shown for one in deviation.requirements)
    for cap in profile.caps:
        assert f"at most {cap.at_most}: {cap.document or cap.requirements[0]}" in shown


def test_a_shown_profile_is_as_set_and_a_key_that_is_shown_can_be_set(capsys):
    code, shown = said(
        capsys, "profiles", "show", "avnology", "--set", "poll.redelivery.cap_s=3600"
    )
    assert code == 0
    assert [line.split() for line in shown.splitlines() if "cap_s" in line] == [
        ["poll.redelivery.cap_s", "documented", "3600"]
    ]


def test_a_profile_that_is_right_has_no_findings(capsys, tmp_path):
    code, shown, file = linted(capsys, tmp_path, HEAD)
    assert code == 0
    assert f"{file}: nothing is wrong" in shown


def test_lint_names_every_wrong_key_at_once(capsys, tmp_path):
    code, shown, file = linted(
        capsys,
        tmp_path,
        HEAD + '[strem]\n[poll]\nlong_pol = "x"\nset_errors = 3\n[discovery]\nsplice = "in"\n',
    )
    assert code == 4
    lines = [line for line in shown.splitlines() if line.startswith(f"{file}: ")]
    assert len(lines) == 4
    for words in ("'strem'; did you mean 'stream'", "poll.long_pol", "set_errors", "splice"):
        assert any(words in line for line in lines)
    assert "4 findings; next:" in shown


def test_lint_names_every_reference_that_leads_nowhere_at_once(capsys, tmp_path):
    code, shown, file = linted(
        capsys,
        tmp_path,
        HEAD
        + """
[catalogue]
tags = { "ssf-1.O" = "fail" }
[[catalogue.cap]]
document = "OpenID SSF 1.1"
at_most = "warn"
[operations.poll]
endpoint = "pol"
[delivery]
push = "!unset"
default = "push"
[schemas]
set = "ssf/sets.json"
[[deviation]]
summary = "s"
source = "s"
requirements = ["SSF-8.1.1.1-CREATE-200"]
""",
    )
    assert code == 4
    lines = [line for line in shown.splitlines() if line.startswith(f"{file}: ")]
    for words in (
        "operations.poll.endpoint: 'pol'",
        "did you mean 'ssf/set.json'",
        "did you mean 'ssf-1.0'",
        "did you mean 'OpenID SSF 1.0'",
        "did you mean 'SSF-8.1.1.1-CREATE-201'",
        "give delivery.push",
    ):
        assert any(words in line for line in lines), words
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("text", "words"),
    [("= 1", "not valid TOML"), ('extends = "nowhere"\n', "nowhere"), (None, "no such")],
)
def test_lint_of_what_is_no_profile_ends_with_4(capsys, tmp_path, text, words):
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    code, shown = said(capsys, "profiles", "lint", file)
    assert code == 4
    assert words in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["profiles"], "ACTION"),
        (["profiles", "show", "ssf-1.O"], "ssf-1.0"),
        (["profiles", "show", "ssf-1.0", "--set", "poll"], "KEY=VALUE"),
    ],
    ids=str,
)
def test_wrong_usage_ends_with_4_and_names_what_is_wrong(capsys, arguments, words):
    code, shown = said(capsys, *arguments)
    assert code == 4
    assert words in shown
    assert "Traceback" not in shown
