// For whom is decided: chosen once, kept in the address; and marks that follow what others decide.
import { announce, send } from "./api.js";

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function mark(kind, sign, text) {
  const shown = document.createElement("span");
  shown.className = `verdict ${kind}`;
  shown.textContent = `${sign} ${text}`;
  return shown;
}

export function showMarks(place, one, texts) {
  const marks = [];
  if (one.identity) marks.push(mark("yes", "✓", fill(texts.is, one.identity)));
  for (const not of one.rejected_for) marks.push(mark("no", "✗", fill(texts.is_not, not)));
  for (const open of one.unsure_for) marks.push(mark("open", "?", fill(texts.is_open, open)));
  place.replaceChildren(...marks);
}

export function decideFor(number) {
  const next = new URL(location.href);
  next.searchParams.set("deciding", number);
  return next;
}

for (const form of document.querySelectorAll("form[data-deciding]")) {
  form.querySelector("select").addEventListener("change", () => form.requestSubmit());
  form.addEventListener("formdata", (event) => {
    if (event.formData.get("deciding") === "") event.formData.delete("deciding");
  });
}

for (const form of document.querySelectorAll("form[data-new-identity]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = form.elements.name.value.trim();
    try {
      const made = await send("POST", "/api/v1/identities", { name });
      const number = made.decision.changes.find((one) => one.of === "name").identity_id;
      location.assign(decideFor(number));
    } catch (problem) {
      announce(problem.text ?? String(problem), { error: true });
    }
  });
}
