"""How a deviation is written: as a row, as a function, as a class."""

from abc import ABC, abstractmethod

import pytest

from mock_transmitter.deviations import entry
from mock_transmitter.deviations.deviation import Deviation


@pytest.fixture(autouse=True)
def entries(monkeypatch):
    empty = {}
    monkeypatch.setattr(entry, "ENTRIES", empty)
    return empty


class Louder(Deviation, ABC):
    mark = "!"

    @abstractmethod
    def said(self, text, at):
        """Return what is said."""

    def token(self, token, at):
        return self.said(token, at) + self.mark


def test_a_function_becomes_a_deviation_at_its_seam(entries):
    @entry.fault_at("token", on=("poll",), breaks=("A", "B"), also=("B", "C"))
    def tokens_are_reversed(token):
        """Every token is reversed."""
        return token[::-1]

    made = entries["tokens-are-reversed"]
    assert (made.kind, made.summary) == ("fault", "Every token is reversed.")
    assert (made.breaks, made.also, made.deviation.on) == (("A", "B"), ("C",), ("poll",))
    assert made.deviation.__module__ == __name__
    assert made.deviation().token("abc", None) == "cba"


def test_a_function_takes_as_many_arguments_as_it_declares(entries):
    @entry.variant_at("token", exercises=("A",))
    def tokens_name_their_context(token, at):
        """Every token names its context."""
        return f"{token} at {at}"

    assert entries["tokens-name-their-context"].deviation().token("x", "y") == "x at y"


def test_a_function_is_the_abstract_method_of_a_kind(entries):
    @entry.fault_at(Louder, breaks=("A",))
    def tokens_are_in_capitals(text):
        """Every token is in capitals, and louder."""
        return text.upper()

    assert entries["tokens-are-in-capitals"].deviation().token("x", None) == "X!"


def test_a_row_completes_a_kind_with_data(entries):
    class Quiet(Louder):
        def said(self, text, at):
            return text

    entry.fault_row(
        "tokens-are-asked", "Every token is a question.", Quiet, mark="?", breaks=("A",)
    )
    made = entries["tokens-are-asked"]
    assert made.deviation().token("x", None) == "x?"
    assert made.deviation.__module__ == __name__


def test_a_method_that_is_not_there_is_refused():
    with pytest.raises(TypeError, match="no method 'tokn'"):
        entry.fault_at("tokn", breaks=("A",))(lambda token: token)


def test_a_kind_without_one_abstract_method_needs_a_hook():
    with pytest.raises(TypeError, match="name one as `hook`"):
        entry.fault_at(Deviation, breaks=("A",))(lambda token: token)


def test_no_two_deviations_have_one_name():
    def row():
        entry.fault_row("twice", "It is there twice.", Deviation, breaks=("A",))

    row()
    with pytest.raises(ValueError, match="two deviations are named twice"):
        row()
