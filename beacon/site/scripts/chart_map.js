/* The Places on a map: by judgement where values are judged, else in classes that darken towards worse. */
const mapClasses = (series, found) => {
  const known = found.filter((row) => row.value !== null);
  const classed = new Map(found.map((row) => [row.area, row.state]));
  if (known.some(judged) || known.length < 2) return { classed, key: [...new Set(found.map((row) => row.state))].map((state) => [state, release.states[state].word]) };
  const [low, high] = [Math.min(...known.map((row) => row.value)), Math.max(...known.map((row) => row.value))];
  const flipped = series.polarity === "high_is_good";
  const edge = (count) => low + ((high - low) * count) / 4;
  const classOf = (value) => Math.min(3, Math.floor(((value - low) / (high - low || 1)) * 4));
  known.forEach((row) => classed.set(row.area, `class${flipped ? 4 - classOf(row.value) : classOf(row.value) + 1}`));
  const used = [0, 1, 2, 3].filter((count) => known.some((row) => classOf(row.value) === count));
  const key = used.map((count) => [`class${flipped ? 4 - count : count + 1}`, `${shown(edge(count), series)} to ${shown(edge(count + 1), series)}`]);
  const absent = [...new Set(found.filter((row) => row.value === null).map((row) => row.state))].map((state) => [state, release.states[state].word]);
  return { classed, key: [...key, ...absent] };
};

const map = (width, { series, period, areas }) => {
  const found = places.map((area) => valueAt(series, period, area)).filter(Boolean);
  const { classed, key } = mapClasses(series, found);
  const across = Math.min(width, 620);
  const height = (release.map / 1000) * across;
  const chart = canvas(across, height, `Map of the Places: ${series.name}, ${release.periods[period][1]}. Arrow keys read each.`);
  chart.setAttribute("viewBox", `0 0 1000 ${release.map}`);
  chart.classList.add("map");
  const drawn = places.filter((area) => area.path);
  const outline = (area) => {
    const row = found.find((item) => item.area === area);
    const shape = draw("path", { d: area.path, class: `${row ? classed.get(area) : "not_published"}${areas.includes(area) ? " picked" : ""}` });
    return readable(shape, row ? story(row) : `${area.name}: no row for this period.`);
  };
  // Chosen outlines last, so that neighbours do not cover them.
  const shapes = new Map(drawn.map((area) => [area, outline(area)]));
  drawn.filter((area) => !areas.includes(area)).forEach((area) => chart.append(shapes.get(area)));
  drawn.filter((area) => areas.includes(area)).forEach((area) => chart.append(shapes.get(area)));
  drawn.forEach((area) => chart.append(draw("text", { x: area.x, y: area.y + 12, "text-anchor": "middle" }, String(places.indexOf(area) + 1))));
  return { chart, rows: found, key, numbered: places.map((area) => area.name) };
};
