/* Lines over time: chosen areas and the nation, with 95% confidence intervals and breaks. */
const lineRows = (series, area) => everyone(series).filter((row) => row.area === area && row.value !== null && yearOf(row.period) !== null).sort((a, b) => yearOf(a.period) - yearOf(b.period));

const timeFrame = (series, lines, left, right, bottom, top, wanted) => {
  const times = [...new Set(lines.flat().map((row) => yearOf(row.period)))].sort((a, b) => a - b);
  const steps = times.slice(1).map((time, order) => time - times[order]);
  const step = steps.length ? Math.min(...steps) : 1;
  const [first, last] = times.length > 1 ? [times[0], times.at(-1)] : [(times[0] ?? 0) - 1, (times[0] ?? 0) + 1];
  const x = (time) => left + ((time - first) / (last - first)) * (right - left);
  const y = scaleFor(lines.flat().flatMap((row) => [row.value, row.lower_95, row.upper_95]), bottom, top, { wanted });
  const breaks = series.breaks.map(([period]) => yearOf(period)).filter((time) => time !== null && time > first && time <= last).map((time) => time - step / 2);
  return { x, y, step, breaks, times };
};

// Points that may be joined: next to each other in time, with no break between.
const runsOf = (line, frame) => line.reduce((runs, row) => {
  const time = yearOf(row.period);
  const before = runs.length ? yearOf(runs.at(-1).at(-1).period) : null;
  const joined = before !== null && time - before <= frame.step * 1.5 && !frame.breaks.some((one) => before < one && one < time);
  if (joined) runs.at(-1).push(row);
  else runs.push([row]);
  return runs;
}, []);

const pathOf = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;

const drawLine = (line, frame, class_, band) => {
  const parts = [];
  for (const run of runsOf(line, frame)) {
    const place = (row, value) => [frame.x(yearOf(row.period)), frame.y(value)];
    const edged = run.filter((row) => row.lower_95 !== null && row.upper_95 !== null);
    if (band && edged.length > 1 && edged.length === run.length) {
      const back = [...edged].reverse().map((row) => place(row, row.lower_95));
      parts.push(draw("path", { d: `${pathOf([...edged.map((row) => place(row, row.upper_95)), ...back])}z`, class: `band ${class_}` }));
    }
    if (run.length > 1) parts.push(draw("path", { d: pathOf(run.map((row) => place(row, row.value))), class: `line ${class_}` }));
  }
  return parts;
};

const timeAxes = (series, frame, left, right, bottom, top, labels) => {
  const parts = [];
  for (const tick of frame.y.ticks) {
    parts.push(draw("line", { x1: left, x2: right, y1: frame.y(tick), y2: frame.y(tick), class: "grid" }));
    parts.push(text(tickText(tick, frame.y, series), left - 6, frame.y(tick) + 4, { "text-anchor": "end" }));
  }
  for (const time of frame.breaks) parts.push(draw("line", { x1: frame.x(time), x2: frame.x(time), y1: top, y2: bottom, class: "break" }));
  let free = -Infinity;
  labels.forEach(([time, label], order) => {
    const x = frame.x(time);
    const wide = label.length * 6.5;
    const last = order === labels.length - 1;
    if (x - wide / 2 < free && !last) return;
    if (last && x - wide < free) return;
    parts.push(text(label, x, bottom + 18, { "text-anchor": last ? "end" : order ? "middle" : "start" }));
    free = x + (order ? wide / 2 : wide) + 10;
  });
  return parts;
};

const timeLabels = (lines) => [...new Map(lines.flat().sort((a, b) => yearOf(a.period) - yearOf(b.period)).map((row) => [yearOf(row.period), row.period]))];

