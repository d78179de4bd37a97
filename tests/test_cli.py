"""The command does its work, and says in one line what was wrong."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lawful as lf

LAWFUL = str(Path(sys.executable).with_name("lawful"))


def lawful(*arguments, cwd=None, **options):
    return subprocess.run([LAWFUL, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, **options)


def fastest(command):
    times = []
    for _ in range(4):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def test_help_answers_in_half_a_second():
    assert fastest([LAWFUL, "--help"]) < 0.5


def test_importing_costs_next_to_nothing():
    assert fastest([sys.executable, "-c", "import lawful"]) < 0.3 + fastest([sys.executable, "-c", "pass"])
    code = "import sys, lawful; print([m for m in ('torch', 'numpy', 'pandas', 'sklearn') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3))
    frame = pd.DataFrame(x, columns=["pt", "eta", "phi"])
    frame["signal"] = (x[:, 0] + x[:, 1] + 0.5 * rng.normal(size=500) > 0).astype(int)
    frame.to_csv(folder / "events.csv", index=False)
    lf.Events(frame[frame.signal == 1].drop(columns="signal")).write(folder / "two.root", tree="sig")
    return folder


QUICK = ("--set", "training.epochs=4", "--set", "evidence.toys=20", "--set", 'evidence.figures=["png"]')


@pytest.fixture(scope="module")
def finished(table):
    done = lawful("fit", "events.csv", "--target", "signal", "--out", "run", *QUICK, cwd=table)
    assert done.returncode == 0, done.stderr
    assert "report: run/report.html" in done.stdout
    return table / "run"


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".root", ".h5"])
def test_fit_and_predict_on_a_file_of_ones_own(table, finished, suffix):
    out = table / f"scores{suffix}"
    done = lawful("predict", finished, table / "events.csv", "-o", out)
    assert done.returncode == 0, done.stderr
    scored = lf.read(out)
    model = lf.load(finished / "model.lawful")
    frame = pd.read_csv(table / "events.csv")
    expected = model.predict_proba(frame[["pt", "eta", "phi"]])[:, 1]
    np.testing.assert_allclose(scored["score"], expected, atol=1e-5)
    assert {"pt", "eta", "phi", "signal", "score", "spread"} == set(scored.columns)  # what was there stays


def test_report_is_written_again(finished):
    before = (finished / "report.html").stat().st_mtime_ns
    done = lawful("report", finished)
    assert done.returncode == 0, done.stderr
    assert (finished / "report.html").stat().st_mtime_ns > before


def test_studies_new_and_check(tmp_path):
    assert "higgs" in lawful("studies").stdout
    assert lawful("new", "higgs", cwd=tmp_path).returncode == 0
    assert lawful("new", "higgs", cwd=tmp_path).returncode == 2
    done = lawful("check", "higgs.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "20,000 events, 28 features" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "higs"), "Did you mean 'higgs'"),
        (("run", "higgs", "--set", "model.membrs=3"), "Did you mean 'members'"),
        (("run", "higgs", "--set", "model.net=cnn"), "'linear', 'mlp'"),
        (("fit", "absent.csv", "--target", "signal"), "absent.csv"),
        (("fit", "events.csv", "--target", "sginal"), "signal"),
        (("fit", "events.csv", "--target", "signal", "--weight", "w"), "'w'"),
        (("fit", "events.csv", "--target", "signal", "--question", "guess"), "classify"),
        (("fit", "two.root:sgi", "--target", "signal"), "sig"),
        (("fit", "two.root", "--target", "y", "--tree", "sig", "--tree", "bkg=0"), "--tree sig=1"),
        (("predict", "nowhere", "events.csv", "-o", "out.parquet"), "nowhere"),
        (("predict", "events.csv", "events.csv", "-o", "out.parquet"), "not a model file"),
        (("report", "."), "not a run"),
        (("new", "higs"), "no built-in study"),
        (("check", "events.csv"), "not a TOML file"),
        (("run", "higgs", "--set", "model.hidden=" + "[" * 5000), "nested too deeply"),
        (("run", "higgs", "--bogus"), "No such option"),
        (("run",), "Missing argument"),
        (("fit", "events.csv"), "--target"),
        (("predictt", "run"), "Did you mean 'predict'? See"),
        (("run", "higgs", "another"), "unexpected extra argument"),
    ],
)
def test_the_users_mistakes_are_one_line_and_status_two(table, arguments, words):
    done = lawful(*arguments, cwd=table)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert not (table / "runs").exists()
    assert not (table / "out.parquet").exists()
    assert "Traceback" in lawful(*arguments, "--debug", cwd=table).stderr


def test_warnings_are_one_line(table, tmp_path):
    frame = pd.read_csv(table / "events.csv")
    frame.loc[::7, "pt"] = -999.0
    frame.to_csv(tmp_path / "events.csv", index=False)
    (tmp_path / "study.toml").write_text('[data]\nsource = "events.csv"\ntarget = "signal"\n')
    done = lawful("check", "study.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: ")
    assert "'pt'" in line
    assert "-999" in line


def test_check_and_run_agree_when_a_device_is_not_there(table):
    import torch

    if torch.cuda.is_available():
        pytest.skip("the device is there")
    for command in ("check", "run"):
        done = lawful(command, "higgs", "--set", "model.device=cuda", cwd=table)
        assert done.returncode == 2
        assert "device='cuda' is not there" in done.stderr
    assert not (table / "runs").exists()


def test_predicting_with_missing_columns_and_onto_the_input(table, finished, tmp_path):
    pd.DataFrame({"pt": [1.0], "eta": [2.0]}).to_csv(tmp_path / "less.csv", index=False)
    done = lawful("predict", finished, tmp_path / "less.csv", "-o", tmp_path / "out.csv")
    assert done.returncode == 2
    assert "phi" in done.stderr
    assert not (tmp_path / "out.csv").exists()
    assert lawful("predict", finished, table / "events.csv", "-o", table / "events.csv").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_and_status_one(table, finished, tmp_path):
    limited = f"ulimit -f 8; exec {LAWFUL} predict {finished} {table}/events.csv -o {tmp_path}/out.parquet"
    done = subprocess.run(["bash", "-c", f"trap '' XFSZ; {limited}"], capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_interrupted_training_is_one_line_and_goes_on(table):
    arguments = ["fit", "events.csv", "--target", "signal", "--out", "cut", "--set", "training.epochs=100000"]
    arguments += ["--set", "training.patience=100000", "--set", "model.members=1"]
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # a job in the background ignores it
    with subprocess.Popen([LAWFUL, *arguments], cwd=table, stderr=subprocess.PIPE, text=True, **heard) as process:
        while not (table / "cut" / "study.toml").exists():
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the same command goes on" in error
    assert "Traceback" not in error
    assert not (table / "cut" / "model.lawful").exists()
    assert os.listdir(table / "cut")


def test_simulate_lists_tells_and_writes(tmp_path):
    listed = lawful("simulate")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(lf.simulators.WORLDS)
    told = lawful("simulate", "lake")
    assert told.returncode == 0
    assert "noise = 0.5 degC" in told.stdout
    assert "heat [degC*m]" in told.stdout
    for suffix in (".parquet", ".csv", ".root"):
        out = tmp_path / f"springs{suffix}"
        done = lawful("simulate", "spring", "-n", 30, "-o", out, "--seed", 2, "--set", "mass=2.5", "--set", "noise=0")
        assert (done.returncode, done.stdout) == (0, f"30 events: {out}\n"), done.stderr
        events = lf.read(out)
        assert events.target == ("position_after", "speed_after")
        assert events.units["speed"] == "m/s"
        np.testing.assert_allclose(events.y, lf.simulators.simulate("spring", 30, 2, mass=2.5, noise=0.0).y)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lak", "-n", "5", "-o", "x.csv"), "no world 'lak': did you mean 'lake'"),
        (("lak",), "no world 'lak': did you mean 'lake'"),
        (("lake", "-n", "5"), "both are needed, -n (how many events) and -o (file to write)"),
        (("lake", "-n", "0", "-o", "x.csv"), "n=0"),
        (("lake", "-n", "5", "-o", "x.doc"), "'.doc'"),
        (("lake", "-n", "5", "-o", "x.csv", "--set", "nois=1"), "did you mean 'noise'"),
        (("lake", "-n", "5", "-o", "x.csv", "--set", "n=1"), "lake has no setting 'n'"),
        (("lake", "-n", "5", "-o", "x.csv", "--set", "noise"), "expected key=value"),
        (("lake", "-n", "5", "-o", "x.csv", "--set", "noise=much"), "noise='much': expected a number"),
        (("lake", "-n", "five", "-o", "x.csv"), "See lawful simulate --help"),
    ],
)
def test_what_cannot_be_simulated_is_one_line(tmp_path, arguments, words):
    done = lawful("simulate", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
