// An answer by keys: move, decide, play, take back. Marks follow what others decide.
import { announce, fill, send, words } from "./api.js";
import "./deciding.js";
import { refreshMarks, requireSeen } from "./marks.js";

const texts = words().answer;
const review = JSON.parse(document.getElementById("review").textContent);
const rows = [...document.querySelectorAll(".match")];
const help = document.getElementById("help");
const done = { confirm: texts.confirmed, reject: texts.rejected, unsure: texts.left_open };
let last = review.last_decision;
let current = rows.find((row) => `#${row.id}` === location.hash) ?? rows[0];

function go(row, { focus = true, address = true } = {}) {
  if (!row) return;
  current?.setAttribute("tabindex", "-1");
  current?.removeAttribute("aria-current");
  current = row;
  row.setAttribute("tabindex", "0");
  row.setAttribute("aria-current", "true");
  if (address) history.replaceState(null, "", `#${row.id}`);
  if (focus) row.focus();
}

const marksOf = (row) => row.querySelector("[data-marks]");

async function refresh({ own = false } = {}) {
  if (!rows.length) return;
  const found = await refreshMarks(rows.map(marksOf));
  if (!own && found.last !== last) announce(texts.by_others);
  last = found.last;
}

async function act(work) {
  try {
    const told = await work();
    await refresh({ own: true });
    announce(told);
  } catch (problem) {
    announce(problem.text ?? String(problem), { error: true });
    await refresh({ own: true }).catch(() => {});
  }
}

function decide(what, row) {
  if (!review.decides) return announce(texts.may_not, { error: true });
  if (!review.deciding) return announce(texts.choose_first, { error: true });
  const { identity_id: number, name } = review.deciding;
  const crop = row.dataset.crop;
  return act(async () => {
    await requireSeen([marksOf(row)]);
    const body = { crop_ids: [Number(crop)] };
    const told = await send("POST", `/api/v1/identities/${number}/${what}`, body);
    return told.decision ? fill(done[what], { crop, name }) : texts.unchanged;
  });
}

function undo() {
  if (!review.decides) return announce(texts.may_not, { error: true });
  return act(async () => {
    const told = await send("POST", "/api/v1/decisions/undo", {});
    return fill(texts.undone, { decision: told.decision.undoes });
  });
}

function play(row) {
  if (!row.dataset.clip) return announce(texts.no_clip);
  const video = row.querySelector("video");
  if (!video.hidden && !video.paused) return video.pause();
  if (video.hidden) {
    video.hidden = false;
    video.src = row.dataset.clip;
    video.addEventListener("error", () => explain(row), { once: true });
  }
  return video.play().catch(() => {}); // told by `error`
}

async function explain(row) {
  row.querySelector("video").hidden = true;
  try {
    await send("GET", row.dataset.clip);
  } catch (problem) {
    announce(problem.text ?? String(problem), { error: true });
  }
}

const keys = {
  j: () => go(rows[rows.indexOf(current) + 1]),
  k: () => go(rows[rows.indexOf(current) - 1]),
  y: () => decide("confirm", current),
  n: () => decide("reject", current),
  u: () => decide("unsure", current),
  l: () => location.assign(current.dataset.like),
  x: () => location.assign(current.dataset.unlike),
  c: () => location.assign(current.dataset.compare),
  z: undo,
  " ": () => play(current),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.target.closest("input, select, textarea, video")) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const work = keys[key];
  if (!work || (!current && key !== "?" && key !== "z")) return;
  event.preventDefault();
  work();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest(".match");
  if (row) go(row, { focus: false });
  const button = event.target.closest("[data-act]");
  if (button) decide(button.dataset.act, row);
});
document.getElementById("help-button").addEventListener("click", () => help.showModal());
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.(".match");
  if (row && row !== current) go(row, { focus: false });
});

// Whoever looks again sees what was decided meanwhile, by others or on another page.
window.addEventListener("focus", () => refresh().catch(() => {}));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh().catch(() => {});
});
window.addEventListener("pageshow", (event) => { if (event.persisted) refresh().catch(() => {}); });

if (current) go(current, { focus: location.hash === `#${current.id}`, address: false });
