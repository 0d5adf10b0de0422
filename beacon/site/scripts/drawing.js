/* Drawing: elements, scales, and marks whose shape says the judgement. */
const text = (words, x, y, attributes = {}) => draw("text", { x, y, class: "tick", ...attributes }, words);

const canvas = (width, height, label) => draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "chart", role: "group", "aria-label": label });

const roundStep = (span, wanted) => {
  const raw = span / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 2.5, 5, 10].find((times) => times * power >= raw - 1e-12) ?? 10);
};

// A linear scale with round ends that holds all values; `ticks` are within it.
const scaleFor = (values, start, end, { fromZero = false, wanted = 5 } = {}) => {
  const known = values.filter((value) => value !== null && Number.isFinite(value));
  let low = known.length ? Math.min(...known) : 0;
  let high = known.length ? Math.max(...known) : 1;
  if (fromZero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (high - low < 1e-9) [low, high] = [fromZero ? low : low - (Math.abs(low) * 0.1 || 1), high + (Math.abs(high) * 0.1 || 1)];
  const step = roundStep(high - low, wanted);
  low = Math.floor(low / step + 1e-9) * step;
  high = Math.ceil(high / step - 1e-9) * step;
  const scale = (value) => start + ((value - low) / (high - low)) * (end - start);
  scale.ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, count) => low + count * step);
  scale.decimals = step % 1 === 0 ? 0 : step >= 0.1 && Math.abs((step * 10) % 1) < 1e-9 ? 1 : 2;
  scale.low = low;
  return scale;
};

const tickText = (value, scale, series) => number(value, scale.decimals) + (series.percent ? "%" : "");

const yearOf = (period) => {
  const found = /^(\d{4})(?:-(\d{2})-\d{2})?/.exec(period);
  return found ? Number(found[1]) + (found[2] ? (Number(found[2]) - 1) / 12 : 0) : null;
};

// Square better, circle similar, diamond worse, triangle neither: as on every other page.
const markOf = (state, x, y, size = 6) => {
  const class_ = `mark ${state}`;
  const half = size * 0.85;
  if (state === "better") return draw("rect", { x: x - half, y: y - half, width: half * 2, height: half * 2, class: class_ });
  if (state === "worse") return draw("path", { d: `M${x} ${y - size * 1.2}L${x + size * 1.2} ${y}L${x} ${y + size * 1.2}L${x - size * 1.2} ${y}z`, class: class_ });
  if (state === "higher") return draw("path", { d: `M${x} ${y - size}L${x + size} ${y + size * 0.8}H${x - size}z`, class: class_ });
  if (state === "lower") return draw("path", { d: `M${x} ${y + size}L${x + size} ${y - size * 0.8}H${x - size}z`, class: class_ });
  return draw("circle", { cx: x, cy: y, r: size, class: class_ });
};

// The mark of a chosen area: colour and shape together, up to four.
const chosenMark = (order, x, y, size = 5) => {
  const shapes = [
    () => draw("circle", { cx: x, cy: y, r: size }),
    () => draw("rect", { x: x - size * 0.9, y: y - size * 0.9, width: size * 1.8, height: size * 1.8 }),
    () => draw("path", { d: `M${x} ${y - size * 1.1}L${x + size * 1.1} ${y + size * 0.8}H${x - size * 1.1}z` }),
    () => draw("path", { d: `M${x} ${y - size * 1.3}L${x + size * 1.3} ${y}L${x} ${y + size * 1.3}L${x - size * 1.3} ${y}z` }),
  ];
  const mark = shapes[order]();
  mark.setAttribute("class", `chosen${order + 1}`);
  return mark;
};

// What a pointer rests on or a key moves to: its sentence is shown, and read aloud.
const readable = (element, words) => {
  element.dataset.story = words;
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", words);
  return element;
};
