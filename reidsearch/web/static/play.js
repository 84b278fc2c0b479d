/* The page of a source: plays it with its boxes, steps by the time stamps of its frames, and keeps
   the moment in the address. */

import { Boxes } from "./boxes.js";
import { Problem, SourceVideo, ask } from "./source_video.js";

const FRAMES_S = 10; // whose time stamps are asked for at once
const SETTLED_MS = 350;
const JUMP_S = 5;

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const source = read("source");
const words = read("words").play;
const element = (id) => document.getElementById(id);
const [video, still, toggle, position] = ["video", "still", "toggle", "position"].map(element);
const waiting = element("waiting");

let at = source.at; // of the frame that is shown
let asked = null; // where the video was last sent, until it has arrived
let frames = []; // time stamps around the moment
let settling;

const boxes = new Boxes(element("boxes"), source, words);
const footage = new SourceVideo(video, source, (problem) => fail(problem));

function fail(problem) {
  video.pause();
  const told = element("problem");
  told.querySelector("[data-detail]").textContent = problem.message || words.failed;
  told.querySelector("[data-advice]").textContent = problem.advice ?? "";
  told.hidden = false;
  for (const one of [video, toggle, element("scrub"), waiting]) one.hidden = true;
}

/** A frame is on the screen. */
function shown(media_s) {
  at = media_s;
  const arrived = footage.target === null && !video.seeking && at <= asked + 0.01;
  if (arrived || !video.paused) asked = null;
  if (asked === null) position.value = at;
  boxes.show(at);
  if (!video.paused) return;
  clearTimeout(settling);
  settling = setTimeout(settle, SETTLED_MS);
}

function watch() {
  if (!video.requestVideoFrameCallback) {
    video.addEventListener("timeupdate", () => shown(video.currentTime));
    return;
  }
  const next = (_, { mediaTime }) => {
    shown(mediaTime);
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
}

/** The address, the times and the other cameras follow when the picture stands still. */
async function settle() {
  remember();
  const moment = at;
  const response = await fetch(location.href).catch(() => null);
  if (!response?.ok || moment !== at) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  element("moment").replaceChildren(...page.getElementById("moment").childNodes);
  for (const name of ["back", "before", "after", "on"]) {
    const [link, other] = [document, page].map((one) => one.querySelector(`[data-step=${name}]`));
    for (const attribute of ["href", "aria-disabled"]) {
      const value = other?.getAttribute(attribute) ?? null;
      if (value === null) link.removeAttribute(attribute);
      else link.setAttribute(attribute, value);
    }
  }
  element("full").href = `/api/v1/sources/${source.source_id}/still?at=${at}`;
}

function remember() {
  history.replaceState(null, "", `?at=${Number(at.toFixed(6))}`);
}

/** Show the frame of a moment: a little after it begins, so that rounding finds it. */
function seek(media_s, into_s = 0.002) {
  const wanted = Math.min(Math.max(0, media_s), source.duration_s);
  asked = wanted;
  footage.seek(wanted + into_s);
  position.value = wanted;
}

let stepping = Promise.resolve();

/** Go to the frame before or after; one after the other, however fast the key is pressed. */
function step(forward) {
  video.pause();
  stepping = stepping.then(() => steppedTo(forward));
}

async function steppedTo(forward) {
  const from = asked ?? at;
  const near = (one) => (forward ? one > from + 0.00001 : one < from - 0.00001);
  let found = frames.filter(near);
  const known = frames.length && frames[0] <= from + 0.00001 && from <= frames.at(-1) + 0.00001;
  if (!found.length || !known) {
    const begin = Math.max(0, forward ? from - 1 : from - FRAMES_S);
    const url = `/api/v1/sources/${source.source_id}/frames`;
    try {
      const got = await ask(`${url}?from=${begin}&to=${begin + FRAMES_S + 1}`);
      frames = (await got.json()).times_s;
    } catch (problem) {
      fail(problem);
      return;
    }
    found = frames.filter(near);
  }
  if (!found.length) return;
  const wanted = forward ? found[0] : found.at(-1);
  const after = frames[frames.indexOf(wanted) + 1] ?? wanted + 0.02;
  seek(wanted, Math.min(0.002, (after - wanted) / 2));
}

function play() {
  if (video.paused) video.play().catch(() => undefined);
  else video.pause();
}

const actions = {
  " ": play,
  k: play,
  ",": () => step(false),
  ".": () => step(true),
  ArrowLeft: () => seek((asked ?? at) - JUMP_S),
  ArrowRight: () => seek((asked ?? at) + JUMP_S),
};
const steps = {
  back: () => seek((asked ?? at) - 2 * JUMP_S),
  before: actions[","],
  after: actions["."],
  on: () => seek((asked ?? at) + 2 * JUMP_S),
};

function listen() {
  document.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.closest("a, button, input")) return;
    if (event.target.closest("input") && event.key.startsWith("Arrow")) return;
    event.preventDefault();
    action();
  });
  for (const link of document.querySelectorAll("[data-step]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      steps[link.dataset.step]();
    });
  }
  toggle.addEventListener("click", play);
  position.addEventListener("input", () => seek(Number(position.value)));
  for (const event of ["play", "pause"]) {
    video.addEventListener(event, () => {
      toggle.textContent = video.paused ? words.play : words.pause;
      if (video.paused) shown(at);
    });
  }
  video.addEventListener("error", () => {
    if (source.way !== "file") fail(new Problem(words.failed));
  });
  setInterval(() => {
    if (!video.paused) remember();
  }, 1000);
}

async function begin() {
  const slow = setTimeout(() => {
    waiting.textContent = words.waiting;
    waiting.hidden = false;
  }, 1500);
  try {
    listen();
    watch();
    video.hidden = false;
    asked = at;
    await footage.open(at + 0.002);
    still.hidden = true;
    for (const one of [toggle, element("scrub")]) one.hidden = false;
    toggle.focus({ preventScroll: true });
    document.documentElement.dataset.ready = "play";
  } catch (problem) {
    fail(problem);
  } finally {
    clearTimeout(slow);
    waiting.hidden = true;
  }
}

begin();
