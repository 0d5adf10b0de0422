/* Two indicators against each other, and a funnel: points of the Places at one period. */
const axesOf = (seriesX, seriesY, x, y, left, right, bottom, top, titleX, titleY) => {
  const parts = [];
  for (const tick of x.ticks) {
    parts.push(draw("line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "grid" }));
    parts.push(text(seriesX ? tickText(tick, x, seriesX) : number(tick, 0), x(tick), bottom + 16, { "text-anchor": "middle" }));
  }
  for (const tick of y.ticks) {
    parts.push(draw("line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "grid" }));
    parts.push(text(tickText(tick, y, seriesY), left - 6, y(tick) + 4, { "text-anchor": "end" }));
  }
  parts.push(text(titleX, right, bottom + 36, { class: "label", "text-anchor": "end" }));
  parts.push(text(titleY, 4, 14, { class: "label" }));
  return parts;
};

const fitted = (words, width) => (words.length * 6.6 > width ? `${words.slice(0, Math.floor(width / 6.6) - 1)}…` : words);

// Names of points, each where it covers neither another name nor a point.
const nameOf = (area, x, y, right, taken, away) => {
  const wide = area.name.length * 6.6;
  const spots = [[x + away, y + 4, "start"], [x - away, y + 4, "end"], [x, y - away - 1, "middle"], [x, y + away + 11, "middle"]];
  const box = ([px, py, anchor]) => {
    const from = anchor === "start" ? px : anchor === "end" ? px - wide : px - wide / 2;
    return [from, py - 11, from + wide, py + 3];
  };
  const clear = (one) => one[0] > 0 && one[2] < right && taken.every((other) => one[2] < other[0] || other[2] < one[0] || one[3] < other[1] || other[3] < one[1]);
  const spot = spots.find((candidate) => clear(box(candidate)));
  if (!spot) return null;
  taken.push(box(spot));
  return text(area.name, spot[0], spot[1], { class: "label", "text-anchor": spot[2] });
};

const pointsOf = (chart, points, areas, right, mark) => {
  const taken = points.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7]);
  const order = [...points].sort((a, b) => areas.includes(b.area) - areas.includes(a.area));
  points.forEach((point) => {
    if (areas.includes(point.area)) chart.append(draw("circle", { cx: point.x, cy: point.y, r: 11, class: "halo" }));
    chart.append(readable(mark(point), point.words));
  });
  order.forEach((point) => {
    const name = nameOf(point.area, point.x, point.y, right, taken, areas.includes(point.area) ? 15 : 9);
    if (name) chart.append(name);
  });
};

const scatter = (width, { series, period, other, areas }) => {
  const otherPeriod = latestOf(other);
  const pairs = places.map((area) => [valueAt(series, period, area), valueAt(other, otherPeriod, area)]).filter(([a, b]) => a?.value != null && b?.value != null);
  const [left, top, height] = [58, 26, width < 560 ? 380 : 480];
  const [right, bottom] = [width - 20, height - 46];
  const x = scaleFor(pairs.map(([a]) => a.value), left, right, { wanted: width < 560 ? 3 : 6 });
  const y = scaleFor(pairs.map(([, b]) => b.value), bottom, top, { wanted: 5 });
  const chart = canvas(width, height, `${series.name} against ${other.name}: ${pairs.length} Places. Arrow keys read each.`);
  const titles = [series, other].map((one, order) => fitted(`${one.name} (${one.unit}), ${release.periods[order ? otherPeriod : period][1]}`, width - 20));
  chart.append(...axesOf(series, other, x, y, left, right, bottom, top, titles[0], titles[1]));
  const points = pairs.map(([a, b]) => ({ area: a.area, x: x(a.value), y: y(b.value), words: `${a.area.name}. ${series.name}, ${a.when}: ${shown(a.value, series)}. ${other.name}, ${b.when}: ${shown(b.value, other)}.` }));
  pointsOf(chart, points, areas, width, (point) => draw("circle", { cx: point.x, cy: point.y, r: 6, class: "mark not_compared" }));
  if (!points.length) chart.append(text("No Place has a value of both", (left + right) / 2, height / 2, { "text-anchor": "middle" }));
  return { chart, rows: pairs.flat() };
};

const funnel = (width, { series, period, areas }) => {
  const control = series.funnels[release.periods[period][0]];
  const found = places.map((area) => valueAt(series, period, area)).filter((row) => row?.value != null && row.denominator);
  const [left, top, height] = [58, 26, width < 560 ? 360 : 460];
  const [right, bottom] = [width - 20, height - 46];
  const x = scaleFor([...control.sizes, ...found.map((row) => row.denominator)], left, right, { wanted: width < 560 ? 3 : 6 });
  const y = scaleFor([...control.lower_998, ...control.upper_998, ...found.map((row) => row.value)], bottom, top, { wanted: 5 });
  const chart = canvas(width, height, `${series.name}, ${release.periods[period][1]}: funnel of ${found.length} Places around ${release.nation}. Arrow keys read each.`);
  chart.append(...axesOf(null, series, x, y, left, right, bottom, top, "People counted (denominator)", fitted(`${series.name} (${series.unit})`, width - 20)));
  for (const [name, class_] of [["lower_998", "outer"], ["upper_998", "outer"], ["lower_95", "inner"], ["upper_95", "inner"]]) {
    chart.append(draw("path", { d: pathOf(control.sizes.map((size, order) => [x(size), y(control[name][order])])), class: `control ${class_}` }));
  }
  chart.append(draw("line", { x1: x(control.sizes[0]), x2: right, y1: y(control.centre), y2: y(control.centre), class: "reference" }));
  const points = found.map((row) => ({ area: row.area, row, x: x(row.denominator), y: y(row.value), words: `${story(row)} ${number(row.denominator, 0)} counted.` }));
  pointsOf(chart, points, areas, width, (point) => markOf(point.row.state, point.x, point.y));
  return { chart, rows: found };
};
