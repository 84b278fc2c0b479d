"""Camera means of an archive: what they are of, who takes them, and when they are taken anew."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from archives import DIMENSION, fill, sql, unit_rows

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.adjustment import Adjustment, WhyNotAdjusted, camera_means, centred
from reidsearch.domain.crops import Facts
from reidsearch.index import adjusting
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.check import check_neighbours
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.index.norms import Taking, norms_of
from reidsearch.maintenance.check import check, repair
from reidsearch.maintenance.erase import Erasure, erase
from reidsearch.store.adjustment import kept_means
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_graph

COUNT = 120
TINTS = unit_rows(3, seed=9)
ROWS = unit_rows(COUNT) + TINTS[np.arange(COUNT) % 3]
VECTORS = (ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)).astype(np.float32)
CAMERAS = ["hall", "gate", None]
FACTS = [Facts(CAMERAS[i % 3]) for i in range(COUNT)]
IDS = np.arange(1, COUNT + 1)


@pytest.fixture
def folder(tmp_path):
    """Crops by two cameras, and by none that is known; 1, 2, 3, 1, ..."""
    fill(tmp_path / "a", VECTORS, FACTS)
    return tmp_path / "a"


def adjustment(folder) -> Adjustment | WhyNotAdjusted:
    """As a reader has it that has just opened the archive."""
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        return gallery.adjustment()


def written(folder, *, rebuild: bool = False) -> Adjustment | WhyNotAdjusted:
    """As the end of an index run leaves it."""
    with Store(folder) as store, store.lock():
        gallery = Gallery(store)
        if rebuild or gallery.needs_compaction():
            gallery.compact()
    return adjustment(folder)


def same(one: Adjustment, other: Adjustment) -> bool:
    return (
        one.by == other.by
        and np.array_equal(one.means, other.means)
        and np.array_equal(one.slots, other.slots)
        and np.array_equal(one.norms, other.norms)
    )


@pytest.mark.full
def test_a_reader_takes_the_same_means_as_the_writer_keeps(folder):
    read = adjustment(folder)
    kept = written(folder)
    assert isinstance(read, Adjustment)
    assert same(read, kept)
    cameras = np.where(np.arange(COUNT) % 3 == 2, -1, np.arange(COUNT) % 3)
    truth = camera_means(VECTORS, cameras, 2)
    assert kept.cameras == {"hall": 1, "gate": 2}
    assert np.allclose(kept.means, truth.means, atol=1e-6)
    assert kept.slots[IDS].tolist() == (cameras + 1).tolist()  # of no known camera: 0
    assert (kept.by.cameras, kept.by.crops, kept.by.why_not) == (2, COUNT, None)
    rows = kept.vectors(IDS, VECTORS)
    assert np.allclose(rows, centred(VECTORS, truth.means[cameras + 1]), atol=1e-5)


@pytest.mark.full
def test_filling_an_index_takes_the_norms_without_reading_embeddings_again(folder, monkeypatch):
    read: list[int] = []

    def counted(vectors, means):
        read.append(len(vectors))
        return norms_of(vectors, means)

    taken = adjustment(folder)
    monkeypatch.setattr(adjusting, "norms_of", counted)
    with Store(folder) as store, store.lock():
        Gallery(store).compact()
        assert not read
        sql(folder, "DELETE FROM adjustment")
        Gallery(store).rebuild()
    assert not read
    assert same(taken, adjustment(folder))


@pytest.mark.full
def test_a_crop_whose_camera_changed_while_the_index_was_filled_is_read_again(folder):
    with Store(folder) as store, store.lock():
        gallery = Gallery(store)
        gallery.compact()
        means, state = kept_means(store, DIMENSION), store.state()
        cameras = np.where(np.arange(COUNT) % 3 == 2, -1, 1 + np.arange(COUNT) % 3)
        taking = Taking(means, state, IDS, cameras)
    taking.see(IDS[:100], VECTORS[:100])
    norms, slots = np.zeros(COUNT + 1, np.float32), means.slots[IDS].copy()
    slots[6] = 2  # by now
    assert taking.fill(norms, IDS, slots).tolist() == [7, *range(101, COUNT + 1)]
    filled = np.setdiff1d(IDS[:100], [7])
    assert np.array_equal(norms[filled], means.norms[filled])
    assert not norms[[7, 101]].any()


@pytest.mark.full
def test_scores_are_products_of_adjusted_embeddings_and_are_confirmed(folder):
    adjust = written(folder)
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        for camera in ("hall", None, "elsewhere"):
            query = adjust.queries(VECTORS[4][None], [camera])[0]
            found = gallery.search(query, COUNT, adjust=adjust)
            truth = adjust.vectors(IDS, VECTORS) @ query
            assert found.scores == pytest.approx(truth[found.ids - 1], abs=1e-5)
            assert found.ids[0] == 1 + int(truth.argmax())


@pytest.mark.full
def test_means_stay_until_the_archive_has_moved(folder):
    before = written(folder)
    some = unit_rows(40, seed=5)
    fill(folder, some[:24], [Facts("hall")] * 24, first=COUNT)
    grown = written(folder)
    assert np.array_equal(before.means, grown.means)  # a fifth more: not yet
    assert grown.slots[COUNT + 1 :].tolist() == [1] * 24
    assert same(grown, written(folder, rebuild=True))
    fill(folder, some[24:25], [Facts("hall")], first=COUNT + 24)
    assert not np.array_equal(before.means, written(folder).means)


@pytest.mark.full
def test_a_new_camera_has_its_mean_at_once_in_a_small_archive_only(folder, monkeypatch):
    written(folder)
    fill(folder, unit_rows(5, seed=5), [Facts("lift")] * 5, first=COUNT)
    assert adjustment(folder).slots[COUNT + 1 :].tolist() == [0] * 5
    monkeypatch.setattr(adjusting, "SMALL", 100)
    assert written(folder).slots[COUNT + 1 :].tolist() == [0] * 5
    monkeypatch.undo()
    assert written(folder).slots[COUNT + 1 :].tolist() == [3] * 5


@pytest.mark.full
@pytest.mark.parametrize("told_from", [2, 1000])
def test_somebody_deleted_is_in_no_mean_of_few(folder, monkeypatch, told_from):
    before = written(folder)
    monkeypatch.setattr(adjusting, "TOLD_FROM", told_from)
    with Store(folder) as store:
        erase(store, Gallery(store), Erasure(np.array([4, 7]), 0, 0, 0))
    after = adjustment(folder)
    assert np.array_equal(before.means, after.means) == (told_from == 2)
    assert after.norms[[4, 7]].tolist() == [1, 1]
    assert after.slots[[4, 7]].tolist() == [0, 0]
    with Store(folder) as store:
        assert check(store) == []


@pytest.mark.full
def test_of_one_camera_scores_are_plain(tmp_path):
    fill(tmp_path / "a", VECTORS, [Facts("hall" if i % 2 else None) for i in range(COUNT)])
    assert adjustment(tmp_path / "a") is WhyNotAdjusted.ONE_CAMERA
    assert written(tmp_path / "a") is WhyNotAdjusted.ONE_CAMERA
    with Store(tmp_path / "a") as store:
        assert not Gallery(store).needs_compaction()


@pytest.mark.full
def test_a_large_archive_without_means_says_so_until_they_are_prepared(folder, monkeypatch):
    monkeypatch.setattr(adjusting, "TAKEN_IN_A_SEARCH", 50)
    assert adjustment(folder) is WhyNotAdjusted.NOT_PREPARED
    with Store(folder) as store:
        gallery = Gallery(store)
        assert Neighbours(store, gallery).keep()
    assert isinstance(adjustment(folder), Adjustment)


@pytest.mark.full
def test_an_open_reader_takes_the_means_that_a_writer_has_kept(folder):
    written(folder)
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        before = gallery.adjustment()
        fill(folder, unit_rows(30, seed=5), [Facts("gate")] * 30, first=COUNT)
        gallery.sync()
        tail = gallery.adjustment()
        assert np.array_equal(before.means, tail.means)
        assert len(tail.slots) == COUNT + 31
        anew = written(folder)
        gallery.sync()
        assert same(gallery.adjustment(), anew)
        assert not np.array_equal(anew.means, before.means)


DAMAGE = [
    ("adjustment", "UPDATE adjustment SET data = zeroblob(length(data))"),
    ("adjustment", "UPDATE adjustment SET cameras = '[]'"),
    ("adjustment", "UPDATE adjustment SET cameras = '[[null, 1, \"x\"], 7]'"),
    ("row", "UPDATE adjustment SET row_digest = zeroblob(8)"),
]


@pytest.mark.full
@pytest.mark.parametrize(("code", "damage"), DAMAGE)
def test_damaged_means_are_taken_anew_and_told(folder, code, damage):
    kept = written(folder)
    sql(folder, damage)
    assert same(adjustment(folder), kept)
    with Store(folder) as store:
        findings = check(store)
        assert code in [finding.code for finding in findings]
        repair(store, findings)
        assert check(store) == []
    assert same(written(folder), kept)


@pytest.mark.full
def test_norms_that_do_not_go_with_the_embeddings_are_found(folder):
    kept = written(folder)
    norms = kept.norms.copy()
    norms[7] += 0.1
    data = np.concatenate([kept.means.ravel().view("<i4"), kept.slots, norms.view("<i4")]).tobytes()
    digest = hashlib.sha256(data).digest()
    sql(folder, "UPDATE adjustment SET data = :data, sha256 = :digest", data=data, digest=digest)
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        adjust = gallery.adjustment()
        with pytest.raises(ArchiveError, match="crop 7"):
            gallery.search(adjust.queries(VECTORS[6][None], ["hall"])[0], COUNT, adjust=adjust)
        (finding,) = check(store)
        assert (finding.code, finding.crop_ids) == ("adjustment", (7,))
        repair(store, [finding])
    assert same(adjustment(folder), kept)


@pytest.mark.full
def test_the_graph_is_of_the_means_in_force(folder):
    kept = written(folder)
    with Store(folder) as store:
        gallery = Gallery(store)
        neighbours = Neighbours(store, gallery)
        neighbours.keep()
        rows = kept.vectors(IDS, VECTORS)
        graph = neighbours.graph()
        near = np.argsort(-(rows @ rows[0]), kind="stable")
        assert graph.near[0][:5].tolist() == near[near != 0][:5].tolist()
        assert newest_graph(store).adjusted_by.hex() == kept.by.means_sha256
        assert list(check_neighbours(store)) == []
        fill(folder, unit_rows(60, seed=5), [Facts("gate")] * 60, first=COUNT)
        anew = written(folder)
        assert list(check_neighbours(store)) == []  # of older means, and used by nobody
        assert neighbours.keep()
        assert newest_graph(store).adjusted_by.hex() == anew.by.means_sha256
        assert list(check_neighbours(store)) == []


def test_everybody_counts_once_at_a_camera():
    person, other = unit_rows(2, seed=1)
    often = np.repeat(person[None], 9, axis=0)
    vectors = np.concatenate([often, other[None]])
    once = camera_means(np.stack([person, other]), np.zeros(2, np.int64), 1)
    found = camera_means(vectors, np.zeros(10, np.int64), 1)
    assert np.allclose(found.means, once.means, atol=1e-6)
    assert found.people.tolist() == pytest.approx([2, 2])
    # Known to be one person, however different they look.
    known = camera_means(np.stack([person, other]), np.zeros(2, np.int64), 1, persons=np.zeros(2))
    assert known.people.tolist() == pytest.approx([1, 1])


def test_a_mean_over_few_people_stays_near_that_of_all():
    rng = np.random.default_rng(0)
    everybody, few = rng.standard_normal((200, DIMENSION)), rng.standard_normal((2, DIMENSION))
    rows = np.concatenate([everybody, few])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    means = camera_means(rows, np.repeat([0, 1], [200, 2]), 2).means
    assert np.linalg.norm(means[2] - means[0]) < 2 / 17 + 0.02
