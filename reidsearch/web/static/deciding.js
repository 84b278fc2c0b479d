// For whom is decided: chosen once, kept in the address.
import { announce, send } from "./api.js";

function decideFor(number) {
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
