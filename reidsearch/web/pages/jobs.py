"""Long work: what runs and ran, and starting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reidsearch.base.settings import MOST_TILES, PRESETS
from reidsearch.media.naming.recorders import RECORDERS
from reidsearch.web.api import jobs, queue
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values
from reidsearch.web.person import Role
from reidsearch.web.words import advice

RUNNING = ("running", "queued")


def listed(call: Call, _: Nothing) -> Values:
    """Return the list of jobs alone: what a page shows anew when a job begins or ends."""
    return {"jobs": _jobs(call), "may_start": _may_start(call)}


def running(call: Call, _: Nothing) -> Values:
    """Return the list of the jobs that have not ended."""
    return running_values(call)


def queued(call: Call, _: Nothing) -> Values:
    """Return where the queue of sources stands alone."""
    return {"queue": _queue(call)}


def page(call: Call, _: Nothing) -> Values:
    """Return what the page shows."""
    return {
        "queue": _queue(call),
        "jobs": _jobs(call),
        "may_start": _may_start(call),
        "footage": [str(folder) for folder in call.state.settings.footage],
        "recorders": [one.name for one in RECORDERS],
        "presets": list(PRESETS),
        "tiles": ["auto", *range(1, MOST_TILES + 1)],
    }


def running_values(call: Call) -> Values:
    """Return what the part `jobs_running.html` of another page shows: jobs that have not ended."""
    unended = [one for one in _jobs(call) if one["state"] in RUNNING]
    return {"jobs": unended, "may_start": _may_start(call)}


def _jobs(call: Call) -> list[Mapping[str, Any]]:
    """Return the jobs, with this face's advice on what went wrong."""
    told: list[dict[str, Any]] = jobs.jobs(call, jobs.JobsAsked())["jobs"]
    for problem in (one["problem"] for one in told if one["problem"]):
        problem["hint"] = advice(problem["kind"], problem["fields"]) or problem["hint"]
    return list(told)


def _queue(call: Call) -> Mapping[str, Any] | None:
    """Return where the queue stands; None: nothing was ever queued, or it is not to be seen."""
    if call.cameras is not None:
        return None
    status = queue.status(call, Nothing())
    return status if any(status["sources"].values()) else None


def _may_start(call: Call) -> bool:
    return call.may(Role.ANALYST)


PAGES = (
    Page("/jobs", page, "jobs.html", menu="jobs"),
    Page("/jobs/list", listed, "jobs_list.html", for_case=False),
    Page("/jobs/queue", queued, "queue.html", for_case=False),
    Page("/jobs/running", running, "jobs_list.html", for_case=False),
)
