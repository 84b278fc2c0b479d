// Asking: pictures by choice, drop or paste; the plan follows what is filled in. What is asked
// stands in the address, so that a reload and the way back lose nothing.
import { announce, send, words } from "./api.js";

const texts = words().ask;
const form = document.getElementById("search");
const drop = document.getElementById("drop");
const files = document.getElementById("files");

function told(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function address(path) {
  const pairs = [...new FormData(form)].filter(([, value]) => value !== "");
  return `${path}?${new URLSearchParams(pairs)}`;
}

async function take(list) {
  const pictures = [...list];
  if (!pictures.length) return;
  const next = new URL(address("/ask"), location.href);
  for (const file of pictures) {
    if (!file.type.startsWith("image/")) {
      announce(told(texts.not_picture, { name: file.name }), { error: true });
      return;
    }
    announce(told(texts.uploading, { name: file.name }));
    try {
      const found = await send("POST", "/api/v1/pictures", file);
      next.searchParams.append("picture", found.sha256);
    } catch (problem) {
      announce(`${file.name}: ${problem.text ?? problem}`, { error: true });
      return;
    }
  }
  location.assign(next);
}

files.addEventListener("change", () => take(files.files));
document.addEventListener("paste", (event) => {
  const pasted = [...(event.clipboardData?.files ?? [])];
  if (pasted.length) take(pasted);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files);
});

// Empty fields are no filters; they are left out of the address.
form.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) {
    if (value === "") event.formData.delete(name);
  }
});

let asked = 0;
form.addEventListener("change", async () => {
  const number = ++asked;
  const here = address("/ask");
  const page = await (await fetch(here)).text();
  if (number !== asked) return; // a later change has been asked about
  const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("plan");
  if (!fresh) return;
  document.getElementById("plan").replaceChildren(...fresh.childNodes);
  history.replaceState(null, "", here);
});
