// The footage of sightings one after the other, each from the server's streams of its stretches.
import { announce, words } from "./api.js";

const scenes = JSON.parse(document.getElementById("scenes").textContent);
const texts = words().journey;
const player = document.getElementById("player");
const video = player.querySelector("video");
const caption = document.getElementById("caption");
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
let at = -1;

function next() {
  at += 1;
  if (at >= scenes.length) return;
  const scene = scenes[at];
  const told = filled(texts.scene, { number: scene.number, camera: scene.camera ?? "" });
  if (caption.textContent !== told) caption.textContent = told; // read out once a sighting
  video.src = `/api/v1/sources/${scene.source_id}/stream?from=${scene.from_s}&to=${scene.to_s}`;
  video.play().catch(() => {});
}

video.addEventListener("ended", next);
video.addEventListener("error", () => {
  announce(filled(texts.failed, { reason: caption.textContent }), { error: true });
  next();
});
document.getElementById("play-film").addEventListener("click", () => {
  player.hidden = false;
  at = -1;
  next();
});
