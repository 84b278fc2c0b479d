// Lists of jobs that follow what happens, and the dialog that starts indexing.
// A list is an element with `data-jobs`, the address of its HTML; the server draws it.
import { announce, send, words as blocks } from "./api.js";
import "./start.js";

const words = blocks().jobs;
const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const told = (problem) => problem.text ?? words.not_reached; // else the network failed

// Tells whether the work was done; what went wrong stands where `tell` puts it.
async function attempt(tell, work) {
  try {
    return (await work()) ?? true;
  } catch (problem) {
    tell(told(problem));
    return null;
  }
}

const aloud = (text) => announce(text, { error: true });

function inDialog(text) {
  const shown = document.getElementById("index-problem");
  shown.textContent = text;
  shown.hidden = !text;
}

// -- lists ------------------------------------------------------------------------------------

const lists = [...document.querySelectorAll("[data-jobs]")];
const standing = (job) => [job.job_id, job.state, job.stopping, job.waits_for].join();
let shown = null; // what stands in the lists, apart from progress

function move(job) {
  for (const row of document.querySelectorAll(`[data-job="${job.job_id}"][data-state="running"]`)) {
    const bar = row.querySelector("progress");
    const { share, task, working_on } = job.progress;
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    const percent = share === null ? "" : ` ${Math.round(share * 100)} %`;
    row.querySelector(".job-told").textContent = task + percent;
    row.querySelector(".job-at").textContent = working_on;
  }
}

async function redraw(list) {
  const response = await fetch(list.dataset.jobs);
  if (!response.ok || response.redirected) return;
  const drawn = new DOMParser().parseFromString(await response.text(), "text/html");
  const focused = document.activeElement?.closest?.("[data-job]");
  const act = document.activeElement?.dataset?.act;
  const inside = focused && list.contains(focused) ? focused.dataset.job : null;
  list.replaceChildren(...drawn.body.childNodes);
  if (inside) {
    const row = list.querySelector(`[data-job="${inside}"]`);
    (row?.querySelector(`[data-act="${act}"]`) ?? row?.querySelector("button"))?.focus();
  }
}

async function follow(state) {
  const now = state.jobs.map(standing).join(";");
  if (shown !== now) {
    shown = now;
    try {
      await Promise.all(lists.map(redraw));
    } catch {
      shown = null; // drawn with the next state; that the server is lost is told by the stream
    }
  }
  state.jobs.forEach(move);
}

// The queue of sources moves on other machines: it is asked for as often as workers tell.
const QUEUE_MS = 10_000;
const queue = document.querySelector("[data-queue]");

async function followQueue() {
  if (document.hidden) return;
  try {
    const response = await fetch(queue.dataset.queue);
    if (!response.ok || response.redirected) return;
    const drawn = new DOMParser().parseFromString(await response.text(), "text/html");
    queue.replaceChildren(...drawn.body.childNodes);
  } catch {
    // what is shown stays; that the server is lost is told by the stream
  }
}

if (queue) setInterval(followQueue, QUEUE_MS);

// Browsers allow six connections to a server for all of its tabs: one that nobody sees lets go.
let stream = null;

function listen() {
  if (document.hidden === (stream === null)) return;
  if (document.hidden) {
    stream.close();
    stream = null;
    return;
  }
  const lost = document.getElementById("jobs-lost");
  stream = new EventSource("/api/v1/events");
  stream.addEventListener("state", (event) => follow(JSON.parse(event.data)));
  stream.addEventListener("open", () => { lost.hidden = true; });
  stream.addEventListener("error", () => { lost.hidden = false; });
}

if (lists.length) {
  listen();
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => { stream?.close(); stream = null; });
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
}

for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const { job } = button.closest("[data-job]").dataset;
  attempt(aloud, () => send("POST", `/api/v1/jobs/${job}/${button.dataset.act}`));
});

// -- what is indexed --------------------------------------------------------------------------

const dialog = document.getElementById("index-dialog");
const chosen = new Map(); // path -> name

function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  made.textContent = text;
  return made;
}

function showChosen() {
  const items = [...chosen].map(([path, name]) => {
    const item = element("li", "", { className: "chip" });
    const remove = element("button", "×", { type: "button" });
    remove.setAttribute("aria-label", say(words.remove, { name }));
    remove.addEventListener("click", () => {
      chosen.delete(path);
      showChosen();
    });
    item.append(element("span", path, { className: "path" }), " ", remove);
    return item;
  });
  document.getElementById("index-chosen").replaceChildren(...items);
  document.getElementById("index-nothing").hidden = chosen.size > 0;
  document.getElementById("index-start").disabled = chosen.size === 0;
}

function row(entry) {
  const item = document.createElement("li");
  item.append(element("span", entry.name, { className: "path" }));
  if (entry.kind === "folder") {
    const open = element("button", say(words.open, { name: "" }).trim(), { type: "button" });
    open.setAttribute("aria-label", say(words.open, { name: entry.name }));
    open.addEventListener("click", () => look(entry.path));
    item.append(open);
  }
  const add = element("button", say(words.add, { name: "" }).trim(), { type: "button" });
  add.setAttribute("aria-label", say(words.add, { name: entry.name }));
  add.addEventListener("click", () => {
    chosen.set(entry.path, entry.name);
    showChosen();
  });
  item.append(add);
  return item;
}

async function look(path) {
  const query = path === null ? "" : `?path=${encodeURIComponent(path)}`;
  inDialog("");
  const found = await attempt(inDialog, () => send("GET", `/api/v1/folders${query}`));
  if (!found) return;
  const rows = found.entries.map(row);
  if (found.path !== null) {
    const up = element("button", words.up, { type: "button" });
    up.addEventListener("click", () => look(found.above));
    const item = document.createElement("li");
    item.append(up);
    rows.unshift(item);
  }
  if (!found.entries.length) rows.push(element("li", words.empty));
  if (!found.whole) rows.push(element("li", words.not_all));
  document.getElementById("folder-path").textContent = found.path ?? words.offered;
  const list = document.getElementById("folder-entries");
  list.replaceChildren(...rows);
  list.querySelector("button")?.focus();
}

function requestOf(form) {
  const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  if (given.tiles && given.tiles !== "auto") given.tiles = Number(given.tiles);
  return { ...given, frames: given.frames === "on", paths: [...chosen.keys()] };
}

if (dialog) {
  const form = document.getElementById("index-form");
  document.getElementById("index-open").addEventListener("click", () => {
    dialog.showModal();
    showChosen();
    look(null);
  });
  document.getElementById("index-close").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const work = { kind: "index", request: requestOf(form) };
    inDialog("");
    if (await attempt(inDialog, () => send("POST", "/api/v1/jobs", work))) {
      chosen.clear();
      dialog.close();
    }
  });
}
