"""A file that grew since it was indexed: everybody once, ids and decisions as they were."""

import shutil
from fractions import Fraction
from pathlib import Path

import av
import pytest
from scenes import NOON

from reidsearch.archive import Archive
from reidsearch.base.progress import NO_PROGRESS
from reidsearch.domain.footage import Clock, How
from reidsearch.ingest.footage import run
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions


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
    return data, len(data) * 6 // 10 // 188 * 188


def index(archive: Archive, path: Path, detections: Path):
    naming = SourceNaming(camera="gate", start=NOON)
    return archive.index([path], footage=FootageOptions(naming=naming, detections=detections))


@pytest.fixture
def place(scene, tmp_path) -> tuple[Path, Path]:
    """Where the recorder writes, and precomputed detections of the whole."""
    detections = shutil.copy(scene[0].with_suffix(".det.txt"), tmp_path / "gate.det.txt")
    return tmp_path / "gate.ts", detections


def held(archive):
    found = {}
    for source in archive.footage.coverage():
        for one in archive.footage.tracklets(source.source_id):
            crops = [archive.crop(n) for n in one.crop_ids]
            found[one.tracklet_id] = {(c.moment.pts, c.box) for c in crops}
    return found


@pytest.mark.full
def test_everybody_is_there_once_and_keeps_their_ids(place, recording, tmp_path):
    path, detections = place
    data, half = recording
    path.write_bytes(data[:half])
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        index(archive, path, detections)
        (before,) = archive.footage.coverage()
        archive.footage.set_clock(
            before.source_id, Clock(NOON, "option", 1.0, offset_s=Fraction(-60))
        )
        seen = archive.footage.tracklets(before.source_id)
        anna = archive.identities.new("anna", [seen[0].crop_ids[0]])
        path.write_bytes(data)
        assert index(archive, path, detections).footage.indexed == 1
        (now,) = archive.footage.coverage()
        assert now.duration_s > before.duration_s
        assert now.facts.clock.offset_s == -60
        stories = archive.identities.show("anna")
        assert [one.member.number for one in stories.members] == [seen[0].tracklet_id]
        assert anna is not None
        assert archive.check() == []
        assert {one.crop_ids[0] for one in seen} <= {
            crop_id for one in archive.footage.tracklets(now.source_id) for crop_id in one.crop_ids
        }
        grown = held(archive)
        times = {archive.crop(n).facts.time for n in seen[0].crop_ids}
        assert max(times) < NOON
        assert index(archive, path, detections).footage.unchanged == 1
    with Archive.open(tmp_path / "b", create=True, model="builtin") as archive:
        index(archive, path, detections)
        whole = held(archive)
    assert len(grown) == len(whole) == 3
    by_person = sorted(whole.values(), key=min)
    for views, all_views in zip(sorted(grown.values(), key=min), by_person, strict=True):
        assert all_views <= views, "whoever was indexed whole has no view more"


@pytest.mark.full
def test_other_footage_at_the_same_place_takes_nothing_over(place, recording, tmp_path):
    path, detections = place
    data, half = recording
    path.write_bytes(data[:half])
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        index(archive, path, detections)
        before = set(held(archive))
        changed = bytearray(data)
        changed[1000] ^= 1
        path.write_bytes(changed)
        index(archive, path, detections)
        assert len(archive.footage.coverage()) == 2
        assert before < set(held(archive))


@pytest.mark.full
def test_nothing_is_lost_while_the_whole_is_not_analysed_to_its_end(
    place, recording, tmp_path, monkeypatch
):
    """The recorder goes on writing: the run refuses the file, and what was held stays."""
    monkeypatch.setattr(run, "MARK_S", 0.0)
    path, detections = place
    data, half = recording
    path.write_bytes(data[:half])
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        index(archive, path, detections)
        before, (source,) = held(archive), archive.footage.coverage()
        path.write_bytes(data[: half + 188 * 40])

        class Recorder(type(NO_PROGRESS)):
            """Writes on as soon as something was found."""

            appended = 0

            def advance(self, done: int = 1, /, **counts: int) -> None:
                if counts.get("tracklets"):
                    with path.open("ab") as more:
                        more.write(b"\0" * 188)
                    self.appended += 1

        recorder = Recorder()
        naming = SourceNaming(camera="gate", start=NOON)
        options = FootageOptions(naming=naming, detections=detections)
        report = archive.index([path], footage=options, progress=recorder).footage
        assert recorder.appended
        assert report.failed == 1
        assert held(archive) == before
        assert [one.sha256 for one in archive.footage.coverage()] == [source.sha256]


@pytest.mark.full
def test_whoever_was_kept_out_of_the_start_stays_out_of_the_whole(place, recording, tmp_path):
    path, detections = place
    data, half = recording
    path.write_bytes(data[:half])
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        index(archive, path, detections)
        (source,) = archive.footage.coverage()
        gone = archive.footage.tracklets(source.source_id)[0]
        archive.delete(archive.plan_delete(crop_ids=gone.crop_ids, permanent=True))
        path.write_bytes(data)
        index(archive, path, detections)
        (source,) = archive.footage.coverage()
        seen = archive.footage.tracklets(source.source_id)
        assert len(seen) == 2
        assert gone.parts[0].first_s not in {one.parts[0].first_s for one in seen}
        assert How.ERASED in {span.how for span in source.spans}
