/* The release's values, and how numbers are written: as on every other page. */
const release = JSON.parse(document.querySelector("#release").textContent);
const MINUS = "\u2212";

const unpack = (packed) => {
  const row = Object.fromEntries(release.columns.map((name, at) => [name, packed[at]]));
  return {
    ...row,
    series: release.series[row.series],
    area: release.areas[row.area],
    periodAt: row.period,
    period: release.periods[row.period][0],
    when: release.periods[row.period][1],
    category: release.categories[row.category],
    note: row.note === null ? null : release.notes[row.note],
    basis: row.basis === null ? null : release.bases[row.basis],
    trend: row.trend === null ? null : release.trends[row.trend],
  };
};

const rows = release.rows.map(unpack);
const rowsOf = new Map(release.series.map((series) => [series, []]));
rows.forEach((row) => rowsOf.get(row.series).push(row));
const places = release.areas.filter((area) => area.kind === "place");
const everyone = (series) => rowsOf.get(series).filter((row) => row.category === "All");
const periodsOf = (series) => [...new Set(everyone(series).map((row) => row.periodAt))].sort((a, b) => b - a);
const latestOf = (series) => {
  const known = everyone(series).filter((row) => row.value !== null && row.area.kind === "place");
  const all = known.length ? known : everyone(series);
  return all.length ? Math.max(...all.map((row) => row.periodAt)) : null;
};
const valueAt = (series, period, area) => everyone(series).find((row) => row.periodAt === period && row.area === area) ?? null;
const judged = (row) => row.value !== null && row.state !== "not_compared";

// Halves go to the even digit, as in Python: 12.25 is 12.2 everywhere. `toFixed` alone goes up.
const fixed = (value, decimals) => {
  const text = value.toFixed(decimals);
  const exact = value.toFixed(decimals + 40);
  if (exact.slice(exact.length - 40) !== "5".padEnd(40, "0")) return text;
  const down = decimals ? exact.slice(0, exact.length - 40) : exact.slice(0, exact.length - 41);
  return Number(down.at(-1)) % 2 ? text : down;
};

const number = (value, decimals) => {
  const [whole, part] = fixed(Math.abs(value), decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
  return (value < 0 && /[1-9]/.test(text) ? MINUS : "") + text;
};

const shown = (value, series) => number(value, series.decimals) + (series.percent ? "%" : "");
const limits = (row) => row.lower_95 === null || row.upper_95 === null ? null : `${shown(row.lower_95, row.series)} to ${shown(row.upper_95, row.series)}`;
const than = (state) => (state === "similar" ? "to" : "than");
// No publisher was asked for a figure of the whole system: it is not there to be had.
const stateWord = (row) => (row.area.kind === "icb" && row.value === null ? "Not available" : release.states[row.state].word);

// One value in one or two sentences: what a pointer, a key and a screen reader get.
const story = (row) => {
  const head = `${row.area.name}${row.category === "All" ? "" : `, ${row.category}`}, ${row.when}: `;
  if (row.value === null) return `${head}${stateWord(row).toLowerCase()}. ${row.note ?? ""}`.trim();
  const between = limits(row);
  const parts = [`${head}${shown(row.value, row.series)}${between ? ` (95% confidence interval ${between})` : ""}.`];
  if (judged(row)) parts.push(`${stateWord(row)} ${than(row.state)} ${release.nation}${row.basis ? `, ${row.basis}` : ""}.`);
  else if (row.note) parts.push(`Not compared. ${row.note}`);
  if (row.trend) parts.push(`Recent trend: ${row.trend.word.toLowerCase()}.`);
  return parts.join(" ");
};
