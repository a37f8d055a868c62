from conformance.reporting.plan_text import render


def planned(identifier, outlook, reason=None, cases=()):
    return {"id": identifier, "level": "MUST", "outlook": outlook, "reason": reason, "cases": cases}


def test_the_plan_groups_rows_by_outlook_and_reason():
    rows = [
        planned("SSF-3", "not testable", "no emit hook"),
        planned("SSF-1", "judged", None, ["test_a[x y]", "test_a[z]", "test_b"]),
        planned("SSF-2", "not testable", "no emit hook"),
        planned("SSF-4", "decided in the run", "metadata: spec_version"),
    ]
    cost = {"requests": 40, "minutes": 0.2, "unlocks": {"emit_event": 2, "clock": 0}}
    assert render(rows, cost) == (
        "1 row judged: a case judges them\n"
        "    MUST        SSF-1\n"
        "                test_a, 2 times\n"
        "                test_b\n"
        "\n"
        "1 row decided in the run: an answer says whether they apply\n"
        "  metadata: spec_version (1 row)\n"
        "    MUST        SSF-4\n"
        "\n"
        "2 rows not testable: something is missing\n"
        "  no emit hook (2 rows)\n"
        "    MUST        SSF-3\n"
        "    MUST        SSF-2\n"
        "\n"
        "1 row judged, 1 row decided in the run, 2 rows not testable\n"
        "\n"
        "[hooks.emit_event] in target.toml would unlock 2 rows\n"
        "to expect: 40 requests, less than a minute\n"
        "next: run the same command without --plan"
    )


def test_an_empty_plan_says_so():
    text = render([], {"requests": 1, "minutes": 1.2, "unlocks": {}})
    assert "the plan is empty" in text
    assert "to expect: 1 request, about 1 minute\nnext: " in text


def test_a_plan_tells_of_the_waits_that_its_minutes_do_not_have():
    text = render([], {"requests": 9, "minutes": 1.2, "unlocks": {}, "waits": 40})
    assert "min_verification_interval before each of about 40 Verification Events" in text
