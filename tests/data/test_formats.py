"""The laws that every format obeys, run over all suffixes in the registry."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lawful.data import Events, Writer, chunks, concatenate, read, trees
from lawful.data.formats import FORMATS, SUFFIXES, format_of
from lawful.errors import InputError

EVERY = pytest.mark.parametrize("suffix", SUFFIXES)
WITH_CLOUDS = pytest.mark.parametrize("suffix", [s for f in FORMATS if f.has_clouds for s in f.suffixes])


@EVERY
def test_what_is_written_is_read(flat: Events, tmp_path: Path, suffix: str) -> None:
    flat.write(tmp_path / f"a{suffix}")
    again = read(tmp_path / f"a{suffix}")
    assert again.checksum() == flat.checksum()
    assert again.sources == (tmp_path / f"a{suffix}",)
    assert again.missing == flat.missing
    assert again.sentinels == flat.sentinels == {"eta": (-999.0,)}
    assert again.variations["jes_up"].weight.sum() == flat.variations["jes_up"].weight.sum()


@WITH_CLOUDS
def test_clouds_too(full: Events, tmp_path: Path, suffix: str) -> None:
    full.write(tmp_path / f"a{suffix}")
    assert read(tmp_path / f"a{suffix}").checksum() == full.checksum()
    assert dict(read(tmp_path / f"a{suffix}", clouds=[]).clouds) == {}
    assert dict(read(tmp_path / f"a{suffix}", exclude=["tracks"]).clouds) == {}
    some = read(tmp_path / f"a{suffix}", features=["pt"], select="count(tracks) > 1")
    assert some.clouds["tracks"].counts.min() == 2


@pytest.mark.parametrize("suffix", [s for f in FORMATS if not f.has_clouds for s in f.suffixes])
def test_formats_without_clouds_refuse_them(full: Events, tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match=r"cannot hold clouds \('tracks'\)"):
        full.write(tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


@EVERY
def test_the_same_events_give_the_same_bytes(flat: Events, tmp_path: Path, suffix: str) -> None:
    if suffix in (".root", ".h5", ".hdf5"):
        pytest.skip("the format stores the time of writing or random identifiers")
    flat.write(tmp_path / f"a{suffix}")
    flat.write(tmp_path / f"b{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@EVERY
def test_writing_in_pieces(flat: Events, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with Writer(path) as writer:
        for start in range(0, 500, 120):
            writer.append(flat.select(np.arange(start, min(start + 120, 500))))
    assert read(path).checksum() == flat.checksum()


@WITH_CLOUDS
def test_writing_clouds_in_pieces(full: Events, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    empty = np.flatnonzero(full.clouds["tracks"].counts == 0)
    rest = np.flatnonzero(full.clouds["tracks"].counts)
    pieces = [full.select(empty), full.select(rest[:100]), full.select(rest[100:])]
    with Writer(path) as writer:
        for piece in pieces:
            writer.append(piece)
    assert read(path).checksum() == concatenate(pieces).checksum()


@EVERY
@pytest.mark.parametrize("rows", [1000, 500, 170])
def test_reading_in_pieces(flat: Events, tmp_path: Path, suffix: str, rows: int) -> None:
    path = tmp_path / f"a{suffix}"
    flat.write(path)
    pieces = list(chunks(path, rows=rows))
    assert max(map(len, pieces)) <= rows
    assert concatenate(pieces).checksum() == flat.checksum()
    cut = list(chunks(path, rows=rows, select="pt > 60"))
    assert concatenate(cut).checksum() == flat.select("pt > 60").checksum()


@WITH_CLOUDS
def test_reading_clouds_in_pieces(full: Events, tmp_path: Path, suffix: str) -> None:
    full.write(tmp_path / f"a{suffix}")
    assert concatenate(list(chunks(tmp_path / f"a{suffix}", rows=99))).checksum() == full.checksum()


@EVERY
def test_cutting_while_reading_is_cutting_afterwards(flat: Events, tmp_path: Path, suffix: str) -> None:
    flat.write(tmp_path / f"a{suffix}")
    cut = "pt > 30 and process != 'zz' and not tagged"
    assert read(tmp_path / f"a{suffix}", select=cut).checksum() == flat.select(cut).checksum()


@EVERY
def test_only_what_is_named_is_read(flat: Events, tmp_path: Path, suffix: str) -> None:
    flat.write(tmp_path / f"a{suffix}")
    events = read(tmp_path / f"a{suffix}", features=["pt"], variations={}, extras=["mass"], select="jets > 2")
    assert set(events.columns) == {"pt", "target", "weight", "group", "mass"}
    assert (events["mass"] == flat["mass"][flat["jets"] > 2]).all()


@EVERY
def test_most_rows(flat: Events, tmp_path: Path, suffix: str) -> None:
    flat.write(tmp_path / f"a{suffix}")
    some = read(tmp_path / f"a{suffix}", most_rows=37)
    np.testing.assert_array_equal(some["run"], flat["run"][:37])
    assert [len(piece) for piece in chunks(tmp_path / f"a{suffix}", rows=20, most_rows=37)] == [20, 17]
    assert len(read(tmp_path / f"a{suffix}", most_rows=10_000)) == 500


@EVERY
def test_several_files(flat: Events, tmp_path: Path, suffix: str) -> None:
    for i, part in enumerate(flat.split((0.5, 0.5))):
        part.write(tmp_path / f"part{i}{suffix}")
    for path in (
        [tmp_path / f"part{i}{suffix}" for i in range(2)],
        str(tmp_path / f"part*{suffix}"),
        {tmp_path / f"part{i}{suffix}": 1 for i in range(2)},
    ):
        arguments = {"target": "given"} if isinstance(path, dict) else {}
        events = read(path, **arguments)
        assert len(events) == 500
        assert len(events.sources) == 2
        assert events.weight.sum() == pytest.approx(flat.weight.sum())


@EVERY
def test_plain_columns_have_no_roles(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with Writer(path) as writer:
        writer.append({"a": [1.0, 2.0], "b": [3, 4], "kind": ["x", "y"]})
        writer.append({"a": [5.0], "b": [6], "kind": ["z"]})
    events = read(path)
    assert events.features == ("a", "b")
    assert events["kind"].tolist() == ["x", "y", "z"]
    assert events.target is None


@EVERY
def test_odd_names(tmp_path: Path, suffix: str) -> None:
    names = [
        "jet1_b-tag",
        "m(jj) [GeV]",
        "a/b",
        "/",
        "a[3]",
        "100%",
        "%2F",
        "a.b",
        ".",
        "ß",
        "x y",
        "__lawful__x",
        "",
    ]
    names += [
        "#1",
        "2",
        "x.offsets",
        "x.npy",
        "clouds",
        "offsets",
        "lawful",
        "__lawful__",
        "__lawful_layout__",
        "a;b",
    ]
    events = Events({name: [float(i)] for i, name in enumerate(names)})
    events.write(tmp_path / f"a{suffix}")
    assert read(tmp_path / f"a{suffix}").checksum() == events.checksum()


@EVERY
@pytest.mark.parametrize(
    "name", ["#pt", "# lawful: {}", "1", "2.5", "nan", "", " ", '"', "a,b", "a\nb", "\ufeffx", "\0"]
)
def test_odd_names_alone_and_first(tmp_path: Path, suffix: str, name: str) -> None:
    for columns in ({name: [1.0, 2.0]}, {name: [1.0, 2.0], "other": [3.0, 4.0]}):
        Events(columns).write(tmp_path / f"a{suffix}")
        assert read(tmp_path / f"a{suffix}").checksum() == Events(columns).checksum()
        with Writer(tmp_path / f"a{suffix}") as writer:  # without roles too
            writer.append(columns)
        assert read(tmp_path / f"a{suffix}").features == tuple(columns)


NAMES = st.text(st.sampled_from("ab.1_/%[];:,#\"'\\\0\n é"), max_size=6) | st.text(max_size=4)


@EVERY
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True), text=st.booleans())
@settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_name_is_read_back(tmp_path: Path, suffix: str, names: list[str], text: bool) -> None:
    values = ["x", 'y"z'] if text else [1.5, -2.0]
    events = Events({"first": [1.0, 2.0]}, extras={name: values for name in names if name != "first"})
    events.write(tmp_path / f"a{suffix}")
    assert read(tmp_path / f"a{suffix}").checksum() == events.checksum()


@WITH_CLOUDS
def test_columns_and_clouds_with_like_names(tmp_path: Path, suffix: str) -> None:
    """Names that a format gives to the parts of a cloud can be columns too."""
    names = ["ntracks", "tracks_pt", "tracks.pt", "tracks.offsets", "offsets", "clouds", "tracks/pt", "column_0"]
    events = Events(
        {name: [float(i), -1.0] for i, name in enumerate(names)},
        clouds={"tracks": {"pt": [[1.0], [2.0, 3.0]], "offsets": [[5.0], [6.0, 7.0]]}, "x": {"a": [[], [4.0]]}},
    )
    events.write(tmp_path / f"a{suffix}")
    assert read(tmp_path / f"a{suffix}").checksum() == events.checksum()
    assert len(list(chunks(tmp_path / f"a{suffix}", rows=1))) == 2


@EVERY
def test_every_number_type(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    columns = {
        kind: rng.integers(0, 100, 5).astype(kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
    }
    columns |= {"f4": rng.normal(size=5).astype("f4"), "f8": rng.normal(size=5) * 1e-300, "b": np.arange(5) > 2}
    columns["big"] = np.array([2**63 - 1, -(2**63), 0, 2**53 + 1, 1])
    events = Events(columns)
    events.write(tmp_path / f"a{suffix}")
    assert read(tmp_path / f"a{suffix}").checksum() == events.checksum()


def append_and_fail(path: Path) -> None:
    """Stop in the middle of writing."""
    with Writer(path) as writer:
        writer.append({"a": [1.0]})
        raise RuntimeError("stop")


@EVERY
def test_a_failed_writing_leaves_the_old_file(flat: Events, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    flat.write(path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(RuntimeError, match="stop"):
        append_and_fail(path)
    assert read(path).checksum() == flat.checksum()
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@EVERY
def test_missing_empty_and_foreign_files(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / f"nothing{suffix}")
    (tmp_path / f"empty{suffix}").touch()
    with pytest.raises(InputError, match="is empty"):
        read(tmp_path / f"empty{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path / f"folder{suffix}")
    (tmp_path / f"page{suffix}").write_text("<html><body>404 not found</body></html>")
    with pytest.raises(InputError):
        read(tmp_path / f"page{suffix}")


@EVERY
def test_truncated_files(flat: Events, tmp_path: Path, suffix: str) -> None:
    if suffix == ".csv":
        pytest.skip("a shorter text is a whole text")
    path = tmp_path / f"a{suffix}"
    flat.write(path)
    data = path.read_bytes()
    for share in (0.01, 0.3, 0.9, 0.999):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError, match=r"truncat|whole|damaged|empty|not a"):
            read(path)


def no_other_error(path: Path) -> None:
    """Reading gives events or an `InputError`, and nothing else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(path)
    except InputError:
        pass


