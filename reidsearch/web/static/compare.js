// Comparing: mirror the match, and show what the model looked at.
import "./deciding.js";

function toggle(button, work) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  work(on);
}

const [flip, stripes] = ["[data-flip]", "[data-stripes]"].map((one) => document.querySelector(one));

function flipped() {
  toggle(flip, (on) => {
    document.querySelector('[data-shown="match"]').classList.toggle("mirrored", on);
  });
}

function striped() {
  toggle(stripes, (on) => {
    for (const one of document.querySelectorAll(".stripes")) one.toggleAttribute("hidden", !on);
  });
}

flip.addEventListener("click", flipped);
stripes?.addEventListener("click", striped);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key.toLowerCase() === "f") flipped();
  if (stripes && event.key.toLowerCase() === "s") striped();
});