const trend = (width, { series, areas }) => {
  const nation = release.areas.find((area) => area.kind === "nation");
  const wanted = areas.length ? areas : places;
  const lines = wanted.map((area) => lineRows(series, area));
  const benchmark = nation ? lineRows(series, nation) : [];
  const [left, top, height] = [58, 16, width < 560 ? 300 : 420];
  const right = width - (width < 560 ? 14 : 170);
  const bottom = height - 30;
  const all = [...lines, benchmark];
  const frame = timeFrame(series, all, left, right, bottom, top, 5);
  const chart = canvas(width, height, `${series.name} over time: ${wanted.map((area) => area.name).join(", ")} and ${release.nation}. Arrow keys read each value.`);
  chart.append(...timeAxes(series, frame, left, right, bottom, top, timeLabels(all)));
  chart.append(...drawLine(benchmark, frame, "nation", false));
  lines.forEach((line, order) => chart.append(...drawLine(line, frame, areas.length ? `chosen${order + 1}` : "faint", areas.length > 0)));
  lines.forEach((line, order) => line.forEach((row) => {
    const [x, y] = [frame.x(yearOf(row.period)), frame.y(row.value)];
    chart.append(readable(areas.length ? chosenMark(order, x, y) : draw("circle", { cx: x, cy: y, r: 3.5, class: "faint-dot" }), story(row)));
  }));
  benchmark.forEach((row) => chart.append(readable(draw("circle", { cx: frame.x(yearOf(row.period)), cy: frame.y(row.value), r: 3, class: "nation-dot" }), story(row))));
  if (width >= 560) chart.append(...endLabels([...lines, benchmark], areas, frame, right, top, bottom));
  if (!all.flat().length) chart.append(text("No values over time", (left + right) / 2, (top + bottom) / 2, { "text-anchor": "middle" }));
  return { chart, rows: all.flat() };
};

// Names beside the ends of the lines, pushed apart where they would overlap.
const endLabels = (lines, areas, frame, right, top, bottom) => {
  const ends = lines.filter((line) => line.length).map((line) => ({ row: line.at(-1), y: frame.y(line.at(-1).value) })).sort((a, b) => a.y - b.y);
  ends.forEach((end, order) => { end.y = Math.max(end.y, order ? ends[order - 1].y + 15 : top + 6); });
  for (let order = ends.length - 1; order >= 0; order -= 1) ends[order].y = Math.min(ends[order].y, order === ends.length - 1 ? bottom : ends[order + 1].y - 15);
  return ends.map(({ row, y }) => text(row.area.name, right + 10, y + 4, { class: areas.includes(row.area) || row.area.kind === "nation" ? "label strong" : "label" }));
};

const multiples = (width, { series, areas }) => {
  const nation = release.areas.find((area) => area.kind === "nation");
  const shownAreas = [...areas, ...places.filter((area) => !areas.includes(area))];
  const lines = shownAreas.map((area) => lineRows(series, area));
  const benchmark = nation ? lineRows(series, nation) : [];
  const across = Math.max(1, Math.min(3, Math.floor(width / 300)));
  const [each, tall] = [width / across, 190];
  const down = Math.ceil(shownAreas.length / across);
  const chart = canvas(width, down * tall, `${series.name} over time, one panel a Place, all on the same axes. Arrow keys read each value.`);
  const all = [...lines, benchmark];
  lines.forEach((line, order) => {
    const [x0, y0] = [(order % across) * each, Math.floor(order / across) * tall];
    const [left, right, top, bottom] = [x0 + 52, x0 + each - 18, y0 + 28, y0 + tall - 32];
    const frame = timeFrame(series, all, left, right, bottom, top, 3);
    chart.append(text(shownAreas[order].name, x0 + 4, y0 + 16, { class: "label strong" }));
    chart.append(...timeAxes(series, frame, left, right, bottom, top, timeLabels(all).filter((_, time, list) => time === 0 || time === list.length - 1)));
    chart.append(...drawLine(benchmark, frame, "nation", false), ...drawLine(line, frame, "chosen1", true));
    line.forEach((row) => chart.append(readable(markOf(row === line.at(-1) ? row.state : "small", frame.x(yearOf(row.period)), frame.y(row.value), row === line.at(-1) ? 5 : 2.5), story(row))));
    if (!line.length) chart.append(text("No values", (left + right) / 2, (top + bottom) / 2, { "text-anchor": "middle" }));
  });
  return { chart, rows: all.flat() };
};
