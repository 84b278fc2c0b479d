"""`Archive`, as a program uses it."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time

import numpy as np
import pytest
from archives import NOON, contents, draw, draw_many, opened, sql

from reidsearch import Archive, migrate
from reidsearch.base.errors import (
    ArchiveError,
    ArchiveVersionError,
    ModelError,
    NotFound,
    Reason,
    Refused,
    UsageError,
)
from reidsearch.domain.crops import CropInput, Facts, HeldBytes
from reidsearch.domain.request import Filters
from reidsearch.media.naming.patterns import Naming
from reidsearch.output.hints import advice
from reidsearch.vision.embedding.embedder import load_embedder


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crops") / "crops"
    draw_many(folder, 12)
    return folder


@pytest.fixture(scope="module")
def made_once(tmp_path_factory, crops):
    folder = tmp_path_factory.mktemp("once") / "archive"
    with opened(folder) as made:
        made.index([crops], naming=Naming(camera="gate", time=NOON))
    return folder


@pytest.fixture
def archive(tmp_path, made_once):
    with opened(shutil.copytree(made_once, tmp_path / "archive")) as copied:
        yield copied


def ids(answer):
    return [match.crop.crop_id for match in answer.matches]


@pytest.mark.full
def test_a_picture_finds_itself_first(archive, crops):
    answer = archive.search(crops / "005.png", k=3)
    best = answer.matches[0]
    assert (best.rank, best.crop.crop_id) == (1, 6)
    assert best.score == pytest.approx(1.0, abs=1e-5)
    assert best.crop.facts == Facts("gate", NOON)
    assert best.crop.location == str(crops / "005.png")
    assert len(answer.matches) == 3
    said = answer.statement
    assert (said.crops_stored, said.crops_searched, said.exact, said.recall) == (12, 12, True, 1.0)
    assert (said.k, said.query, said.model.name) == (3, "1 picture", "builtin")
    assert said.calibration == "uncalibrated"
    assert said.generation == 1


@pytest.mark.full
def test_scores_are_the_inner_products_of_the_embeddings(archive, crops):
    embedder = load_embedder("builtin")
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import read_picture

    pictures = [read_picture(crops / f"{n:03d}.png", PictureLimits()) for n in range(12)]
    rows = embedder.embed(pictures)
    answer = archive.search(pictures[2], k=12)
    for match in answer.matches:
        truth = float(rows[match.crop.crop_id - 1] @ rows[2])
        assert match.score == pytest.approx(truth, abs=1e-4)
    np.testing.assert_allclose(archive.embed(pictures), rows, atol=1e-5)


@pytest.mark.full
def test_a_held_crop_leaves_itself_out(archive):
    answer = archive.search(6, k=50)
    assert sorted(ids(answer)) == [n for n in range(1, 13) if n != 6]
    assert answer.statement.query == "crop 6"
    assert answer.statement.crops_searched == 11
    with Archive.open(archive._store.folder) as fresh:  # no model has to be loaded for it
        assert ids(fresh.search(6, k=50)) == ids(answer)
        assert fresh.search(6).statement.runtime == "stored embeddings only"


@pytest.mark.full
def test_views_are_fused(archive, crops):
    alone = archive.search(crops / "005.png", k=12)
    twice = archive.search([crops / "005.png", crops / "005.png"], k=12)
    assert ids(alone) == ids(twice)
    both = archive.search([crops / "005.png", 9], k=12)
    assert both.statement.query == "mean of 1 picture and crop 9"
    assert 9 not in ids(both)
    assert ids(both)[0] == 6


def test_k_beyond_what_is_held_and_min_score(archive, crops):
    everything = archive.search(crops / "000.png", k=1000)
    assert len(everything.matches) == 12
    limit = everything.matches[4].score
    some = archive.search(crops / "000.png", k=1000, min_score=limit - 1e-6)
    assert ids(some) == ids(everything)[:5]
    assert archive.search(crops / "000.png", k=3, min_score=1.0).statement.crops_searched == 12


@pytest.mark.full
@pytest.mark.parametrize(
    ("query", "settings", "kind"),
    [
        ("nowhere.jpg", {}, Refused),
        (99, {}, NotFound),
        (10**30, {}, NotFound),
        ([], {}, UsageError),
        (1, {"k": 0}, UsageError),
        (1, {"k": 100_001}, UsageError),
        (1, {"min_score": 1.5}, UsageError),
        (1, {"min_score": float("nan")}, UsageError),
        (1, {"filters": Filters(cameras=("gat",))}, NotFound),
    ],
)
def test_questions_that_make_no_sense(archive, query, settings, kind):
    with pytest.raises(kind):
        archive.search(query, **settings)


def test_a_missing_query_picture_is_named(archive):
    with pytest.raises(Refused, match=r"nowhere\.jpg") as refused:
        archive.search("nowhere.jpg")
    assert refused.value.reason is Reason.MISSING


def test_an_empty_archive_says_what_to_do(tmp_path):
    with opened(tmp_path / "new") as archive:
        with pytest.raises(ArchiveError, match="holds no crops yet") as error:
            archive.search(1)
        assert "reidsearch index" in advice(error.value)
        assert len(archive) == 0
        assert archive.model is None
        assert archive.show().crops == 0


def test_nothing_is_made_unless_asked(tmp_path):
    with pytest.raises(ArchiveError, match="there is no archive"):
        Archive.open(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_failures_are_told_with_every_answer(archive, crops, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    archive.index([tmp_path / "bad.png"])
    assert archive.search(1).statement.failures == 1


@pytest.mark.full
def test_show_counts(archive, tmp_path, crops):
    draw(tmp_path / "more" / "x.png", 99)
    archive.index([tmp_path / "more"])
    summary = archive.show()
    assert (summary.crops, summary.sources, summary.crops_without_time) == (13, 13, 1)
    assert summary.cameras == (("gate", 12, NOON, NOON), (None, 1, None, None))
    assert (summary.first_time, summary.last_time) == (NOON, NOON)
    assert (summary.runs, summary.unfinished_runs, summary.failures) == (2, 0, ())
    assert summary.generation == 1
    assert summary.crops_in_index == 12
    assert summary.index_bytes > 12 * 256 * 4
    assert archive.crop(13).facts == Facts()


class Halting:
    """Progress that ends the work after so many steps, as Ctrl-C would."""

    def __init__(self, steps):
        self.steps = steps

    def begin(self, task, total, unit): ...
    def end(self): ...
    def working_on(self, what): ...
    def advance(self, done=1, /, **counts):
        self.steps -= 1
        if self.steps == 0:
            raise KeyboardInterrupt


@pytest.fixture
def other_model(archive, tmp_path):
    """Every embedding turned into that of a foreign model, as if it had made the archive."""
    folder = archive._store.folder
    archive.close()
    sql(folder, "UPDATE model SET name = 'older', precision = 'unknown', digest = 'ab'")
    blobs = sql(folder, "SELECT crop_id, vector FROM embedding")
    for crop_id, blob in blobs:
        turned = np.frombuffer(blob, "<f4")[::-1].tobytes()
        sql(
            folder,
            "UPDATE embedding SET vector = :v, sha256 = :s WHERE crop_id = :i",
            v=turned,
            s=hashlib.sha256(turned).digest(),
            i=crop_id,
        )
    with opened(folder) as made:
        made.check(repair=True)
    return folder


@pytest.mark.full
def test_reembed_goes_on_where_it_stopped_and_switches_at_once(other_model, crops, monkeypatch):
    monkeypatch.setattr("reidsearch.services.reembed.BATCH", 4)
    before = contents(other_model)
    with Archive.open(other_model, model="builtin") as archive:
        with pytest.raises(ModelError, match="older unknown") as refused:
            archive.search(crops / "000.png")
        assert "reidsearch reembed --model builtin" in advice(refused.value)
        with pytest.raises(ModelError):
            archive.index([crops])
        with pytest.raises(KeyboardInterrupt):
            archive.reembed(progress=Halting(2))
    assert sql(other_model, "SELECT count(*) FROM embedding") == [(12 + 8,)]
    with Archive.open(other_model) as archive:  # still the old model, for every search
        assert archive.model is not None
        assert archive.model.name == "older"
        assert len(archive.search(3, k=99).matches) == 11
        assert archive.check() == []
    with Archive.open(other_model, model="builtin") as archive:
        assert archive.reembed() == 4
        assert ids(archive.search(crops / "005.png", k=1)) == [6]
        assert archive.check() == []
    assert sql(other_model, "SELECT count(*) FROM embedding") == [(12,)]
    assert {row[:2] for row in contents(other_model)} == {row[:2] for row in before}


@pytest.mark.full
def test_an_archive_opened_before_is_not_searched_with_the_model_before(other_model, crops):
    with Archive.open(other_model) as reader:
        assert len(reader.search(3, k=99).matches) == 11
        with Archive.open(other_model, model="builtin") as archive:
            archive.reembed()
        assert ids(reader.search(crops / "005.png", k=1)) == [6]  # with the new model
        assert reader.search(3, k=1).statement.model.name == "builtin"


@pytest.mark.full
def test_an_open_archive_loads_the_new_model_after_a_reembedding(archive, crops):
    """The embedder that was loaded for the old embeddings is not used for the new ones."""
    folder = archive._store.folder
    archive.search(crops / "000.png")
    sql(folder, "UPDATE model SET name = 'newer', precision = 'unknown', digest = 'cd'")
    with pytest.raises(ModelError, match="newer"):
        archive.search(crops / "000.png")


@pytest.mark.full
def test_a_damaged_picture_stops_a_reembedding_before_the_switch(other_model):
    bad = b"\xff\xd8 no picture"
    sql(
        other_model,
        "UPDATE picture SET jpeg = :j, sha256 = :s WHERE crop_id = 7",
        j=bad,
        s=hashlib.sha256(bad).digest(),
    )
    with Archive.open(other_model, model="builtin") as archive:
        with pytest.raises(ArchiveError, match="crop 7 cannot be embedded") as error:
            archive.reembed()
        assert "nothing was switched over" in error.value.message
        assert "delete --crop 7" in advice(error.value)
        assert archive.model is not None
        assert archive.model.name == "older"
        archive.delete(archive.plan_delete(crop_ids=[7]))
        archive.reembed()
        assert archive.model.name == "builtin"
        assert archive.check() == []


def test_reembed_needs_a_model(tmp_path, archive):
    folder = archive._store.folder
    with (
        Archive.open(folder) as nameless,
        pytest.raises(UsageError, match="neither another model nor"),
    ):
        nameless.reembed()


@pytest.mark.full
def test_flip_averaging_is_the_archives_and_never_mixes(tmp_path, crops):
    """Set by the first run, kept by every later one and by queries, changed by `reembed` alone."""
    folder = tmp_path / "flipped"
    some = draw_many(tmp_path / "more", 3, start=50)
    with Archive.open(folder, create=True, model="builtin", flip=True) as archive:
        archive.index([crops])
        rows = archive.embed([np.zeros((64, 32, 3), np.uint8)])
    with Archive.open(folder) as archive:
        assert archive.model is not None
        assert archive.model.flip
        archive.index(some)
        assert np.allclose(archive.embed([np.zeros((64, 32, 3), np.uint8)]), rows, atol=1e-5)
        for picture, crop_id in ((crops / "005.png", 6), (some[1], 14)):
            best = archive.search(picture, k=1)
            assert ids(best) == [crop_id]
            assert best.matches[0].score == pytest.approx(1.0, abs=1e-5)
            assert best.statement.model.flip
    averaged = load_embedder("builtin", flip=True)
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import read_picture

    expected = averaged.embed([read_picture(some[1], PictureLimits())])[0]
    ((held,),) = sql(folder, "SELECT vector FROM embedding WHERE crop_id = 14")
    assert np.allclose(np.frombuffer(held, "<f4"), expected, atol=1e-5)
    with Archive.open(folder, model="builtin", flip=False) as other:
        for refused in (lambda: other.index([crops]), lambda: other.search(crops / "005.png")):
            with pytest.raises(ModelError, match="flip averaging") as error:
                refused()
            assert f"reidsearch reembed --no-flip -a {folder}" in advice(error.value)
            assert "leave out --no-flip" in advice(error.value)
    with Archive.open(folder) as reader:
        assert ids(reader.search(crops / "005.png", k=1)) == [6]
        with Archive.open(folder, flip=False) as other:
            assert other.reembed() == 15
        assert ids(reader.search(crops / "005.png", k=1)) == [6]
        assert not reader.search(3, k=1).statement.model.flip
    with Archive.open(folder, flip=True) as other:
        with pytest.raises(ModelError, match="flip averaging") as error:
            other.index(some)
        assert f"reidsearch reembed --flip -a {folder}" in advice(error.value)
        assert other.check() == []


@pytest.mark.parametrize(
    ("revision", "kind", "hint"),
    [
        ("0000", ArchiveVersionError, "reidsearch migrate -a"),
        ("9999", ArchiveVersionError, "upgrade"),
    ],
)
def test_archives_of_other_versions(archive, revision, kind, hint):
    folder = archive._store.folder
    sql(folder, "UPDATE alembic_version SET version_num = :v", v=revision)
    with pytest.raises(kind, match=revision) as error:
        Archive.open(folder)
    assert hint in advice(error.value)


def test_a_newer_archive_is_not_migrated(archive):
    folder = archive._store.folder
    sql(folder, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ArchiveVersionError, match="newer"):
        migrate(folder)
    assert sql(folder, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.full
def test_one_archive_searched_by_threads_of_their_own(archive, crops, tmp_path):
    """Each thread opens the archive for itself; all get the same answer while a run commits."""
    folder, answers, errors = archive._store.folder, [], []

    def ask():
        try:
            with Archive.open(folder) as own:
                for _ in range(5):
                    answers.append(ids(own.search(6, k=3, filters=Filters(cameras=("gate",)))))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    draw_many(tmp_path / "more", 10, start=500)
    archive.index([tmp_path / "more"])
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(answers) == 15
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.full
def test_one_open_archive_is_shared_by_threads(archive, crops, tmp_path):
    """They search and look up while another writer commits; every answer is of one state."""
    folder, before, errors = archive._store.folder, len(archive), []
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def ask():
        try:
            last = 0
            while not done.is_set():
                answer = archive.search(6, k=1000, filters=Filters(exclude_crops=(6,)))
                assert len(answer.matches) == answer.statement.crops_searched
                assert answer.statement.crops_stored == answer.statement.crops_searched + 1
                assert answer.statement.crops_stored >= last  # never back to an older state
                last = answer.statement.crops_stored
                crop_id = answer.matches[-1].crop.crop_id
                assert archive.crop(crop_id) == answer.matches[-1].crop
                assert archive.picture(crop_id)[:2] == b"\xff\xd8"
                seen.append((last, len(answer.matches)))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    with Archive.open(folder, model="builtin") as writer:
        for number in range(3):
            draw_many(tmp_path / f"part{number}", 4, start=600 + 10 * number)
            writer.index([tmp_path / f"part{number}"])
    while not errors and len({held for held, _ in seen} & {before + 12}) < 1:
        time.sleep(0.01)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {held for held, _ in seen} >= {before + 12}


@pytest.mark.full
def test_offers_without_a_request_supersede_nothing(archive):
    stop = threading.Event()
    stop.set()
    archive.index_crops([CropInput("a", "1", HeldBytes(b""))], stop=stop)
    assert archive.show().unfinished_runs == 1
    archive.index_crops([])
    assert archive.show().unfinished_runs == 1
