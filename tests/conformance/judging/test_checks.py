import pytest
from helpers import record
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from conformance.engine.finished_case import FinishedCase
from conformance.judging.checks import example, judges, observe, recording, verify
from conformance.judging.needs import Needs, claim_of, declaration_of
from conformance.judging.record import JudgedWithoutCase, Nonconformance
from conformance.judging.verdict import Ruling, Verdict, combine
from conformance.receiver.exchange import Exchange
from conformance.receiver.preconditions import Blocked, NotReached, require
from conformance.spec.requirement import Grade

QUIET = settings(
    max_examples=50,
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def exchange(number, operation="poll", body=None):
    return Exchange(
        number=number,
        operation=operation,
        channel="none",
        method="GET",
        url="https://tx.example/",
        request_headers={},
        request_body=body,
        status=200,
        response_headers={},
        response_body=None,
        error=None,
        duration_s=0.0,
    )


def one_example(case_record, *checks, exchanges=0, body=None):
    """Run checks `(id, held)` or `(id, held, at_most)` as one example."""
    with recording(case_record), example():
        case_record.recorder.exchanges += [exchange(n + 1, body=body) for n in range(exchanges)]
        for requirement, held, *softer in checks:
            verify(requirement, held, expected="e", got="g", at_most=softer[0] if softer else None)


def verdict(case_record, requirement, **more):
    case = type("Case", (), {"name": "case"})()
    return FinishedCase(case, case_record, "now", **more).ruling_on(requirement)


@pytest.mark.parametrize(
    "speak", [lambda: verify("A", 1, expected=""), lambda: observe("A", "x"), example().__enter__]
)
def test_nothing_can_be_judged_outside_a_case(speak):
    with pytest.raises(JudgedWithoutCase, match="inside a case"):
        speak()


def test_require_needs_no_case_because_helpers_use_it():
    with pytest.raises(NotReached, match="no stream"):
        require([], "no stream")
    require(1, "never said")


def test_a_case_judges_only_what_it_declares():
    case_record = record(A="fail")
    with recording(case_record), pytest.raises(JudgedWithoutCase, match=r"\bB\b.*@judges"):
        verify("B", held=True, expected="anything")
    assert case_record.judgements == {}


def test_one_check_of_twin_texts_is_recorded_under_each_id():
    case_record = record(A="fail", B="warn", C="fail")
    with pytest.raises(Nonconformance, match=r"A: expected e; got g\nB: expected e; got g"):
        one_example(case_record, (("A", "B"), False), ("C", True))
    assert verdict(case_record, "A").verdict is Verdict.FAILED
    assert verdict(case_record, "B").verdict is Verdict.WARNING
    assert verdict(case_record, "C").verdict is Verdict.PASSED
    assert {name: one.checks for name, one in case_record.judgements.items()} == dict.fromkeys(
        "ABC", 1
    )


def test_a_freedom_of_twin_texts_is_noted_under_each_id():
    case_record = record(A="note", B="note")
    with recording(case_record), example():
        observe(("A", "B", "not planned here"), "seen")
    assert {name: list(one.notes) for name, one in case_record.judgements.items()} == {
        "A": ["seen"],
        "B": ["seen"],
    }


def test_a_declared_id_outside_the_plan_is_not_recorded():
    case_record = record(A="fail")
    case_record.ids |= {"OTHER"}
    one_example(case_record, ("OTHER", False), ("A", True))
    assert set(case_record.judgements) == {"A"}
    with recording(case_record):
        observe("OTHER", "a freedom")
    assert set(case_record.judgements) == {"A"}


def test_verify_says_whether_it_held_and_goes_on():
    case_record = record(A="fail", B="fail")
    said = []
    with recording(case_record), pytest.raises(Nonconformance), example():  # noqa: PT012 (an example is what raises)
        said.append(verify("A", "", expected="e"))
        said.append(verify("B", "truthy", expected="e"))
    assert said == [False, True]
    assert case_record.judgements["B"].checks == 1


@pytest.mark.parametrize(
    ("grade", "at_most", "shown"),
    [
        ("fail", None, "failed"),
        ("fail", Grade.FAIL, "failed"),
        ("fail", Grade.WARN, "warning"),
        ("fail", Grade.NOTE, "passed"),
        ("warn", None, "warning"),
        ("warn", Grade.FAIL, "warning"),
        ("warn", Grade.NOTE, "passed"),
        ("note", None, "passed"),
        ("note", Grade.FAIL, "passed"),
        ("note", Grade.WARN, "passed"),
    ],
)
def test_a_check_may_be_softer_than_its_row_and_never_louder(grade, at_most, shown):
    case_record = record(A=grade)
    if shown == "passed":
        one_example(case_record, ("A", False, at_most))
        assert list(case_record.judgements["A"].notes) == ["expected e; got g"]
        assert not case_record.breached
    else:
        with pytest.raises(Nonconformance):
            one_example(case_record, ("A", False, at_most))
        assert case_record.breached
    assert verdict(case_record, "A") == (shown, None)


def test_what_failed_in_an_example_is_raised_together():
    case_record = record(A="fail", B="fail", C="fail")
    with pytest.raises(Nonconformance) as raised:
        one_example(case_record, ("B", False), ("C", True), ("A", False))
    assert str(raised.value) == "A: expected e; got g\nB: expected e; got g"


def test_each_set_of_ids_has_one_exception_type():
    def type_of(*ids):
        with pytest.raises(Nonconformance) as raised:
            one_example(record(A="fail", B="fail"), *((one, False) for one in ids))
        return type(raised.value)

    assert type_of("A", "B") is type_of("B", "A", "A")
    assert len({type_of("A"), type_of("B"), type_of("A", "B")}) == 3
    assert issubclass(type_of("A"), AssertionError)


def test_of_two_checks_in_one_example_the_loudest_is_kept_whatever_their_order():
    for order in ((None, Grade.WARN), (Grade.WARN, None)):
        case_record = record(A="fail")
        with pytest.raises(Nonconformance):
            one_example(case_record, *(("A", False, softer) for softer in order))
        assert case_record.judgements["A"].worst().grade is Grade.FAIL


def test_the_last_breach_of_a_set_of_ids_is_kept_because_it_is_shrunk():
    case_record = record(A="fail")
    for size in (5, 3, 4):
        with pytest.raises(Nonconformance):
            one_example(case_record, ("A", False), exchanges=size)
    assert len(case_record.judgements["A"].worst().exchanges) == 4


def test_of_several_sets_the_loudest_then_the_smallest_is_shown():
    case_record = record(A="fail", B="fail", C="fail")
    for others, size, softer in ((("B",), 5, None), (("C",), 3, None), ((), 1, Grade.WARN)):
        with pytest.raises(Nonconformance):
            one_example(
                case_record,
                ("A", False, softer),
                *((one, False) for one in others),
                exchanges=size,
            )
    worst = case_record.judgements["A"].worst()
    assert (worst.grade, len(worst.exchanges)) == (Grade.FAIL, 3)


def test_among_as_many_exchanges_the_shorter_request_is_shown():
    case_record = record(A="fail", B="fail")
    for others, body in ((("B",), "x" * 10), ((), "xx")):
        with pytest.raises(Nonconformance):
            one_example(
                case_record, ("A", False), *((one, False) for one in others), exchanges=1, body=body
            )
    assert case_record.judgements["A"].worst().exchanges[0].request_body == "xx"


def test_a_breach_knows_the_exchange_that_it_was_seen_in():
    case_record = record(A="fail")
    with recording(case_record), pytest.raises(Nonconformance), example():  # noqa: PT012 (an example is what raises)
        case_record.recorder.exchanges += [exchange(1), exchange(2)]
        verify("A", held=False, expected="e")
        case_record.recorder.exchanges.append(exchange(3))
    worst = case_record.judgements["A"].worst()
    assert (worst.broke_at, len(worst.exchanges)) == (2, 3)


def test_examples_do_not_see_each_others_exchanges():
    case_record = record(A="fail")
    one_example(case_record, ("A", True), exchanges=7)
    with pytest.raises(Nonconformance):
        one_example(case_record, ("A", False), exchanges=1)
    assert len(case_record.judgements["A"].worst().exchanges) == 1
    assert case_record.examples == 2


@pytest.mark.parametrize("error", [KeyError("x"), NotReached("x"), Blocked("x")])
def test_an_example_that_breaks_off_first_reports_what_it_has_seen(error):
    case_record = record(A="fail")
    with recording(case_record), pytest.raises(Nonconformance) as raised, example():  # noqa: PT012 (an example is what raises)
        verify("A", held=False, expected="e")
        raise error
    assert raised.value.__context__ is error
    with recording(case_record), pytest.raises(type(error)), example():  # noqa: PT012 (an example is what raises)
        verify("A", held=True, expected="e")
        raise error


def test_a_breach_of_one_example_does_not_follow_into_the_next():
    case_record = record(A="fail")
    with pytest.raises(Nonconformance):
        one_example(case_record, ("A", False))
    one_example(case_record, ("A", True))


@pytest.mark.parametrize(
    ("more", "checks", "shown"),
    [
        ({}, 1, ("passed", None)),
        ({}, 0, ("not seen", None)),
        ({"not_reached": "no stream"}, 1, ("not reached", "no stream")),
        ({"not_reached": "no stream"}, 0, ("not reached", "no stream")),
        ({"blocked": "no SET"}, 0, ("not testable", "no SET")),
        ({"blocked": "no SET"}, 1, ("not testable", "no SET")),
        (
            {"crashed": "Traceback"},
            1,
            ("not reached", "the case ended in an error of the suite itself"),
        ),
    ],
)
def test_what_a_case_says_of_a_requirement(more, checks, shown):
    case_record = record(A="fail")
    for _ in range(checks):
        one_example(case_record, ("A", True))
    assert verdict(case_record, "A", **more) == shown


@pytest.mark.parametrize("more", [{"crashed": "x"}, {"not_reached": "x"}, {"blocked": "x"}])
def test_a_breach_outweighs_however_the_case_ended(more):
    case_record = record(A="fail")
    with pytest.raises(Nonconformance):
        one_example(case_record, ("A", False))
    assert verdict(case_record, "A", **more) == ("failed", None)


@pytest.mark.parametrize(
    ("cases", "row"),
    [
        (["passed", "failed", "not reached"], "failed"),
        (["passed", "warning"], "warning"),
        (["warning", "failed"], "failed"),
        (["passed", "not reached"], "not reached"),
        (["passed", "not testable"], "passed"),
        (["not testable", "not seen"], "not testable"),
        (["not seen", "passed"], "passed"),
        ([], "not reached"),
    ],
)
def test_a_row_is_as_bad_as_its_worst_case(cases, row):
    assert combine([Ruling(Verdict(one)) for one in cases]).verdict == row


def test_a_bare_case_keeps_its_name_and_declares_itself():
    @judges("A", "B", needs=Needs(sets=2))
    def test_something(transmitter, *, step):
        """A claim
        in two lines.

        And more.
        """
        verify("A", step > 1, expected="more than 1", got=step)

    declaration = declaration_of(test_something)
    assert (declaration.ids, declaration.needs.sets) == (("A", "B"), 2)
    assert (test_something.__name__, claim_of(test_something)) == (
        "test_something",
        "A claim in two lines.",
    )
    case_record = record(A="fail", B="fail")
    with recording(case_record):
        test_something(transmitter=None, step=2)
        with pytest.raises(Nonconformance, match="more than 1; got 1"):
            test_something(transmitter=None, step=1)
    assert case_record.examples == 2
    assert declaration_of(print) is None


def test_under_given_each_example_is_judged_and_each_set_of_ids_is_shrunk_apart():
    @judges("A", "B")
    @QUIET
    @given(number=st.integers(0, 1000))
    def test_numbers(transmitter, number):
        verify("A", number < 10, expected="below 10", got=number)
        verify("B", number < 500, expected="below 500", got=number)

    case_record = record(A="fail", B="fail")
    with recording(case_record), pytest.raises(BaseExceptionGroup) as raised:
        test_numbers(transmitter=None)
    assert all(isinstance(one, Nonconformance) for one in raised.value.exceptions)
    assert case_record.examples > 10
    breaches = case_record.judgements["A"].breaches
    assert {tuple(sorted(ids)): one.got for ids, one in breaches.items()} == {
        ("A",): "10",
        ("A", "B"): "500",
    }
    assert case_record.judgements["B"].worst().got == "500"


def test_a_state_machine_is_judged_once_a_sequence_at_its_end():
    class Counting(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.example = example()
            self.example.__enter__()
            self.count = 0

        @rule()
        def add(self):
            self.count += 1

        def teardown(self):
            verify("A", self.count < 3, expected="below 3", got=self.count)
            self.example.__exit__(None, None, None)

    @judges("A")
    def test_counting(transmitter):
        run_state_machine_as_test(Counting, settings=QUIET)

    case_record = record(A="fail")
    with recording(case_record), pytest.raises(Nonconformance, match="got 3"):
        test_counting(transmitter=None)
    assert case_record.judgements["A"].worst().got == "3"
    assert case_record.judgements["A"].checks > 1


def test_a_stopped_run_begins_no_further_example():
    class Stopped(BaseException):
        pass

    case_record = record(A="fail")

    def stop():
        raise Stopped

    case_record.stopped = stop
    with pytest.raises(Stopped):
        one_example(case_record, ("A", False))
    assert (case_record.examples, case_record.judgements) == (0, {})


def test_what_was_got_is_shown_as_text_and_cut():
    case_record = record(A="fail")
    with recording(case_record), pytest.raises(Nonconformance), example():
        verify("A", held=False, expected="e", got=["x" * 5000])
    assert len(case_record.judgements["A"].worst().got) < 2100


def test_an_id_that_is_declared_twice_is_one():
    @judges("SSF-8.1.1.1-CREATE-201", "SSF-8.1.1.1-CREATE-201")
    def case(transmitter):
        """Hold a claim."""

    assert declaration_of(case).ids == ("SSF-8.1.1.1-CREATE-201",)
