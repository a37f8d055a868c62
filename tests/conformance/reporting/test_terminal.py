import re

import pytest

from conformance.reporting.reproducers import write_all
from conformance.reporting.terminal import header, render

BROKEN = "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"
ESCAPES = re.compile("\x1b\\[\\d+m")


def of(document, identifier):
    return next(row for row in document["requirements"] if row["id"] == identifier)


def shown(document, **options):
    return render(document, **{"colour": False, **options})


def test_a_failure_reads_as_the_house_style_says(document, tmp_path):
    write_all(document, tmp_path)
    block = next(one for one in shown(document).split("\n\n") if one.startswith("FAILED"))
    assert block == (
        "FAILED  SSF-8.1.1.3-PATCH-MISSING-UNCHANGED  MUST NOT   SSF 1.0 section 8.1.1.3\n"
        "  A PATCH leaves every property that it does not name as it was.\n"
        "  https://openid.net/specs/openid-sharedsignals-framework-1_0-final.html#section-8.1.1.3\n"
        '    expected  delivery unchanged: {"method": "urn:ietf:rfc:8936"}\n'
        '         got  {"method": ""}\n'
        "    smallest case, 4 exchanges\n"
        "      1  POST   /ssf/stream           201"
        '  {"description": "it\'s $HOME `here`", "iss": "https://t...\n'
        "      2  PATCH  /ssf/stream           200"
        '  {"stream_id": "$STREAM_ID_1", "descri...    <- broke here\n'
        "      3  GET    /ssf/stream?stream_id=$STREAM_ID_1  200\n"
        "      4  DELETE /ssf/stream?stream_id=$STREAM_ID_1  204\n"
        "    reproduce  reports/reproducers/SSF-8.1.1.3-PATCH-MISSING-UNCHANGED.sh\n"
        "    run again  ssf-conformance run target.toml"
        " --requirement SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"
    )


def test_the_last_line_is_the_verdict_alone(document):
    for verdict in ("CONFORMANT", "NONCONFORMANT", "INCOMPLETE"):
        document["run"]["verdict"] = verdict
        assert shown(document).splitlines()[-1] == verdict


def test_the_header_says_what_is_judged_and_what_is_left_out(document):
    heading = {
        "suite": document["suite"],
        "target": document["target"],
        "selection": document["run"]["selection"],
        "plan": document["plan"],
    }
    assert header(heading).splitlines() == [
        "ssf-conformance 0.1.0",
        "  target    tx 2.3  https://tx.example",
        "  profile   ssf-1.0  OpenID SSF 1.0",
        "  selected  every requirement of the profile",
        "  left out  1 row: give [hooks.emit_event] in target.toml",
    ]
    heading["selection"] = {"requirements": ["SSF-1"], "sections": ["8.1"]}
    text = header(heading)
    assert "selected  --requirement SSF-1 --section 8.1" in text
    assert "is about this selection only" in text


def test_the_header_may_have_been_printed_before(document):
    assert not shown(document, with_header=False).startswith("ssf-conformance 0.1.0")
    assert shown(document).startswith("ssf-conformance 0.1.0")


def test_a_section_that_was_looked_at_has_one_line(document):
    lines = shown(document).splitlines()
    assert "SSF 1.0 section 8.1.1.3  1 passed, 1 failed" in lines
    assert "SSF 1.0 section 7.1      1 warning, 1 known failure" in lines
    assert "and 3 sections in which nothing was judged: --plan says why" in lines


def test_the_table_has_only_columns_that_occur(document):
    table = next(one for one in shown(document).split("\n\n") if "total" in one)
    assert [line.split() for line in table.splitlines()] == [
        ["known", "not", "not", "not", "not"],
        [
            *("passed", "failed", "warning", "failure", "seen", "reached", "testable"),
            *("applicable", "excluded", "total"),
        ],
        ["MUST", "1", ".", ".", "1", "1", "1", "1", "1", ".", "6"],
        ["MUST", "NOT", ".", "1", ".", ".", ".", ".", ".", ".", ".", "1"],
        ["SHOULD", ".", ".", "1", ".", ".", ".", ".", ".", ".", "1"],
        ["MAY", ".", ".", ".", ".", ".", ".", ".", ".", "1", "1"],
        ["total", "1", "1", "1", "1", "1", "1", "1", "1", "1", "9"],
    ]
    assert len({len(line) for line in table.splitlines()[1:]}) == 1
    document["counts"]["levels"] = {"MUST": {"passed": 3, "failed": 0}}
    table = next(one for one in shown(document).split("\n\n") if "total" in one)
    assert [line.split() for line in table.splitlines()] == [
        ["passed", "total"],
        ["MUST", "3", "3"],
    ]


