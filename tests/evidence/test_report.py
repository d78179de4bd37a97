import dataclasses
import html.parser
import json
import shutil
import subprocess

import numpy as np
import pytest

from lawful import InputError
from lawful.evidence import asimov_significance, counts, examine
from lawful.evidence.report import as_json

HOSTILE = '</script><script>alert("x")</script> & <b>'


@pytest.fixture(scope="module")
def report(model, test):
    return examine(
        model,
        test,
        toys=50,
        importance=False,
        title=HOSTILE,
        name="m < n",
        expected={"signal": 120, "background": 900},
        provenance={"command": HOSTILE, "seeds": [1, 2]},
    )


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    return report.save(tmp_path_factory.mktemp("report") / "report.html")


class Reader(html.parser.HTMLParser):
    """Collects every address that a page could load, and checks that elements are closed in order."""

    VOID = frozenset({"meta", "img", "input", "br", "link"})

    def __init__(self):
        super().__init__()
        self.addresses, self.open, self.ids, self.scripts = [], [], [], 0

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.addresses += [names[key] for key in ("src", "href", "action", "data") if key in names]
        self.ids += [names["id"]] if "id" in names else []
        self.scripts += tag == "script"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_one_file_that_loads_nothing_else(page):
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]
    text = page.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert all(address.startswith(("data:image/svg+xml;base64,", "#")) for address in reader.addresses)
    assert {address[1:] for address in reader.addresses if address.startswith("#")} <= set(reader.ids)
    assert len(text) < 3_000_000


def test_names_cannot_break_out_of_the_page(page):
    text = page.read_text(encoding="utf-8")
    assert 'alert("x")' not in text
    assert "&lt;/script&gt;" in text
    reader = Reader()
    reader.feed(text)
    assert reader.scripts == 2  # the data of the explorer, and the explorer


def test_names_of_classes_cannot_break_out_of_the_data(train, test):
    from sklearn.linear_model import LogisticRegression

    names = np.array(["b", HOSTILE])
    model = LogisticRegression(max_iter=500).fit(train.frame(), names[train.y])
    text = examine(model, (test.frame(), names[test.y]), positive=HOSTILE, toys=50, importance=False).html()
    reader = Reader()
    reader.feed(text)
    assert reader.scripts == 2
    assert explorer_data(text)[0]["name"] == HOSTILE


def explorer_data(text):
    start = text.index('id="explorer-data">') + len('id="explorer-data">')
    return json.loads(text[start : text.index("</script>", start)])


@pytest.fixture(scope="module")
def short(report):
    """The report with the figures of one section alone."""
    return dataclasses.replace(report, sections=tuple(s for s in report.sections if s.name == "separation"))


def test_the_same_report_gives_the_same_bytes(short):
    assert short.html() == short.html()


def test_figures_are_written_in_each_format(short, tmp_path):
    written = short.save_figures(tmp_path / "figures", ("pdf", ".png", "svg"))
    assert len(written) == 3 * len(short.figures) == 12
    assert (tmp_path / "figures" / "precision_recall.pdf").read_bytes().startswith(b"%PDF")
    assert all(path.stat().st_size > 1000 for path in written)
    with pytest.raises(InputError, match="figures are written as"):
        short.save_figures(tmp_path, ("gif",))


