"""The write loop, with the built-in model, and with models that misbehave."""

from __future__ import annotations

import io
import threading
import time

import numpy as np
import pytest
from archives import NOON, contents, draw, draw_many, opened, sql
from PIL import Image

import reidsearch.ingest.crops as loop
from reidsearch.archive import Archive
from reidsearch.base.boxes import Box
from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Facts, HeldBytes, Rejected
from reidsearch.domain.models import ModelIdentity
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.sink import ArchiveSink

BAD = ModelIdentity("misbehaving", "FP32", "ef" * 48, "none/1", 4)


def png(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (32, 16, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, "png")
    return data.getvalue()


def offer(number: int, data: bytes | None = None, **more) -> CropInput:
    held = png(number) if data is None else data
    return CropInput(f"{number:03d}.png", "1", HeldBytes(held), **more)


@pytest.fixture
def archive(tmp_path):
    with opened(tmp_path / "archive") as made:
        yield made


@pytest.mark.full
def test_every_offer_is_counted_once(archive):
    offers = [offer(n) for n in range(5)]
    offers += [offer(90, png(0)), offer(91, b"no picture"), offer(92, b"")]
    report = archive.index_crops([*offers, Rejected("x", Refused(Reason.MISSING, "gone"))])
    assert (report.offered, report.indexed, report.duplicates, report.failed) == (9, 5, 1, 3)
    assert not report.interrupted
    again = archive.index_crops(offers[:6])
    assert (again.offered, again.unchanged) == (6, 6)
    assert len(archive) == 5


@pytest.mark.full
def test_order_and_results_do_not_depend_on_timing(tmp_path):
    class Slow:
        held_bytes = 0

        def __init__(self, number):
            self.number = number

        def read(self, limits):
            time.sleep((self.number * 7 % 5) / 200)
            return png(self.number)

    def slowly(number):
        return CropInput(f"{number:03d}.png", "1", Slow(number))

    with opened(tmp_path / "a") as quick, opened(tmp_path / "b") as slow:
        quick.index_crops([offer(n) for n in range(30)])
        slow.index_crops([slowly(n) for n in range(30)])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    for name in "ab":
        rows = sql(tmp_path / name, "SELECT text FROM location ORDER BY crop_id")
        assert [row[0] for row in rows] == [f"{n:03d}.png" for n in range(30)]


@pytest.mark.full
def test_reading_keeps_only_so_far_ahead_of_committing(archive, monkeypatch):
    """Offers are pulled as work goes on: memory does not grow with the input."""
    monkeypatch.setattr(loop, "LOOKED_UP_AT_ONCE", 1)
    monkeypatch.setattr(loop, "COMMIT_CROPS", 1)
    asked, ahead = 0, []

    class SourceRun:
        def begin(self, task, total, unit): ...
        def end(self): ...
        def working_on(self, what): ...
        def advance(self, done=1, /, **counts):
            ahead.append(asked - sum(counts.values()))

    def offers():
        nonlocal asked
        for number in range(200):
            asked += 1
            yield offer(number)

    archive.index_crops(offers(), progress=SourceRun())
    assert asked == 200
    assert max(ahead) < 150  # 64 results, 16 readers, some requests


@pytest.mark.full
def test_an_exception_of_the_offers_surfaces_and_the_run_can_be_repeated(archive):
    def offers():
        for number in range(10):
            yield offer(number)
        raise RuntimeError("the listing broke")

    with pytest.raises(RuntimeError, match="the listing broke"):
        archive.index_crops(offers())
    assert archive.show().unfinished_runs == 1
    report = archive.index_crops([offer(number) for number in range(10)])
    assert report.indexed + report.unchanged == 10


def test_an_exception_of_a_read_surfaces(archive):
    class Broken:
        held_bytes = 0

        def read(self, limits):
            raise RuntimeError("the reader broke")

    with pytest.raises(RuntimeError, match="the reader broke"):
        archive.index_crops([offer(1), CropInput("2.png", "1", Broken()), offer(3)])


@pytest.mark.full
def test_a_run_at_work_is_not_called_interrupted_until_its_process_is_gone(archive, tmp_path):
    """The run is asked about by another open archive while it waits for its next input."""
    told = []

    def statement():
        with Archive.open(tmp_path / "archive") as other:
            summary, searched = other.show(), other.search(png_array(0)).statement
            told.append((summary.running_runs, summary.unfinished_runs))
            told.append((searched.running_runs, searched.unfinished_runs))

    def offers():
        yield offer(3)
        statement()
        raise KeyboardInterrupt

    archive.index_crops([offer(number) for number in range(3)])
    with pytest.raises(KeyboardInterrupt):
        archive.index_crops(offers())
    assert told == [(1, 0), (1, 0)]
    statement()
    with Store(tmp_path / "archive") as store, store.lock():  # of another writer, at no run
        statement()
    assert told[2:] == [(0, 1)] * 4


@pytest.mark.full
def test_stop_commits_what_is_embedded_and_says_so(archive):
    stop = threading.Event()

    def offers():
        for number in range(500):
            if number == 60:
                stop.set()
            yield offer(number)

    report = archive.index_crops(offers(), request=["all"], stop=stop)
    assert report.interrupted
    assert report.indexed < 500
    assert archive.show().crops == report.indexed
    assert archive.show().unfinished_runs == 1
    assert archive.search(png_array(0)).statement.unfinished_runs == 1
    archive.index_crops([offer(n) for n in range(70)], request=["all"])
    assert archive.show().unfinished_runs == 0
    assert archive.show().crops == 70
    assert archive.check() == []


def png_array(seed: int):
    return np.random.default_rng(seed).integers(0, 255, (32, 16, 3), dtype=np.uint8)[..., ::-1]


class Misbehaving:
    """A model whose vectors are of every kind that must not be stored, among good ones."""

    def __init__(self, refusals):
        self._refusals = refusals

    def prepare(self, crop):
        return crop

    def stream_together(self, items):
        for tag, tensor in items:
            number = int(getattr(tag, "input", tag).location[:3]) if tensor is not None else None
            if tensor is None:
                yield tag, None
            elif number in self._refusals:
                yield tag, Refused(Reason.BAD_EMBEDDING, "answered with nothing usable")
            else:
                yield tag, np.array([1, 0, 0, 0], np.float32)


@pytest.mark.full
def test_crops_without_a_usable_embedding_land_in_the_ledger(tmp_path):
    Store.create(tmp_path / "a")
    with Store(tmp_path / "a") as store, open_writer(store, BAD) as writer:
        writer.begin_run(request="", command="", version="", runtime="")
        report = loop.ingest(
            [offer(n) for n in range(6)],
            store=store,
            sink=ArchiveSink(writer),
            embedder=Misbehaving({1, 4}),
            limits=PictureLimits(),
        )
    assert (report.indexed, report.failed) == (4, 2)
    rows = sql(tmp_path / "a", "SELECT text, reason FROM failure ORDER BY text")
    assert rows == [("001.png", "bad-embedding"), ("004.png", "bad-embedding")]


@pytest.mark.full
@pytest.mark.parametrize("raw", [[0, 0, 0, 0], [np.nan, 0, 0, 1], [np.inf, 0, 0, 1], [1e-9] * 4])
def test_the_real_stream_refuses_such_vectors(raw):
    import openvino as ov
    from openvino import opset13 as ops

    from reidsearch.vision.embedding.embedder import Embedder

    picture = ops.parameter([1, 3, 32, 16], ov.Type.f32)
    nothing = ops.reduce_mean(ops.multiply(picture, np.float32(0)), np.array([1, 2, 3]), True)
    answer = ops.add(nothing, np.array(raw, np.float32).reshape(1, 4, 1, 1))
    embedder = Embedder(ov.Model([answer], [picture]), "bad", "FP32", "00" * 48)
    tensor = np.zeros((32, 16, 3), np.uint8)
    (outcome,) = [vector for _, vector in embedder.stream([(1, tensor)])]
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.BAD_EMBEDDING


@pytest.mark.full
def test_boxes_of_one_picture(archive):
    data = png(1)
    boxes = [Box(0, 0, 8, 16), Box(8, 16, 16, 32), None]
    report = archive.index_crops(
        [CropInput("a.png", "1", HeldBytes(data), box, Facts("gate", NOON)) for box in boxes]
    )
    assert report.indexed == 3
    rows = sql(archive._store.folder, "SELECT x1, y1, x2, y2 FROM crop ORDER BY id")
    assert rows == [(0, 0, 8, 16), (8, 16, 16, 32), (0, 0, 16, 32)]
    whole = CropInput("a.png", "2", HeldBytes(data), Box(0, 0, 16, 32), Facts("gate", NOON))
    assert archive.index_crops([whole]).duplicates == 1  # the same box, only said


class TestTheSamePlacesAgain:
    """What a second run over a folder makes of every kind of change."""

    @pytest.fixture
    def folder(self, tmp_path, archive):
        draw_many(tmp_path / "crops", 4)
        assert archive.index([tmp_path / "crops"]).indexed == 4
        return tmp_path / "crops"

    def test_nothing_changed(self, archive, folder):
        assert archive.index([folder]).unchanged == 4

    @pytest.mark.full
    def test_touched(self, archive, folder):
        (folder / "000.png").touch()
        report = archive.index([folder])
        assert (report.unchanged, report.indexed, report.duplicates) == (4, 0, 0)
        assert archive.index([folder]).unchanged == 4

    @pytest.mark.full
    def test_renamed(self, archive, folder):
        (folder / "000.png").rename(folder / "zzz.png")
        report = archive.index([folder])
        assert (report.unchanged, report.duplicates, len(archive)) == (3, 1, 4)
        rows = sql(archive._store.folder, "SELECT text FROM location WHERE crop_id = 1")
        assert {str(row[0])[-7:] for row in rows} == {"000.png", "zzz.png"}

    @pytest.mark.full
    def test_changed_bytes(self, archive, folder):
        draw(folder / "000.png", seed=77)
        report = archive.index([folder])
        assert (report.unchanged, report.indexed) == (3, 1)
        old, new = archive.crop(1), archive.crop(5)
        assert old.location == new.location
        assert old.source_sha256 != new.source_sha256
        assert archive.index([folder]).unchanged == 4

    @pytest.mark.full
    def test_changed_and_changed_back(self, archive, folder):
        kept = (folder / "000.png").read_bytes()
        draw(folder / "000.png", seed=77)
        archive.index([folder])
        (folder / "000.png").write_bytes(kept)
        assert archive.index([folder]).indexed == 0
        assert archive.index([folder]).unchanged == 4
        assert len(archive) == 5

    @pytest.mark.full
    def test_corrected_facts(self, archive, folder):
        from reidsearch.media.naming.patterns import Naming

        report = archive.index([folder], naming=Naming(camera="gate", time=NOON))
        assert (report.updated, report.unchanged) == (4, 0)
        assert archive.crop(1).facts == Facts("gate", NOON)
        assert archive.index([folder], naming=Naming(camera="gate", time=NOON)).unchanged == 4

    @pytest.mark.full
    def test_deleted_crops_come_back_under_new_ids(self, archive, folder):
        archive.delete(archive.plan_delete(crop_ids=[4]))
        report = archive.index([folder])
        assert (report.indexed, report.unchanged) == (1, 3)
        assert archive.crop(5).location.endswith("003.png")

    @pytest.mark.full
    def test_broken_then_mended(self, archive, folder):
        whole = (folder / "001.png").read_bytes()
        (folder / "001.png").write_bytes(whole[:200])
        report = archive.index([folder])
        assert (report.failed, report.unchanged) == (1, 3)
        (failure,) = archive.failures()
        assert (failure.location, failure.reason) == (str(folder / "001.png"), "truncated")
        assert archive.index([folder]).failed == 1  # tried again
        (folder / "001.png").write_bytes(whole)
        assert archive.index([folder]).failed == 0
        assert archive.failures() == []
        assert len(archive) == 4

    @pytest.mark.full
    def test_a_failed_file_that_is_taken_away_leaves_the_ledger(self, archive, folder):
        (folder / "bad.png").write_bytes(b"bad")
        assert archive.index([folder]).failed == 1
        (folder / "bad.png").unlink()
        archive.index([folder])
        assert archive.failures() == []
