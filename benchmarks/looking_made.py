"""What `looking.py` looks at: a recording of 3 GB, and an archive of 10 000 sources.

Both archives are written through the real writer, as an index run would have left them; of the
long recording the crops are cut from its frames, so that what is shown is proven as ever.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from big_archive import numbered, small_jpeg
from measuring import GeneratedEmbeddings, unit_vectors
from PIL import Image

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Reason, Refused
from reidsearch.domain.crops import Rejected
from reidsearch.domain.footage import Clock, How, SourceFacts, Span, VideoInfo
from reidsearch.domain.steps import SourceFile, SourceStep
from reidsearch.domain.tracklets import BestShot, Trace, Tracklet
from reidsearch.index.gallery import Gallery
from reidsearch.media.video.frames import frame_of
from reidsearch.media.video.open import digest_of, open_footage
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.footage.writer import FootageWriter

FPS, GROUP_S = 25, 2
MINUTE_BYTES = 30_000_000
"""Of 4 Mbit a second, which recorders write of 1080p."""
BEGIN = dt.datetime(2024, 5, 31, 8, tzinfo=dt.UTC)
CAMERAS, TRACKLETS, VIEWS = 100, 2, 2
SETTINGS = {"preset": "default", "detector": "person-detection-0202", "max_gap_s": 4.0}


def long_recording(clip: Path, path: Path, gigabytes: float = 3.0) -> Path:
    """Make a recording of 1080p25 at 4 Mbit a second, a key picture every two seconds.

    A minute of it is encoded from the real clip and then repeated, its packets as they are.

    Args:
        path: its ending says the container; made unless it is there.
    """
    if path.exists():
        return path
    minute = path.with_name("minute.mp4")
    if not minute.exists():
        _encode(clip, minute.with_suffix(".part.mp4"))
        minute.with_suffix(".part.mp4").rename(minute)
    part = path.with_name(f"part-{path.name}")
    times = round(gigabytes * 1e9 / minute.stat().st_size)
    with av.open(str(minute)) as source, av.open(str(part), "w") as target:
        stream = source.streams.video[0]
        packets = [
            (bytes(one), one.pts, one.dts, one.is_keyframe)
            for one in source.demux(stream)
            if one.size
        ]
        base = stream.time_base
        tick = round(1 / (FPS * base))
        copied = target.add_stream_from_template(stream)
        for number in range(times * len(packets)):
            data, pts, dts, key = packets[number % len(packets)]
            later = number // len(packets) * len(packets) * tick
            one = av.Packet(data)
            one.pts, one.dts, one.duration, one.time_base = pts + later, dts + later, tick, base
            one.is_keyframe, one.stream = key, copied
            target.mux(one)
    part.rename(path)
    return path


def _encode(clip: Path, path: Path) -> None:
    rate = str(MINUTE_BYTES * 8 // 60)
    options = {"preset": "veryfast", "g": str(FPS * GROUP_S), "sc_threshold": "0", "bf": "2"}
    options |= {"minrate": rate, "maxrate": rate, "bufsize": rate, "nal-hrd": "cbr"}
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.bit_rate = int(rate)
        stream.options = options
        each = FPS / float(source.streams.video[0].average_rate)
        number = 0
        for seen, frame in enumerate(source.decode(video=0), start=1):
            large = frame.reformat(1920, 1080, "yuv420p")
            while number < min(seen * each, 60 * FPS):
                large.pts, large.time_base = number, Fraction(1, FPS)
                target.mux(stream.encode(large))
                number += 1
        target.mux(stream.encode())


def archive_of(path: Path, folder: Path, shares: Sequence[float]) -> Path:
    """Make an archive that holds one tracklet at each of these shares of a recording's length.

    What an index run leaves beside it is there too: its digest, and that its stamps go on evenly.
    """
    finished = folder.with_name(f"{folder.name}.finished")
    if finished.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    Store.create(folder)
    with Store(folder) as store, open_writer(store, GeneratedEmbeddings.identity) as writer:
        writer.begin_run(request="generated", command="generated", version="0", runtime="none")
        digest = digest_of(path)
        with open_footage(path) as footage:
            assert footage.even
            info = footage.info
            length_s = info.declared_s or 0.0
            tracklets = [
                _seen(footage, round(share * length_s * FPS), number)
                for number, share in enumerate(shares)
            ]
        file = SourceFile(str(path.absolute()), path.name, digest.sha256, digest.size_bytes)
        facts = SourceFacts("gate", Clock(BEGIN, "option", 1.0))
        span = Span(0, round(length_s * 1e6), How.DENSE)
        _write(FootageWriter(writer), file, info, facts, tracklets, [span])
        writer.end_run({}, finished=True)
    with Store(folder) as store:
        Gallery(store).rebuild()
    finished.touch()
    return folder


def _seen(footage: object, frame: int, number: int) -> Tracklet:
    """Somebody who stands for four seconds, with one crop in the middle of them."""
    info = footage.info  # type: ignore[attr-defined]
    tick = round(1 / (FPS * info.time_base))
    pts = info.first_pts + (frame + np.arange(0, 100, 6, dtype=np.int64)) * tick
    box = Box(800, 300, 1000, 800)
    shown = frame_of(footage, int(pts[8]), once=True)  # type: ignore[arg-type]
    assert shown.pts == pts[8], (shown.pts, pts[8])
    crop = shown.bgr()[box.y1 : box.y2, box.x1 : box.x2, ::-1]
    jpeg = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(crop)).save(jpeg, "JPEG", quality=90)
    shot = BestShot(int(pts[8]), box, 1920, 1080, jpeg.getvalue(), 0.9, 0.9, 0.5)
    vectors = unit_vectors(1, number)
    boxes = np.tile(np.float32([box.x1, box.y1, box.x2, box.y2]), (len(pts), 1))
    trace = Trace(pts, boxes, np.full(len(pts), 0.9, np.float32))
    return Tracklet(trace, (shot,), vectors, vectors[0])


def archive_of_sources(folder: Path, sources: int) -> Path:
    """Make an archive of so many sources by 100 cameras, each of five minutes.

    Each shows `TRACKLETS` tracklets of `VIEWS` crops; as many files could not be indexed.
    """
    finished = folder.with_name(f"{folder.name}.finished")
    if finished.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    Store.create(folder)
    jpeg, length_us = small_jpeg(), 300_000_000
    vectors = unit_vectors(sources * TRACKLETS * VIEWS, 0)
    info = VideoInfo("video", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p", 1920, 1080, 0,
                     Fraction(1, 12_800), 0, 25.0, 300.0)  # fmt: skip
    with Store(folder) as store, open_writer(store, GeneratedEmbeddings.identity) as writer:
        writer.begin_run(request="generated", command="generated", version="0", runtime="none")
        footage = FootageWriter(writer)
        for number in range(sources):
            camera, part = number % CAMERAS, number // CAMERAS
            # One camera in ten was off in every twelfth five minutes.
            later = dt.timedelta(seconds=300 * (part + (part // 12 if camera % 10 == 0 else 0)))
            name = f"camera-{camera:03}/{BEGIN + later:%Y%m%d-%H%M%S}.mp4"
            file = SourceFile(f"/footage/{name}", name, hashlib.sha256(name.encode()).digest(), 1)
            facts = SourceFacts(f"camera-{camera:03}", Clock(BEGIN + later, "name", 1.0))
            spans = [
                Span(0, 200_000_000, How.DENSE),
                Span(200_000_000, 290_000_000, How.GATED),
                Span(290_000_000, length_us, How.GAP if number % 50 == 0 else How.DENSE),
            ]
            first = number * TRACKLETS * VIEWS
            tracklets = [
                _drawn(jpeg, first + VIEWS * one, vectors, info) for one in range(TRACKLETS)
            ]
            _write(footage, file, info, facts, tracklets, spans)
        writer.commit(
            [
                Rejected(
                    f"/footage/broken/{number:05}.mp4",
                    Refused(Reason.NO_VIDEO, "no frame of it can be decoded"),
                )
                for number in range(sources)
            ]
        )
        writer.end_run({}, finished=True)
    with Store(folder) as store:
        Gallery(store).rebuild()
    finished.touch()
    return folder


def _drawn(jpeg: bytes, first: int, vectors: np.ndarray, info: VideoInfo) -> Tracklet:
    pts = (100 + first % 4000 + np.arange(0, 100, 6, dtype=np.int64)) * 512
    box = Box(800, 300, 816, 332)
    shots = tuple(
        BestShot(int(pts[4 * row]), box, 1920, 1080, numbered(jpeg, first + row), 0.9, 0.9, 0.5)
        for row in range(VIEWS)
    )
    boxes = np.tile(np.float32([box.x1, box.y1, box.x2, box.y2]), (len(pts), 1))
    trace = Trace(pts, boxes, np.full(len(pts), 0.9, np.float32))
    return Tracklet(trace, shots, vectors[first : first + VIEWS], vectors[first])


def _write(
    footage: FootageWriter,
    file: SourceFile,
    info: VideoInfo,
    facts: SourceFacts,
    tracklets: Sequence[Tracklet],
    spans: Sequence[Span],
) -> None:
    begun = footage.begin(file, info, facts, {**SETTINGS, "model": "generated"})
    footage.commit(
        SourceStep(
            source_id=begun.source_id,
            tracklets=list(tracklets),
            first_span=0,
            spans=list(spans),
            state=None,
            counts={"sampled_frames": 1200, "detections": 40, "small": 0},
            duration_us=spans[-1].to_us,
            measured_fps=float(FPS),
            notes=[],
        )
    )
