/* Downloads of what is shown: CSV of the marts' own values, SVG and PNG of the chart. */
const save = (content, type, name) => {
  const link = make("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

const fileName = (...parts) => parts.join("-").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 100);

// A spreadsheet would run text that begins so: an apostrophe keeps it text.
const csvCell = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const csvText = (lines) => `${lines.map((line) => line.map(csvCell).join(",")).join("\r\n")}\r\n`;

const csvOf = (found) => {
  const lines = found.map((row) => [
    row.series.slug, row.series.measure, row.series.long, row.series.sex, row.series.age, row.area.kind, row.area.code, row.area.name, row.period, row.category,
    row.value, row.lower_95, row.upper_95, row.numerator, row.denominator, row.series.unit, row.state, row.note, release.release, release.fictional ? "true" : "false",
  ]);
  const names = ["indicator_slug", "measure", "measure_name", "sex", "age", "area_type", "area_code", "area_name", "period", "category", "value", "lower_95", "upper_95", "numerator", "denominator", "unit", "state", "note", "release", "fictional"];
  return csvText([names, ...lines]);
};

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "font-size", "font-weight", "font-style", "font-family", "text-anchor", "opacity", "paint-order", "vector-effect"];

// What the colours of a chart mean, from the key that the page shows nearest to it.
const keyBeside = (chart) => {
  for (let around = chart.parentElement; around; around = around.parentElement) {
    const key = around.querySelector("ul.legend");
    if (key || around.matches("section, main")) return key ? [...key.querySelectorAll("li")].filter((item) => item.querySelector(".swatch")) : [];
  }
  return [];
};

const KEY_STEP = 14;
// A line of coloured squares, each with its word.
const drawnKey = (items, y, style) => {
  let x = 8;
  return items.flatMap((item) => {
    const word = item.textContent.trim();
    const at = x;
    x += KEY_STEP + 6 + word.length * 7 + KEY_STEP;
    return [
      draw("rect", { x: at, y: y - 10, width: 12, height: 12, fill: getComputedStyle(item.querySelector(".swatch")).backgroundColor, stroke: style.color, "stroke-width": 0.5 }),
      draw("text", { x: at + KEY_STEP + 4, y, "font-size": 12, "font-family": style.fontFamily, fill: style.color }, word),
    ];
  });
};

// A chart by itself: the page's styles written onto each element, a title and the unit above, the key
// and the release below.
const svgOf = (chart, title, unit = "") => {
  const copy = chart.cloneNode(true);
  const originals = [chart, ...chart.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, order) => {
    const style = getComputedStyle(originals[order]);
    DRAWN.forEach((name) => element.setAttribute(name, style.getPropertyValue(name)));
    ["class", "tabindex", "role", "aria-label", "aria-describedby"].forEach((name) => element.removeAttribute(name));
    delete element.dataset.story;
  });
  const box = chart.getBoundingClientRect();
  const [width, height] = [Math.ceil(box.width), Math.ceil(box.height)];
  const page = getComputedStyle(document.body);
  const key = keyBeside(chart);
  const [above, below] = [unit ? 50 : 32, key.length ? 52 : 32];
  const tall = above + height + below;
  const whole = draw("svg", { xmlns: "http://www.w3.org/2000/svg", width, height: tall, viewBox: `0 0 ${width} ${tall}` });
  const words = (content, y, size, weight) => draw("text", { x: 8, y, "font-size": size, "font-weight": weight, "font-family": page.fontFamily, fill: page.color, textLength: content.length * size * 0.55 > width - 16 ? width - 16 : null, lengthAdjust: "spacingAndGlyphs" }, content);
  copy.setAttribute("y", above);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const source = `Beacon, ${release.system}, release ${release.release}.${release.fictional ? " Fictional sample: every number is invented." : ""}`;
  whole.append(draw("rect", { width, height: tall, fill: page.backgroundColor }), words(title, 22, 16, "700"), copy, ...drawnKey(key, above + height + 18, page), words(source, tall - 10, 12, "400"));
  if (unit) whole.append(words(unit, 42, 13, "400"));
  return { width, height: tall, text: new XMLSerializer().serializeToString(whole) };
};

const savePng = (chart, title, name, unit = "") => {
  const { width, height, text: content } = svgOf(chart, title, unit);
  const image = new Image();
  return new Promise((done, failed) => {
    image.addEventListener("load", () => {
      const sheet = make("canvas", { width: width * 2, height: height * 2 });
      sheet.getContext("2d").drawImage(image, 0, 0, width * 2, height * 2);
      sheet.toBlob((blob) => { save(blob, "image/png", name); done(); });
    });
    image.addEventListener("error", failed);
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(content)}`;
  });
};
