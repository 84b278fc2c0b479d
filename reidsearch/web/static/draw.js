/* Regions and lines: points are set on a picture of a camera, by pointer or by keyboard, and become
   fractions of its width and height, as every resolution of the camera has them. */

import { announce, fill, send, words } from "./api.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 0.01; // of the cross, as a share of the picture
const FAR = 0.1; // with Shift
const DIGITS = 4;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const texts = words().places;
const form = document.getElementById("search");
const still = document.getElementById("draw-still");
const camera = document.getElementById("draw-camera");

let points = [];
let cross = [0.5, 0.5];
let size = { width: 16, height: 9 };

function say(text) {
  document.getElementById("draw-said").textContent = text;
}

function element(name, values, into = still) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  into.append(made);
  return made;
}

function inPixels([x, y]) {
  return [x * size.width, y * size.height];
}

/** Draw all points, what they come to, and the cross of the keyboard. */
function draw() {
  for (const one of still.querySelectorAll(":not(image)")) one.remove();
  const unit = size.height / 100;
  const places = points.map(inPixels);
  const shape = points.length > 2 ? "polygon" : "polyline";
  if (points.length > 1) {
    element(shape, { class: "place", points: places.map((one) => one.join(",")).join(" ") });
  }
  places.forEach(([cx, cy]) => element("circle", { class: "corner", cx, cy, r: unit }));
  if (points.length === 2) arrow(places, unit);
  const [x, y] = inPixels(cross);
  element("path", { class: "cross", d: `M${x - 3 * unit} ${y}h${6 * unit}M${x} ${y - 3 * unit}v${6 * unit}` });
  const number = points.length;
  say(fill(number === 1 ? texts.points.one : texts.points.other, { n: number }));
}

/** Show which way is in: to the right of who faces along the line. */
function arrow([[ax, ay], [bx, by]], unit) {
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const [along, right] = [[(bx - ax) / length, (by - ay) / length], [-(by - ay) / length, (bx - ax) / length]];
  const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
  const tip = [x + right[0] * 8 * unit, y + right[1] * 8 * unit];
  const wing = (side) => tip.map((one, axis) => one - (right[axis] - side * along[axis]) * 3 * unit);
  const [one, other] = [wing(1), wing(-1)];
  element("path", { class: "arrow", d: `M${x} ${y}L${tip}M${one}L${tip}L${other}` });
}

function set(point) {
  points.push(point.map((one) => Number(Math.min(Math.max(one, 0), 1).toFixed(DIGITS))));
  draw();
}

function text() {
  return `${camera.value}:${points.map((one) => one.join(",")).join(" ")}`;
}

/** Tell whether there are as many points as are needed; if not, say so. */
function enough(kind) {
  const fits = kind === "region" ? points.length > 2 : points.length === 2;
  if (!fits) say(kind === "region" ? texts.few_region : texts.few_line);
  return fits;
}

/** Filter by a region or line as well: one more box of the form. */
function choose(field, value) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", name: field, value, checked: true });
  label.append(box, ` ${value}`);
  document.getElementById(`chosen-${field}`).append(label);
  points = [];
  draw();
  form.dispatchEvent(new Event("change"));
}

async function keep() {
  const name = document.getElementById("draw-name");
  if (!name.value.trim()) return name.focus();
  const kind = points.length === 2 ? "line" : "region";
  if (!enough(kind)) return undefined;
  try {
    await send("POST", "/api/v1/places", { name: name.value, region: text() });
  } catch (problem) {
    announce(problem.text ?? String(problem), { error: true });
    return undefined;
  }
  announce(fill(texts.kept, { name: name.value }));
  choose(kind === "line" ? "crossing" : "region", name.value);
  name.value = "";
  return undefined;
}

function load() {
  points = [];
  still.replaceChildren();
  const picture = new Image();
  const address = camera.selectedOptions[0].dataset.still;
  picture.addEventListener("load", () => {
    size = { width: picture.naturalWidth, height: picture.naturalHeight };
    still.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    still.replaceChildren();
    element("image", { href: address, ...size });
    draw();
  });
  picture.addEventListener("error", () => {
    size = { width: 1600, height: 900 };
    still.setAttribute("viewBox", "0 0 1600 900");
    draw();
    say(texts.no_still);
  });
  picture.src = address;
}

if (still) {
  document.getElementById("draw").hidden = false;
  still.addEventListener("click", (event) => {
    const seen = still.getScreenCTM().inverse();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(seen);
    cross = [at.x / size.width, at.y / size.height];
    set(cross);
  });
  still.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (way) {
      const step = event.shiftKey ? FAR : STEP;
      cross = cross.map((one, axis) => Math.min(Math.max(one + way[axis] * step, 0), 1));
      draw();
    } else if (event.key === "Enter") set(cross);
    else if (event.key === "Backspace") {
      points.pop();
      draw();
    } else return;
    event.preventDefault();
  });
  camera.addEventListener("change", (event) => {
    event.stopPropagation(); // it filters nothing
    load();
  });
  document.getElementById("draw-region").addEventListener("click", () => {
    if (enough("region")) choose("region", text());
  });
  document.getElementById("draw-line").addEventListener("click", () => {
    if (enough("line")) choose("crossing", text());
  });
  document.getElementById("draw-back").addEventListener("click", () => {
    points.pop();
    draw();
  });
  document.getElementById("draw-keep")?.addEventListener("click", keep);
  const name = document.getElementById("draw-name");
  name?.addEventListener("change", (event) => event.stopPropagation());
  name?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it would search
    keep();
  });
  // A picture is a frame of footage, which is read when somebody wants to draw.
  const fold = document.getElementById("places");
  const open = () => fold.open && !still.querySelector("image") && load();
  fold.addEventListener("toggle", open);
  open();
}
