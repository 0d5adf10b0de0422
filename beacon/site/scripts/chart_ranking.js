/* Areas in the order of their values, with 95% confidence intervals and the nation's line. */
const rankingRows = (series, period) => {
  const found = everyone(series).filter((row) => row.periodAt === period);
  const known = found.filter((row) => row.value !== null).sort((a, b) => b.value - a.value || a.area.name.localeCompare(b.area.name));
  return { known, absent: found.filter((row) => row.value === null) };
};

const ranking = (width, { series, period, areas }) => {
  const { known, absent } = rankingRows(series, period);
  const narrow = width < 560;
  const [left, right, each] = narrow ? [8, width - 66, 44] : [230, width - 90, 30];
  const spread = series.spread?.period === release.periods[period][0] ? series.spread : null;
  const values = known.flatMap((row) => [row.value, row.lower_95, row.upper_95]);
  if (spread) values.push(spread.lowest, spread.highest);
  const scale = scaleFor(values, left, right, { fromZero: series.bars, wanted: narrow ? 3 : 6 });
  const top = spread ? 62 : 26;
  const height = top + (known.length + absent.length) * each + 8;
  const chart = canvas(width, height, `${series.name}, ${release.periods[period][1]}: ${known.length} areas by value. Arrow keys read each.`);
  const bottom = top + known.length * each;
  for (const tick of scale.ticks) {
    chart.append(draw("line", { x1: scale(tick), x2: scale(tick), y1: top - 6, y2: bottom, class: "grid" }));
    chart.append(text(tickText(tick, scale, series), scale(tick), top - 12, { "text-anchor": "middle" }));
  }
  if (spread) chart.append(...spreadStrip(series, spread, scale, narrow, known, areas));
  const nation = known.find((row) => row.area.kind === "nation");
  known.forEach((row, order) => {
    const y = top + order * each + (narrow ? 30 : each / 2);
    const benchmark = row.area.kind !== "place";
    const state = benchmark ? "benchmark" : row.state;
    const name = areas.includes(row.area) || benchmark ? "label strong" : "label";
    const group = readable(draw("g"), story(row));
    group.append(draw("rect", { x: 0, y: y - (narrow ? 28 : each / 2), width, height: each, class: areas.includes(row.area) ? "row chosen-row" : "row" }));
    group.append(text(row.area.name, narrow ? 8 : left - 12, narrow ? y - 14 : y + 4, { class: name, "text-anchor": narrow ? "start" : "end" }));
    if (series.bars) {
      const [from, to] = [scale(0), scale(row.value)].sort((a, b) => a - b);
      group.append(draw("rect", { x: from, y: y - 7, width: Math.max(to - from, 1), height: 14, class: `mark ${state}` }));
    }
    if (row.lower_95 !== null && row.upper_95 !== null) {
      const [low, high] = [scale(row.lower_95), scale(row.upper_95)];
      group.append(draw("path", { d: `M${low} ${y}H${high}M${low} ${y - 4}v8M${high} ${y - 4}v8`, class: "limits" }));
    }
    if (!series.bars) group.append(markOf(state, scale(row.value), y));
    group.append(text(shown(row.value, series), width - 4, y + 4, { class: "label figure", "text-anchor": "end" }));
    chart.append(group);
  });
  if (nation) chart.append(draw("line", { x1: scale(nation.value), x2: scale(nation.value), y1: top - 6, y2: bottom, class: "reference" }));
  absent.forEach((row, order) => {
    const y = bottom + order * each + (narrow ? 30 : each / 2);
    const group = readable(draw("g"), story(row));
    group.append(draw("rect", { x: 0, y: y - (narrow ? 28 : each / 2), width, height: each, class: "row" }));
    group.append(text(row.area.name, narrow ? 8 : left - 12, narrow ? y - 14 : y + 4, { class: "label", "text-anchor": narrow ? "start" : "end" }));
    group.append(text(stateWord(row), left, y + 4, { class: "label absence" }));
    chart.append(group);
  });
  return { chart, rows: [...known, ...absent] };
};

// Above the axis: the nation's authorities, their middle half, and the Places longer and darker.
const spreadStrip = (series, spread, scale, narrow, known, areas) => {
  const block = (low, high, class_) => draw("rect", { x: scale(low), y: 20, width: Math.max(scale(high) - scale(low), 1), height: 12, class: class_ });
  const words = `${release.nation}’s ${spread.areas} authorities range from ${shown(spread.lowest, series)} to ${shown(spread.highest, series)}; the middle half lies between ${shown(spread.quartile_1, series)} and ${shown(spread.quartile_3, series)}, the median is ${shown(spread.median, series)}.`;
  const strip = readable(draw("g"), words);
  strip.append(block(spread.lowest, spread.highest, "range"), block(spread.quartile_1, spread.quartile_3, "quartiles"));
  const others = spread.values.map(([name, value]) => readable(draw("line", { x1: scale(value), x2: scale(value), y1: 20, y2: 32, class: "tick-other" }), `${release.authorities[name]}: ${shown(value, series)}.`));
  const own = known.filter((item) => item.area.kind === "place").map((row) => {
    const order = areas.indexOf(row.area);
    const mark = order < 0 ? draw("line", { x1: scale(row.value), x2: scale(row.value), y1: 15, y2: 37, class: "tick-place" }) : chosenMark(order, scale(row.value), 26, 6);
    return readable(mark, `${row.area.name}: ${shown(row.value, series)}.`);
  });
  return [text(narrow ? `${spread.areas} authorities` : `${release.nation}’s ${spread.areas} authorities`, narrow ? 8 : scale(scale.low) - 12, narrow ? 12 : 30, { class: "label", "text-anchor": narrow ? "start" : "end" }), strip, ...others, ...own];
};
