/* Beside each chart of a page: a menu to keep it as PNG, SVG and CSV; beside each map, zoom and search. */
// What downloads say of where they come from.
const release = { ...document.body.dataset };

// A cell as a value: exact where the page holds it so, else its words; drawings are left out.
const valueOf = (cell) => {
  const exact = cell.querySelectorAll("data");
  if (exact.length === 1 && cell.querySelector(".sub") === null) return Number(exact[0].value);
  const words = cell.cloneNode(true);
  words.querySelectorAll(".sub").forEach((small) => { small.prepend(" ("); small.append(")"); });
  return words.textContent.replace(/Sort by .*/, "").replace(/\s+/g, " ").trim();
};
const linesOf = (table) => [...table.rows].filter((row) => !row.matches(".theme")).map((row, at) => [
  ...[...row.cells].filter((cell) => !cell.matches(".drawn")).map(valueOf), at ? release.release : "release",
]);

// The table that the chart draws; of a chart without one, what each of its marks says.
const csvBeside = (figure, chart) => {
  const table = document.getElementById(figure.dataset.rows)?.closest("table");
  if (table) return csvText(linesOf(table));
  return csvText([["area", "reading", "release"], ...[...chart.querySelectorAll("[data-story]")].map((mark) => {
    const [area, ...reading] = mark.dataset.story.split(": ");
    return [area, reading.join(": "), release.release];
  })]);
};

const titleOfChart = (figure) => {
  const before = figure.closest("details")?.previousElementSibling;
  const heading = before?.matches("h4") ? before : figure.closest("section")?.querySelector("h2");
  const series = (heading ?? document.querySelector("h1")).textContent.trim();
  const own = figure.closest(".panels") ? figure.querySelector("figcaption").firstChild.textContent.trim() : "";
  return own ? `${series}: ${own}` : series;
};

const downloadMenu = (figure, chart) => {
  const title = titleOfChart(figure);
  const named = (ending) => `${fileName(title, release.release)}.${ending}`;
  const ways = {
    PNG: () => savePng(chart, title, named("png")),
    SVG: () => save(svgOf(chart, title).text, "image/svg+xml", named("svg")),
    CSV: () => save(csvBeside(figure, chart), "text/csv;charset=utf-8", named("csv")),
  };
  const buttons = Object.entries(ways).map(([way, act]) => {
    const button = make("button", { type: "button" }, way);
    button.addEventListener("click", act);
    return button;
  });
  const menu = make("details", { class: "keep" }, make("summary", {}, "Download", make("span", { class: "visually-hidden" }, `: ${title}`)), make("span", { class: "ways" }, ...buttons));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  return menu;
};

// Zoom, and a search that goes to what it names: whole names before parts of them.
const zoomAndSearch = (chart, order) => {
  const { buttons, around } = zoomable(chart, chart.getAttribute("viewBox").split(" ").map(Number));
  const marks = [...chart.querySelectorAll("[data-story]")];
  const wordsOf = (mark) => mark.dataset.story.split(": ")[0];
  const names = [...new Set(marks.flatMap((mark) => wordsOf(mark).split(", ")))];
  const input = make("input", { type: "search", list: `map-names-${order}`, autocomplete: "off" });
  const find = () => {
    const asked = input.value.trim().toLowerCase();
    const whole = marks.filter((mark) => wordsOf(mark).toLowerCase().split(", ").includes(asked));
    const found = asked ? (whole.length ? whole : marks.filter((mark) => wordsOf(mark).toLowerCase().includes(asked))) : [];
    marks.forEach((mark) => mark.classList.toggle("here", found.includes(mark)));
    if (found.length) around(found);
    else buttons.lastChild.click();
    said(!asked ? "The whole map is shown." : found.length ? `Found on the map: ${found.map((mark) => mark.dataset.story).slice(0, 5).join("; ")}.` : `Nothing on this map is called ${input.value}.`);
  };
  input.addEventListener("change", find);
  const what = chart.matches(".lsoas") ? "Find a ward or LSOA" : "Find a Place";
  buttons.append(make("label", {}, `${what} `, input), make("datalist", { id: `map-names-${order}` }, ...names.map((one) => make("option", { value: one }))));
  return buttons;
};

[...document.querySelectorAll("figure > svg.panel, figure > svg.map")].forEach((chart, order) => {
  const figure = chart.parentElement;
  figure.classList.add("with-tools");
  figure.append(downloadMenu(figure, chart));
  if (chart.matches(".map") && chart.querySelector("[data-story]")) chart.before(zoomAndSearch(chart, order));
});
