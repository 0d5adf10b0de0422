/* LSOAs by deprivation on a map that zooms: by buttons, by dragging, and to what is looked for. */
const lsoaOf = ([code, name, place, ward, decile, core20, people, path]) => ({
  code, name, decile, core20, people, path, place: release.areas[place]?.name ?? "", ward: ward === null ? "" : release.neighbourhoods.wards[ward],
});
const lsoas = (release.neighbourhoods?.lsoas ?? []).map(lsoaOf);
const findable = () => [...new Set([...lsoas.map((one) => one.place), ...lsoas.filter((one) => one.ward).map((one) => `${one.ward}, ${one.place}`), ...lsoas.flatMap((one) => [one.name, one.code])])].filter(Boolean);

// What was looked for: an LSOA before a ward before a Place; whole names before parts of them.
const lookedFor = (asked) => {
  const wanted = asked.toLowerCase();
  if (!wanted) return [];
  const tests = [
    (one) => [one.name, one.code].some((name) => name.toLowerCase() === wanted),
    (one) => one.ward && [one.ward, `${one.ward}, ${one.place}`].some((name) => name.toLowerCase() === wanted),
    (one) => one.place.toLowerCase() === wanted,
    (one) => [one.name, one.ward, one.place].some((name) => name.toLowerCase().includes(wanted)),
  ];
  for (const test of tests) {
    const found = lsoas.filter(test);
    if (found.length) return found;
  }
  return [];
};

const lsoaStory = (one) => {
  const where = [one.name, one.ward && `${one.ward} ward`, one.place].filter(Boolean).join(", ");
  const people = one.people === null ? "" : ` ${number(one.people, 0)} people.`;
  return `${where}: ${one.decile === null ? "no decile" : `decile ${one.decile}${one.core20 ? ", Core20" : ""}`}.${people}`;
};

const neighbourhoods = (width, { find }) => {
  const { width: across, height, vintage } = release.neighbourhoods;
  const chart = canvas(across, height, `Map of LSOAs by deprivation, IMD ${vintage}. Arrow keys read each; the search goes to one.`);
  chart.classList.add("lsoas");
  const found = lookedFor(find);
  const shapes = new Map(lsoas.map((one) => {
    const class_ = one.decile === null ? "empty" : one.decile === 1 ? "d1" : one.core20 ? "d2" : "d3";
    return [one, readable(draw("path", { d: one.path, class: found.includes(one) ? `${class_} here` : class_ }), lsoaStory(one))];
  }));
  // What was looked for comes first to the keyboard and is drawn last, over its neighbours.
  const rest = lsoas.filter((one) => !found.includes(one));
  chart.append(...[...rest, ...found].map((one) => shapes.get(one)));
  const { buttons, around } = zoomable(chart, [0, 0, across, height]);
  const arrive = () => { if (found.length && found.length < lsoas.length) around(found.map((one) => shapes.get(one))); };
  const listed = find ? found : [];
  const body = listed.map((one) => make("tr", {}, make("th", { scope: "row" }, one.name), make("td", {}, one.ward), make("td", {}, one.place), make("td", { class: "num" }, one.decile === null ? "none" : String(one.decile)), make("td", {}, one.core20 ? "Core20" : ""), make("td", { class: "num" }, one.people === null ? "none" : number(one.people, 0))));
  const list = listed.length ? tableOf(`LSOAs found for ${find}`, [["LSOA"], ["Ward"], ["Place"], ["Decile", true], ["Core20"], ["People", true]], body) : null;
  const lines = (listed.length ? listed : lsoas).map((one) => [one.code, one.name, one.ward, one.place, one.decile, one.core20 ? "true" : "false", one.people, release.release]);
  const csv = csvText([["lsoa21_code", "lsoa21_name", "ward24_name", "place_name", `imd${vintage}_decile`, `core20_imd${vintage}`, "people", "release"], ...lines]);
  return { chart, arrive, before: find && !found.length ? [make("p", { class: "callout" }, `Nothing is called ${find}.`), buttons] : [buttons], rows: [], list, csv, key: [["d1", "Decile 1, the most deprived tenth (Core20)"], ["d2", "Decile 2 (Core20)"], ["d3", "Deciles 3 to 10"]] };
};
