"""Which segments of a recorder are finished, which grow, which are gone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import av
import pytest
from videos import write_video

from reidsearch.media.files.ended import has_ended
from reidsearch.media.files.inventory import Entry, Kind, take_inventory
from reidsearch.media.files.segments import ABANDONED_S, Looked, Segments
from reidsearch.media.naming.patterns import compile_pattern
from reidsearch.media.naming.source_facts import SourceNaming

NAMES = SourceNaming(pattern=compile_pattern(r"(?P<camera>[a-z]+)-\d\.mp4$"))


class Folder:
    """A folder with a clock of its own."""

    def __init__(self, place: Path, naming: SourceNaming = NAMES) -> None:
        self.place, self.now = place, 1000.0
        self.held: set[str] = set()
        self.asked = 0
        self.times: dict[tuple[str, int], float] = {}
        self.segments = Segments(
            naming, 10.0, self._held, clock=lambda: self.now, wall=lambda: self.now
        )

    def _held(self, entries: Sequence[Entry]) -> set[str]:
        self.asked += len(entries)
        return {one.path for one in entries if Path(one.path).name in self.held}

    def look(self, after_s: float = 0.0, **more: bool) -> Looked:
        self.now += after_s
        entries = take_inventory([self.place]).entries({Kind.VIDEO})
        # What a test writes is written now, by the clock of this folder.
        listed = [one._replace(mtime_ns=self.written(one)) for one in entries]
        return self.segments.look(listed, **more)

    def written(self, entry: Entry) -> int:
        return round(1e9 * self.times.setdefault((entry.path, entry.size_bytes), self.now))


def names(looked: Looked) -> list[str]:
    return [Path(one.path).name for one in looked.finished]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_video(tmp_path_factory.mktemp("clip") / "a.mp4", 10).read_bytes()


def test_a_segment_is_finished_when_it_has_settled_and_was_closed(tmp_path, clip):
    folder, file = Folder(tmp_path), tmp_path / "gate-1.mp4"
    file.write_bytes(clip[:200])
    looked = folder.look()
    assert (names(looked), looked.growing) == ([], 1)
    file.write_bytes(clip)
    assert names(folder.look(5)) == []
    assert names(folder.look(9)) == []
    assert names(folder.look(1)) == ["gate-1.mp4"]
    assert folder.asked == 2, "the archive is asked once for each state of a file"


def test_what_was_never_closed_waits_for_the_next_segment_or_is_given_up(tmp_path, clip):
    folder = Folder(tmp_path)
    (tmp_path / "gate-1.mp4").write_bytes(clip[:-50])
    (tmp_path / "yard-1.mp4").write_bytes(clip[:-50])
    folder.look()
    assert names(folder.look(60)) == []
    (tmp_path / "gate-2.mp4").write_bytes(clip[:300])
    assert names(folder.look(20)) == ["gate-1.mp4"]
    assert names(folder.look(ABANDONED_S)) == ["gate-1.mp4", "yard-1.mp4", "gate-2.mp4"]


def test_what_is_held_is_left_and_what_has_changed_since_is_not(tmp_path, clip):
    folder, file = Folder(tmp_path), tmp_path / "gate-1.mp4"
    file.write_bytes(clip)
    folder.held = {"gate-1.mp4"}
    folder.look()
    assert names(folder.look(60)) == []
    folder.held = set()
    file.write_bytes(clip + (8).to_bytes(4, "big") + b"free")
    folder.look()
    assert names(folder.look(60)) == ["gate-1.mp4"]


def test_what_was_deleted_is_gone_once_and_what_was_renamed_is_not(tmp_path, clip):
    folder, file = Folder(tmp_path), tmp_path / "gate-1.mp4"
    file.write_bytes(clip)
    (tmp_path / "gate-2.mp4").write_bytes(b"")
    folder.look()
    file.rename(tmp_path / "gate-9.mp4")
    folder.times = {(str(tmp_path / "gate-9.mp4"), len(clip)): 1000.0}
    assert folder.look(1).gone == ()
    (tmp_path / "gate-9.mp4").unlink()
    (tmp_path / "gate-2.mp4").unlink()
    assert folder.look(1, whole=False).gone == (), "a folder that cannot be read proves nothing"
    assert [Path(one.path).name for one in folder.look(1).gone] == ["gate-9.mp4"]
    assert folder.look(1).gone == ()


def test_containers_tell_whether_they_were_closed(tmp_path, clip):
    whole = tmp_path / "whole.mp4"
    whole.write_bytes(clip)
    assert has_ended(whole) is True
    for part in (40, len(clip) // 2, len(clip) - 1):
        (tmp_path / "cut.mp4").write_bytes(clip[:part])
        assert has_ended(tmp_path / "cut.mp4") is False
    fragments = write_video(
        tmp_path / "f.mp4", 60, container_options={"movflags": "frag_keyframe+empty_moov"}
    )
    assert has_ended(fragments) is True
    (tmp_path / "g.mp4").write_bytes(fragments.read_bytes()[:-100])
    assert has_ended(tmp_path / "g.mp4") is False
    for name in ("a.mkv", "a.avi"):
        other = write_video(tmp_path / name, 30)
        assert has_ended(other) is True
        (tmp_path / f"cut-{name}").write_bytes(other.read_bytes()[:-200])
        assert has_ended(tmp_path / f"cut-{name}") is False
    assert has_ended(write_video(tmp_path / "a.ts", 10)) is None
    (tmp_path / "live.mkv").write_bytes(_live(tmp_path))
    assert has_ended(tmp_path / "live.mkv") is None
    (tmp_path / "odd.mp4").write_bytes(b"nothing that is known")
    assert has_ended(tmp_path / "odd.mp4") is None


def _live(place: Path) -> bytes:
    """A Matroska file as it is while it is written: nobody knows its length yet."""
    with av.open(str(place / "now.mkv"), "w", options={"live": "1"}) as target:
        source = write_video(place / "source.mkv", 30)
        with av.open(str(source)) as packets:
            stream = target.add_stream_from_template(packets.streams.video[0])
            for packet in packets.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
    shutil.copy(place / "now.mkv", place / "copy.mkv")
    return (place / "copy.mkv").read_bytes()


def test_other_footage_under_the_name_of_what_waits_is_told_once(tmp_path, clip):
    folder, file = Folder(tmp_path), tmp_path / "gate-1.mp4"
    file.write_bytes(clip)
    folder.look()
    assert names(folder.look(60)) == ["gate-1.mp4"]
    folder.times = {}  # touched: the same bytes
    assert folder.look(1).overwritten == ()
    assert folder.look(60).overwritten == ()
    file.write_bytes(clip + (8).to_bytes(4, "big") + b"free")  # grown: the same start
    assert folder.look(1).overwritten == ()
    assert folder.look(60).overwritten == ()
    other = write_video(tmp_path / "other.mp4", 13).read_bytes()
    (tmp_path / "other.mp4").unlink()
    file.write_bytes(other[:100])  # a recorder that begins again in its ring
    assert folder.look(1).overwritten == (), "nobody knows yet"
    file.write_bytes(other)
    assert names(folder.look(1)) == []
    looked = folder.look(60)
    assert [Path(one.path).name for one in looked.overwritten] == names(looked) == ["gate-1.mp4"]
    assert folder.look(60).overwritten == ()


def test_what_was_never_closed_may_be_written_anew_from_its_start(tmp_path, clip):
    folder, file = Folder(tmp_path), tmp_path / "gate-1.mp4"
    file.write_bytes(clip[:-50])
    folder.look()
    assert names(folder.look(ABANDONED_S)) == ["gate-1.mp4"]
    file.write_bytes(bytes(8) + clip)
    folder.look()
    assert folder.look(ABANDONED_S).overwritten == ()
