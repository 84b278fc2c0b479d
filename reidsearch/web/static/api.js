// Requests to the API, and what is said to whoever uses the page.

export class Problem extends Error {
  // Problem details (RFC 9457) as an error; `text` is what to show.
  constructor(details) {
    super(details.detail);
    Object.assign(this, details);
    this.text = details.advice ? `${details.detail}. ${details.advice}` : details.detail;
  }
}

// What is done on a page is done for the case that it shows, also where another was chosen
// meanwhile in another window.
export function caseHeaders() {
  const { case: number = "", reason = "" } = document.body.dataset;
  return {
    "Reidsearch-Case": encodeURIComponent(number),
    "Reidsearch-Reason": encodeURIComponent(reason),
  };
}

export async function send(method, address, body) {
  const raw = body instanceof Blob;
  const type = body === undefined ? {} : { "Content-Type": raw ? body.type : "application/json" };
  const response = await fetch(address, {
    method,
    headers: { ...caseHeaders(), ...type },
    body: body === undefined || raw ? body : JSON.stringify(body),
  });
  if (response.ok) return response.status === 204 ? null : response.json();
  const given = response.headers.get("Content-Type") ?? "";
  if (given.includes("json")) throw new Problem(await response.json());
  throw new Problem({ detail: `${response.status} ${response.statusText}`, kind: "unknown" });
}

export function announce(text, { error = false } = {}) {
  const place = document.getElementById("said");
  place.textContent = "";
  place.classList.toggle("error", error);
  place.classList.toggle("note", !error);
  // A new node is read out even when the text is the same as before.
  place.append(document.createTextNode(text));
  place.hidden = false;
}

export function words() {
  return JSON.parse(document.getElementById("words")?.textContent ?? "{}");
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
