/* Reading values: a pointer or the arrow keys move from mark to mark, Escape puts the words away. */
const makeTip = () => {
  const box = document.createElement("div");
  box.className = "tip";
  box.id = "tip";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  document.body.append(box);
  let of = null;
  let leaving = 0;
  const hide = () => {
    box.hidden = true;
    of?.removeAttribute("aria-describedby");
    of = null;
  };
  const show = (mark) => {
    clearTimeout(leaving);
    if (of === mark) return;
    of?.removeAttribute("aria-describedby");
    of = mark;
    box.textContent = mark.dataset.story;
    if (!mark.hasAttribute("aria-label")) mark.setAttribute("aria-describedby", "tip");
    box.hidden = false;
    const at = mark.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const width = Math.min(352, room - 16);
    box.style.width = `${width}px`;
    box.style.left = `${Math.max(8, Math.min(at.left, room - width - 8)) + scrollX}px`;
    box.style.top = `${at.bottom + scrollY + 4}px`;
  };
  const later = () => { leaving = setTimeout(hide, 150); };
  box.addEventListener("pointerenter", () => clearTimeout(leaving));
  box.addEventListener("pointerleave", later);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  return { show, later, hide };
};

// One stop of the Tab key for a whole chart; from there the arrow keys go through its marks.
const readMarks = (chart, tip) => {
  const marks = [...chart.querySelectorAll("[data-story]")];
  if (!marks.length) return;
  marks.forEach((mark, at) => { mark.setAttribute("tabindex", at ? -1 : 0); });
  // A drawing that listens to focus would be a stop of its own in Chromium.
  chart.setAttribute("tabindex", -1);
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  chart.addEventListener("keydown", (event) => {
    const from = marks.indexOf(event.target);
    const to = marks[from + (steps[event.key] ?? 0)];
    if (from < 0 || !steps[event.key]) return;
    event.preventDefault();
    if (!to) return;
    event.target.setAttribute("tabindex", -1);
    to.setAttribute("tabindex", 0);
    to.focus();
  });
  chart.addEventListener("focusin", (event) => { if (event.target.dataset.story) tip.show(event.target); });
  chart.addEventListener("focusout", tip.later);
  chart.addEventListener("pointerover", (event) => {
    const mark = event.target.closest("[data-story]");
    if (mark) tip.show(mark);
    else tip.later();
  });
  chart.addEventListener("pointerleave", tip.later);
};
