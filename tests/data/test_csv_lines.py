import io

import pytest

from lawful.data.csv_lines import BLANKS, Counting, check, counted, head
from lawful.errors import InputError


@pytest.mark.parametrize(
    ("text", "names", "separator", "quoted", "lines"),
    [
        ("a,b\n1,2\n", ("a", "b"), ",", False, 1),
        ("# c\n\n# d\na; b\n", ("a", "b"), ";", False, 4),
        ("  a   b \n", ("a", "b"), BLANKS, False, 1),
        ('"#a","b;c"\n', ("#a", "b;c"), ",", True, 1),
        ('"a\nb",c\n1,2\n', ("a\nb", "c"), ",", True, 2),
        ('"say ""x"", y"\t2\r\n', ('say "x", y', "2"), "\t", True, 1),
        ("x", ("x",), BLANKS, False, 1),
    ],
)
def test_the_line_of_names(text: str, names: tuple[str, ...], separator: str, quoted: bool, lines: int) -> None:
    found = head(io.StringIO(text, newline=""))
    assert found is not None
    assert (found.names, found.separator, found.quoted, found.lines) == (names, separator, quoted, lines)


def test_no_line_of_names() -> None:
    assert head(io.StringIO("# a\n\n \n")) is None


def test_fields_of_each_record() -> None:
    text = 'a,b\n1,"x\ny,z"\n\n2\n3,4,5\n'
    assert list(counted(io.StringIO(text), ",")) == [(1, 2), (3, 2), (5, 1), (6, 3)]
    assert list(counted(io.StringIO('a b\n 1  "x y"\n\n2\n'), BLANKS)) == [(1, 2), (2, 2), (4, 1)]


def suspected(text: str, size: int) -> bool:
    """Whether the fast count holds a line for wrong when the text comes in buffers of this size."""
    calls: list[int] = []
    file = io.StringIO(text, newline="")
    found = head(file)
    assert found is not None
    lines = Counting(file, found, lambda: calls.append(1))
    while lines.read(size):
        pass
    return bool(calls)


RIGHT = [
    "a,b,c\n1,2,3\n4,5,6\n\n7,8,9",
    "a,b\r\n1,2\r\n\r\n3,4\r\n",
    "a,b\r1,2\r3,4\r",
    'a,b\n1,"x,\n""y"""\n2,"",\n'.replace('"",\n', '""\n'),
    "a b\n 10   20\n\n300 4 \n  5 678",
]
WRONG = [
    "a,b,c\n1,2,3\n4,5\n7,8,9\n",
    "a,b,c\n1,2,3\n4,5,6,7\n8,9,0\n",
    "a,b\r\n1,2\r\n3\r\n",
    "a,b\n1,2\n3",
    'a,b\n1,"x,\ny",3\n',
    "a b\n1 2\n3 4 5\n",
    "a b\n1 2\n3",
]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_counting_does_not_depend_on_the_buffers(size: int) -> None:
    """Right files are not looked at again, which would be slow; wrong lines are noticed in any buffer."""
    assert [suspected(text, size) for text in RIGHT] == [False] * len(RIGHT)
    assert [suspected(text, size) for text in WRONG] == [True] * len(WRONG)


def test_the_slow_count_has_the_last_word() -> None:
    for text in [*RIGHT, 'n,w\n1,5" pipe\n2,x\n']:
        found = head(io.StringIO(text, newline=""))
        assert found is not None
        check(io.StringIO(text, newline=""), found, "it")
    for text in WRONG:
        found = head(io.StringIO(text, newline=""))
        assert found is not None
        with pytest.raises(InputError, match=r"it: line \d has \d fields?, the line of names has [23]"):
            check(io.StringIO(text, newline=""), found, "it")
