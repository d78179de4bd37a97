"""A small language of words in brackets, read with what all grammars share."""

import re
from dataclasses import dataclass

import pytest

from lawful.errors import InputError
from lawful.grammar import NAME, NUMBER, QUOTED, Reader, fold, listed, nearest, walk

TOKEN = re.compile(rf"\s*(?:{NUMBER}|{QUOTED}|{NAME}|(?P<symbol>[(),]))")


@dataclass(frozen=True)
class Leaf:
    value: str
    parts: "tuple[Leaf, ...]" = ()


class Words(Reader):
    def __init__(self, text):
        super().__init__(text, TOKEN, {"[": "brackets are round"}, "words", "brackets")

    def one(self):
        if self.take("("):
            inner = self.deeper(self.one)
            self.expect(")")
            return Leaf("()", (inner,))
        _, value = self.operand()
        return Leaf(value, tuple(self.arguments(value, 2, self.one))) if self.take("(") else Leaf(value)


def test_tokens_have_kind_value_and_place():
    assert Words(" a.b (`odd name`, 1.5e3) ").tokens == [
        ("name", "a.b", 1),
        ("symbol", "(", 5),
        ("quoted", "odd name", 7),
        ("symbol", ",", 16),
        ("number", "1.5e3", 18),
        ("symbol", ")", 23),
        ("end", "", 24),
    ]


def test_a_tree_is_walked_in_the_order_of_the_text():
    assert [leaf.value for leaf in walk(Words("pair((a), pair(2, c))").one())] == [
        "pair",
        "()",
        "a",
        "pair",
        "2",
        "c",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pair(a, [", r"words 'pair\(a, \[': '\[' is not understood at character 9, near .*; brackets are round"),
        ("(a", r"'\)' is expected, found the end at character 3"),
        ("(a, b)", r"'\)' is expected, found ',' at character 3"),
        (")", r"a name or number is expected, found '\)' at character 1"),
        ("pair(a)", r"pair\(\) takes 2 arguments, received 1"),
        ("(" * 60 + "a" + ")" * 60, "more than 50 brackets inside one another at character 52"),
    ],
)
def test_what_cannot_be_read_is_shown(text, message):
    with pytest.raises(InputError, match=message):
        Words(text).one()


def test_folding_goes_from_the_left():
    assert fold(lambda a, b: a - b, [10, 3, 2]) == 5


def test_names_that_are_near_and_lists_of_names():
    assert nearest("PT", ["eta", "pt"]) == "did you mean 'pt'?"
    assert nearest("zzz", range(3), 2) == "there are '0', '1' and 1 more"
    assert listed(["a", "b"]) == "'a', 'b'"
