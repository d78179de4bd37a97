"""What a study states of physics is checked when it is read, enforced, measured, and kept."""

import json

import pytest

import lawful as lf
from lawful.errors import InputError
from lawful.physics import Bounds, Monotonic, Symmetry, Units, groups
from lawful.physics.statement import to_plain
from lawful.studies import Study, read_study, run
from lawful.studies.reading import check_study
from lawful.studies.runner import prepare

SPRING = """
[data]
source = "simulate:spring-energy"
simulate = { n = 200, noise = 0.05 }
[data.subsets]
position = ["position"]
[[physics]]
statement = "Bounds"
lower = 0.0
by = "loss"
options = { weight = 10 }
[[physics]]
statement = "Bounds"
upper = 5.0
[model]
question = "regress"
members = 2
hidden = [8]
[training]
epochs = 4
[evidence]
toys = 20
figures = []
"""


def write(tmp_path, text):
    (tmp_path / "study.toml").write_text(text)
    return str(tmp_path / "study.toml")


def content(*physics, question="regress"):
    return {"data": {"source": "x.csv", "target": "y"}, "physics": list(physics), "model": {"question": question}}


MONOTONIC = {"statement": "Monotonic", "output": "density", "along": "depth"}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (MONOTONIC | {"statement": "Monotonc"}, r"physics.0: statement: there is no 'Monotonc' \(did you mean 'Mono"),
        ({"along": "depth"}, r"the key 'physics.0.statement' is missing"),
        (MONOTONIC | {"alongg": "x"}, r"physics.0: the key 'alongg' is not known .*'along'.*: output, along, "),
        ({"statement": "Monotonic", "output": "density"}, r"physics.0: Monotonic: along=None: expected a name"),
        (MONOTONIC | {"by": "los"}, r"physics.0: by: Monotonic cannot be enforced by 'los'.*allowed: 'loss'"),
        (MONOTONIC | {"by": "residual"}, r"physics.0: by: Monotonic cannot be .* in a study; allowed: 'loss', 'arch"),
        (MONOTONIC | {"by": "loss", "options": {"weigth": 1}}, r"does not take \['weigth'\], only .*'weight'"),
        (MONOTONIC | {"by": "loss", "options": {"weight": -1}}, r"weight=-1\): expected a number of at least 0"),
        (MONOTONIC | {"options": {"weight": 1}}, "options belong to a mechanism"),
        (MONOTONIC | {"along": True}, "physics.0: Monotonic: along=True"),
        (MONOTONIC | {"by": 3}, "physics.0.by: .*string.*found 3"),
        ({"statement": "Bounds", "lower": [0.0, None]}, "no empty places"),
        ("Monotonic", "physics.0: .*found 'Monotonic'"),
    ],
)
def test_what_is_wrong_is_one_line(table, words):
    with pytest.raises(InputError, match=words) as error:
        check_study(content(table), "study.toml")
    assert "\n" not in str(error.value)
    assert not str(error.value).endswith("..")


def test_the_number_of_the_table_is_told():
    with pytest.raises(InputError, match=r"physics\.1: "):
        check_study(content(MONOTONIC, {"statement": "Bounds"}), "study.toml")


@pytest.mark.parametrize(
    "item",
    [
        Bounds(0.0),
        Bounds(upper=1.0).by("loss", weight=3.0, tolerance=0.1),
        Monotonic("density", along="depth", increasing=False),
        Monotonic("density", along="depth", between=(0.0, 3.0)).by("loss"),
        Symmetry(groups.SO(3), on="2*vector", to="scalar").by("architecture"),
        Symmetry(groups.Translation(1), on={"vector": [["t"]], "scalar": "others"}).by("augment"),
        Units(to="m").by("augment"),
    ],
    ids=lambda item: item.name,
)
def test_statements_go_through_toml_and_come_back(item, tmp_path):
    """What `to_plain` writes is a table of a study, and what a run folder writes is the same study."""
    import tomli_w

    study = Study.model_validate(content(to_plain(item)))
    (made,) = study.settings()["physics"]
    assert to_plain(made) == to_plain(item)
    path = tmp_path / "study.toml"
    path.write_text(tomli_w.dumps(study.model_dump(exclude_none=True)))
    again = read_study(str(path))
    assert again.physics == study.physics
    assert to_plain(again.settings()["physics"][0]) == to_plain(item)


def test_a_study_without_physics_says_nothing_of_it():
    assert "physics" not in Study.model_validate(content()).settings()


def test_a_study_with_physics_from_end_to_end(tmp_path):
    study = read_study(write(tmp_path, SPRING))
    folder = run(study, tmp_path / "run")
    metrics = json.loads((folder.path / "metrics.json").read_text())
    assert metrics["violation[bounds, at least 0]"]["value"] >= 0
    assert "violation[bounds, at most 5]" in metrics
    assert "at least 0" in folder.report.read_text()
    model = lf.load(folder.model)
    assert [to_plain(item) for item in model.physics] == [to_plain(item) for item in study.statements()]
    subset = lf.load(folder.others / "position.lawful")
    assert len(subset.physics) == 2
    assert folder.study() == study


def test_a_penalty_changes_what_is_learned(tmp_path):
    free, held = (
        run(
            read_study(
                write(tmp_path, SPRING),
                [
                    f'physics=[{{statement="Bounds", upper=0.5, by="loss", options={{weight={w}}}}}]',
                    "training.epochs=80",
                ],
            ),
            tmp_path / f"run{i}",
        )
        for i, w in enumerate((0, 100))
    )
    values = [
        json.loads((folder.path / "metrics.json").read_text())["violation[bounds, at most 0.5]"]["value"]
        for folder in (free, held)
    ]
    assert values[1] < 0.5 * values[0]


def test_statements_must_fit_the_columns_of_every_set(tmp_path):
    def study(along):
        table = f'statement = "Monotonic"\noutput = "energy"\nalong = "{along}"'
        return read_study(write(tmp_path, SPRING.replace('statement = "Bounds"\nupper = 5.0', table)))

    with pytest.raises(InputError, match=r"physics: energy increasing along spead: there is no column.*speed"):
        prepare(study("spead"))
    with pytest.raises(InputError, match=r"physics on data.subsets.position: .*no column 'speed'"):
        prepare(study("speed"))
    assert prepare(study("position"))


def test_a_statement_must_fit_the_number_of_targets(tmp_path):
    text = SPRING.replace("spring-energy", "spring").replace("lower = 0.0", "lower = [0.0, 0.0, 0.0]")
    with pytest.raises(InputError, match="3 are given, but the model gives 2"):
        prepare(read_study(write(tmp_path, text)))
