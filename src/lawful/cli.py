"""The command `lawful`. Heavy modules are imported when a command needs them, so that help answers at once."""

import contextlib
import re
import shutil
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from lawful.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Usage: type[Exception] = typer.BadParameter.__mro__[1]  # UsageError, which typer does not name

Out = Annotated[Path | None, typer.Option("--out", help="Run folder; a started run in it goes on.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a finished or different run.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Replace a setting.")]
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="A TOML file or the name of a built-in study.")]
Tree = Annotated[
    list[str] | None, typer.Option("--tree", metavar="NAME[=LABEL]", help="ROOT tree; with labels, several.")
]


@app.callback()
def everywhere(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Machine learning that obeys the laws of physics, and finds new ones."""


@app.command()
def run(study: StudyName, out: Out = None, force: Force = False, changes: Changes = None) -> None:
    """Run a study and write its run folder and report."""
    from lawful.studies.reading import find_study, read_study

    checked = read_study(study, changes or [])
    default = Path(study) if Path(study).is_dir() else Path("runs") / find_study(study).stem
    _run(checked, out or default, force)


@app.command()
def fit(
    file: Annotated[str, typer.Argument(help="ROOT, Parquet, CSV, HDF5 or NPZ file, or a glob of them.")],
    target: Annotated[str, typer.Option("--target", help="Column to predict; with --tree NAME=LABEL a new name.")],
    weight: Annotated[str | None, typer.Option("--weight", help="Column of event weights.")] = None,
    question: Annotated[str, typer.Option("--question", help="classify or regress.")] = "classify",
    tree: Tree = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="Column that is not learned from.")] = None,
    select: Annotated[str | None, typer.Option("--select", help="Cut, as 'pt > 30 and abs(eta) < 2.5'.")] = None,
    out: Out = None,
    force: Force = False,
    changes: Changes = None,
) -> None:
    """Train on a file of your own: an ensemble, a linear model and boosted trees, with a report."""
    from lawful.studies.reading import apply_change, check_study

    linear = "logistic regression" if question == "classify" else "linear regression"
    content: dict[str, Any] = {
        "title": f"{target} in {Path(file).name}",
        "data": {"source": str(Path(file).resolve()), "target": target, "exclude": exclude or []},
        "model": {"question": question},
        "evidence": {"yardsticks": [linear, "gradient-boosted trees"]},
    }
    optional = {"weight": weight, "select": select, "tree": _trees(tree)}
    content["data"] |= {key: value for key, value in optional.items() if value is not None}
    for change in changes or []:
        apply_change(content, change)
    _run(check_study(content, "lawful fit"), out or Path("runs") / Path(file).stem.replace("*", "all"), force)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Run folder or .lawful file.")],
    file: Annotated[str, typer.Argument(help="File with the same columns.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Parquet, CSV, HDF5 or ROOT file to write.")],
    tree: Tree = None,
) -> None:
    """Write a file's events again with the model's scores beside them, part by part."""
    from lawful.studies.scoring import score_file

    with _interruptible("nothing was written"):
        rows = score_file(run, file, out, [name.partition("=")[0] for name in tree or []])
    typer.echo(f"{rows:,} events with scores: {out}")


@app.command()
def report(run: Annotated[Path, typer.Argument(help="Run folder.")]) -> None:
    """Measure a finished run again and rewrite its figures and report."""
    from lawful.studies.runner import rebuild

    with _interruptible("the same command starts again"):
        folder = rebuild(run, _say)
    typer.echo(f"report: {folder.report}")


@app.command()
def simulate(
    world: Annotated[str | None, typer.Argument(help="Name of a world; without one they are listed.")] = None,
    n: Annotated[int | None, typer.Option("-n", metavar="N", help="How many events.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Parquet, CSV, HDF5, NPZ or ROOT file.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same events.")] = 0,
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a setting.")] = None,
) -> None:
    """Draw events from a world and write them; without -n and -o, tell what a world can be given and makes."""
    from lawful.simulators.describing import list_worlds, tell_world
    from lawful.studies.reading import toml_value

    if world is None or (n is None and out is None and not changes):
        typer.echo(list_worlds() if world is None else tell_world(world))
        return
    if n is None or out is None:
        raise InputError(f"lawful simulate {world}: both are needed, -n (how many events) and -o (file to write).")
    from lawful.simulators.simulating import check_file, check_settings
    from lawful.simulators.simulating import simulate as draw

    settings = {}
    for change in changes or []:
        key, separator, text = change.partition("=")
        if not separator or not key.strip():
            raise InputError(f"--set {change!r}: expected key=value, as noise=0.1.")
        settings[key.strip()] = toml_value(key.strip(), text)
    checked = check_settings(world, settings)
    check_file(world, checked, out)
    with _interruptible("nothing was written"):
        draw(world, n, seed, **checked).write(out)
    typer.echo(f"{n:,} events: {out}")


@app.command()
def studies() -> None:
    """List the built-in studies."""
    from lawful.studies.reading import builtin, title_of

    for name, path in sorted(builtin().items()):
        typer.echo(f"{name:16} {title_of(path)}")


@app.command()
def check(study: StudyName, changes: Changes = None) -> None:
    """Check a study and the data that it names, without running it."""
    from lawful.studies.reading import read_study
    from lawful.studies.runner import prepare

    events, _ = prepare(read_study(study, changes or []))
    typer.echo(f"{study} is in order: {len(events):,} events, {len(events.features)} features.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Built-in study.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; NAME.toml when absent.")] = None,
) -> None:
    """Copy a built-in study to a file that you can edit."""
    from lawful.studies.reading import builtin

    known = builtin()
    if name not in known:
        raise InputError(f"There is no built-in study {name!r}; there are {sorted(known)}.")
    target = out or Path(f"{name}.toml")
    if target.exists():
        raise InputError(f"{target} is there already; use --out for another name.")
    shutil.copyfile(known[name], target)
    typer.echo(f"{target}: edit it, then: lawful run {target}")


def _run(study: Any, out: Path, force: bool) -> None:
    from lawful.studies.runner import run as run_study

    with _interruptible("the same command goes on from here"):
        folder = run_study(study, out, force=force, say=_say)
    typer.echo(f"report: {folder.report}")


@contextlib.contextmanager
def _interruptible(consequence: str) -> Iterator[None]:
    """Turn Ctrl-C into one line that says what comes of it."""
    try:
        yield
    except KeyboardInterrupt:
        _fail(f"stopped; {consequence}", 1, debug=False)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _trees(names: list[str] | None) -> str | dict[str, int | str] | None:
    """From ["sig=1", "bkg=0"] to a table from tree to label, from ["events"] to the name."""
    if not names:
        return None
    if len(names) == 1 and "=" not in names[0]:
        return names[0]
    table: dict[str, int | str] = {}
    for name in names:
        tree, separator, label = name.partition("=")
        if not separator:
            raise InputError(f"--tree {name}: with several trees each needs a label, as --tree {name}=1.")
        if tree in table:
            raise InputError(f"--tree {name}: the tree {tree!r} has two labels.")
        table[tree] = int(label) if re.fullmatch(r"-?[0-9]+", label) else label
    return table


def main() -> None:
    """Run the command; 0: done, 1: the work failed, 2: the input is at fault, in one line without a traceback."""
    debug = "--debug" in sys.argv
    warnings.showwarning = _warn
    try:
        status = app(args=[argument for argument in sys.argv[1:] if argument != "--debug"], standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except _Usage as error:
        _fail_of_usage(error, debug)
    except typer.Abort:
        _fail("stopped", 1, debug)
    except InputError as error:
        _fail(f"error: {_line(error)}", 2, debug)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"failed: {error.strerror or error}{where}", 1, debug)
    except Exception as error:
        _fail(f"failed: {type(error).__name__}: {_line(error)} (--debug shows where)", 1, debug)


def _fail_of_usage(error: Any, debug: bool) -> None:
    """Say in one line what was wrong with the words of the command."""
    if type(error).__name__ == "NoArgsIsHelpError":
        _fail("", 2, debug=False)  # the help was printed
    where = error.ctx.command_path if error.ctx else "lawful"
    message = _line(error.format_message())
    _fail(f"error: {message}{'' if message.endswith(('.', '?')) else '.'} See {where} --help", 2, debug)


def _line(message: object) -> str:
    """A message on one line."""
    return " ".join(str(message).split())


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one line."""
    print(f"warning: {_line(message)}", file=sys.stderr, flush=True)


def _fail(message: str, status: int, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    if message:
        print(message, file=sys.stderr, flush=True)
    sys.exit(status)
