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


def test_the_defaults_of_a_setting_agree_wherever_it_stands():
    """The ensemble of a study has five members and its estimators' own arguments; all else is the same everywhere."""
    import inspect
    from dataclasses import fields

    from lawful.learning import Settings
    from lawful.predict import Classifier, Regressor
    from lawful.studies.schema import Model, Training

    def defaults(kind):
        return {name: p.default for name, p in inspect.signature(kind).parameters.items() if p.default is not p.empty}

    classifier, regressor = defaults(Classifier), defaults(Regressor)
    assert {"class_weight": None, "calibrate": True} | regressor | {"dropout": 0.2} == classifier
    assert regressor["dropout"] == 0.0
    loop = {f.name: f.default for f in fields(Settings)} | {"batch_size": "auto"}  # 256 is the most of "auto"
    assert loop == {name: classifier[name] for name in loop}
    assert Settings().batch_size == 256
    section = {name: f.default for part in (Model, Training) for name, f in part.model_fields.items()}
    differ = {"question", "members", "dropout"}  # None: that of the estimator
    assert {name: tuple(v) if isinstance(v, list) else v for name, v in section.items() if name not in differ} == {
        name: classifier[name] for name in section if name not in differ
    }
    assert section["dropout"] is None
    for question, default in (("classify", 0.2), ("regress", 0.0)):
        study = Study.model_validate({"data": {"source": "x.csv"}, "model": {"question": question}})
        kind = Classifier if question == "classify" else Regressor
        assert kind(**study.settings()).dropout == default


def test_settings_are_replaced_by_changes(tmp_path):
    path = write(tmp_path, TEXT)
    study = read_study(path, ["model.hidden=[8, 4]", "data.target=other", "evidence.toys=50", "model.net='mlp'"])
    assert study.model.hidden == [8, 4]
    assert study.data.target == "other"
    assert study.evidence.toys == 50
    assert study.model.net == "mlp"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT + "[modle]\nnet = 'mlp'", r"'modle' is not known. Did you mean 'model'\?"),
        (TEXT + "[model]\nnett = 'mlp'", r"'model.nett' is not known. Did you mean 'net'\?"),
        (TEXT + "[model]\nnet = 'cnnn'", r"model.net.*'cnn'.*found 'cnnn'"),
        (TEXT + "[model]\nmembers = 0", "model.members: .*greater than or equal to 1"),
        (TEXT + "[model]\ndropout = 0.99", "model.dropout: .*less than or equal to 0.95"),
        (TEXT + "[model]\nnet = 'linear'\nhidden = [8]", "model.hidden has no effect with net = 'linear'"),
        (TEXT + "[model]\nnet = 'linear'\ndropout = 0.1", "model.dropout has no effect"),
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
