"""The queue of jobs: what its rows say, who may wait for what, and what is forgotten."""

from __future__ import annotations

import time

import pytest
from archives import fill, make_empty, raw_sql, read_only, unit_rows
from json_schemas import require_valid

from reidsearch import Archive
from reidsearch.base.errors import ArchiveLocked, Kind, NotFound, StorageError, UsageError
from reidsearch.domain.job_requests import AttributesWork, ClipWork, IndexWork, JobKind, LinkWork
from reidsearch.domain.jobs import JobProblem, JobProcess, JobState, job_json, jobs_json
from reidsearch.maintenance.backup import restore
from reidsearch.services.jobs.service import NOBODY
from reidsearch.store import jobs as job_store
from reidsearch.store.database.lock import writer_lock

ME = JobProcess(1, "here", "2024-05-31T12:00:00Z")
INDEX = IndexWork(("/footage/gate.mp4",))


@pytest.fixture
def archive(tmp_path):
    fill(tmp_path / "a", unit_rows(3))
    with Archive.open(tmp_path / "a", model="builtin") as opened:
        yield opened


@pytest.mark.full
def test_jobs_are_taken_in_their_order_by_kind(archive) -> None:
    queued = [archive.jobs.queue(work) for work in (ClipWork(1), LinkWork(), INDEX)]
    assert [job.job_id for job in archive.jobs.latest()] == [3, 2, 1]
    writing = {JobKind.LINK, JobKind.INDEX}
    assert archive.jobs.next(writing, ME).job_id == queued[1].job_id
    assert archive.jobs.next(writing, ME).job_id == queued[2].job_id
    assert archive.jobs.next(writing, ME) is None
    assert archive.jobs.next({JobKind.CLIP}, ME).process == ME
    require_valid(jobs_json(archive.jobs.latest()))
    for job in archive.jobs.latest():
        require_valid(job_json(job))


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_asked(archive) -> None:
    first, second = (archive.jobs.by("anna").queue(LinkWork()) for _ in range(2))
    assert first.actor == "anna"
    archive.jobs.next({JobKind.LINK}, ME)
    archive.jobs.cancel(second.job_id)
    archive.jobs.cancel(first.job_id)
    assert archive.jobs.one(second.job_id).state is JobState.CANCELLED
    with archive._store.running_jobs():
        running = archive.jobs.one(first.job_id)
        assert (running.state, running.stopping) == (JobState.RUNNING, True)
        assert archive.jobs.stopping() == [first.job_id]
    with pytest.raises(UsageError, match="has ended") as ended:
        archive.jobs.cancel(second.job_id)
    assert ended.value.kind == Kind.JOB_ENDED
    with pytest.raises(NotFound, match="there is no job 99"):
        archive.jobs.one(99)


@pytest.mark.full
def test_a_queued_job_says_what_it_waits_for(archive, tmp_path) -> None:
    job = archive.jobs.queue(LinkWork()).job_id
    clip = archive.jobs.queue(ClipWork(1)).job_id
    assert archive.jobs.one(job).waits_for == NOBODY
    with archive._store.running_jobs():
        assert archive.jobs.one(job).waits_for == ""
        with writer_lock(tmp_path / "a"):
            assert "process" in archive.jobs.one(job).waits_for
            assert archive.jobs.one(clip).waits_for == ""  # it only reads
        archive.jobs.next({JobKind.LINK}, ME)
        other = archive.jobs.queue(AttributesWork())
        assert other.waits_for == f"job {job}"
        with pytest.raises(ArchiveLocked, match="runs the jobs"), archive._store.running_jobs():
            pass


@pytest.mark.full
def test_what_a_killed_process_ran_is_told_as_interrupted_before_anybody_records_it(
    archive,
) -> None:
    job = archive.jobs.queue(INDEX).job_id
    archive.jobs.next({JobKind.INDEX}, ME)
    assert archive.jobs.one(job).state is JobState.INTERRUPTED  # nobody holds the lock
    archive.jobs.interrupt_left()
    told = archive.jobs.one(job)
    assert told.problem.kind == Kind.JOB_KILLED
    assert "process 1 on here" in told.problem.message
    assert "goes on where it stopped" in told.problem.hint
    assert archive.jobs.queue(archive.jobs.work_of(job)).request == told.request


def test_a_job_that_could_not_begin_is_queued_again_unless_somebody_stopped_it(archive) -> None:
    for stopped, state in ((False, JobState.QUEUED), (True, JobState.CANCELLED)):
        job = archive.jobs.queue(LinkWork()).job_id
        taken = archive.jobs.next({JobKind.LINK}, ME)
        if stopped:
            archive.jobs.cancel(taken.job_id)
        archive.jobs.put_back(taken.job_id)
        assert archive.jobs.one(taken.job_id).state is state
        if not stopped:
            archive.jobs.cancel(job)