def test_obligations_not_seen_are_counted_beside_the_judged(document, tmp_path):
    text = shown(document, reports=[tmp_path / "results.json"])
    assert "\n4 of 7 obligations judged, 1 not seen\n" in text
    assert f"\nwrote {tmp_path}/results.json\n" in text
    document["counts"]["obligations"]["not_seen"] = 0
    document["run"]["selection"]["sections"] = ["8"]
    assert "\n4 of 7 obligations judged (of the selection only)\n" in shown(document)


def test_one_section_is_no_sections(document):
    for row in document["requirements"][-2:]:
        row["citation"] = document["requirements"][-3]["citation"]
    assert "and 1 section in which nothing was judged" in shown(document)


def test_rows_that_could_not_be_judged_stand_by_reason_with_what_unlocks_them(document):
    lacking = next(row for row in document["requirements"] if row["verdict"] == "not testable")
    lacking |= {"reason": "no hook raises an event", "hook": "emit_event"}
    broken = of(document, BROKEN)
    broken |= {name: lacking[name] for name in ("verdict", "reason", "hook")}
    text = shown(document)
    words = "not testable: no hook raises an event; give [hooks.emit_event] in target.toml"
    assert f"   2 rows  {words}\n" in text
    assert "    1 row  not reached" in text
    assert "\n--verbose names each of them\n" in text
    assert lacking["id"] not in text
    named = shown(document, verbose=True)
    assert f"{words}\n           {BROKEN}, {lacking['id']}\n" in named
    assert "--verbose" not in named


def test_the_rarest_reasons_are_told_to_the_verbose_alone(document):
    (lacking,) = [row for row in document["requirements"] if row["verdict"] == "not testable"]
    document["requirements"] += [lacking | {"reason": f"reason {at}"} for at in range(10, 30)]
    text = shown(document)
    assert "and 14 rows for 14 other reasons: --verbose names them all\n" in text
    assert "reason 29" not in text
    assert "reason 29" in shown(document, verbose=True)


def test_a_trouble_is_shown_with_the_next_step(document):
    assert "trouble" not in shown(document)
    document["run"] |= {"troubles": ["hook emit_event: \x1b answered 500"]}
    document["run"]["verdict"] = "INCOMPLETE"
    text = shown(document)
    assert "\ntrouble  hook emit_event: \\u001b answered 500\n" in text
    assert "next: fix the troubles above" in text


def test_the_report_says_that_scripts_name_their_variables(document, tmp_path):
    assert "the head of each script" not in shown(document)
    write_all(document, tmp_path)
    assert "wrote reports/reproducers: the head of each script names" in shown(document)


def test_an_interrupted_run_says_so(document):
    assert "interrupted" not in shown(document)
    document["run"]["interrupted"] = True
    assert "interrupted: " in shown(document)


@pytest.mark.parametrize(
    ("verdict", "verdicts", "step"),
    [
        ("NONCONFORMANT", {}, "reproduce a failure"),
        ("INCOMPLETE", {}, "give [hooks.emit_event] in target.toml (1 row)"),
        ("INCOMPLETE", {"not reached": 1}, "see above why 1 row was not reached"),
        ("CONFORMANT", {"warning": 1}, "--strict"),
        ("CONFORMANT", {}, "--seed 1"),
    ],
)
def test_every_verdict_ends_in_a_next_step(document, verdict, verdicts, step):
    document["run"]["verdict"] = verdict
    of(document, BROKEN)["cases"][0]["reproducer"] = f"reproducers/{BROKEN}.sh"
    document["counts"]["verdicts"] = verdicts
    text = " ".join(shown(document).partition("\nnext: ")[2].split())
    assert step in text


def next_step(document):
    return " ".join(shown(document).partition("\nnext: ")[2].split())


@pytest.mark.parametrize(
    ("again", "place"),
    [
        ("ssf-conformance run --known-failures 'our debt.toml' t.toml", "our debt.toml"),
        ("ssf-conformance run --known-failures=known.toml t.toml", "known.toml"),
        ("ssf-conformance run t.toml --known known.toml", "known.toml"),
        ("ssf-conformance run t.toml", "the list of known failures"),
    ],
)
def test_an_entry_that_holds_is_to_be_taken_off_the_list(document, again, place):
    row = of(document, BROKEN)
    row |= {"known_failure": "ticket 12", "known_failure_state": "stale", "reason": "it holds"}
    row["cases"][0] |= {"verdict": "passed", "exchanges": []}
    document["run"]["again"] = again
    step = next_step(document)
    assert step.startswith(f"remove {BROKEN} from {place}: it passes")
    assert "script" not in step


