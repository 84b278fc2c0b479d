// Buttons that start a job: <button data-start="KIND" data-request="JSON">. Where no list of jobs
// stands on the page, the one of all jobs is shown then.
import { announce, send } from "./api.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-start]");
  if (!button) return;
  const { start, request } = button.dataset;
  button.disabled = true;
  try {
    await send("POST", "/api/v1/jobs", { kind: start, request: JSON.parse(request ?? "{}") });
    if (!document.querySelector("[data-jobs]")) location.assign("/jobs");
  } catch (problem) {
    announce(problem.text ?? String(problem), { error: true });
  }
  button.disabled = false;
});
