/* The explorer: what is chosen is in the address, and what the address says is shown. */
const MOST_AREAS = 4;
const VIEWS = {
  ranking: ["Ranking", ranking],
  trend: ["Over time", trend],
  multiples: ["All Places over time", multiples],
  map: ["Map", map],
  scatter: ["Two indicators", scatter],
  funnel: ["Funnel", funnel],
  table: ["Table", allPeriods],
  areas: ["Areas side by side", sideBySide],
  ...(release.neighbourhoods ? { lsoas: ["Neighbourhoods", neighbourhoods] } : {}),
};
const state = {};
const part = (name) => document.querySelector(`#explore-${name}`);
const tip = makeTip();
const hasValues = (series) => everyone(series).some((row) => row.value !== null && row.area.kind === "place");

const hashOf = ({ series, period, areas, view, other, find }) => {
  const wanted = new URLSearchParams({ indicator: series.id, view });
  if (period !== null) wanted.set("period", release.periods[period][0]);
  if (areas.length) wanted.set("areas", areas.map((area) => area.code).join(","));
  if (view === "scatter") wanted.set("with", other.id);
  if (view === "lsoas" && find) wanted.set("find", find);
  return wanted.toString();
};

const readHash = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  const first = release.series.find(hasValues) ?? release.series[0];
  const series = release.series.find((one) => one.id === given.get("indicator")) ?? first;
  const named = release.periods.findIndex(([period]) => period === given.get("period"));
  const codes = (given.get("areas") ?? "").split(",");
  Object.assign(state, {
    series,
    period: periodsOf(series).includes(named) ? named : null,
    areas: places.filter((area) => codes.includes(area.code)).slice(0, MOST_AREAS),
    view: given.get("view") in VIEWS ? given.get("view") : "ranking",
    find: given.get("find") ?? "",
    other: release.series.find((one) => one.id === given.get("with")) ?? release.series.find((one) => one !== series && hasValues(one)) ?? first,
  });
};

const options = (select, chosen) => {
  const groups = Object.groupBy ? Object.groupBy(release.series, (one) => one.programme) : { all: release.series };
  select.replaceChildren(...Object.entries(groups).map(([programme, list]) => make("optgroup", { label: select.dataset[programme.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())] ?? "Indicators" },
    ...list.map((one) => make("option", { value: one.id, selected: one === chosen }, `${one.name}${hasValues(one) ? "" : " (no value)"}`)))));
};

const fillControls = () => {
  options(part("indicator"), state.series);
  options(part("other"), state.other);
  const latest = latestOf(state.series);
  part("period").replaceChildren(...periodsOf(state.series).map((period) => make("option", { value: period === latest ? "" : period, selected: period === (state.period ?? latest) }, `${release.periods[period][1]}${period === latest ? " (latest)" : ""}`)));
  part("views").querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", button.value === state.view));
  part("areas").querySelectorAll("input").forEach((input) => {
    input.checked = state.areas.some((area) => area.code === input.value);
    input.disabled = !input.checked && state.areas.length >= MOST_AREAS;
  });
  part("with").hidden = state.view !== "scatter";
  part("when").hidden = ["trend", "multiples", "table", "areas", "lsoas"].includes(state.view);
  part("find").hidden = state.view !== "lsoas";
  part("found").value = state.find;
  part("what").hidden = ["areas", "lsoas"].includes(state.view);
  part("places").hidden = state.view === "lsoas";
};

const NOTES = {
  ranking: () => `Sorted by value. The dashed line is ${release.nation}; whiskers are 95% confidence intervals where they are given.`,
  trend: (one) => `The dashed line is ${release.nation}; bands are 95% confidence intervals where given. Lines stop where a period is missing or the definition changes. The axis need not start at zero.${one.areas.length ? "" : " Choose up to four Places to tell them apart."}`,
  multiples: () => `All panels share their axes, which need not start at zero. The dashed line is ${release.nation}.`,
  map: () => "Where values are judged, colours are the judgements; else classes of equal width, darker towards worse, or towards higher where neither direction is better.",
  scatter: () => "Each point is a Place. What goes together among Places need not go together among people, and says nothing of cause.",
  funnel: () => `Inner and outer lines are 95% and 99.8% control limits around ${release.nation} (Wilson), wider where fewer are counted. Points between the lines may differ by chance alone. The shape of a point is its judgement against ${release.nation}.`,
  table: () => "Every period and breakdown of this release. Suppressed, not published and not supplied are told apart; none is zero.",
  lsoas: () => `LSOAs by national decile of deprivation, IMD ${release.neighbourhoods.vintage}. Find a Place, a ward or an LSOA by name or code to go there; drag to move.`,
  areas: () => "Up to four areas; the first four Places where none is chosen. A judgement stands only where one was made.",
};

const legendOf = (key, numbered) => {
  const parts = [];
  if (key?.length) parts.push(make("ul", { class: "legend" }, ...key.map(([class_, word]) => make("li", {}, make("span", { class: `swatch ${class_}` }), ` ${word}`))));
  if (numbered) parts.push(make("ol", { class: "numbered" }, ...numbered.map((name, order) => make("li", {}, make("b", {}, String(order + 1)), ` ${name}`))));
  return parts;
};

const JUDGED_KEY = ["worse", "similar", "better", "higher", "lower", "not_compared"];

const keyOf = (made) => {
  if (made.key) return made.key;
  const present = new Set(made.rows.filter((row) => row.area.kind === "place" && row.value !== null).map((row) => row.state));
  return ["ranking", "funnel"].includes(state.view) ? JUDGED_KEY.filter((one) => present.has(one)).map((one) => [one, release.states[one].word]) : [];
};

