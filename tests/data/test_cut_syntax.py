import pytest

from lawful.data.cut_syntax import parsed, walk
from lawful.errors import InputError


def shape(text: str) -> object:
    """A cut as nested tuples."""

    def of(node: object) -> object:
        inner = tuple(of(part) for part in node.parts)  # type: ignore[attr-defined]
        return (node.value if node.value is not None else node.kind, *inner) if inner else node.value  # type: ignore[attr-defined]

    return of(parsed(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 1 & b < 2", ("and", ((">",), "a", 1), (("<",), "b", 2))),
        ("a or b and c", ("or", "a", ("and", "b", "c"))),
        ("a | b && c", ("or", "a", ("and", "b", "c"))),
        ("not a > 1", ("not", ((">",), "a", 1))),
        ("!a > 1", ((">",), ("not", "a"), 1)),
        ("a + b * c - d", ("-", ("+", "a", ("*", "b", "c")), "d")),
        ("-a ** 2", ("minus", ("**", "a", 2))),
        ("a ** b ** c", ("**", "a", ("**", "b", "c"))),
        ("2 ** -1 < a", (("<",), ("**", 2, -1), "a")),
        ("0 < a <= 2.5e1", (("<", "<="), 0, "a", 25.0)),
        ("`b-tag` > .5", ((">",), "b-tag", 0.5)),
        ("max(a, b, 3) > 1", ((">",), ("max", "a", "b", 3), 1)),
        ("jet.pt>1", ((">",), "jet.pt", 1)),
        ("a in (1, -2)", ((1, -2), "a")),
    ],
)
def test_binding(text: str, expected: object) -> None:
    assert shape(text) == expected


def test_names_in_order_of_the_text() -> None:
    assert [node.value for node in walk(parsed("c > 1 and (a < 2 or b)")) if node.kind == "name"] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the end"),
        ("pt >", "found the end"),
        ("pt = 3", "equality is written =="),
        ("pt ^ 2 > 3", r"a power is written \*\*"),
        ("(pt > 3", r"'\)' is expected, found the end"),
        ("pt > 3)", "not expected"),
        ("pt 3", "not expected"),
        ("sqr(pt) > 3", "did you mean 'sqrt'"),
        ("hypot(pt) > 3", "takes 2 arguments, received 1"),
        ("jet1_b-tag; import os", "odd characters"),
        ("`pt > 3", "backtick is not closed"),
        ("x == 'a", "quote is not closed"),
        ("a in 3", "list is expected"),
        ("a in (b)", "only numbers and text"),
        ("count(3) > 1", "name of a cloud"),
        ("__import__('os')", "no function '__import__'"),
        ("(" * 200 + "a" + ")" * 200, "inside one another"),
        ("-" * 200 + "a", "inside one another"),
        ("not " * 200 + "a", "inside one another"),
        ("a" + " ** a" * 200, "inside one another"),
    ],
)
def test_what_cannot_be_understood(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parsed(text)
