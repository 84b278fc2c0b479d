"""Frames in, tracklets out: the same people as in the archive of the same footage."""

from __future__ import annotations

import re
from pathlib import Path

import av
import numpy as np
import pytest

from reidsearch import PRESETS, Archive, FootageOptions, PersonStream, SourceNaming, UsageError

pytestmark = pytest.mark.slow  # the real models, twice over the same footage

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "python.md"
CLIP = "one-by-one-person-detection.mp4"
SECONDS = 12


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """`gate.mp4`: the first seconds of the sample clip, copied."""
    path = tmp_path_factory.mktemp("gate") / "gate.mp4"
    with av.open(str(shared / "footage" / CLIP)) as clip, av.open(str(path), "w") as target:
        source = clip.streams.video[0]
        stream = target.add_stream_from_template(source)
        for packet in clip.demux(source):
            if packet.dts is not None and packet.pts * packet.time_base < SECONDS:
                packet.stream = stream
                target.mux(packet)
    return path


def test_the_example_of_the_page_finds_whom_the_archive_finds(gate, shared, monkeypatch):
    example = next(
        block
        for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
        if "PersonStream" in block
    )
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    monkeypatch.chdir(gate.parent)
    names: dict[str, object] = {}
    exec(example, names)
    people = names["people"]
    naming = SourceNaming(camera="gate")
    with Archive.open(gate.parent / "archive", create=True) as archive:
        archive.index([gate], footage=FootageOptions(naming=naming))
        (source,) = archive.footage.coverage()
        tracklets = archive.footage.tracklets(source.source_id)
        assert len(people) == len(tracklets) == 1
        for person, tracklet in zip(people, tracklets, strict=True):
            trace = archive.footage.trace(tracklet.tracklet_id, source.source_id)
            times_s = [float(source.info.media_s(pts)) for pts in trace.pts.tolist()]
            # Pixels are converted once more than from a file: few detections differ.
            both, own, held = np.intersect1d(
                np.round(person.times_s, 3), np.round(times_s, 3), return_indices=True
            )
            assert len(both) >= 0.9 * max(len(person.times_s), len(times_s))
            assert np.abs(person.xyxy[own] - trace.xyxy[held]).max() < 8
            assert person.vectors.shape == (len(person.shots), len(person.vector))
            best = archive.search(av_picture(person.shots[0].jpeg, gate.parent), k=1).matches[0]
            assert best.crop.crop_id in tracklet.crop_ids
        _refusals(archive)


def av_picture(jpeg: bytes, folder: Path) -> Path:
    (folder / "person.jpg").write_bytes(jpeg)
    return folder / "person.jpg"


def _refusals(archive: Archive) -> None:
    frame = np.zeros((90, 160, 3), np.uint8)
    with pytest.raises(UsageError, match="no first pass"):
        archive.stream(PRESETS["fast"])
    with archive.stream() as stream:
        assert stream.push(frame, 10.0) == []
        with pytest.raises(UsageError, match="after one of 10"):
            stream.push(frame, 10.0)
        with pytest.raises(UsageError, match="no time in seconds"):
            stream.push(frame, float("nan"))
        with pytest.raises(UsageError, match="uint8, not"):
            stream.push(frame[..., 0], 11.0)
        assert stream.push(frame[:40], 11.0) == []  # another size: a cut
        assert stream.close() == []
        with pytest.raises(UsageError, match="is closed"):
            stream.push(frame, 12.0)
    with archive.stream() as stream:
        stream.push(frame, 0.0)  # and nothing more: the thread ends with the block
    assert stream.close() == []


def test_what_fails_within_is_raised_where_frames_are_pushed(gate, shared, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    frame = np.zeros((90, 160, 3), np.uint8)

    def broken(*_: object) -> None:
        raise MemoryError("no room")

    with PersonStream() as stream:
        monkeypatch.setattr(type(stream._detector), "read", broken)
        stream.push(frame, 0.0)
        with pytest.raises(MemoryError, match="no room"):
            stream.close()
