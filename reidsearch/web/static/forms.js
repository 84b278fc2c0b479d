// Forms that act over the API: <form data-api="/api/v1/..." data-then="reload|ADDRESS">.
// Fields become JSON by name; data-type says what a value is: int, ints, texts, flag, text.
// data-ask="QUESTION": asked before anything is sent.
// data-seen="SELECTOR": nothing is sent if the marks there are no longer what is decided.
import { send, announce } from "./api.js";
import { requireSeen } from "./marks.js";

function value(form, field) {
  switch (field.dataset.type) {
    case "flag": return field.checked;
    case "int": return Number(field.value);
    default: return field.value;
  }
}

export function fields(form, submitter) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.type === "submit") continue;
    const list = field.dataset.type === "ints" || field.dataset.type === "texts";
    if (list) {
      body[field.name] ??= [];
      if (field.type === "checkbox" && !field.checked) continue;
      body[field.name].push(field.dataset.type === "ints" ? Number(field.value) : field.value);
    } else if (field.type === "radio" && !field.checked) {
      continue;
    } else if (field.value !== "" || field.dataset.type === "flag") {
      body[field.name] = value(form, field);
    }
  }
  if (submitter?.name) body[submitter.name] = submitter.value;
  return body;
}

async function act(form, submitter) {
  if (form.dataset.ask && !window.confirm(form.dataset.ask)) return;
  const address = submitter?.dataset.api ?? form.dataset.api;
  const buttons = [...form.querySelectorAll("button")];
  buttons.forEach((button) => { button.disabled = true; });
  try {
    if (form.dataset.seen) await requireSeen([...document.querySelectorAll(form.dataset.seen)]);
    await send("POST", address, fields(form, submitter));
    const then = form.dataset.then ?? "reload";
    if (then === "reload") location.reload();
    else location.assign(then);
  } catch (problem) {
    announce(problem.text ?? String(problem), { error: true });
    buttons.forEach((button) => { button.disabled = false; });
    offerForce(form, problem);
  }
}

// Only after a conflict can somebody decide against it, and has to say so.
const CONFLICTS = new Set(["seen-at-once", "confirmed-and-rejected"]);

function offerForce(form, problem) {
  const offer = form.querySelector("[data-force]");
  if (!offer || !CONFLICTS.has(problem.kind)) return;
  offer.hidden = false;
  const box = offer.querySelector("input"); // a button needs none
  if (box) box.disabled = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form) return;
  event.preventDefault();
  act(form, event.submitter);
});
