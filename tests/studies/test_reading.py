"""A study is checked to the last key before anything is done."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lawful.errors import InputError
from lawful.studies import Study, builtin, read_study

TEXT = """
[data]
source = "events.csv"
target = "label"
"""


def write(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", sorted(builtin()))
def test_built_in_studies_are_in_order(name):
    assert read_study(name).title


def test_the_least_study_and_where_its_data_are(tmp_path):
    study = read_study(write(tmp_path, TEXT))
    assert study.data.source == str(tmp_path / "events.csv")
    assert study.model.members == 5


def test_settings_are_replaced_by_changes(tmp_path):
    path = write(tmp_path, TEXT)
    study = read_study(path, ["model.hidden=[8, 4]", "data.target=other", "evidence.toys=50", "model.net='linear'"])
    assert study.model.hidden == [8, 4]
    assert study.data.target == "other"
    assert study.evidence.toys == 50
    assert study.model.net == "linear"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT + "[modle]\nnet = 'mlp'", r"'modle' is not known. Did you mean 'model'\?"),
        (TEXT + "[model]\nnett = 'mlp'", r"'model.nett' is not known. Did you mean 'net'\?"),
        (TEXT + "[model]\nnet = 'cnn'", r"model.net: .*'mlp' or 'linear'.*found 'cnn'"),
        (TEXT + "[model]\nmembers = 0", "model.members: .*greater than or equal to 1"),
        (TEXT + "[model]\ndropout = 1.5", "model.dropout: .*less than 1"),
        (TEXT + "[training]\nepochs = 'many'", "training.epochs: .*integer.*found 'many'"),
        (TEXT + "[training]\nlearning_rate = nan", "training.learning_rate"),
        (TEXT + "split = [0.5, 0.6]", "sums to 1.1"),
        (TEXT + "split = [1.0]", "data.split"),
        (TEXT + "[evidence]\nexpected = { signal = 3.0 }", "both, signal and background"),
        (TEXT + "[evidence]\nyardsticks = ['linear regression']", "does not classify"),
        (TEXT + "[data.subsets]\nall = ['pt']", "'all' is taken"),
        ("[model]\nnet = 'mlp'", "'data' is missing"),
        ("title = ", "not a TOML file"),
        ("data = 3", "data"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        read_study(write(tmp_path, text))


@pytest.mark.parametrize("change", ["model", "=3", "model.=3", "data.source.x=3"])
def test_changes_that_are_none(tmp_path, change):
    with pytest.raises(InputError):
        read_study(write(tmp_path, TEXT), [change])


def test_unknown_studies_name_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'higgs'"):
        read_study("higs")


values = st.recursive(
    st.booleans() | st.integers(-5, 10**9) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(
    [f"{s}.{k}" for s, f in Study.model_fields.items() for k in getattr(f.annotation, "model_fields", {})]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(keys | st.text(max_size=8), values, max_size=4))
def test_any_content_is_a_study_or_an_input_error(content):
    from lawful.studies.reading import check_study

    nested: dict = {"data": {"source": "x.csv"}}
    for key, value in content.items():
        section, _, name = key.partition(".")
        if name and isinstance(nested.setdefault(section, {}), dict):
            nested[section][name] = value
        else:
            nested[section] = value
    try:
        check_study(nested, "here")
    except InputError:
        return


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_a_study_or_an_input_error(tmp_path, content):
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_study(str(path))
