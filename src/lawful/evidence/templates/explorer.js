"use strict";
// The working-point explorer: everything follows from cumulative sums of weights at tabulated thresholds.
(() => {
  const root = document.getElementById("explorer");
  if (!root) return;
  const views = JSON.parse(document.getElementById("explorer-data").textContent);
  const input = (name) => root.querySelector(`[data-in="${name}"]`);
  const output = (name) => root.querySelector(`[data-out="${name}"]`);
  const SIGNAL = "#bd1f01", BACKGROUND = "#3f90da";
  let view = views[0], place = 0;

  // Asimov significance with a background uncertainty sigma, as lawful.evidence.asimov_significance
  function significance(s, b, sigma) {
    if (b === 0) return s < 0 ? NaN : s > 0 && sigma === 0 ? Infinity : 0;
    if (!(b > 0) || s + b < 0) return NaN;
    const v = sigma * sigma, n = s + b;
    if (Math.abs(s) < 1e-7 * b) return s / Math.sqrt(b + v);
    const first = n > 0 ? n * Math.log1p((s * b) / (b * b + n * v)) : 0;
    const second = v > 1e-9 * b ? ((b * b) / v) * Math.log1p((v * s) / (b * (b + v))) : s;
    return Math.sign(s) * Math.sqrt(Math.max(2 * (first - second), 0));
  }

  // Statistical error of passing / total from sums of weights and of their squares
  function efficiencyError(passing, total, passingSquares, totalSquares) {
    const e = passing / total;
    const variance = (1 - e) ** 2 * passingSquares + e ** 2 * (totalSquares - passingSquares);
    return Math.sqrt(Math.max(variance, 0)) / total;
  }

  // Errors of the efficiencies, carried to a function of s and b by its slopes
  function carried(f, s, b, errorS, errorB) {
    const slope = (at, other, step) => step === 0 ? 0 : (f(...at(other + step)) - f(...at(other - step))) / 2;
    const own = f(s, b);
    if (!Number.isFinite(own)) return NaN;
    // a step of a thousandth of the error, times a thousand, is the change within the error
    const bySignal = 1e3 * slope((x) => [x, b], s, errorS / 1e3), byBackground = 1e3 * slope((x) => [s, x], b, errorB / 1e3);
    return Math.hypot(bySignal, byBackground);
  }

  function text(value) {
    if (Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    const size = Math.abs(value);
    const shown = size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(3) : String(+value.toPrecision(4));
    return shown.replace("-", "−");
  }

  function show(name, value, error) {
    const cell = output(name);
    cell.dataset.value = String(value);
    cell.textContent = text(value);
    delete cell.dataset.error;
    if (error !== undefined && Number.isFinite(error)) {
      cell.dataset.error = String(error);
      cell.textContent += ` ± ${text(+error.toPrecision(2))}`;
    }
  }

  function positive(name, otherwise) {
    const value = parseFloat(input(name).value);
    return value >= 0 ? value : otherwise;
  }

  function update() {
    const last = view.thresholds.length - 1, k = place;
    const totalS = view.signal[last], totalB = view.background[last];
    const epsS = view.signal[k] / totalS, epsB = view.background[k] / totalB;
    const expectedS = positive("signal", view.expectedSignal);
    const expectedB = positive("background", view.expectedBackground);
    const s = epsS * expectedS, b = epsB * expectedB;
    const relative = positive("uncertainty", view.uncertainty);
    const errorS = efficiencyError(view.signal[k], totalS, view.signalSquares[k], view.signalSquares[last]);
    const errorB = efficiencyError(view.background[k], totalB, view.backgroundSquares[k], view.backgroundSquares[last]);
    const purity = (s, b) => (s + b > 0 ? s / (s + b) : NaN);
    const noBackground = (b) => b === 0 && relative > 0;  // an uncertainty relative to nothing says nothing
    const known = (s, b) => significance(s, b, 0), measured = (s, b) => noBackground(b) ? NaN : significance(s, b, relative * Math.abs(b));
    const withError = (f) => [f(s, b), carried(f, s, b, errorS * expectedS, errorB * expectedB)];
    show("signalEfficiency", epsS, errorS);
    show("backgroundEfficiency", epsB, errorB);
    show("rejection", epsB > 0 ? 1 / epsB : Infinity, epsB > 0 ? errorB / epsB ** 2 : NaN);
    show("s", s, errorS * expectedS);
    show("b", b, errorB * expectedB);
    show("purity", ...withError(purity));
    show("significanceKnown", ...withError(known));
    show("significance", ...withError(measured));
    if (noBackground(b)) output("significance").textContent += " (no background passes: it is not known how much there is)";
    show("signalEvents", view.signalEvents[k]);
    show("backgroundEvents", view.backgroundEvents[k]);
    show("signalKept", s);
    show("signalLost", expectedS - s);
    show("backgroundKept", b);
    show("backgroundLost", expectedB - b);
    drawCut();
  }

  const across = (score) => 46 + 500 * score;

  function element(parent, name, attributes, content) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key of Object.keys(attributes)) made.setAttribute(key, attributes[key]);
    if (content !== undefined) made.textContent = content;
    parent.appendChild(made);
    return made;
  }

  function drawShapes() {
    const svg = output("shapes");
    svg.textContent = "";
    const highest = Math.max(...view.signalShape, ...view.backgroundShape);
    const lowest = Math.min(0, ...view.signalShape, ...view.backgroundShape);
    const up = (value) => 206 - (184 * (value - lowest)) / (highest - lowest);
    element(svg, "rect", { "data-part": "kept", x: 46, y: 16, width: 500, height: 190, fill: "#e9eef4" });
    for (const [shape, colour, name, left] of [[view.backgroundShape, BACKGROUND, "background", 60], [view.signalShape, SIGNAL, "signal", 160]]) {
      let path = `M ${across(view.edges[0])} ${up(0)}`;
      shape.forEach((value, i) => {
        path += ` L ${across(view.edges[i])} ${up(value)} L ${across(view.edges[i + 1])} ${up(value)}`;
      });
      path += ` L ${across(view.edges[shape.length])} ${up(0)}`;
      element(svg, "path", { d: path, fill: colour, "fill-opacity": 0.18, stroke: colour, "stroke-width": 1.5 });
      element(svg, "text", { x: left, y: 12, "font-size": 12, fill: colour }, name);
    }
    element(svg, "path", { d: "M 46 16 V 206 H 546", fill: "none", stroke: "#1c2430" });
    for (let i = 0; i <= 5; i++) {
      element(svg, "path", { d: `M ${across(i / 5)} 206 v -5`, stroke: "#1c2430" });
      element(svg, "text", { x: across(i / 5), y: 222, "font-size": 12, "text-anchor": "middle", fill: "#1c2430" }, String(i / 5));
    }
    element(svg, "text", { x: 546, y: 242, "font-size": 12, "text-anchor": "end", fill: "#1c2430" }, "score");
    element(svg, "text", { x: 0, y: 0, "font-size": 12, "text-anchor": "end", fill: "#1c2430", transform: "translate(34 16) rotate(-90)" }, "events (area 1)");
    element(svg, "path", { "data-part": "line", stroke: "#1c2430", "stroke-width": 1.5, "stroke-dasharray": "5 4" });
  }

  function drawCut() {
    const x = across(Math.min(Math.max(view.thresholds[place], 0), 1));
    const svg = output("shapes");
    svg.querySelector('[data-part="line"]').setAttribute("d", `M ${x} 16 V 206`);
    const kept = svg.querySelector('[data-part="kept"]');
    kept.setAttribute("x", x);
    kept.setAttribute("width", Math.max(546 - x, 0));
  }

  function move(to) {
    place = Math.min(Math.max(to, 0), view.thresholds.length - 1);
    input("slider").value = String(view.thresholds.length - 1 - place);
    input("threshold").value = String(+view.thresholds[place].toPrecision(6));
    update();
  }

  // Thresholds descend: halve the range until the two neighbours remain, and take the nearer
  function nearest(threshold) {
    let low = 0, high = view.thresholds.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (view.thresholds[middle] >= threshold) low = middle;
      else high = middle;
    }
    return Math.abs(view.thresholds[low] - threshold) <= Math.abs(view.thresholds[high] - threshold) ? low : high;
  }

  function choose(index) {
    view = views[index];
    input("slider").max = String(view.thresholds.length - 1);
    input("signal").value = String(+view.expectedSignal.toPrecision(6));
    input("background").value = String(+view.expectedBackground.toPrecision(6));
    input("uncertainty").value = String(view.uncertainty);
    output("count").textContent = String(view.thresholds.length);
    drawShapes();
    move(view.start);
  }

  input("view").addEventListener("change", (event) => choose(Number(event.target.value)));
  input("slider").addEventListener("input", (event) => move(view.thresholds.length - 1 - Number(event.target.value)));
  input("threshold").addEventListener("change", (event) => {
    const wanted = parseFloat(event.target.value);
    move(Number.isFinite(wanted) ? nearest(wanted) : place);
  });
  for (const name of ["signal", "background", "uncertainty"]) input(name).addEventListener("input", update);
  choose(0);
})();
