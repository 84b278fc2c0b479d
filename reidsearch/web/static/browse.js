// Browse: point at somebody to see them move, select several, decide, go on to a search.
import { announce, send, words } from "./api.js";
import { requireSeen } from "./marks.js";

const STEP_MS = 350;
const VIDEO_AFTER_MS = 900;
const texts = words().browse;
const grid = document.getElementById("grid");
const cards = [...grid.children];
const acts = document.getElementById("acts");
const field = (name) => document.getElementById(name);
const box = (card) => card.querySelector("input[type=checkbox]");
const chosen = () => cards.filter((card) => box(card).checked);
const told = (name, n) => {
  const text = texts[name];
  return (typeof text === "string" ? text : n === 1 ? text.one : text.other).replace("{n}", n.toLocaleString("en"));
};

// -- moving pictures ---------------------------------------------------------------------------

let playing = null;

function play(card) {
  if (playing?.card === card) return;
  stop();
  const image = card.querySelector("img");
  const crops = (card.dataset.crops || "").split(",").filter(Boolean);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  playing = { card, image, first: image.getAttribute("src") };
  if (crops.length > 1 && !still) {
    let at = 0;
    playing.timer = setInterval(() => {
      image.src = `/api/v1/crops/${crops[at]}/picture`;
      at = (at + 1) % crops.length;
    }, STEP_MS);
  }
  if (card.dataset.source && !still) playing.later = setTimeout(() => film(card), VIDEO_AFTER_MS);
}

// The footage takes the place of the best shots once it really plays; if it cannot, they stay.
function film(card) {
  const { source, from, to } = card.dataset;
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.setAttribute("aria-hidden", "true");
  video.addEventListener("playing", () => {
    clearInterval(playing?.timer);
    video.classList.add("playing");
  });
  video.addEventListener("error", () => video.remove());
  video.src = `/api/v1/sources/${source}/stream?from=${from}&to=${to}`;
  card.querySelector(".shot").append(video);
  if (playing) playing.video = video;
  video.play().catch(() => {});
}

function stop() {
  if (!playing) return;
  clearInterval(playing.timer);
  clearTimeout(playing.later);
  playing.image.src = playing.first;
  if (playing.video) {
    playing.video.removeAttribute("src"); // the server stops reading
    playing.video.load();
    playing.video.remove();
  }
  playing = null;
}

grid.addEventListener("pointerover", (event) => {
  const card = event.pointerType === "mouse" && event.target.closest(".card");
  if (card) play(card);
});
grid.addEventListener("pointerleave", stop);
document.addEventListener("visibilitychange", stop);

// -- selecting ---------------------------------------------------------------------------------

let last = null;

function shown() {
  const number = chosen().length;
  acts.hidden = number === 0;
  field("count").textContent = told("selected", number);
  cards.forEach((card) => card.classList.toggle("chosen", box(card).checked));
}

grid.addEventListener("click", (event) => {
  if (event.target.type !== "checkbox") return;
  const card = event.target.closest(".card");
  if (event.shiftKey && last) {
    const [from, to] = [cards.indexOf(last), cards.indexOf(card)].sort((a, b) => a - b);
    cards.slice(from, to + 1).forEach((one) => { box(one).checked = event.target.checked; });
  }
  last = card;
});
grid.addEventListener("change", shown);
field("unselect").addEventListener("click", () => {
  cards.forEach((card) => { box(card).checked = false; });
  shown();
});

// -- deciding ----------------------------------------------------------------------------------

const crops = () => chosen().map((card) => Number(card.dataset.crop));

async function decide(what) {
  const ids = crops();
  const known = field("as").value;
  const fresh = field("as-new").value.trim();
  if (!ids.length) return announce(texts.needs_selection, { error: true });
  if (what === "reject" && !known) return announce(texts.needs_known, { error: true });
  if (!known && !fresh) return announce(texts.needs_identity, { error: true });
  const body = { crop_ids: ids, note: field("note").value };
  if (what === "confirm") body.force = field("force").checked;
  try {
    await requireSeen(chosen().map((card) => card.querySelector("[data-marks]")));
    if (known) await send("POST", `/api/v1/identities/${known}/${what}`, body);
    else await send("POST", "/api/v1/identities", { ...body, name: fresh });
    announce(texts.decided);
    location.reload();
  } catch (problem) {
    announce(problem.text ?? String(problem), { error: true });
    if (problem.kind) field("force-label").hidden = false;
  }
}

field("confirm")?.addEventListener("click", () => decide("confirm"));
field("reject")?.addEventListener("click", () => decide("reject"));

function search(ids) {
  if (!ids.length) return announce(texts.needs_selection, { error: true });
  location.assign(`/ask?${new URLSearchParams(ids.map((id) => ["crop", id]))}`);
}
field("ask").addEventListener("click", () => search(crops()));

// -- keys --------------------------------------------------------------------------------------

function current() {
  return document.activeElement?.closest("#grid > .card");
}

function go(by) {
  const at = current() ? cards.indexOf(current()) : -1;
  const card = cards[Math.min(Math.max(at + by, 0), cards.length - 1)];
  card.focus();
  card.scrollIntoView({ block: "nearest" });
  stop();
}

function columns() {
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length;
}

// What a key does; false: nothing here, so that the browser does what it always does.
const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  ArrowRight: () => (current() ? go(1) : false),
  ArrowLeft: () => (current() ? go(-1) : false),
  ArrowDown: () => (current() ? go(columns()) : false),
  ArrowUp: () => (current() ? go(-columns()) : false),
  x: () => {
    if (!current()) return false;
    box(current()).checked = !box(current()).checked;
    return shown();
  },
  y: () => (field("confirm") ? decide("confirm") : false),
  n: () => (field("reject") ? decide("reject") : false),
  f: () => search(chosen().length || !current() ? crops() : [Number(current().dataset.crop)]),
  " ": () => {
    if (!current()) return false;
    return playing ? stop() : play(current());
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  const pressing = event.key === " " && event.target.closest("input, button, a, summary");
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act && !typing && !pressing && act() !== false) event.preventDefault();
});
shown();
