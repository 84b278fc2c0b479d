"""Files that are begun while the one before ends: the archive is the same."""

import threading

import av
import pytest
from footage_dump import dump
from videos import write_video

from reidsearch.archive import Archive
from reidsearch.ingest.footage import ahead as ahead_module
from reidsearch.ingest.footage.ahead import Ahead, Ending, with_following
from reidsearch.ingest.footage.sampled_frames import End

CLIP = "one-by-one-person-detection.mp4"


def test_each_entry_comes_with_the_one_after_it():
    assert list(with_following("abc")) == [("a", "b"), ("b", "c"), ("c", None)]
    assert list(with_following("")) == []


def test_an_end_is_told_whether_it_comes_before_or_after_somebody_asks():
    told = []
    early, late = Ending(), Ending()
    early.then(lambda: told.append("early"))
    for ending in (early, late):
        assert len(list(ending.watch([(End(0, 1), None)]))) == 1
    late.then(lambda: told.append("late"))
    assert told == ["early", "late"]


@pytest.fixture
def short_files(shared, tmp_path):
    """Three files of 15 frames: somebody walks through the second and third."""
    with av.open(str(shared / "footage" / CLIP)) as container:
        frames = [
            one.to_ndarray(format="bgr24")
            for one, _ in zip(container.decode(video=0), range(125), strict=False)
        ]
    files = []
    for number, begins in enumerate((0, 90, 105)):
        files.append(
            write_video(
                tmp_path / f"{number}.mp4",
                15,
                fps=10,
                size_px=(768, 432),
                draw=lambda at, *_, begins=begins, **__: frames[begins + at],
            )
        )
    return files


@pytest.mark.full
def test_the_archive_is_that_of_files_one_by_one(shared, short_files, tmp_path, monkeypatch):
    taken = []
    take = Ahead.taken
    monkeypatch.setattr(
        Ahead, "taken", lambda self, mark: taken.append(take(self, mark)) or taken[-1]
    )

    def index(folder, calls):
        with Archive.open(folder, create=True, model_path=[shared / "models"], offline=True) as one:
            return [one.index(files).footage.indexed for files in calls]

    assert index(tmp_path / "together", [short_files]) == [3]
    assert [one is not None for one in taken] == [False, True, True]
    monkeypatch.setattr(ahead_module, "LARGEST_BYTES", 0)
    assert index(tmp_path / "alone", [[file] for file in short_files]) == [1, 1, 1]
    assert dump(tmp_path / "together") == dump(tmp_path / "alone")
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"reidsearch-ahead", "reidsearch-decode", "reidsearch-embed"}
