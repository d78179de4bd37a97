import numpy as np
import pandas as pd
import pytest

from lawful.data import columns as col
from lawful.errors import InputError


def test_columns_are_native_contiguous_copies() -> None:
    X = np.arange(6, dtype=">f4").reshape(3, 2)
    column = col.as_column(X[:, 1], name="x")
    assert column.dtype == np.float32
    assert column.dtype.isnative
    assert column.flags.c_contiguous
    X[:] = 0
    assert column.tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["a", "bc"], "U"),
        (np.array(["a", "b"], object), "U"),
        (np.array([True, False], object), "b"),
        (np.array([1, None], object), "f"),
        (np.array([b"a", b"b"]), "U"),
        (np.float16([1, 2]), "f"),
        (pd.Series(["a", "b"]), "U"),
        (pd.Series([1.0, 2.0]), "f"),
        (pd.array([1, None], dtype="Int64"), "f"),
        (np.array([[1.0], [2.0]]), "f"),
    ],
)
def test_what_becomes_a_column(values: object, dtype: str) -> None:
    column = col.as_column(values, name="x")
    assert column.dtype.kind == dtype
    assert column.shape == (2,)


@pytest.mark.parametrize("values", [3.0, np.zeros((2, 2)), [1 + 1j], np.array([{}, []], object), [[1], [1, 2]]])
def test_what_does_not(values: object) -> None:
    with pytest.raises(InputError, match="'x'"):
        col.as_column(values, name="x")


def test_torch_tensors_are_taken() -> None:
    torch = pytest.importorskip("torch")
    assert col.as_column(torch.ones(3, requires_grad=True), name="x").tolist() == [1, 1, 1]
    assert list(col.as_table(torch.ones(3, 2), None)) == ["x0", "x1"]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["f4", "f4"], "f4"),
        (["f4", "i2", "u1", "?"], "f4"),
        (["f4", "i4"], "f8"),
        (["f4", "f8"], "f8"),
        (["i8"], "f8"),
        ([], "f4"),
    ],
)
def test_stacking_is_exact(types: list[str], expected: str) -> None:
    arrays = [np.array([0, 1, 1], dtype=kind) for kind in types]
    X = col.stack(arrays, 3)
    assert X.dtype == np.dtype(expected)
    assert X.shape == (3, len(types))


def test_finite_names_column_and_count() -> None:
    columns = {"a": np.array([1.0, np.nan, np.nan]), "b": np.array([np.inf, 1, -np.inf]), "c": np.arange(3)}
    with pytest.raises(InputError, match=r"'a' has 2 NaN; column 'b' has 2 infinite values"):
        col.finite(columns, where="it")
    with pytest.raises(InputError, match="'b' has 2 infinite"):
        col.finite(columns, may_miss=("a", "b"), where="it")
    col.finite({"a": columns["a"]}, may_miss=("a",), where="it")


def declared(columns: dict[str, np.ndarray], missing: object) -> dict[str, tuple[float, ...]]:
    types = {name: values.dtype for name, values in columns.items()}
    return col.missing_values(missing, types, among=set(columns), where="it")  # type: ignore[arg-type]


def test_missing_values_become_nan_and_integers_become_floats() -> None:
    columns = {
        "i": np.array([1, -999, 3]),
        "short": np.array([1, 2, 3], np.int16),
        "f": np.array([-999.0, -99, 2], "f4"),
        "b": np.array([True, False, True]),
        "t": np.array(["a", "b", "c"]),
    }
    kept = dict(columns)
    before = {name: values.copy() for name, values in columns.items()}
    col.declare_missing(columns, declared(columns, [-999, -99, 1e9]))
    np.testing.assert_array_equal(columns["i"], [1, np.nan, 3])
    np.testing.assert_array_equal(columns["f"], np.array([np.nan, np.nan, 2], "f4"))
    assert [columns[name].dtype.str[1:] for name in ("i", "short", "f", "b")] == ["f8", "f4", "f4", "b1"]
    for name, values in kept.items():  # the inputs are left alone
        np.testing.assert_array_equal(values, before[name])


def test_missing_for_one_column_only() -> None:
    columns = {"a": np.array([-1.0, 2]), "bcd": np.array([-1.0, 2])}
    assert declared(columns, {"a": -1}) == {"a": (-1.0,)}
    col.declare_missing(columns, {"a": (-1.0,)})
    assert np.isnan(columns["a"][0])
    assert columns["bcd"][0] == -1
    with pytest.raises(InputError, match="did you mean 'bcd'"):
        declared(columns, {"bce": 1})
    with pytest.raises(InputError, match="missing='x'"):
        declared(columns, "x")


def test_sentinels_that_stand_alone_are_suspected() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    x[:5] = -999
    high = rng.random(1000)
    high[:1] = 9999
    assert col.suspects({"x": x, "high": high}) == {"x": (-999.0, 5), "high": (9999.0, 1)}
    assert col.suspects({"x": x}, known={"x"}) == {}


def test_ordinary_values_are_not_suspected() -> None:
    columns = {
        "number": np.arange(1000),  # 999 is its last value, not a sentinel
        "wide": np.linspace(-999, 5000, 10_000),
        "rare": np.r_[-999.0, np.zeros(5000)],
        "constant": np.full(10, -99.0),
        "text": np.array(["-999"]),
    }
    assert col.suspects(columns) == {}


def test_warning_says_what_to_pass() -> None:
    with pytest.warns(UserWarning, match=r"'x' \(5 of 100 equal -999\).*Pass missing=-999"):
        col.warn_of_suspects({"x": (-999.0, 5)}, 100, where="it")
    with pytest.warns(UserWarning, match=r"missing=\[-999, -99\]"):
        col.warn_of_suspects({"x": (-999.0, 5), "y": (-99.0, 1)}, 100, where="it")


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([0, 1, 1], [0, 1]),
        ([0.0, 1.0, 1.0], [0, 1]),
        ([True, False, True], [False, True]),
        (["b", "a", "b"], ["a", "b"]),
        ([0.5, 1.0, 2.0], None),
        (np.arange(101), None),
        (np.arange(101).astype(str), sorted(map(str, range(101)))),
    ],
)
def test_classes(y: object, classes: list[object] | None) -> None:
    found = col.class_codes(np.asarray(y))
    assert (None if found is None else found[0].tolist()) == classes


def test_duplicate_names() -> None:
    with pytest.raises(InputError, match="'a' twice"):
        col.as_table(np.zeros((2, 2)), ["a", "a"])
    with pytest.raises(InputError, match="'a' twice"):
        col.as_table(pd.DataFrame(np.zeros((2, 2)), columns=["a", "a"]), None)


def test_shape_errors_guess_the_cause() -> None:
    with pytest.raises(InputError, match=r"reshape\(-1, 1\)"):
        col.as_table(np.zeros(3), None)
    with pytest.raises(InputError, match="Clouds go in"):
        col.as_table(np.zeros((3, 2, 2)), None)
    with pytest.raises(InputError, match="has 2 columns, but features names 1"):
        col.as_table(np.zeros((3, 2)), ["a"])
