from pathlib import Path

import numpy as np
import pytest

from lawful.data import Events, Writer, chunks, read
from lawful.errors import InputError


@pytest.mark.parametrize("text", ["a,b\n1,2\n3,4\n", "a;b\n1;2\n3;4\n", "a\tb\n1\t2\n3\t4\n", "a b\n1 2\n3 4\n"])
def test_separators(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert read(tmp_path / "a.csv").X.tolist() == [[1, 2], [3, 4]]


def test_comments_byte_order_marks_spaces_and_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeff# made by hand\r\n# twice\r\na, b,kind\r\n1, 2,x\r\n3, 4,y\r\n".encode())
    events = read(tmp_path / "a.csv")
    assert events.features == ("a", "b")
    assert events["kind"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3,4\n", "first line holds numbers"),
        ("a,a\n1,2\n", "two columns called 'a'"),
        ("a,b\n", "no events"),
        ("# only a comment\n", "no line of names"),
        ("a,b\n1,2\n3,4,5,6\n", "cannot be read as CSV"),
        ("\n\n\n", "cannot be read as CSV|no events|holds"),
    ],
)
def test_broken_tables(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "a.csv")


def test_types_that_change_later(tmp_path: Path) -> None:
    lines = ["i,gap,word"] + ["1,2,3"] * 1500 + ["1.5,,abc"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match="'word' holds numbers at first and then 'abc'"):
        read(tmp_path / "a.csv")
    events = read(tmp_path / "a.csv", exclude=["word"], missing={"gap": np.nan})
    assert events["i"][-1] == 1.5
    assert events.missing == {"gap": 1}
    with pytest.raises(InputError, match="'gap' has 1 NaN"):
        list(chunks(tmp_path / "a.csv", rows=500, exclude=["word"]))


def test_every_digit_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=5000) * 10.0 ** rng.integers(-300, 300, 5000)
    events = Events({"d": x, "f": rng.normal(size=5000).astype(np.float32), "big": rng.integers(0, 2**62, 5000)})
    events.write(tmp_path / "a.csv")
    assert read(tmp_path / "a.csv").checksum() == events.checksum()


def test_text_that_needs_quotes(tmp_path: Path) -> None:
    words = ["a,b", 'say "no"', "two\nlines", " space ", "ß"]
    with Writer(tmp_path / "a.csv") as writer:
        writer.append({"x": np.arange(5.0), "word": words})
    assert read(tmp_path / "a.csv")["word"].tolist() == words


def test_spoilt_notes_are_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("# lawful: {oops\na,b\n1,2\n")
    assert read(tmp_path / "a.csv").features == ("a", "b")
    (tmp_path / "a.csv").write_text('# lawful: {"lawful": 1, "types": 3, "features": ["b", "z"]}\na,b\n1,2\n')
    assert read(tmp_path / "a.csv").features == ("b",)


def test_words_that_look_like_gaps(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,word\n1,NA\nNA,None\n3,\n4,zz\n")
    events = read(tmp_path / "a.csv", missing=np.nan)
    assert events["word"].tolist() == ["NA", "None", "", "zz"]
    assert events.missing == {"x": 1}