def test_an_entry_whose_date_has_passed_is_to_be_mended_or_dated_anew(document):
    of(document, BROKEN).update(known_failure="ticket 12", known_failure_state="expired")
    document["run"]["again"] += " --known-failures known.toml"
    step = next_step(document)
    assert step.startswith(f"fix {BROKEN} and remove it from known.toml, or set a later date there")


def test_beside_a_failure_the_list_is_still_told_of(document):
    stale = of(document, "SSF-8.1.1.3-PATCH-APPLIES")
    stale |= {"verdict": "failed", "known_failure": "ticket 12", "known_failure_state": "stale"}
    of(document, BROKEN)["cases"][0]["reproducer"] = f"reproducers/{BROKEN}.sh"
    step = next_step(document)
    assert step.startswith("reproduce a failure above with its script")
    assert "remove SSF-8.1.1.3-PATCH-APPLIES from the list of known failures" in step


def test_where_no_script_was_written_none_is_named(document):
    of(document, BROKEN)["cases"][0]["exchanges"] = []
    assert next_step(document).startswith("fix a failure above, and run that requirement again")


def test_colour_is_on_verdict_words_only(document):
    coloured = shown(document, colour=True)
    assert ESCAPES.sub("", coloured) == shown(document)
    words = re.findall("\x1b\\[3\\dm(.*?)\x1b\\[0m", coloured)
    assert set(words) == {
        *("passed", "failed", "warning", "known failure"),
        *("FAILED", "WARNING", "KNOWN FAILURE", "NONCONFORMANT"),
    }


def test_what_a_target_said_can_not_act_on_the_terminal(document):
    case = of(document, BROKEN)["cases"][0]
    case["got"] = "\x1b[2J\rPASSED\nCONFORMANT \u202e"
    case["exchanges"][1]["request_body"] = "\x07"
    case["exchanges"][1]["url"] = "https://tx.example/\x9b31m"
    of(document, "SSF-7.1-ISSUER")["known_failure"] = "\x1b[8m"
    document["target"]["name"] = "\x1b]0;x"
    text = shown(document)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "got  \\u001b[2J\\rPASSED\\nCONFORMANT \\u202e" in text


def test_a_long_answer_is_cut_to_a_few_lines(document):
    of(document, BROKEN)["cases"][0]["got"] = "word " * 500
    lines = shown(document, width=80).splitlines()
    start = next(index for index, line in enumerate(lines) if line.lstrip().startswith("got  word"))
    assert lines[start + 3].endswith(" ...")
    assert lines[start + 4].startswith("    smallest case")
    assert all(len(line) <= 80 for line in lines[start : start + 4])


def test_a_long_case_shows_its_start_its_end_and_where_it_broke(document):
    case = of(document, BROKEN)["cases"][0]
    poll = case["exchanges"][2]
    case["exchanges"] = [poll | {"number": at, "broke": at == 60} for at in range(1, 101)]
    of(document, "SSF-7.1-SCIM")["cases"][0]["exchanges"] = []
    text = shown(document)
    numbers = [int(one) for one in re.findall(r"^ +(\d+)  GET", text, re.MULTILINE)]
    assert numbers == [1, 2, 3, *range(56, 63), 100]
    assert "      ... 52 more\n" in text
    assert text.count("<- broke here") == 1


def test_hooks_and_missing_answers_are_told_in_their_words(document):
    exchanges = of(document, BROKEN)["cases"][0]["exchanges"]
    exchanges[0] |= {"operation": "hook:emit_event"}
    exchanges[1] |= {"operation": "command:clock", "method": "run", "status": None}
    exchanges[3] |= {"status": None, "error": "timed out"}
    text = shown(document)
    assert "      1  POST   hook:emit_event" in text
    assert "      2  run    command:clock" in text
    assert re.search(r"4  DELETE .*  no answer\n", text)


def test_a_failure_without_a_case_or_exchanges_gives_its_reason(document):
    row = of(document, BROKEN)
    row["cases"][0]["exchanges"] = []
    of(document, "SSF-7.1-SCIM")["cases"][0]["exchanges"] = []
    assert "smallest case" not in shown(document)
    row |= {"cases": [], "reason": "a jti came twice"}
    assert "    because   a jti came twice\n" in shown(document)
    row = of(document, "SSF-7.1-SCIM")
    row |= {"cases": [], "reason": "of all SETs"}
    assert "    because   of all SETs\n" in shown(document)
