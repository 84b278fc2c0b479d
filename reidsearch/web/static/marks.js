// What is decided of crops, shown in <… data-marks-of="CROP" data-marks="KEY">; KEY is of what it shows,
// as the macro `marks_key` writes it.
import { fill, send, words } from "./api.js";

const AT_ONCE = 100;
const texts = words().answer;

const numbers = (named) => named.map((one) => one.identity_id).sort((a, b) => a - b).join(",");
const key = (one) =>
  [one.identity?.identity_id ?? "", numbers(one.rejected_for), numbers(one.unsure_for)].join("/");

function verdict(kind, sign, text) {
  const shown = document.createElement("span");
  shown.className = `verdict ${kind}`;
  shown.textContent = `${sign} ${text}`;
  return shown;
}

function show(place, one) {
  const found = [];
  if (one.identity) found.push(verdict("yes", "✓", fill(texts.is, one.identity)));
  for (const not of one.rejected_for) found.push(verdict("no", "✗", fill(texts.is_not, not)));
  for (const open of one.unsure_for) found.push(verdict("open", "?", fill(texts.is_open, open)));
  place.replaceChildren(...found);
  place.dataset.marks = key(one);
}

// Show what is decided now; tells whether that has changed, and the last decision.
export async function refreshMarks(places) {
  let changed = false;
  let last = null;
  for (let from = 0; from < places.length; from += AT_ONCE) {
    const some = places.slice(from, from + AT_ONCE);
    const asked = new URLSearchParams(some.map((place) => ["crop", place.dataset.marksOf]));
    const found = await send("GET", `/api/v1/marks?${asked}`);
    const marks = new Map(found.marks.map((one) => [String(one.crop_id), one]));
    for (const place of some) {
      const one = marks.get(place.dataset.marksOf);
      if (place.dataset.marks !== key(one)) changed = true;
      show(place, one);
    }
    last = found.last_decision;
  }
  return { changed, last };
}

// Throw if somebody else has decided since the marks were shown: nobody decides against what they
// did not see. The marks are up to date then.
export async function requireSeen(places) {
  const { changed } = await refreshMarks(places);
  if (changed) throw { text: texts.by_others };
}