const chartFor = (width) => {
  const series = state.series;
  const period = state.period ?? latestOf(series);
  if (state.view === "funnel" && !(release.periods[period][0] in series.funnels)) {
    return { nothing: "No funnel for this: it needs the counts that make a percentage, of four Places or more, and a value of the nation." };
  }
  if (state.view === "map" && !release.map) return { nothing: "This release has no outlines to draw." };
  return VIEWS[state.view][1](width, { ...state, period });
};

const titleOf = () => {
  const period = state.period ?? latestOf(state.series);
  const when = ["trend", "multiples", "table"].includes(state.view) ? "" : `, ${release.periods[period][1]}`;
  if (state.view === "areas") return "Areas side by side";
  if (state.view === "lsoas") return `Deprivation of neighbourhoods${state.find ? `: ${state.find}` : ""}`;
  if (state.view === "scatter") return `${state.series.name} and ${state.other.name}`;
  return `${state.series.name}${when}`;
};

// Of charts that show one series.
const unitOf = () => (["areas", "lsoas", "scatter"].includes(state.view) ? "" : `${state.series.unit}; ${state.series.direction}`);

const show = () => {
  const series = state.series;
  part("title").textContent = titleOf();
  const badges = series.badges.length ? ` ${series.badges.join(", ")}.` : "";
  const issued = series.issued ? ` Issued ${series.issued}.` : "";
  const about = `${series.long}: ${series.unit}; ${series.direction}.${badges}${issued} `;
  part("about").replaceChildren(...(["areas", "lsoas"].includes(state.view) ? [] : [about, make("a", { href: `indicators/${series.page}.html` }, "Definition, caveats and sources")]));
  const tabled = ["table", "areas"].includes(state.view);
  const made = tabled ? VIEWS[state.view][1](state) : chartFor(part("chart").clientWidth);
  const content = made.nothing ? make("p", { class: "callout" }, made.nothing) : made.table ?? made.chart;
  part("chart").replaceChildren(...(made.before ?? []), content);
  made.arrive?.();
  part("key").replaceChildren(...(made.nothing || tabled ? [] : legendOf(keyOf(made), made.numbered)));
  part("note").replaceChildren(NOTES[state.view](state));
  if (["trend", "multiples"].includes(state.view)) part("note").append(...series.breaks.map(([period, note]) => make("span", { class: "line-item" }, make("strong", {}, "Break. "), `From ${period}: ${note}`)));
  const shownRows = made.rows ?? [];
  part("numbers").hidden = tabled || !(shownRows.length || made.list);
  part("numbers-table").replaceChildren(...(part("numbers").hidden ? [] : [made.list ?? numbersOf(shownRows, `Numbers of this chart: ${titleOf()}`)]));
  part("csv").hidden = !(shownRows.length || made.csv);
  part("svg").hidden = part("png").hidden = !made.chart;
  if (made.chart) readMarks(made.chart, tip);
  Object.assign(state, { made });
};

const go = (changes) => {
  Object.assign(state, changes);
  history.replaceState(null, "", `#${hashOf(state)}`);
  fillControls();
  tip.hide();
  show();
  part("said").textContent = `${VIEWS[state.view][0]}: ${titleOf()}.`;
};

const connect = () => {
  part("views").append(...Object.entries(VIEWS).map(([view, [name]]) => make("button", { type: "button", value: view }, name)));
  part("areas").append(...places.map((area) => make("label", {}, make("input", { type: "checkbox", value: area.code }), ` ${area.name}`)));
  part("places").open = innerWidth >= 640;
  const seriesOf = (select) => release.series.find((one) => one.id === select.value);
  part("indicator").addEventListener("change", (event) => go({ series: seriesOf(event.target), period: null }));
  part("other").addEventListener("change", (event) => go({ other: seriesOf(event.target) }));
  part("found").addEventListener("change", (event) => go({ find: event.target.value.trim() }));
  part("names").append(...findable().map((name) => make("option", { value: name })));
  part("period").addEventListener("change", (event) => go({ period: event.target.value === "" ? null : Number(event.target.value) }));
  part("views").addEventListener("click", (event) => { if (event.target.value in VIEWS) go({ view: event.target.value }); });
  part("areas").addEventListener("change", () => go({ areas: places.filter((area) => part("areas").querySelector(`[value="${CSS.escape(area.code)}"]`).checked) }));
  part("form").addEventListener("submit", (event) => event.preventDefault());
  const name = (ending) => `${fileName(titleOf(), state.view, release.release)}.${ending}`;
  part("csv").addEventListener("click", () => save(state.made.csv ?? csvOf(state.made.rows), "text/csv;charset=utf-8", name("csv")));
  part("svg").addEventListener("click", () => save(svgOf(state.made.chart, titleOf(), unitOf()).text, "image/svg+xml", name("svg")));
  part("png").addEventListener("click", () => savePng(state.made.chart, titleOf(), name("png"), unitOf()));
  part("print").addEventListener("click", () => print());
  part("link").addEventListener("click", () => {
    const said = () => { part("said").textContent = "The link is copied."; part("link").textContent = "Link copied"; setTimeout(() => { part("link").textContent = "Copy link"; }, 3000); };
    const byHand = () => { part("address").hidden = false; part("address").querySelector("input").value = location.href; part("address").querySelector("input").select(); };
    if (navigator.clipboard) navigator.clipboard.writeText(location.href).then(said, byHand);
    else byHand();
  });
  let width = 0;
  new ResizeObserver(() => {
    if (part("chart").clientWidth === width) return;
    width = part("chart").clientWidth;
    show();
  }).observe(part("chart"));
  addEventListener("hashchange", () => { readHash(); fillControls(); show(); });
};

connect();
readHash();
fillControls();
show();
