"""Cuts and joins by hand survive whatever happens to the footage: deleted, indexed again, grown."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from scenes import NOON

from reidsearch.archive import Archive
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.video.views import require_shown
from reidsearch.services.footage_files import view_of
from reidsearch.services.index import FootageOptions

FULL = pytest.mark.full


def index(archive: Archive, path: Path, detections: Path) -> None:
    naming = SourceNaming(camera="gate", start=NOON)
    report = archive.index([path], footage=FootageOptions(naming=naming, detections=detections))
    assert report.footage.failed == 0


@pytest.fixture(scope="module")
def made(scene, tmp_path_factory) -> Path:
    """The gate: tracklet 1 alone, 2 and 3 at once."""
    folder = tmp_path_factory.mktemp("edited") / "archive"
    with Archive.open(folder, create=True, model="builtin") as archive:
        index(archive, scene[0], scene[0].with_suffix(".det.txt"))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "a")


def opened(folder: Path) -> Archive:
    return Archive.open(folder, create=True, model="builtin")


def held(archive: Archive) -> list[TrackletSeen]:
    assert archive.check() == []
    (source,) = archive.footage.coverage()
    return archive.footage.tracklets(source.source_id)


def shown(archive: Archive) -> list[tuple[int, int, int]]:
    """First and last media time and detections of every tracklet."""
    return [(one.parts[0].first_us, one.parts[0].last_us, one.detections) for one in held(archive)]


def middle(one: TrackletSeen, share: Fraction = Fraction(1, 2)) -> Fraction:
    first_s, last_s = one.parts[0].first_s, one.parts[0].last_s
    return first_s + (last_s - first_s) * share


def delete(archive: Archive, crop_ids: tuple[int, ...]) -> None:
    archive.delete(archive.plan_delete(crop_ids=crop_ids))


@pytest.mark.full
@pytest.mark.parametrize(
    "lost", ["both", *(pytest.param(one, marks=FULL) for one in ("early", "late", "a view"))]
)
def test_a_cut_is_where_it_was_after_half_of_it_was_deleted_and_indexed_again(folder, scene, lost):
    detections = scene[0].with_suffix(".det.txt")
    with opened(folder) as archive:
        whole = held(archive)[0]
        early, late = archive.tracklets.split(whole.tracklet_id, media_s=middle(whole)).tracklets
        before = shown(archive)
        gone = {"early": early.crop_ids, "late": late.crop_ids, "a view": late.crop_ids[:1]}
        delete(archive, gone.get(lost, (*early.crop_ids, *late.crop_ids)))
        index(archive, scene[0], detections)
        assert shown(archive) == before
        ids = [one.tracklet_id for one in held(archive)]
        assert (early.tracklet_id in ids) == (lost in {"late", "a view"})
        assert (late.tracklet_id in ids) == (lost in {"early", "a view"})


@FULL
def test_what_was_joined_stays_joined_when_it_is_found_in_two(folder, scene):
    with opened(folder) as archive:
        one, other = held(archive)[:2]
        (joined,) = archive.tracklets.join([one.tracklet_id, other.tracklet_id]).tracklets
        before = shown(archive)
        delete(archive, (other.crop_ids[0], one.crop_ids[0]))
        index(archive, scene[0], scene[0].with_suffix(".det.txt"))
        assert shown(archive) == before
        (again, _) = held(archive)
        assert again.tracklet_id == joined.tracklet_id
        assert len(again.crop_ids) == len(joined.crop_ids)
        archive.identities.undo()
        assert [each.detections for each in held(archive)[:2]] == [one.detections, other.detections]


@pytest.fixture(scope="module")
def recording(scene, tmp_path_factory) -> tuple[bytes, int]:
    """The scene as a transport stream, and a number of bytes within it that ends a packet."""
    path = tmp_path_factory.mktemp("grown") / "whole.ts"
    with av.open(str(scene[0])) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = path.read_bytes()
    return data, len(data) * 63 // 100 // 188 * 188


@pytest.fixture
def begun(recording, scene, tmp_path) -> Iterator[tuple[Archive, Callable[[], None]]]:
    """An archive of the first part of the recording, and what lets it grow and indexes it."""
    path, detections = tmp_path / "gate.ts", scene[0].with_suffix(".det.txt")
    data, half = recording
    path.write_bytes(data[:half])

    def grow() -> None:
        path.write_bytes(data)
        index(archive, path, detections)

    with opened(tmp_path / "a") as archive:
        index(archive, path, detections)
        assert len(held(archive)) == 3, "the last two go on in what is still to come"
        yield archive, grow


@FULL
def test_a_file_that_grew_keeps_cuts_and_joins(begun):
    archive, grow = begun
    first, second, third = held(archive)
    _, late = archive.tracklets.split(second.tracklet_id, media_s=middle(second)).tracklets
    archive.tracklets.join([first.tracklet_id, second.tracklet_id])
    grow()
    ids = {one.tracklet_id: one for one in held(archive)}
    assert ids.keys() == {first.tracklet_id, late.tracklet_id, third.tracklet_id}
    joined, grown = ids[first.tracklet_id], ids[late.tracklet_id]
    assert joined.parts[0].first_us == first.parts[0].first_us
    assert joined.parts[0].last_us < late.parts[0].first_us
    assert grown.parts[0].first_us == late.parts[0].first_us
    assert grown.parts[0].last_us > late.parts[0].last_us
    archive.identities.undo()
    archive.identities.undo()
    (_, whole, _) = held(archive)
    assert whole.tracklet_id == second.tracklet_id
    assert whole.detections > second.detections
    archive.identities.undo(4)
    assert late.tracklet_id in {one.tracklet_id for one in held(archive)}


@FULL
def test_a_half_that_was_deleted_permanently_does_not_come_back_when_the_file_grows(begun):
    archive, grow = begun
    _, second, _ = held(archive)
    early, late = archive.tracklets.split(second.tracklet_id, media_s=middle(second)).tracklets
    archive.delete(archive.plan_delete(crop_ids=early.crop_ids, permanent=True))
    grow()
    there = {one.tracklet_id: one for one in held(archive)}
    assert len(there) == 3
    assert early.tracklet_id not in there
    assert there[late.tracklet_id].parts[0].first_us == late.parts[0].first_us


@FULL
@pytest.mark.parametrize("share", [Fraction(1, 100), Fraction(99, 100)])
def test_a_half_without_a_crop_gets_one_out_of_the_footage(folder, scene, share):
    with opened(folder) as archive:
        whole = held(archive)[0]
        at = middle(whole, share)
        edited = archive.tracklets.split(whole.tracklet_id, media_s=at)
        (made,) = edited.made
        crop = archive.crop(made)
        side = 0 if share < Fraction(1, 2) else 1
        assert edited.tracklets[side].crop_ids == (made,)
        assert (crop.moment.media_s < at) == (side == 0)
        frame, _ = archive.footage.frame(made)
        require_shown(frame, view_of(archive._store, crop))
        jpeg = cv2.imdecode(np.frombuffer(archive.picture(made), np.uint8), cv2.IMREAD_COLOR)
        assert jpeg.shape[:2] == (crop.box.height_px, crop.box.width_px)
        found = archive.search(made, k=30, grouped=False).matches
        assert {match.crop.crop_id for match in found} >= set(whole.crop_ids)
        archive.identities.undo()
        (again, *_) = held(archive)
        assert set(again.crop_ids) == {*whole.crop_ids, made}
        assert again.detections == whole.detections