def test_a_report_is_html(report, tmp_path):
    with pytest.raises(InputError, match=r"\.html"):
        report.save(tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_finite_becomes_null():
    assert json.loads(as_json({"a": {"value": float("nan"), "low": 1.0, "high": float("inf")}})) == {
        "a": {"value": None, "low": 1.0, "high": None}
    }


def test_the_explorer_knows_what_passes(page, model, test):
    data = explorer_data(page.read_text(encoding="utf-8"))[0]
    score = model.predict_proba(test.frame())[:, 1]
    assert len(data["thresholds"]) > 300
    for k in (0, 100, data["start"], len(data["thresholds"]) - 1):
        cut = counts(test.y, score, data["thresholds"][k], test.weight)
        assert data["signal"][k] == pytest.approx(cut.signal, rel=1e-8)
        assert data["background"][k] == pytest.approx(cut.background, rel=1e-8)
        passing = (score >= data["thresholds"][k]) & (test.y == 1)
        assert data["signalSquares"][k] == pytest.approx((test.weight[passing] ** 2).sum(), rel=1e-8)


DRIVER = """
<script>
(() => {
  const root = document.getElementById("explorer");
  const set = (name, value, event) => {
    const field = root.querySelector(`[data-in="${name}"]`);
    field.value = value;
    field.dispatchEvent(new Event(event, { bubbles: true }));
  };
  const read = () => Object.fromEntries([...root.querySelectorAll("[data-out][data-value]")].map(
    (cell) => [cell.dataset.out, [cell.dataset.value, cell.dataset.error ?? null, cell.textContent]]));
  const found = { start: read() };
  set("slider", "@SLIDER@", "input");
  found.slider = read();
  set("signal", "50", "input");
  set("background", "2000", "input");
  set("uncertainty", "0.25", "input");
  found.yields = read();
  set("threshold", "@THRESHOLD@", "change");
  found.threshold = read();
  set("background", "0", "input");
  found.nothing = read();
  found.cut = root.querySelector('[data-part="line"]').getAttribute("d");
  const out = document.createElement("pre");
  out.id = "found";
  out.textContent = JSON.stringify(found);
  document.body.appendChild(out);
})();
</script>
"""


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on PATH")
def test_the_explorer_shows_what_python_computes(page, model, test, tmp_path):
    text = page.read_text(encoding="utf-8")
    data = explorer_data(text)[0]
    last = len(data["thresholds"]) - 1
    slider, typed = last // 3, 0.4321
    near = int(np.argmin(np.abs(np.array(data["thresholds"]) - typed)))
    driver = DRIVER.replace("@SLIDER@", str(slider)).replace("@THRESHOLD@", str(typed))
    driven = tmp_path / "driven.html"
    driven.write_text(text.replace("</body>", driver + "</body>"), encoding="utf-8")
    found = shown_by_chromium(driven, tmp_path / "profile")

    expect(found["start"], model, test, data["thresholds"][data["start"]], 120, 900, 0.1)
    expect(found["slider"], model, test, data["thresholds"][last - slider], 120, 900, 0.1)
    expect(found["yields"], model, test, data["thresholds"][last - slider], 50, 2000, 0.25)
    expect(found["threshold"], model, test, data["thresholds"][near], 50, 2000, 0.25)
    assert found["nothing"]["significance"][:2] == ["NaN", None]
    assert found["nothing"]["significance"][2].startswith("– (no background passes")
    assert found["nothing"]["significanceKnown"][2] == "∞"
    assert float(found["cut"].split()[1]) == pytest.approx(46 + 500 * data["thresholds"][near])


def shown_by_chromium(path, profile):
    """What the driver left in the page."""
    switches = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    switches += " disable-component-update disable-sync disable-dev-shm-usage"
    command = [
        "chromium",
        *(f"--{switch}" for switch in switches.split()),
        f"--user-data-dir={profile}",
        "--dump-dom",
    ]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    start = done.stdout.index('<pre id="found">') + len('<pre id="found">')
    return json.loads(done.stdout[start : done.stdout.index("</pre>", start)])


def expect(shown, model, test, threshold, signal, background, uncertainty):
    """Compare all that the page shows with numbers from the events themselves."""
    score = model.predict_proba(test.frame())[:, 1]
    cut = counts(test.y, score, threshold, test.weight)
    scaled = cut.scaled(signal, background)
    s, b = scaled.signal, scaled.background
    expected = {
        "signalEfficiency": cut.signal_efficiency,
        "backgroundEfficiency": cut.background_efficiency,
        "rejection": 1 / cut.background_efficiency,
        "s": s,
        "b": b,
        "purity": s / (s + b),
        "significanceKnown": asimov_significance(s, b),
        "significance": asimov_significance(s, b, uncertainty * b),
        "signalKept": s,
        "signalLost": signal - s,
        "backgroundKept": b,
        "backgroundLost": background - b,
    }
    w = test.weight
    passes = score >= threshold
    expected |= {f"{c}Events": float((passes & (test.y == k)).sum()) for k, c in enumerate(("background", "signal"))}
    for name, value in expected.items():
        assert float(shown[name][0]) == pytest.approx(value, rel=1e-6), name
        assert shown[name][2].startswith(f"{value:.4g}"[:3]), name
    errors = []
    for label, e in ((1, cut.signal_efficiency), (0, cut.background_efficiency)):
        own = test.y == label
        variance = (1 - e) ** 2 * (w[own & passes] ** 2).sum() + e**2 * (w[own & ~passes] ** 2).sum()
        errors.append(np.sqrt(variance) / w[own].sum())
    ds, db = errors[0] * signal, errors[1] * background

    def carried(f):
        step = 1e-5
        slopes = [(f(s + step * s, b) - f(s - step * s, b)) / (2 * step * s)]
        slopes.append((f(s, b + step * b) - f(s, b - step * b)) / (2 * step * b))
        return np.hypot(slopes[0] * ds, slopes[1] * db)

    wanted = {
        "signalEfficiency": errors[0],
        "backgroundEfficiency": errors[1],
        "rejection": errors[1] / cut.background_efficiency**2,
        "s": ds,
        "b": db,
        "purity": np.hypot(b * ds, s * db) / (s + b) ** 2,
        "significanceKnown": carried(asimov_significance),
        "significance": carried(lambda s, b: asimov_significance(s, b, uncertainty * b)),
    }
    for name, value in wanted.items():
        assert float(shown[name][1]) == pytest.approx(value, rel=1e-4), name
        assert " ± " in shown[name][2]
    assert shown["signalEvents"][1] is None
