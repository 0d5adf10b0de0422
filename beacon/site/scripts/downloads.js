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

// A chart by itself: the page's styles written onto each element, a title above, the release below.
const svgOf = (chart, title) => {
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
  const whole = draw("svg", { xmlns: "http://www.w3.org/2000/svg", width, height: height + 64, viewBox: `0 0 ${width} ${height + 64}` });
  const words = (content, y, size, weight) => draw("text", { x: 8, y, "font-size": size, "font-weight": weight, "font-family": page.fontFamily, fill: page.color, textLength: content.length * size * 0.55 > width - 16 ? width - 16 : null, lengthAdjust: "spacingAndGlyphs" }, content);
  copy.setAttribute("y", 32);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const source = `Beacon, ${release.system}, release ${release.release}.${release.fictional ? " Fictional sample: every number is invented." : ""}`;
  whole.append(draw("rect", { width, height: height + 64, fill: page.backgroundColor }), words(title, 22, 16, "700"), copy, words(source, height + 54, 12, "400"));
  return { width, height: height + 64, text: new XMLSerializer().serializeToString(whole) };
};

const savePng = (chart, title, name) => {
  const { width, height, text: content } = svgOf(chart, title);
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
