/* Values as tables: all periods of an indicator, the numbers of a chart, areas side by side. */
const cell = (row) => {
  if (!row) return make("td", { class: "num quiet" }, "no row");
  if (row.value === null) return make("td", { class: `absent ${row.state}`, title: row.note ?? "" }, make("span", {}, stateWord(row)));
  return make("td", { class: "num" }, make("data", { value: row.value }, shown(row.value, row.series)));
};

const verdictOf = (row) => {
  if (row.value === null) return make("td", { class: `absent ${row.state}` }, make("span", {}, stateWord(row)));
  if (row.area.kind !== "place" || row.category !== "All") return make("td", {});
  return make("td", {}, make("span", { class: `verdict ${row.state}` }, stateWord(row)), row.basis ? make("span", { class: "sub" }, row.basis) : null);
};

const tableOf = (caption, headings, body, class_ = "dense") => {
  const head = make("tr", {}, ...headings.map(([words, numeric]) => make("th", { scope: "col", class: numeric ? "num" : null }, words)));
  const table = make("table", { class: class_ }, make("caption", {}, make("span", {}, caption)), make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "scroll tall", role: "region", "aria-label": caption, tabindex: 0 }, table);
};

// The rows behind a chart, each with its limits, counts and judgement.
const numbersOf = (found, caption) => tableOf(
  caption,
  [["Area"], ["Indicator"], ["Period"], ["Value", true], ["95% confidence interval", true], ["Count", true], ["Of", true], [`Against ${release.nation}`]],
  found.map((row) => make("tr", {},
    make("th", { scope: "row" }, row.area.name),
    make("td", {}, row.series.name),
    make("td", {}, row.when),
    cell(row),
    make("td", { class: "num" }, row.value === null ? "" : limits(row) ?? "not given"),
    make("td", { class: "num" }, row.numerator === null ? "" : number(row.numerator, row.numerator % 1 ? 1 : 0)),
    make("td", { class: "num" }, row.denominator === null ? "" : number(row.denominator, row.denominator % 1 ? 1 : 0)),
    verdictOf(row))),
);

// Every period and breakdown of a series: areas down, periods across.
const allPeriods = ({ series, areas }) => {
  const found = rowsOf.get(series);
  const periods = [...new Set(found.map((row) => row.periodAt))].sort((a, b) => b - a);
  const kept = release.areas.filter((area) => !areas.length || areas.includes(area) || area.kind !== "place");
  const byKey = new Map(found.map((row) => [`${row.category}|${row.area.code}|${row.periodAt}`, row]));
  const lines = [];
  for (const category of new Set(found.map((row) => row.category))) {
    for (const area of kept) {
      if (!found.some((row) => row.area === area && row.category === category)) continue;
      lines.push(make("tr", {}, make("th", { scope: "row" }, area.name, category === "All" ? null : make("span", { class: "sub" }, category)), ...periods.map((period) => cell(byKey.get(`${category}|${area.code}|${period}`)))));
    }
  }
  const headings = [["Area"], ...periods.map((period) => [release.periods[period][1], true])];
  return { table: tableOf(`${series.name}: every period, ${series.unit}`, headings, lines), rows: found.filter((row) => kept.includes(row.area)) };
};

// Up to four areas side by side over every indicator with a value for one of them.
const sideBySide = ({ areas }) => {
  const wanted = areas.length ? areas : places.slice(0, 4);
  const nation = release.areas.find((area) => area.kind === "nation");
  const kept = [];
  const body = [];
  for (const series of release.series) {
    const period = latestOf(series);
    const found = wanted.map((area) => valueAt(series, period, area));
    if (!found.some((row) => row?.value != null)) continue;
    kept.push(...found.filter(Boolean));
    const benchmark = nation && valueAt(series, period, nation);
    body.push(make("tr", {},
      make("th", { scope: "row" }, make("a", { href: `#${hashOf({ ...state, series, view: "ranking", period: null })}` }, series.name), make("span", { class: "sub" }, `${series.unit}; ${release.periods[period][1]}${series.badges.length ? `; ${series.badges.join(", ").toLowerCase()}` : ""}`)),
      ...found.map((row) => (row?.value == null ? cell(row) : make("td", {},
        make("data", { value: row.value }, shown(row.value, series)),
        judged(row) ? make("span", { class: `verdict ${row.state}` }, stateWord(row)) : make("span", { class: "sub" }, "not compared"),
        row.trend && row.trend.key !== "none" ? make("span", { class: `sub trend ${row.trend.key}` }, row.trend.word) : null))),
      make("td", { class: "num" }, benchmark?.value != null ? shown(benchmark.value, series) : "not given")));
  }
  const headings = [["Indicator"], ...wanted.map((area) => [area.name]), [release.nation, true]];
  return { table: tableOf("Areas side by side, latest period of each indicator", headings, body, "side"), rows: kept };
};
