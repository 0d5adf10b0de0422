/* Sorting, filtering, and reading cells by keyboard. Pages say everything without it. */
const said = (text) => {
  let region = document.querySelector("[data-said]");
  if (!region) {
    region = document.createElement("p");
    region.dataset.said = "";
    region.className = "visually-hidden";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = text;
};

const sortButton = (heading, act) => {
  const link = heading.querySelector("a");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sort";
  if (link) {
    // The heading's own link stays; the button says what it sorts by.
    const name = document.createElement("span");
    name.className = "visually-hidden";
    name.textContent = `Sort by ${link.textContent.trim()}`;
    button.append(name);
    heading.append(" ", button);
  } else {
    button.append(...heading.childNodes);
    heading.append(button);
  }
  button.addEventListener("click", act);
};

const direct = (heading, headings) => {
  const next = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  headings.forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", next);
  return next === "ascending" ? 1 : -1;
};

const compareBy = (kind, sign) => (a, b) => {
  if (a.key === "" || b.key === "") return a.key === b.key ? a.at - b.at : a.key === "" ? 1 : -1;
  const order = kind === "number" ? Number(a.key) - Number(b.key) : a.key.localeCompare(b.key, "en-GB", { numeric: true });
  return order ? order * sign : a.at - b.at;
};

const name = (heading) => heading.textContent.replace("Sort by", "").trim();

const sortable = (table) => {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const kind = heading.dataset.sort;
    if (!kind) return;
    sortButton(heading, () => {
      const sign = direct(heading, headings);
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row, at) => ({ row, at, key: row.cells[column].dataset.value ?? row.cells[column].textContent.trim() }));
      rows.sort(compareBy(kind, sign));
      body.append(...rows.map((item) => item.row));
      said(`Sorted by ${name(heading)}, ${sign === 1 ? "ascending" : "descending"}.`);
    });
  });
};

// A rug's rows may span columns where all Places share a reason for having no figure.
const cellAt = (row, column) => {
  let at = 0;
  for (const cell of row.cells) {
    at += cell.colSpan;
    if (column < at) return cell;
  }
  return null;
};

const rugSorting = (table) => {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const kind = heading.dataset.sort;
    if (!kind) return;
    sortButton(heading, () => {
      const sign = direct(heading, headings);
      for (const body of table.tBodies) {
        const rows = [...body.rows].slice(1).map((row, at) => ({
          row,
          at,
          key: kind === "name" ? row.dataset.name : cellAt(row, column)?.dataset.order ?? "",
        }));
        rows.sort(compareBy(kind === "name" ? "text" : "number", sign));
        body.append(...rows.map((item) => item.row));
      }
      said(`Sorted by ${name(heading)} within each theme.`);
    });
  });
};

const rugReading = (table, box) => {
  const cells = () => [...table.querySelectorAll("tbody tr:not([hidden]) [data-story]")];
  const first = cells()[0];
  if (!first) return;
  cells().forEach((cell) => { cell.tabIndex = -1; });
  first.tabIndex = 0;
  const go = (to) => {
    if (!to) return;
    table.querySelectorAll('[tabindex="0"]').forEach((cell) => { cell.tabIndex = -1; });
    to.tabIndex = 0;
    to.focus();
  };
  const beside = (cell, step) => {
    let next = cell;
    do next = step > 0 ? next.nextElementSibling : next.previousElementSibling;
    while (next && !next.dataset.story);
    return next;
  };
  const beyond = (cell, step) => {
    const rows = [...table.querySelectorAll("tbody tr:not([hidden])")].filter((row) => row.querySelector("[data-story]"));
    const row = rows[rows.indexOf(cell.parentElement) + step];
    if (!row) return null;
    const column = [...cell.parentElement.cells].indexOf(cell);
    return row.cells[column]?.dataset.story ? row.cells[column] : row.querySelector("[data-story]");
  };
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-story]");
    if (!cell) return;
    const moves = {
      ArrowRight: () => beside(cell, 1),
      ArrowLeft: () => beside(cell, -1),
      ArrowDown: () => beyond(cell, 1),
      ArrowUp: () => beyond(cell, -1),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    go(moves[event.key]());
  });
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest("[data-story]");
    if (cell) box.show(cell);
  });
  table.addEventListener("focusout", box.later);
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("[data-story]");
    if (cell) box.show(cell);
    else box.later();
  });
  table.addEventListener("pointerleave", box.later);
};

const filtering = (form) => {
  form.hidden = false;
  const theme = form.querySelector("#filter-theme");
  const state = form.querySelector("#filter-state");
  const values = form.querySelector("#filter-values");
  const table = document.querySelector("[data-rug]");
  const apply = () => {
    let shown = 0;
    for (const body of table.tBodies) {
      let left = 0;
      for (const row of [...body.rows].slice(1)) {
        const keep =
          (!theme.value || body.dataset.theme === theme.value) &&
          (!values.checked || row.dataset.hasValues === "yes") &&
          (!state.value || row.querySelector(`.cell.${state.value}`));
        row.hidden = !keep;
        if (keep) left += 1;
      }
      body.hidden = left === 0;
      shown += left;
    }
    const stop = table.querySelector('tbody:not([hidden]) tr:not([hidden]) [data-story]');
    if (stop && !table.querySelector('tbody:not([hidden]) tr:not([hidden]) [tabindex="0"]')) {
      table.querySelectorAll('[tabindex="0"]').forEach((cell) => { cell.tabIndex = -1; });
      stop.tabIndex = 0;
    }
    form.querySelector("[data-filter-said]").textContent = shown === 1 ? "1 row shown." : `${shown} rows shown.`;
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
};

// A link to what is folded unfolds it, in browsers that do not do so themselves.
const unfold = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (!target) return;
  let folded = target.closest("details:not([open])");
  if (!folded) return;
  for (; folded; folded = folded.parentElement.closest("details:not([open])")) folded.open = true;
  target.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();

document.querySelectorAll("table[data-sortable]").forEach(sortable);
// On a phone one Place is shown at a time: the style sheet hides the cells not chosen.
const placeChoosing = () => {
  const choice = document.querySelector("#filter-place");
  if (!choice) return;
  choice.closest("p").hidden = false;
  const choose = () => {
    const wanted = Number(choice.value);
    document.querySelectorAll("table[data-rug]").forEach((table) => {
      table.classList.add("choosing");
      table.querySelectorAll("tr").forEach((row) => {
        row.querySelectorAll("td.cell:not(.span), thead th:not(.bench):not(:first-child)").forEach((cell, index) => {
          cell.classList.toggle("chosen", index === wanted);
        });
      });
    });
  };
  choice.addEventListener("change", choose);
  choose();
};

// Marks that bear a title: the words are shown to a pointer at once, and to the arrow keys.
const charts = [...document.querySelectorAll("svg.panel, svg.map")].filter((chart) => chart.querySelector("title"));
const rugs = document.querySelectorAll("table[data-rug]");
const box = charts.length || rugs.length ? makeTip() : null;
charts.forEach((chart) => {
  chart.setAttribute("role", "group");
  chart.querySelectorAll("title").forEach((title) => {
    const mark = title.parentElement;
    mark.dataset.story = title.textContent;
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", title.textContent);
    title.remove();
  });
  readMarks(chart, box);
});
if (rugs.length) {
  placeChoosing();
  rugs.forEach((table) => {
    rugSorting(table);
    rugReading(table, box);
  });
  document.querySelectorAll("[data-rug-help]").forEach((note) => { note.hidden = false; });
}
document.querySelectorAll("form[data-filters]").forEach(filtering);
