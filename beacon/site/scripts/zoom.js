/* A map that zooms: by buttons, by dragging once it is zoomed in, and to shapes that are looked for. */
const zoomable = (chart, whole) => {
  let box = [...whole];
  const set = (next) => { box = next; chart.setAttribute("viewBox", box.join(" ")); };
  const by = (times) => {
    const [x, y, width, height] = box;
    set([x + (width - width * times) / 2, y + (height - height * times) / 2, width * times, height * times]);
  };
  const around = (shapes) => {
    const boxes = shapes.map((shape) => shape.getBBox());
    const [x, y] = [Math.min(...boxes.map((one) => one.x)), Math.min(...boxes.map((one) => one.y))];
    const [right, bottom] = [Math.max(...boxes.map((one) => one.x + one.width)), Math.max(...boxes.map((one) => one.y + one.height))];
    const share = Math.max((right - x) / whole[2], (bottom - y) / whole[3], 0.04) * 1.3;
    set([(x + right - whole[2] * share) / 2, (y + bottom - whole[3] * share) / 2, whole[2] * share, whole[3] * share]);
  };
  let held = null;
  chart.addEventListener("pointerdown", (event) => { if (box[2] < whole[2]) held = [event.clientX, event.clientY, ...box]; });
  ["pointerup", "pointercancel"].forEach((end) => addEventListener(end, () => { held = null; }));
  chart.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y, left, top, width, height] = held;
    const scale = width / chart.clientWidth;
    set([left - (event.clientX - x) * scale, top - (event.clientY - y) * scale, width, height]);
  });
  const button = (words, label, act) => {
    const made = make("button", { type: "button", "aria-label": label }, words);
    made.addEventListener("click", act);
    return made;
  };
  const buttons = make("p", { class: "zoom" }, button("+", "Zoom in", () => by(1 / 1.6)), button("\u2212", "Zoom out", () => by(1.6)), button("Whole map", "Show the whole map", () => set([...whole])));
  return { buttons, around };
};
