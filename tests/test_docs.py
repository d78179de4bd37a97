"""The pages do what they say: their Python runs, their commands parse, their tables are complete.

Trainings are cut to a few epochs and examinations to a few toys, since a page shows the way and not the numbers.
"""

import dataclasses
import functools
import importlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
import typer.main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, kind):
    """Blocks of one kind with the line at which they start."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start(3)), found[3])
        for found in _BLOCK.finditer(text)
        if found[1] == kind and "notest" not in found[2]
    ]


def with_blocks(kind):
    pages = [page for page in PAGES if blocks(page, kind)]
    return pytest.mark.parametrize("page", pages, ids=[str(page.relative_to(ROOT)) for page in pages])


@pytest.fixture
def short(monkeypatch):
    import lawful.evidence
    from lawful.evidence import report
    from lawful.evidence.sections import importance
    from lawful.predict import estimator

    train = estimator.train

    def shortened(members, examples, objective, settings, **more):
        few = dataclasses.replace(settings, epochs=min(settings.epochs, 3))
        return train(members, examples, objective, few, **more)

    monkeypatch.setattr(estimator, "train", shortened)
    monkeypatch.setattr(report, "_picture", lambda figure: "data:,")  # drawing takes most of the time
    monkeypatch.setattr(lawful.evidence, "examine", functools.partial(lawful.evidence.examine, toys=20))
    monkeypatch.setattr(importance, "importance_of", functools.partial(importance.importance_of, repeats=1, most=500))


@pytest.mark.filterwarnings("ignore:The net of this model is code:UserWarning")  # the page says so beside it
@with_blocks("python")
def test_python_runs(page, tmp_path, monkeypatch, short):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "docs"}
    for line, code in blocks(page, "python"):
        exec(compile("\n" * line + code, str(page), "exec"), names)


@with_blocks("toml")
def test_studies_are_valid(page):
    from lawful.studies.reading import check_study

    for line, text in blocks(page, "toml"):
        check_study(tomllib.loads(text), f"{page.name}:{line}")


@with_blocks("")
def test_commands_parse(page):
    from lawful.cli import app

    group = typer.main.get_command(app)
    for line, text in blocks(page, ""):
        for command in re.findall(r"^lawful ([^\n]*)", text, re.MULTILINE):
            name, *words = shlex.split(command, comments=True)
            assert name in group.commands, f"{page.name}:{line}: there is no command {name!r}"
            group.commands[name].make_context(name, words)


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [p for name, extra in project["optional-dependencies"].items() if name != "all" for p in extra]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for requirement in [*project["dependencies"], *extras]:
        name = re.split(r"[\s<>=!~]", requirement)[0]
        assert f"`{name}`" in page, f"docs/dependencies.md says nothing of {name}"


@pytest.mark.parametrize("room", ["data", "evidence", "learning", "nets", "predict", "simulators", "studies"])
def test_the_reference_has_every_public_name(room):
    page = (ROOT / "docs" / "reference" / f"{room}.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^::: lawful\.\w+\.(\w+)$", page, re.MULTILINE))
    elsewhere = {"Study", "NETS", "STRUCTURED", "ACTIVATIONS", "WORLDS"}  # the table of keys; tables of names
    names = set(importlib.import_module(f"lawful.{room}").__all__)
    assert names <= shown | elsewhere


def hooks():
    spec = importlib.util.spec_from_file_location("lawful_docs_hooks", ROOT / "docs" / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_key_of_a_study_is_in_the_table():
    from lawful.studies import Study

    table = hooks().study_keys()
    for name, field in Study.model_fields.items():
        section = next(iter(get_args(field.annotation)), field.annotation)  # a list of tables, or a table
        keys = getattr(section, "model_fields", {name: field})
        for key, inner in keys.items():
            assert re.search(
                rf"^\| `{key}` \| .* \| {re.escape(inner.description)}", table.replace(r"\|", "|"), re.M
            ), key


@pytest.mark.parametrize("formula", [r"\frac12 \sum_{i \ge 1} x_i", r"\mathcal N(0, \sigma_b)", r"\hat\theta \leq 1"])
def test_formulas_become_pictures(formula):
    picture = hooks().on_page_content(rf'<p>so <span class="arithmatex">\({formula}\)</span> is</p>')
    assert picture.startswith("<p>so <svg")
    assert "NaN" not in picture
    assert "arithmatex" not in picture


def test_a_formula_that_cannot_be_drawn_is_named():
    with pytest.raises(ValueError, match="nonsense"):
        hooks().svg(r"\nonsense{x}")


def test_the_pages_are_built(tmp_path):
    """Without warnings, and without a word of where in the network something lies that a page would load."""
    made = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES) - 2
    loads = re.compile(
        r'<(?:script|img|iframe)[^>]*src="(https?:)?//|<link[^>]*rel="stylesheet"[^>]*href="(https?:)?//'
    )
    for page in pages:
        assert not loads.search(page.read_text(encoding="utf-8")), page
