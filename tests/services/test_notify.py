"""New answers of saved questions are delivered, each at least once, and never by a copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from archives import Archive, draw, draw_many, opened, raw_sql, sql
from json_schemas import require_valid
from webhooks import Webhook, webhook

from reidsearch.base.errors import InputError, NotFound, UsageError
from reidsearch.domain.cases import Needed
from reidsearch.domain.crops import CropInput, Facts, HeldBytes
from reidsearch.domain.event_log import Event
from reidsearch.domain.notify_state import Means, NotifyState
from reidsearch.services.notifying import service
from reidsearch.services.notifying.sending import send

pytestmark = pytest.mark.full
WANTED = 3
"""Of the person searched for."""
SECRET = "s3cr3t"
NO_ADDRESSES = ("file:///etc/passwd", "https://[", "http://elsewhere.example/", "https://a/\n")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def hook():
    with webhook() as made:
        yield made


@pytest.fixture
def archive(tmp_path: Path):
    draw_many(tmp_path / "first", 2)
    with opened(tmp_path / "archive") as made:
        made.index([tmp_path / "first"])
        made.saved.add("wanted", str(draw(tmp_path / "query.png", WANTED)), min_score=0.999)
        yield made


def bring(archive: Archive, *names: str) -> None:
    """Index a crop of the person for each name; another file each."""
    data = draw(Path(os.environ["REIDSEARCH_DATA"]).parent / "q.png", WANTED).read_bytes()
    archive.index_crops(
        [CropInput(one, "1", HeldBytes(data + one.encode()), None, Facts()) for one in names]
    )


def places(hook: Webhook) -> list[list[str]]:
    return [[one["location"] for one in told["answers"]] for told in hook.documents]


def logged(archive: Archive) -> list[tuple[str, str | None]]:
    entries = archive.log.entries(events=[Event.SAVED])
    return [(one.said["change"], one.said.get("host")) for one in entries]


def url_of(hook: Webhook) -> str:
    return hook.url.replace("://", f"://anna:{SECRET}@") + f"?token={SECRET}"


def file_of(data: Path) -> Path:
    (found,) = (data / "notifications").glob("*.json")
    return found


def test_only_what_is_new_is_delivered_once_with_what_asked_for_it(archive, tmp_path, hook, data):
    bring(archive, "a")
    archive.saved.notify("wanted", webhook=url_of(hook))
    archive.index([draw(tmp_path / "other.png", 50)])
    assert hook.bodies == []
    bring(archive, "b", "c")
    archive.saved.run()
    bring(archive, "d")
    assert places(hook) == [["b", "c"], ["d"]]
    (first, second) = hook.documents
    require_valid(first)
    assert first["delivery"] != second["delivery"] == hook.headers[1]["Idempotency-Key"]
    assert first["archive"] == str((tmp_path / "archive").resolve())
    assert first["question"]["name"] == "wanted"
    (searched,) = first["searches"]
    assert searched["entry"] == first["answers"][0]["entry"]
    assert searched["statement"]["min_score"] == 0.999
    host = url_of(hook).rpartition("@")[2].partition("/")[0]
    assert logged(archive) == [("add", None), ("notify", host), *[("delivered", host)] * 2]
    assert archive.saved.find("wanted").notify == NotifyState(Means.WEBHOOK, host)
    # What is kept is the user's alone, and nothing of it is in the archive.
    assert file_of(data).stat().st_mode & 0o777 == 0o600
    assert SECRET in file_of(data).read_text()
    archive.close()
    held = [one for one in (tmp_path / "archive").rglob("*") if one.is_file()]
    assert not any(SECRET.encode() in one.read_bytes() for one in held)


def test_what_fails_is_kept_and_delivered_as_it_was_tried(archive, hook):
    archive.saved.notify("wanted", webhook=url_of(hook))
    hook.status = 500
    bring(archive, "a")
    bring(archive, "b")  # at once: the receiver is left alone for a while
    assert len(hook.bodies) == 1
    state = archive.saved.find("wanted").notify
    assert (state.undelivered, state.error) == (2, "it answered 500")
    assert state.since is not None
    assert archive.saved.run()[0].notify.undelivered == 2
    hook.status = 200
    assert archive.saved.run()[0].notify.undelivered == 0
    assert places(hook) == [["a"], ["a"], ["a"], ["b"]]
    ids = [one["delivery"] for one in hook.documents]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    told = [change for change, _ in logged(archive)]
    assert told == ["add", "notify", "not-delivered", "delivered", "delivered"]
    assert archive.log.faults() == []
    hook.status = 500
    bring(archive, "c")
    archive.saved.notify("wanted", webhook=hook.url)  # corrected: nothing is lost
    hook.status = 200
    archive.saved.run()
    assert places(hook)[4:] == [["c"], ["c"]]


@pytest.mark.slow
def test_many_answers_are_several_deliveries(archive, hook, monkeypatch):
    monkeypatch.setattr(service, "MOST_ANSWERS", 2)
    archive.saved.notify("wanted", webhook=hook.url)
    bring(archive, *"abcde")
    assert places(hook) == [["a", "b"], ["c", "d"], ["e"]]


@pytest.mark.slow
def test_a_command_is_run_and_one_that_hangs_ends_no_index_run(archive, tmp_path, monkeypatch):
    script = tmp_path / "take.py"
    script.write_text("import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read())")
    got = tmp_path / "got"
    archive.saved.notify("wanted", command=[sys.executable, str(script), str(got)])
    bring(archive, "a")
    assert json.loads(got.read_text())["answers"][0]["location"] == "a"
    script.write_text("import time; time.sleep(100)")
    monkeypatch.setattr(service, "send", lambda *given: send(*given, 0.3))
    bring(archive, "b")
    state = archive.saved.find("wanted").notify
    assert "still at work" in state.error
    assert state.shown.endswith("take.py")
    assert state.undelivered == 1
    assert archive.show().crops == 4


def test_a_copy_and_a_restored_archive_tell_nobody_until_they_are_told(archive, tmp_path, hook):
    archive.saved.notify("wanted", webhook=hook.url)
    archive.close()
    shutil.copytree(tmp_path / "archive", tmp_path / "copy")
    with opened(tmp_path / "copy") as copy:
        bring(copy, "a")
        state = copy.saved.find("wanted").notify
        assert str(tmp_path / "archive") in state.off
        with pytest.raises(NotFound):
            copy.saved.notify("wanted")
        copy.saved.notify("wanted", webhook=hook.url)
        bring(copy, "b")
    assert places(hook) == [["b"]]
    with opened(tmp_path / "archive") as first:
        bring(first, "c")
    assert places(hook) == [["b"], ["c"]]
    assert len({one["delivery"] for one in hook.documents}) == 2
    # The state before "c" again, at the place where "c" was delivered.
    shutil.rmtree(tmp_path / "archive")
    shutil.copytree(tmp_path / "copy", tmp_path / "archive")
    with opened(tmp_path / "archive") as restored:
        bring(restored, "d")
        assert "restored" in restored.saved.find("wanted").notify.off
        assert len(hook.bodies) == 2
        restored.saved.notify("wanted", webhook=hook.url)
        bring(restored, "e")
    assert places(hook)[2:] == [["e"]]


def test_a_file_that_others_could_have_written_is_not_believed(archive, hook, data):
    archive.saved.notify("wanted", webhook=hook.url)
    for path, mode in (
        (file_of(data), 0o644),
        (file_of(data), 0o620),
        (data / "notifications", 0o777),
    ):
        kept = path.stat().st_mode
        path.chmod(mode)
        bring(archive, f"{path} {mode}")
        state = archive.saved.find("wanted").notify
        assert state.means is None
        assert "chmod" in state.off
        with pytest.raises(InputError):
            archive.saved.notify("wanted", webhook=hook.url)
        path.chmod(kept)
    if os.geteuid() == 0:
        os.chown(file_of(data), 65534, 65534)
        bring(archive, "of another")
        assert "another user's" in archive.saved.find("wanted").notify.off
        os.chown(file_of(data), 0, 0)
    assert hook.bodies == []
    archive.saved.run()
    assert len(hook.documents[0]["answers"]) >= 3
    kept = file_of(data)
    for damaged in ("{", '{"format": "x"}', kept.read_text().replace('"done": ', '"done": "x",')):
        kept.write_text(damaged)
        assert "damaged" in archive.saved.find("wanted").notify.off
    kept.unlink()
    kept.symlink_to("/etc/passwd")
    bring(archive, "after")
    assert archive.saved.find("wanted").notify.off is not None


def test_what_somebody_edited_wrongly_is_not_believed(archive, hook, data):
    """Neither what no address may be, nor numbers that nothing can count with."""
    archive.saved.notify("wanted", webhook=hook.url)
    kept = file_of(data)
    (good,) = json.loads(kept.read_text())["settings"]
    edits = [
        *({"receiver": {**good["receiver"], "url": url}} for url in NO_ADDRESSES),
        *({name: value} for name in ("done", "entry", "since_us") for value in (10**30, -1)),
    ]
    edited = [[{**good, **one}] for one in edits]
    # A copied setting would move the other's answers on, and give two deliveries one name.
    edited.append([good, {**good, "question_id": good["question_id"] + 1}])
    for settings in edited:
        document = {"format": "reidsearch-notifications/1", "settings": settings}
        kept.write_text(json.dumps(document))
        assert "damaged" in archive.saved.find("wanted").notify.off, settings
        archive.saved.run()
    bring(archive, "found all the same")
    assert hook.bodies == []


def test_a_data_folder_that_is_open_to_a_group_does_not_open_the_settings(archive, hook, data):
    data.mkdir()
    data.chmod(0o775)
    assert archive.saved.notify("wanted", webhook=hook.url).notify.off is None
    assert (data / "notifications").stat().st_mode & 0o777 == 0o700
    bring(archive, "a")
    assert places(hook) == [["a"]]


def test_why_nobody_could_be_told_is_told(archive, hook, data):
    archive.saved.notify("wanted", webhook=hook.url)
    lock = file_of(data).with_suffix(".delivering")
    lock.mkdir()
    bring(archive, "a")
    (run,) = archive.saved.run()
    assert run.notify.undelivered == 1
    assert "cannot be written" in run.notify.error
    lock.rmdir()
    assert archive.saved.run()[0].notify.undelivered == 0


@pytest.mark.slow
def test_a_closed_case_stops_it_and_removing_a_question_ends_it(tmp_path, archive, hook, data):
    archive.cases.new("7")
    archive.cases.require(Needed.CASE)
    with Archive.open(tmp_path / "archive", model="builtin", case="7", actor="anna") as mine:
        mine.saved.remove("wanted")
        mine.saved.add("wanted", str(tmp_path / "query.png"), min_score=0.999)
    archive.saved.notify("wanted", webhook=hook.url)
    hook.status = 500
    bring(archive, "a")
    archive.cases.close("7")
    hook.status = 200
    assert "closed" in archive.saved.run()[0].notify.error
    assert len(hook.bodies) == 1
    archive.cases.reopen("7")
    archive.saved.run()
    assert places(hook) == [["a"], ["a"]]
    entry = list(archive.log.entries(events=[Event.SAVED]))[-1]
    assert (entry.said["change"], entry.case, entry.actor) == ("delivered", "7", "anna")
    archive.saved.remove("wanted")
    assert json.loads(file_of(data).read_text())["settings"] == []


@pytest.mark.slow
def test_what_was_deleted_before_it_could_be_delivered_is_not(archive, tmp_path, hook):
    # By another picture: a question goes with a crop that is the picture it was asked with.
    archive.saved.add("all", str(draw(tmp_path / "other.png", 77)), min_score=-1)
    archive.saved.notify("all", webhook=hook.url)
    hook.status = 500
    bring(archive, "a")
    bring(archive, "b")
    hook.status = 200
    archive.delete(archive.plan_delete(crop_ids=[3]))
    archive.saved.run()
    assert places(hook) == [["a"], ["b"]]
    assert archive.saved.find("all").notify.undelivered == 0


def test_answers_that_cannot_be_read_keep_nobody_else_from_theirs(archive, tmp_path, hook):
    archive.saved.add("also", str(draw(tmp_path / "other.png", 50)), min_score=0.999)
    for name in ("also", "wanted"):
        archive.saved.notify(name, webhook=hook.url)
    hook.status = 500
    archive.index([draw(tmp_path / "again.png", 50)])
    bring(archive, "a")
    archive.close()
    raw_sql(tmp_path / "archive", "UPDATE crop SET row_digest = x'00' WHERE id = 3")
    hook.status = 200
    del hook.bodies[:]
    with opened(tmp_path / "archive") as again:
        also, wanted = (one.notify for one in again.saved.run())
    assert places(hook) == [["a"]]
    assert "crop" in also.error
    assert wanted.undelivered == 0


def test_nobody_is_told_unless_somebody_is_named(archive, tmp_path, data):
    bring(archive, "a")
    archive.saved.run()
    assert not (data / "notifications").exists()
    assert archive.saved.find("wanted").notify is None
    with pytest.raises(NotFound):
        archive.saved.notify("wanted")
    with pytest.raises(UsageError):
        archive.saved.notify("wanted", command=["true"], webhook="https://host/")
    with pytest.raises(NotFound):
        archive.saved.notify("other", command=["true"])
    archive.saved.notify("wanted", command=["true"])
    assert archive.saved.notify("wanted").notify is None


@pytest.mark.slow
def test_an_archive_with_an_odd_id_is_indexed_all_the_same(archive, tmp_path, hook):
    archive.close()
    sql(tmp_path / "archive", "UPDATE archive SET uuid = :odd", odd="../../x")
    with opened(tmp_path / "archive") as odd:
        odd.saved.notify("wanted", webhook=hook.url)
        bring(odd, "a")
    assert places(hook) == [["a"]]


@pytest.mark.slow
def test_the_machine_that_has_the_setting_delivers_what_others_found(
    archive, tmp_path, hook, monkeypatch
):
    archive.saved.notify("wanted", webhook=hook.url)
    monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "of another machine"))
    with opened(tmp_path / "archive") as other:
        bring(other, "a")
        assert other.saved.find("wanted").notify is None
    assert hook.bodies == []
    assert archive.saved.find("wanted").notify.undelivered == 1
    archive.saved.run()
    assert places(hook) == [["a"]]


@pytest.mark.slow
def test_two_at_once_deliver_nothing_twice_and_lose_nothing(archive, tmp_path, hook, data):
    archive.saved.notify("wanted", webhook=hook.url)
    hook.status = 500
    bring(archive, *"abc")
    hook.status = 200
    hook.bodies.clear()
    ready = threading.Barrier(3)

    def run() -> None:
        with opened(tmp_path / "archive") as mine:
            ready.wait()
            mine.saved.run()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert places(hook) == [["a", "b", "c"]]
    assert archive.saved.find("wanted").notify.undelivered == 0


KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import test_notify
from archives import opened
with opened(Path(sys.argv[2])) as archive:
    test_notify.bring(archive, "a")
"""


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_delivers_loses_nothing(archive, tmp_path, hook):
    """The answers are stored, the webhook has them, and nobody knows that any more."""
    archive.saved.notify("wanted", webhook=hook.url)
    archive.close()
    hook.waits = threading.Event()
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path / "archive")]
    paths = f"{Path(__file__).parents[1]}{os.pathsep}{Path(__file__).parents[2]}"
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}) as process:
        while not hook.bodies and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    hook.waits.set()
    hook.waits = None
    with opened(tmp_path / "archive") as again:
        assert again.saved.find("wanted").notify.undelivered == 1
        bring(again, "b")
        assert places(hook) == [["a"], ["a"], ["b"]]
        ids = [one["delivery"] for one in hook.documents]
        assert ids[0] == ids[1]
        assert uuid.UUID(ids[2]) != uuid.UUID(ids[0])
        assert [change for change, _ in logged(again)][2:] == ["delivered", "delivered"]
        assert again.check() == []
