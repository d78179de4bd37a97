from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lawful.data import Events, Writer, chunks, read, sidecar
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
        ("a,b\n1,2\n3,4,5,6\n", "line 3 has 4 fields, the line of names has 2"),
        ("a,b\n1,2,3\n4,5,6\n", "line 2 has 3 fields"),  # row names, as R writes them
        ("a,b\n1,2,\n3,4,\n", "line 2 has 3 fields"),
        ("# one\n\na,b\n1,x\n\n3\n", "line 6 has 1 field, the line of names has 2: was it cut off"),
        ("a b\n1 2\n3 4 5\n", "line 3 has 3 fields"),
        ("a,b\r\n1,2\r\n3,4,5\r\n", "line 3 has 3 fields"),
        ('a,b\n1,"x\ny"\n2,"u,v",3\n', "line 4 has 3 fields"),
        ("a,b\n" + "1,2\n" * 3000 + "1,2,3\n" + "1,2\n" * 9, "line 3002 has 3 fields"),  # beyond the guessed rows
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


def test_a_long_line_is_found_when_its_columns_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 2000 + "1,234,2\n")
    with pytest.raises(InputError, match="line 2002 has 3 fields"):
        read(tmp_path / "a.csv", features=["a"])
    with pytest.raises(InputError, match="line 2002 has 3 fields"):
        list(chunks(tmp_path / "a.csv", rows=1000))


@pytest.mark.parametrize("end", ["", "\n", "\n\n \n"])
def test_whole_lines_are_not_complained_of(tmp_path: Path, end: str) -> None:
    """Quotes inside words, separators and line ends inside quotes, blank lines and CRLF over many buffers."""
    lines = ["n,word"] + ['1,5" pipe', '2,"a,b"', '3,"x\ny"', "", '4,""', "5,"] * 30_000
    for newline in ("\n", "\r\n"):
        (tmp_path / "a.csv").write_bytes((newline.join(lines) + end.strip(" ")).encode())
        events = read(tmp_path / "a.csv")
        assert len(events) == 150_000
        assert events["word"][:5].tolist() == ['5" pipe', "a,b", "x\ny", "", ""]


def test_blanks_between_fields(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a  b \n  1 2\n\n3    4  \n5 6" + "\n7 8" * 100_000)
    assert read(tmp_path / "a.csv").X[:3].tolist() == [[1, 2], [3, 4], [5, 6]]


def test_decimal_commas_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\n1,5;2\n2;3\n")
    with pytest.raises(InputError, match=r"feature 'a' holds text: .*decimal commas such as '1,5'.*decimal=','"):
        read(tmp_path / "a.csv", features=["a"])
    with pytest.warns(UserWarning, match="column 'a' is text and no feature: .*decimal commas"):
        assert read(tmp_path / "a.csv").features == ("b",)
    assert read(tmp_path / "a.csv", extras=["a"])["a"].tolist() == ["1,5", "2"]  # meant as text: no warning
    (tmp_path / "a.csv").write_text("a;b\n1,5;2\nu,v;3\n")
    assert read(tmp_path / "a.csv").features == ("b",)


def test_a_gap_in_a_target_of_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,kind\n1,a\n2,\n3,b\n")
    with pytest.raises(InputError, match="'kind' has 1 empty entries of 3"):
        read(tmp_path / "a.csv", target="kind")
    assert len(read(tmp_path / "a.csv", target="kind", select="kind != ''")) == 2


def test_other_programs_read_the_table(flat: Events, tmp_path: Path) -> None:
    flat.write(tmp_path / "a.csv")
    frame = pd.read_csv(tmp_path / "a.csv")
    assert list(frame.columns) == list(flat.columns)
    np.testing.assert_array_equal(frame["pt"].to_numpy(np.float32), flat["pt"])
    array = np.genfromtxt(tmp_path / "a.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert array.dtype.names[0] == "pt"


def test_roles_stand_beside_the_table(flat: Events, tmp_path: Path) -> None:
    path, beside = tmp_path / "a.csv", tmp_path / "a.csv.lawful.json"
    flat.write(path)
    assert beside.exists()
    text = path.read_bytes()
    path.write_bytes(text + text.splitlines(keepends=True)[-1])  # edited: the roles may be those of another table
    for roles in ({"target": "target"}, {"features": ["pt"]}):
        with pytest.warns(UserWarning, match="written for a file of") as caught:
            assert read(path, missing=np.nan, **roles).weight is not None  # type: ignore[arg-type]
        assert len(caught) == 1
    with pytest.raises(InputError, match=r"written for a file of .* target= or features="):
        read(path, missing=np.nan)
    path.write_bytes(text)
    beside.write_text("{oops")
    with pytest.warns(UserWarning, match="is damaged"):
        assert read(path, missing=np.nan, features=["pt"]).units == {}
    with pytest.raises(InputError, match="is damaged"):
        read(path, missing=np.nan)
    with Writer(path) as writer:  # a table without roles takes them away
        writer.append({"x": [1.0]})
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


def test_spoilt_notes_are_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    notes = '{"lawful": 1, "types": 3, "features": ["b", "z"], "sentinels": {"b": "no", "a": [null]}, "bytes": 8}'
    (tmp_path / "a.csv.lawful.json").write_text(notes)
    assert read(tmp_path / "a.csv").features == ("b",)


def test_words_that_look_like_gaps(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,word\n1,NA\nNA,None\n3,\n4,zz\n")
    events = read(tmp_path / "a.csv", missing=np.nan)
    assert events["word"].tolist() == ["NA", "None", "", "zz"]
    assert events.missing == {"x": 1}


def test_a_file_that_is_being_replaced_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the renaming of the table and of the file beside it, the two do not belong together."""
    path = tmp_path / "a.csv"
    Events({"x": [1.0, 2.0], "y": [0, 1]}, y="y").write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    waits: list[float] = []

    def replaced(seconds: float) -> None:
        waits.append(seconds)
        path.write_bytes(whole)

    monkeypatch.setattr(sidecar.time, "sleep", replaced)
    assert read(path).target == "y"
    assert len(waits) == 1


def test_the_notes_are_read_once(flat: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flat.write(tmp_path / "a.csv")
    looked = []
    look = sidecar.notes_of
    monkeypatch.setattr(sidecar, "notes_of", lambda path: looked.append(path) or look(path))
    assert len(read(tmp_path / "a.csv")) == len(flat)
    assert len(looked) == 1


@pytest.mark.parametrize("line", ["1.5,2,electron", "1.5 2 electron", 'electron;1.5;"a;b"', "nan,run,x"])
def test_a_first_line_that_holds_an_event_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.csv").write_text(f"{line}\n{line}\n")
    with pytest.raises(InputError, match=r"first line holds numbers .*put a line of names at the top"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(("mark", "end"), [(",", ""), (" ", ""), (";", " ")])
def test_names_in_a_comment_are_pointed_at(tmp_path: Path, mark: str, end: str) -> None:
    names, event = mark.join(["pt", "n", "kind"]), mark.join(["1.5", "2", "muon"])
    (tmp_path / "a.csv").write_text(f"# made today\n# {names}{end}\n{event}\n{event}\n")
    with pytest.raises(InputError, match=f"the comment '# {names}' above seems to hold them"):
        read(tmp_path / "a.csv")


def test_a_number_in_quotes_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('"1",x\n5,6\n')
    assert read(tmp_path / "a.csv").features == ("1", "x")
    Events({"1": [1.0], "x": [2.0]}).write(tmp_path / "b.csv")
    assert read(tmp_path / "b.csv").features == ("1", "x")