FUZZ = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EVERY
@given(data=st.binary(max_size=200))
@FUZZ
def test_random_bytes(tmp_path: Path, suffix: str, data: bytes) -> None:
    for start in (b"", format_of(Path(f"a{suffix}")).magic):
        (tmp_path / f"a{suffix}").write_bytes(start + data)
        no_other_error(tmp_path / f"a{suffix}")


@EVERY
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=20))
@FUZZ
def test_spoilt_bytes(tmp_path: Path, suffix: str, places: list[tuple[float, int]]) -> None:
    path = tmp_path / f"a{suffix}"
    if not path.exists():
        events = Events({"x": np.arange(20.0), "n": np.arange(20)}, y=["a", "b"] * 10, weight=np.ones(20))
        events.write(tmp_path / f"good{suffix}")
        path.touch()
    data = bytearray((tmp_path / f"good{suffix}").read_bytes())
    for place, value in places:
        data[int(place * (len(data) - 1))] = value
    path.write_bytes(data)
    no_other_error(path)


def test_unknown_suffix() -> None:
    with pytest.raises(InputError, match=r"suffix '.txt' is none of '.root'"):
        format_of(Path("a.txt"))


def test_trees(flat: Events, tmp_path: Path) -> None:
    for suffix in (".root", ".h5"):
        with Writer(tmp_path / f"a{suffix}") as writer:
            writer.append(flat, tree="sig_tree")
            writer.append({"x": [1.0]}, tree="bkg_tree")
        assert set(trees(tmp_path / f"a{suffix}")) == {"sig_tree", "bkg_tree"}
    flat.write(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no trees"):
        trees(tmp_path / "a.parquet")
