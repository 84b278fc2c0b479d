"""Files into which a recorder cuts one recording: a visit across a border is one tracklet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from archives import NOON, sql
from tracklets import Seen, write_footage

from reidsearch.archive import Archive
from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.footage import How
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.request import Filters
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.recordings import join_recording
from reidsearch.vision.models.catalogue import catalogue

DIMENSION = 16
KNOWN = ModelIdentity("known", "FP32", catalogue()[0].digest, "none/1", DIMENSION)
UNKNOWN = ModelIdentity("unknown", "FP32", "ab" * 48, "none/1", DIMENSION)
ROWS = np.eye(DIMENSION, dtype=np.float32)
ANNA, BERT = ROWS[:1], ROWS[1:2]
MINUTE = 60


def write_file(folder: Path, number: int, *seen: Seen, camera: str | None = "gate", **more) -> None:
    """One file of a minute; they begin when the one before ends, by names of whole seconds."""
    start = NOON + dt.timedelta(seconds=MINUTE * number) + more.pop("late", dt.timedelta())
    more = {"model": KNOWN, "seconds": MINUTE, "start": start} | more
    write_footage(folder, f"{camera}/{number}-{more['start']}", camera, seen, **more)


def until_the_end(who: np.ndarray = ANNA) -> Seen:
    return Seen(50, MINUTE, who, left_px=100)


def from_the_start(who: np.ndarray = ANNA, first_s: float = 0.2) -> Seen:
    return Seen(first_s, 8, who, left_px=105)


def two_files(place: Path) -> Path:
    """An archive of one visit across a border."""
    folder = place / "a"
    for number, seen in enumerate((until_the_end(), from_the_start())):
        write_file(folder, number, seen)
    return folder


def held(folder: Path) -> list[TrackletSeen]:
    """Every tracklet of the archive, by its id."""
    with Archive.open(folder) as archive:
        assert archive.check() == []
        found = {
            one.tracklet_id: one
            for source in archive.footage.coverage()
            for one in archive.footage.tracklets(source.source_id)
        }
        assert archive.show().tracklets == len(found)
    return [found[number] for number in sorted(found)]


@pytest.mark.full
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (0, 2, 1)])
def test_a_visit_through_three_files_is_one_tracklet(tmp_path, order):
    folder = tmp_path / "a"
    seen = {0: until_the_end(), 1: Seen(0, MINUTE, ANNA, left_px=100), 2: from_the_start()}
    for number in order:
        write_file(folder, number, seen[number])
    (visit,) = held(folder)
    assert visit.tracklet_id == 1
    assert [(float(p.first_s), float(p.last_s)) for p in visit.parts] == [
        (50, 60),
        (0, 60),
        (0.2, 8),
    ]
    assert visit.first_time == NOON + dt.timedelta(seconds=50)
    assert visit.last_time == NOON + dt.timedelta(seconds=128)
    assert visit.duration_s == 78
    assert len(visit.crop_ids) == 3


@pytest.mark.full
@pytest.mark.parametrize(
    "after",
    [
        {"camera": "yard"},
        {"camera": None},
        {"late": dt.timedelta(seconds=5)},  # a gap in the recording, longer than any occlusion
        {"late": dt.timedelta(seconds=-3)},  # an overlap, not a border
        {"start": None},
    ],
)
def test_other_files_are_other_recordings(tmp_path, after):
    write_file(tmp_path / "a", 0, until_the_end())
    write_file(tmp_path / "a", 1, from_the_start(), **after)
    assert len(held(tmp_path / "a")) == 2


@pytest.mark.full
@pytest.mark.parametrize("second", [from_the_start(BERT), from_the_start(ANNA, 6)])
def test_others_and_later_visits_are_tracklets_of_their_own(tmp_path, second):
    write_file(tmp_path / "a", 0, until_the_end())
    write_file(tmp_path / "a", 1, second)
    assert len(held(tmp_path / "a")) == 2


@pytest.mark.full
def test_without_known_scores_nothing_is_joined(tmp_path):
    write_file(tmp_path / "a", 0, until_the_end(), model=UNKNOWN)
    write_file(tmp_path / "a", 1, from_the_start(), model=UNKNOWN)
    assert len(held(tmp_path / "a")) == 2


@pytest.mark.full
def test_what_somebody_decided_on_stays_as_it_was(tmp_path):
    folder = tmp_path / "a"
    write_file(folder, 0, until_the_end())
    with Archive.open(folder) as archive:
        archive.identities.new("anna", [1])
    write_file(folder, 1, from_the_start())
    assert [len(one.parts) for one in held(folder)] == [1, 1]


@pytest.mark.full
def test_an_answer_shows_the_whole_visit_once(tmp_path):
    folder = tmp_path / "a"
    write_file(folder, 0, until_the_end(), Seen(10, 20, BERT))
    write_file(folder, 1, from_the_start())
    with Archive.open(folder) as archive:
        matches = archive.search(2, k=5).matches  # Bert's view asks
        document = archive.search(2, k=5).to_json()["matches"]
    (visit,) = [match.tracklet for match in matches if match.tracklet.tracklet_id == 1]
    assert len(visit.parts) == 2
    assert [one["tracklet"]["tracklet_id"] for one in document].count(1) == 1


@pytest.mark.full
def test_deleting_one_file_leaves_what_the_others_show(tmp_path):
    folder = two_files(tmp_path)
    with Archive.open(folder) as archive:
        second = archive.footage.coverage()[1].location
        archive.delete(archive.plan_delete(Filters(sources=(second,))))
    (visit,) = held(folder)
    assert [float(part.last_s) for part in visit.parts] == [60]
    assert len(visit.crop_ids) == 1


@pytest.mark.full
def test_deleting_its_crops_of_one_file_is_a_hole_there_alone(tmp_path):
    folder = two_files(tmp_path)
    with Archive.open(folder) as archive:
        (visit,) = archive.footage.tracklets(1)
        gone = max(visit.crop_ids)
        assert archive.crop(gone).source_id == 2
        archive.delete(archive.plan_delete(crop_ids=(gone,)))
        first, second = archive.footage.coverage()
        assert {span.how for span in first.spans} == {How.DENSE}
        assert How.ERASED in {span.how for span in second.spans}
    assert [len(one.parts) for one in held(folder)] == [1]


def compare_borders(folder: Path) -> None:
    """Compare every file with its neighbours, as when it is finished."""
    ((model_id,),) = sql(folder, "SELECT model_id FROM archive")
    sources = [row[0] for row in sql(folder, "SELECT source_id FROM footage")]
    with Store(folder) as store, store.write() as connection:
        for source_id in sources:
            join_recording(connection, source_id, model_id)


@pytest.mark.parametrize("at_s", [55, 61, 64])
@pytest.mark.full
def test_what_was_cut_by_hand_is_not_joined_again(tmp_path, at_s):
    folder = tmp_path / "a"
    several = ROWS[:1].repeat(5, axis=0)  # on the first frames, so that each half has views
    write_file(folder, 0, Seen(54.8, MINUTE, several, left_px=100))
    write_file(folder, 1, Seen(3.8, 8, several, left_px=105))
    assert len(held(folder)) == 1
    with Archive.open(folder) as archive:
        edited = archive.tracklets.split(1, clock=(NOON + dt.timedelta(seconds=at_s)).isoformat())
        assert [one.detections for one in edited.tracklets] == {
            55: [2, 94], 61: [53, 43], 64: [55, 41]
        }[at_s]  # fmt: skip
    compare_borders(folder)
    assert len(held(folder)) == 2
    # As if both halves had been deleted and found again, under other ids.
    sql(folder, "UPDATE tracklet_edit SET tracklet_id = 98, other_id = 99")
    compare_borders(folder)
    with Archive.open(folder) as archive:
        both = [one for one in (1, 3) if archive.footage.tracklet(one).parts]
    if at_s == 61:
        assert len(both) == 2, "the border itself was cut"


@pytest.mark.full
def test_a_join_by_hand_across_files_is_taken_back_whole(tmp_path):
    folder = tmp_path / "a"
    write_file(folder, 0, until_the_end())
    write_file(folder, 1, from_the_start(BERT))
    write_file(folder, 2, Seen(30, 40, ANNA))
    before = [(one.tracklet_id, one.parts) for one in held(folder)]
    with Archive.open(folder) as archive:
        (joined,) = archive.tracklets.join([3, 1, 2]).tracklets
        assert [part.source_id for part in joined.parts] == [1, 2, 3]
    compare_borders(folder)
    with Archive.open(folder) as archive:
        archive.identities.undo()
    assert [(one.tracklet_id, one.parts) for one in held(folder)] == before


@pytest.mark.full
def test_a_join_by_hand_is_left_as_it_is_when_the_next_file_comes(tmp_path):
    folder = tmp_path / "a"
    write_file(folder, 0, until_the_end(), Seen(1, 5, ANNA))
    with Archive.open(folder) as archive:
        archive.tracklets.join([1, 2])
    write_file(folder, 1, from_the_start())
    assert [len(one.parts) for one in held(folder)] == [1, 1]
    with Archive.open(folder) as archive:
        archive.identities.undo()
    assert len(held(folder)) == 3


@pytest.mark.full
def test_files_that_are_not_of_one_recording_are_not_joined(tmp_path):
    folder = tmp_path / "a"
    write_file(folder, 0, until_the_end())
    write_file(folder, 5, from_the_start())
    write_file(folder, 5, from_the_start(), late=dt.timedelta(seconds=-2.5), camera="gate")
    with Archive.open(folder) as archive:
        for ids, kind in (((1, 2), Kind.TRACKLETS_APART), ((2, 3), Kind.TRACKLETS_AT_ONCE)):
            with pytest.raises(UsageError) as error:
                archive.tracklets.join(ids)
            assert error.value.kind == kind
