"""The page behind `mlbook.interactive.mahalanobis_ellipse`: style, picture, controls and script.

`[[NAME]]` marks what Python fills in. It is kept here as text, not in a file of another kind, so
that whatever watches the package for changes sees this one too.
"""

_END = r"""  // A notebook may run the script before it puts the [[WHAT]] on the page.
  let attempts = 0;
  (function find() {
    const waiting = document.querySelectorAll(".[[CLASS]]:not([data-ready])");
    waiting.forEach(root => { root.dataset.ready = "yes"; begin(root); });
    if (!waiting.length && attempts++ < 50) setTimeout(find, 100);
  })();
})();
</script>
</div>
"""


def begin_when_placed(css_class, what):
    """The end of a page and its script: it calls `begin` for each element of a class, once."""
    return _END.replace("[[CLASS]]", css_class).replace("[[WHAT]]", what)


ELLIPSE = r"""
<div class="mlbook-ellipse">
<style>
/* The theme of the web book puts a light ground behind what is not a table, in dark mode too. */
.text_html:has(> .mlbook-ellipse) { background: none !important; color: inherit !important; }
.mlbook-ellipse { max-width: 44rem; margin: 0 auto; color: inherit; font-size: 0.9rem; }
.mlbook-ellipse .panels { display: flex; flex-wrap: wrap; gap: 0.75rem; justify-content: center; }
.mlbook-ellipse .panel { flex: 1 1 15rem; max-width: 21rem; }
.mlbook-ellipse .title { text-align: center; margin-bottom: 0.25rem; }
.mlbook-ellipse svg { width: 100%; height: auto; display: block; border-radius: 0.4rem;
  background: #fff; border: 1px solid #8888; }
.mlbook-ellipse .live .second { cursor: grab; touch-action: none; }
.mlbook-ellipse .key { text-align: center; margin: 0.5rem 0; font-size: 1rem; }
.mlbook-ellipse .key span { white-space: nowrap; margin: 0 0.75rem; }
.mlbook-ellipse .key b { font-variant-numeric: tabular-nums; }
.mlbook-ellipse .key i { display: inline-block; width: 1.8rem; height: 0; vertical-align: middle;
  margin-right: 0.4rem; border-top: 3px solid #0072b2; }
.mlbook-ellipse .key i.dashed { border-top: 3px dashed #d55e00; }
.mlbook-ellipse fieldset { border: 0; padding: 0; margin: 0 auto; max-width: 34rem; }
.mlbook-ellipse fieldset[hidden] { display: none; }
.mlbook-ellipse label { display: flex; align-items: center; gap: 0.6rem; margin: 0.15rem 0; }
.mlbook-ellipse label span { flex: 0 0 11.5rem; }
.mlbook-ellipse label input { flex: 1 1 6rem; min-width: 6rem; accent-color: #0072b2; }
.mlbook-ellipse label output { flex: 0 0 3rem; text-align: right;
  font-variant-numeric: tabular-nums; }
@media (max-width: 30rem) { .mlbook-ellipse label span { flex-basis: 8rem; } }
</style>
<div class="panels">
<div class="panel"><div class="title">features as they are</div>
<svg viewBox="0 0 [[SIZE]] [[SIZE]]" role="img" aria-label="[[ALT]]">
<path stroke="#c8c8c8" d="[[AXES]]"/><g class="moving">[[LEFT]]</g></svg></div>
<div class="panel"><div class="title">after whitening</div>
<svg viewBox="0 0 [[SIZE]] [[SIZE]]" role="img"
 aria-label="The same after whitening: the cloud is round, and Mahalanobis's curve a circle.">
<path stroke="#c8c8c8" d="[[AXES]]"/><g class="moving">[[RIGHT]]</g></svg></div>
</div>
<p class="key" aria-live="polite"><span><i class="dashed"></i>Euclid <b>[[EUCLID]]</b></span>
<span><i></i>Mahalanobis <b>[[MAHALANOBIS]]</b></span></p>
<fieldset hidden aria-label="Settings of the figure">
[[SLIDERS]]
</fieldset>
<noscript><p>The sliders of this figure need JavaScript.
The picture shows one setting.</p></noscript>
<script>
(() => {
  const cloud = [[CLOUD]];
  const size = [[SIZE]], scale = [[SCALE]], corners = [[CORNERS]];
  const times = (m, v) => [m[0] * v[0] + m[1] * v[1], m[2] * v[0] + m[3] * v[1]];
  const pixel = v => [(size / 2 + scale * v[0]).toFixed(1), (size / 2 - scale * v[1]).toFixed(1)];
  const curve = (m, radius) => {
    const points = [];
    for (let i = 0; i < corners; i++) {
      const t = 2 * Math.PI * i / corners;
      points.push(pixel(times(m, [radius * Math.cos(t), radius * Math.sin(t)])).join(" "));
    }
    return "M" + points.join("L") + "Z";
  };
  const one = [1, 0, 0, 1];

  function begin(root) {
    const inputs = Object.fromEntries(
      [...root.querySelectorAll("input")].map(input => [input.name, input]));
    const panels = [...root.querySelectorAll("svg")];
    const numbers = root.querySelectorAll(".key b");

    function place(panel, spread, point, euclidMap, euclid, mahalanobis) {
      panel.querySelectorAll(".cloud circle").forEach((dot, i) => {
        const [x, y] = pixel(times(spread, cloud[i]));
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", y);
      });
      panel.querySelectorAll(".faint").forEach((path, i) =>
        path.setAttribute("d", curve(spread, i + 1)));
      panel.querySelector(".euclid").setAttribute("d", curve(euclidMap, euclid));
      panel.querySelector(".mahalanobis").setAttribute("d", curve(spread, mahalanobis));
      const [x, y] = pixel(point), middle = size / 2;
      panel.querySelector(".line").setAttribute("d", `M${middle} ${middle}L${x} ${y}`);
      panel.querySelector(".second").setAttribute("cx", x);
      panel.querySelector(".second").setAttribute("cy", y);
    }

    function draw() {
      const s = {};
      for (const name in inputs) {
        s[name] = Number(inputs[name].value);
        inputs[name].nextElementSibling.value = s[name].toFixed(2);
      }
      const r = s.correlation, sx = Math.sqrt(s.variance_x), sy = Math.sqrt(s.variance_y);
      const rest = Math.sqrt(1 - r * r);
      const spread = [sx, 0, sy * r, sy * rest];
      const whitening = [1 / sx, 0, -r / (sx * rest), 1 / (sy * rest)];
      const point = [s.x, s.y], white = times(whitening, point);
      const euclid = Math.hypot(...point), mahalanobis = Math.hypot(...white);
      place(panels[0], spread, point, one, euclid, mahalanobis);
      const zoom = Math.min(1, [[FARTHEST]] / mahalanobis), zoomed = v => v.map(x => zoom * x);
      place(panels[1], zoomed(one), zoomed(white), zoomed(whitening), euclid, mahalanobis);
      numbers[0].textContent = euclid.toFixed(2);
      numbers[1].textContent = mahalanobis.toFixed(2);
      panels[0].setAttribute("aria-label",
        `A cloud of points with correlation ${r.toFixed(2)}, variances ` +
        `${s.variance_x.toFixed(2)} and ${s.variance_y.toFixed(2)}. The second point at ` +
        `(${s.x.toFixed(2)}, ${s.y.toFixed(2)}) has distance ${euclid.toFixed(2)} under Euclid ` +
        `and ${mahalanobis.toFixed(2)} under Mahalanobis.`);
    }

    // The second point of the left panel follows the pointer; the sliders follow the point.
    const handle = panels[0].querySelector(".second");
    handle.addEventListener("pointerdown", event => {
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    handle.addEventListener("pointermove", event => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = panels[0].getBoundingClientRect();
      const unit = box.width / size * scale;
      inputs.x.value = (event.clientX - box.left - box.width / 2) / unit;
      inputs.y.value = (box.top + box.height / 2 - event.clientY) / unit;
      draw();
    });
    root.addEventListener("input", draw);
    root.querySelector("fieldset").hidden = false;
    panels[0].parentElement.classList.add("live");
    draw();
  }

""" + begin_when_placed("mlbook-ellipse", "figure")
