// Parts of a page that cost time are asked for after it. <div data-later="ADDRESS"> is filled at
// once, <form data-into="ID"> fills the element with this id when it is sent: with what stands in
// #found of the page at that address, which is a page of its own where there is no JavaScript.
import { caseHeaders } from "./api.js";

function told(text, { error = false } = {}) {
  const made = document.createElement("p");
  made.className = error ? "error" : "faint";
  made.setAttribute("role", error ? "alert" : "status");
  made.textContent = text;
  return made;
}

function put(place, ...nodes) {
  place.replaceChildren(...nodes);
  place.hidden = false;
}

async function ask(place, address, { asked = false } = {}) {
  const { working, failed } = place.dataset;
  place.setAttribute("aria-busy", "true");
  if (working) put(place, told(working));
  try {
    const response = await fetch(address, { headers: caseHeaders() });
    if (response.redirected) { // to sign in, or to choose a case: that leads back
      if (asked) location.assign(address);
      else put(place);
      return;
    }
    const drawn = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = drawn.getElementById("found");
    if (!found) throw new Error(failed);
    if (response.ok) put(place, ...found.childNodes);
    else put(place, told(found.textContent.trim().replace(/\s+/g, " "), { error: true }));
    const again = Number(found.dataset.again);
    if (again) setTimeout(() => ask(place, address), 1000 * again);
  } catch {
    put(place, told(failed, { error: true }));
  } finally {
    place.removeAttribute("aria-busy");
  }
}

for (const place of document.querySelectorAll("[data-later]")) ask(place, place.dataset.later);

for (const form of document.querySelectorAll("form[data-into]")) {
  const place = document.getElementById(form.dataset.into);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (place.hasAttribute("aria-busy")) return;
    await ask(place, `${form.action}?${new URLSearchParams(new FormData(form))}`, { asked: true });
    place.focus(); // so that what was found is read out, and is next for the keyboard
  });
}
