"""Long work: asked for, watched, stopped; and what may be indexed from a page.

Somebody who is limited to some cameras sees only the jobs that they asked for, and asks only for
those that show one of their cameras: indexing, linking and attributes are about all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from starlette.responses import FileResponse, Response

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.job_requests import (
    ClipWork,
    IndexWork,
    JobWork,
    PageWork,
    TracksWork,
    request_of,
)
from reidsearch.domain.jobs import ENDED, Job, JobState, job_json, jobs_json
from reidsearch.output.reports_json import folders_json
from reidsearch.services.jobs.folders import FootageFolders
from reidsearch.services.jobs.service import JobService
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.events import MEDIA, Present
from reidsearch.web.person import Role
from reidsearch.web.problems import Denied
from reidsearch.web.sending import PassingFile

SHOWN = 100


class JobsAsked(Given, frozen=True):
    """Which jobs are asked for."""

    most: Annotated[int, msgspec.Meta(ge=1, le=500, description="The latest so many.")] = SHOWN


class JobAsked(Given, frozen=True):
    """What is to be done."""

    kind: Annotated[
        str,
        msgspec.Meta(description="index, link, attributes, export-tracks, export-page or clip."),
    ]
    request: Annotated[
        dict[str, Any], msgspec.Meta(description="The fields of the kind; see the reference.")
    ] = msgspec.field(default_factory=dict)


class FolderAsked(Given, frozen=True):
    """Which folder is looked into."""

    path: Annotated[str | None, msgspec.Meta(description="None: the folders that are offered.")] = (
        None
    )


def jobs(call: Call, asked: JobsAsked) -> Document:
    """Return the jobs that whoever asks may see, the latest first."""
    return jobs_json(_seen(call, call.archive.jobs.latest(asked.most)))


def job(call: Call, _: Nothing) -> Document:
    """Return one job."""
    return job_json(_one(call))


def start(call: Call, asked: JobAsked) -> Document:
    """Queue a job."""
    work = request_of(asked.kind, asked.request)
    return job_json(_queued(call, work))


def again(call: Call, _: Nothing) -> Document:
    """Queue once more what a job was asked for."""
    return job_json(_queued(call, call.archive.jobs.work_of(_one(call).job_id)))


def cancel(call: Call, _: Nothing) -> Document:
    """Stop a job."""
    return job_json(call.archive.jobs.cancel(_one(call).job_id))


def file(call: Call, _: Nothing) -> Response:
    """Return the file that a job has written."""
    found = _one(call)
    folder = call.state.runner.output(found.job_id) if call.state.runner else None
    whole = folder is not None and found.state is JobState.DONE  # else it may be half a file
    files = sorted(one for one in folder.iterdir() if one.is_file()) if folder and whole else []
    what = f"download of job {found.job_id}"
    if files:
        call.archive.log.exported(files[0], what)
        return FileResponse(files[0], filename=files[0].name)
    passed = call.state.made.new()
    name = call.archive.passing.output(found.job_id, passed)
    if name is None:
        passed.unlink(missing_ok=True)
        raise _no_file(call, found)
    call.archive.log.exported(passed, what, name)
    return PassingFile(passed, filename=name)


def _no_file(call: Call, job: Job) -> NotFound:
    where = ""
    if call.archive.passing.needed and job.process is not None and job.state is JobState.DONE:
        where = f" at this server; it was run on {job.process.host}"
    return NotFound(
        f"there is no file of job {job.job_id}{where}",
        "files of jobs go when the server ends, and when later ones come; start it again",
        kind=Kind.JOB_OUTPUT_GONE,
        job=job.job_id,
    )


def folders(call: Call, asked: FolderAsked) -> Document:
    """Return what may be indexed in a folder."""
    require_all_cameras(call)
    return folders_json(FootageFolders(call.state.settings.footage).listing(asked.path))


def events(call: Call, _: Nothing) -> Response:
    """Tell of all jobs and of changes to the archive, as they happen."""

    def look() -> Present:
        listed = jobs_json(_seen(call, call.archive.jobs.latest(SHOWN)))
        return Present({"changes": call.archive.changes(), "jobs": listed["jobs"]})

    return _listening(call, ("state", call.person.name if call.cameras is not None else ""), look)


def job_events(call: Call, _: Nothing) -> Response:
    """Tell of one job until it has ended."""
    job_id = _one(call).job_id

    def look() -> Present:
        found = call.archive.jobs.one(job_id)
        return Present(job_json(found), found.state in ENDED)

    return _listening(call, ("job", str(job_id)), look)


def _listening(call: Call, of: tuple[str, str], look: Callable[[], Present]) -> Response:
    def moved() -> object:
        return call.archive.changes(), call.archive.jobs.live.version

    listeners = call.state.listeners
    channel = listeners.channel(of, look, moved)
    return listeners.response(channel, call.request, call.still_signed_in)


def _queued(call: Call, work: JobWork) -> Job:
    _require_seen(call, work)
    if isinstance(work, IndexWork):
        FootageFolders(call.state.settings.footage).require(work.paths)
    return _jobs(call).queue(work)


def _require_seen(call: Call, work: JobWork) -> None:
    """Refuse work on what whoever asks may not see.

    Raises:
        NotFound: it is about a source or crop that they may not see.
        Denied: it is about all cameras, and they may not see all.
    """
    source_id = _source_of(work)
    if source_id is not None:
        call.sight.require_sources([source_id])
    elif isinstance(work, ClipWork):
        call.crop(work.crop_id)
    else:
        require_all_cameras(call)


def _source_of(work: JobWork) -> int | None:
    """Return the source that alone is shown by what is asked for; None: it shows more."""
    if isinstance(work, TracksWork):
        return work.source_id
    return work.source_id if isinstance(work, PageWork) and work.of == "source" else None


def _jobs(call: Call) -> JobService:
    return call.archive.jobs.by(call.person.name)


def _one(call: Call) -> Job:
    """Return the job of the path, which whoever asks may see. Raises NotFound."""
    found = call.archive.jobs.one(call.path["job_id"])
    if not _seen(call, [found]):
        raise NotFound(f"there is no job {found.job_id}", kind=Kind.JOB_UNKNOWN, job=found.job_id)
    return found


def _seen(call: Call, found: list[Job]) -> list[Job]:
    """Return those that whoever asks may see: with all cameras all, else what they may start."""
    if call.cameras is None:
        return found
    return [one for one in found if one.actor == call.person.name and _shows_seen(call, one)]


def _shows_seen(call: Call, job: Job) -> bool:
    """Whether what a job shows may be seen now, whatever could be when it was started."""
    try:
        _require_seen(call, call.archive.jobs.work_of(job.job_id))
    except (NotFound, UsageError, Denied):  # also where a deletion took the request away
        return False
    return True


def require_all_cameras(call: Call) -> None:
    """Refuse what is about all cameras to whoever may see some. Raises Denied."""
    if call.cameras is not None:
        raise Denied(
            HTTPStatus.FORBIDDEN,
            "all-cameras-needed",
            f"this is about all cameras; {call.person.name} may see some",
        )


ENDPOINTS = (
    Endpoint("GET", "/jobs", jobs, "Jobs, the latest first.", takes=JobsAsked, document="jobs-1"),
    Endpoint(
        "POST",
        "/jobs",
        start,
        "Queue a job.",
        takes=JobAsked,
        document="job-1",
        role=Role.ANALYST,
        status=HTTPStatus.ACCEPTED,
    ),
    Endpoint("GET", "/jobs/{job_id:int}", job, "One job.", document="job-1"),
    Endpoint(
        "POST",
        "/jobs/{job_id:int}/cancel",
        cancel,
        "Stop a job after what it is just committing.",
        document="job-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/jobs/{job_id:int}/again",
        again,
        "Queue once more what a job was asked for.",
        document="job-1",
        role=Role.ANALYST,
        status=HTTPStatus.ACCEPTED,
    ),
    Endpoint(
        "GET",
        "/jobs/{job_id:int}/file",
        file,
        "The file that a job has written.",
        media="application/octet-stream",
        role=Role.ANALYST,
    ),
    Endpoint(
        "GET",
        "/jobs/{job_id:int}/events",
        job_events,
        "One job as server-sent events `job`, each the whole of it, until it has ended.",
        media=MEDIA,
        for_case=False,
    ),
    Endpoint(
        "GET",
        "/events",
        events,
        "Server-sent events `state`: all jobs, and a number that grows with every change to the "
        "archive.",
        media=MEDIA,
        for_case=False,
    ),
    Endpoint(
        "GET",
        "/folders",
        folders,
        "What may be indexed in a folder that the server offers.",
        takes=FolderAsked,
        document="folders-1",
        role=Role.ANALYST,
    ),
)