@pytest.mark.full
@pytest.mark.parametrize(
    ("work", "told"),
    [
        (IndexWork(("gate.mp4",)), "is not an absolute path"),
        (IndexWork(("/a",), time="noon"), "time: .*ISO 8601"),
        (IndexWork(("/a",), time="2024-05-31T12:00"), "names no time zone"),
        (IndexWork(("/a",), timezone="Mars"), "time zone 'Mars' is unknown"),
        (IndexWork(("/a",), recorder="nobody"), "no recorder is called"),
    ],
)
def test_an_index_job_that_could_never_run_is_not_queued(archive, work, told) -> None:
    with pytest.raises(UsageError, match=told):
        archive.jobs.queue(work)
    assert archive.jobs.latest() == []


@pytest.mark.full
def test_the_queue_and_the_record_are_bounded(archive, monkeypatch) -> None:
    monkeypatch.setattr("reidsearch.services.jobs.service.MOST_QUEUED", 3)
    monkeypatch.setattr(job_store, "KEPT", 4)
    for _ in range(3):
        archive.jobs.queue(LinkWork())
    with pytest.raises(UsageError, match="3 jobs are queued already"):
        archive.jobs.queue(LinkWork())
    for _ in range(6):
        archive.jobs.cancel(archive.jobs.latest()[0].job_id)
        archive.jobs.queue(LinkWork())
    states = [job.state for job in archive.jobs.latest()]
    assert states.count(JobState.CANCELLED) <= 5
    assert archive.jobs.latest()[0].job_id == 9  # numbers are never given twice


@pytest.mark.full
def test_deleting_footage_takes_its_name_out_of_jobs_that_ended(archive, tmp_path) -> None:
    place = archive.crop(2).location
    told = {
        "request": IndexWork((place, "/other")),
        "result": IndexWork(("/folder",)),
        "problem": IndexWork(("/elsewhere",)),
        "stays": IndexWork(("/footage",)),
    }
    ids = {name: archive.jobs.queue(work).job_id for name, work in told.items()}
    for name, job_id in ids.items():
        archive.jobs.end(
            job_id,
            JobState.DONE,
            result={"skipped_names": [place]} if name == "result" else None,
            problem=JobProblem("input", f"{place}: bad") if name == "problem" else None,
        )
    waiting = archive.jobs.queue(IndexWork((place,))).job_id  # asked for since, on purpose
    archive.delete(archive.plan_delete(crop_ids=[2]))
    for name, job_id in ids.items():
        assert (archive.jobs.one(job_id).request == {}) == (name != "stays"), name
    assert archive.jobs.one(waiting).request["paths"] == [place]
    with pytest.raises(UsageError, match="named footage that was deleted"):
        archive.jobs.work_of(ids["request"])
    rows = raw_sql(tmp_path / "a", "SELECT request, result, problem FROM job WHERE id <= 4")
    assert place not in str(rows)


@pytest.mark.full
def test_a_restored_archive_does_not_begin_what_was_queued(archive, tmp_path) -> None:
    queued, running = archive.jobs.queue(INDEX).job_id, archive.jobs.queue(LinkWork()).job_id
    archive.jobs.next({JobKind.LINK}, ME)
    archive.backup(tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    with Archive.open(tmp_path / "restored") as other:
        assert other.jobs.one(queued).state is JobState.CANCELLED
        assert other.jobs.one(running).state is JobState.INTERRUPTED
    assert archive.jobs.one(queued).state is JobState.QUEUED


@pytest.mark.full
def test_a_damaged_row_is_found_and_dropped(archive, tmp_path) -> None:
    archive.jobs.queue(LinkWork())
    archive.jobs.queue(LinkWork())
    raw_sql(tmp_path / "a", "UPDATE job SET actor = 'eve' WHERE id = 1")
    assert ["job" in one.message for one in archive.check()] == [True]
    assert archive.check(repair=True) == []
    assert [job.job_id for job in archive.jobs.latest()] == [2]


def test_an_empty_archive_has_no_jobs(tmp_path) -> None:
    make_empty(tmp_path / "a")
    with Archive.open(tmp_path / "a") as opened:
        assert opened.jobs.latest() == []


def test_where_nothing_can_be_written_jobs_are_read_and_none_is_run(archive, tmp_path) -> None:
    archive.jobs.queue(LinkWork())
    archive.close()
    with read_only(tmp_path / "a"), Archive.open(tmp_path / "a") as opened:
        assert opened.jobs.one(1).waits_for == NOBODY
        with pytest.raises(StorageError):
            opened.jobs.queue(LinkWork())
        runner = opened.job_runner(["/nowhere"], {})
        runner.start()
        runner.stop()
        assert opened.jobs.one(1).state is JobState.QUEUED


def test_the_lock_of_jobs_is_not_taken_through_a_link(archive, tmp_path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "a" / "jobs.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(StorageError, match="no regular file"), archive._store.running_jobs():
        pass
    assert not archive._store.jobs_run()
    assert (tmp_path / "victim").read_text() == "mine"


def test_a_process_that_cannot_be_started_is_a_failure_of_its_job(archive) -> None:
    runner = archive.job_runner(["/nowhere/worker"], {})
    job = archive.jobs.queue(LinkWork()).job_id
    runner.start()
    until = time.monotonic() + 30
    while archive.jobs.one(job).state is not JobState.FAILED and time.monotonic() < until:
        time.sleep(0.05)
    runner.stop()
    assert archive.jobs.one(job).problem.message.startswith("no process can be started for it")
