import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lawful.data.cuts import parse, selected
from lawful.errors import InputError

RNG = np.random.default_rng(0)
N = 300
COLUMNS = {
    "pt": RNG.exponential(30, N).astype(np.float32),
    "eta": RNG.normal(size=N),
    "nb": RNG.integers(0, 4, N).astype(np.uint8),
    "flag": RNG.random(N) < 0.5,
    "trigger": RNG.integers(0, 2, N),
    "jet1_b-tag": RNG.random(N),
    "event": RNG.integers(2**55, 2**56, N),
    "large": np.full(N, 2**63 - 1),
    "int32": np.full(N, 2**31, np.uint32),
    "process": np.array(["zz", "ttbar"])[RNG.integers(0, 2, N)],
}
pt, eta, nb = (COLUMNS[name] for name in ("pt", "eta", "nb"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pt > 30", pt > 30),
        (
            "pt > 30 and abs(eta) < 2.5 & (nb >= 1 | `jet1_b-tag` > 0.9)",
            (pt > 30) & (abs(eta) < 2.5) & ((nb >= 1) | (COLUMNS["jet1_b-tag"] > 0.9)),
        ),
        ("-1 < eta <= 1.5", (eta > -1) & (eta <= 1.5)),
        ("nb - 1 < 0", nb == 0),  # would wrap around in uint8
        ("-nb < -1", nb > 1),
        ("nb in (1, 3)", np.isin(nb, [1, 3])),
        ("process == 'zz' or process != \"zz\"", np.ones(N, bool)),
        ("process in ('zz',)".replace(",)", ")"), COLUMNS["process"] == "zz"),
        ("flag and trigger", COLUMNS["flag"] & (COLUMNS["trigger"] == 1)),
        ("!flag", ~COLUMNS["flag"]),
        ("not flag == true", ~COLUMNS["flag"]),
        ("sqrt(pt**2 + eta**2) / 2 > 10", np.hypot(pt.astype(float), eta) > 20),
        ("max(pt, 40) == 40", pt <= 40),
        ("pt % 2 < 1 and pt // 2 > 3", (pt % 2 < 1) & (pt // 2 > 3)),
        ("1 < 2", np.ones(N, bool)),
        ("9 ** 9 ** 9 > pt", np.ones(N, bool)),
        ("1 / 0 > pt", np.ones(N, bool)),
        ("nb // nb == 1", nb > 0),  # NaN where nb is zero
        ("nb % nb == 0", nb > 0),
        ("5 // nb > 99", nb == 0),  # infinite
        ("-5 // nb < -99", nb == 0),
        ("trigger // 0 == 0", np.zeros(N, bool)),
        ("7 % 0 == 0", np.zeros(N, bool)),
        ("-7 % 3 == 2 and -7 // 3 == -3 and 7 / 2 == 3.5", np.ones(N, bool)),
        ("event * event > 0", np.ones(N, bool)),  # 2**110 would wrap around in 64 bits
        ("event * event * event < 2 ** 150", np.zeros(N, bool)),
        ("event * 999 > event", np.ones(N, bool)),
        ("-event * 999 < event", np.ones(N, bool)),
        ("event * 100 + event * 100 > 0", np.ones(N, bool)),
        ("large + large > 0", np.ones(N, bool)),
        ("-large - large < 0", np.ones(N, bool)),
        ("int32 * int32 == 4611686018427387904", np.ones(N, bool)),
        ("!flag == 1", ~COLUMNS["flag"]),
        ("!flag == 0", COLUMNS["flag"]),
        ("~flag == 0", COLUMNS["flag"]),
        ("!trigger == flag", (COLUMNS["trigger"] == 0) == COLUMNS["flag"]),
        ("not nb == 1", nb != 1),
        ("!(nb == 1)", nb != 1),
        ("log(eta) > -9 or eta <= 0", (eta > 0) | (eta <= 0)),
        ("cos(pi * nb) < 0", nb % 2 == 1),
        (f"event == {COLUMNS['event'][7]}", COLUMNS["event"] == COLUMNS["event"][7]),
        ("pt > 100000000000000000000000", np.zeros(N, bool)),
    ],
)
def test_agrees_with_numpy(text: str, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(parse(text)(COLUMNS, N), expected)


def test_whole_numbers_are_exact_while_they_fit() -> None:
    x = np.array([2**53, 2**53 + 1, 2**62 - 1])
    assert parse("x + 1 == 9007199254740994")({"x": x}, 3).tolist() == [False, True, False]
    assert parse("x * 1 == 9007199254740993")({"x": x}, 3).tolist() == [False, True, False]
    assert parse("x % 2 == 1")({"x": x}, 3).tolist() == [False, True, True]
    assert parse("x // one == x")({"x": x, "one": np.ones(3, np.int8)}, 3).all()


def test_literals_take_the_precision_of_the_column() -> None:
    assert parse("x == 0.1")({"x": np.array([0.1], np.float32)}, 1).all()
    assert parse("x == 0.2 / 2")({"x": np.array([0.1], np.float32)}, 1).all()


def test_missing_values_do_not_pass() -> None:
    x = {"x": np.array([np.nan, 1.0])}
    assert parse("x > 0")(x, 2).tolist() == [False, True]
    assert parse("x < 0 or x >= 0")(x, 2).tolist() == [False, True]
    assert parse("isnan(x)")(x, 2).tolist() == [True, False]


def test_clouds_are_counted() -> None:
    cut = parse("count(tracks) >= 2 and count(`my jets`) < 1")
    assert cut.clouds == ("tracks", "my jets")
    counts = {"tracks": np.array([1, 2]), "my jets": np.array([0, 0])}
    assert cut({}, 2, counts).tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Pt > 3", "no column 'Pt': did you mean 'pt'"),
        ("pt", "'pt' is a number, not a condition"),
        ("pt + 1", "not a condition"),
        ("3", "not a condition"),
        ("process", "is a text"),
        ("process > 3", "text can be compared with text"),
        ("process > 'a'", "text can be compared with text"),
        ("process + 1 > 2", "is text, a number is expected"),
        ("abs(process) > 2", "is text"),
        ("pt in ('a', 'b')", "mixes text and numbers"),
        ("count(trcks) > 1", "no cloud 'trcks'"),
    ],
)
def test_wrong_cuts(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(text)(COLUMNS, N, {"tracks": nb})


def test_cut_must_be_text() -> None:
    with pytest.raises(InputError, match="must be text"):
        parse(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="characters long"):
        parse("a" * 20_000)


def test_masks_and_positions() -> None:
    assert selected(np.array([True, False, True]), {}, 3).tolist() == [0, 2]
    assert selected([2, -3], {}, 3).tolist() == [2, 0]
    for wrong in (np.array([True]), np.array([3]), np.array([-4]), np.array([0.5]), np.zeros((3, 1), bool)):
        with pytest.raises(InputError):
            selected(wrong, {}, 3)


numbers = st.one_of(st.integers(-99, 99), st.floats(-1e3, 1e3, allow_nan=False)).map(lambda x: f"({x!r})")
values = st.recursive(
    st.one_of(numbers, st.sampled_from(["x", "y"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"abs({t})"),
        inner.map(lambda t: f"-{t}"),
    ),
    max_leaves=8,
)
comparisons = st.tuples(values, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), values).map(" ".join)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"(not {t})"),
    ),
    max_leaves=6,
)


@given(conditions, st.floats(-100, 100), st.floats(-100, 100))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_sentences_mean_what_python_means(text: str, x: float, y: float) -> None:
    expected = eval(text, {"abs": abs, "x": x, "y": y})
    assert parse(text)({"x": np.array([x]), "y": np.array([y])}, 1).tolist() == [expected]


alphabet = st.sampled_from(
    ["pt", "eta", "process", "flag", "nb", "(", ")", "and", "or", "not", ">", "<=", "==", "+", "-"]
)
alphabet |= st.sampled_from(
    ["**", "/", "%", "&", "|", "!", "3", "0.5", "1e9", "'zz'", "in", "[", "]", ",", "sqrt(", "`"]
)


@given(st.one_of(st.text(max_size=40), st.lists(alphabet, max_size=12).map(" ".join)))
@settings(max_examples=600, deadline=None, derandomize=True)
def test_any_text_is_a_cut_or_an_input_error(text: str) -> None:
    try:
        passed = parse(text)(COLUMNS, N)
    except InputError:
        return
    assert passed.shape == (N,)
    assert passed.dtype == np.bool_
