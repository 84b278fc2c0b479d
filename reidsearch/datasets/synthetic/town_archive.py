"""A made-up town in an archive: footage without pixels, as an index run would have written it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.base.boxes import Box
from reidsearch.datasets.synthetic.town import Sighting, Town
from reidsearch.domain.crops import Vectors
from reidsearch.domain.embeddings import robust_mean
from reidsearch.domain.footage import Clock, How, SourceFacts, Span, VideoInfo
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.steps import SourceFile, SourceStep
from reidsearch.domain.tracklets import BestShot, Trace, Tracklet
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.footage.writer import FootageWriter

BEGIN = dt.datetime(2024, 5, 31, 8, tzinfo=dt.UTC)
DIMENSION = 128
MODEL = ModelIdentity("town", "FP32", "70" * 48, "none/1", DIMENSION)
FPS = 5
SIZE_PX = (640, 360)


@dataclass(frozen=True, slots=True)
class Look:
    """How embeddings are made: what they have in common, as lengths that are added up.

    With the defaults two views of one person by two cameras score 0.51 on average, people in the
    same kind of clothes 0.41, others 0.11; the nearest by another camera shows the same person in
    92 of 100 cases.

    Args:
        everybody: what all people share.
        alike: what people of one kind of clothes share.
        own: of the person alone.
        camera: what all people at a camera share.
        visit: of one sighting.
        view: of one picture.
    """

    everybody: float = 0.35
    alike: float = 0.6
    own: float = 0.35
    camera: float = 0.35
    visit: float = 0.6
    view: float = 0.3


@dataclass(frozen=True, slots=True)
class Written:
    """One sighting as the archive has it."""

    sighting: Sighting
    tracklet_id: int
    crop_ids: tuple[int, ...]


def write_town(
    archive: Path,
    town: Town,
    *,
    look: Look | None = None,
    views: int = 3,
    segment_s: float = 3600,
    without: Collection[tuple[str, int]] = (),
    brightness: Mapping[tuple[str, int], int] | None = None,
    uncertainty_s: float = 1.0,
    seed: int = 1,
) -> list[Written]:
    """Write a town into an archive that holds nothing yet.

    A camera's footage is one source a segment; a sighting belongs to the segment in which it
    begins, and ends with it. Clocks show what the town's cameras show.

    Args:
        archive: made when there is none.
        without: segments that are not supplied, as camera and number of the segment, from 0.
        brightness: of the crops of a segment, grey levels; 110 where nothing is said.
        uncertainty_s: as it is recorded of every clock.

    Returns:
        What was written, in order of tracklet ids; sightings of segments left out are not there.
    """
    if not archive.exists():
        Store.create(archive)
    written: list[Written] = []
    vectors = _Vectors(town, look or Look(), seed)
    with Store(archive) as store, open_writer(store, MODEL) as writer:
        writer.begin_run(request="town", command="", version="0", runtime="none")
        footage = FootageWriter(writer)
        for camera in town.cameras:
            for number in range(int(np.ceil(town.seconds / segment_s))):
                if (camera.name, number) in without:
                    continue
                from_s, to_s = number * segment_s, min((number + 1) * segment_s, town.seconds)
                inside = [
                    one
                    for one in town.sightings
                    if one.camera == camera.name and from_s <= one.first_s < to_s - 1
                ]
                bright = (brightness or {}).get((camera.name, number), 110)
                tracklets = [
                    _tracklet(one, from_s, to_s, vectors.of(one, views), bright) for one in inside
                ]
                start = BEGIN + dt.timedelta(seconds=camera.shown_s(from_s))
                clock = Clock(start, "option", uncertainty_s)
                _write_source(
                    footage, SourceFacts(camera.name, clock), number, to_s - from_s, tracklets
                )
                for one in inside:
                    crop = written[-1].crop_ids[-1] if written else 0
                    written.append(
                        Written(one, len(written) + 1, tuple(range(crop + 1, crop + 1 + views)))
                    )
        writer.end_run({}, finished=True)
    return written


class _Vectors:
    """Embeddings of the town's people, the same for the same seed."""

    def __init__(self, town: Town, look: Look, seed: int) -> None:
        rng = np.random.default_rng((seed, 21))
        self._look, self._seed, self._alike = look, seed, town.alike
        self._everybody = _directions(rng, 1)
        self._clothes = _directions(rng, max(town.alike) + 1)
        self._people = _directions(rng, town.people)
        names = [camera.name for camera in town.cameras]
        self._cameras = dict(zip(names, _directions(rng, len(names)), strict=True))

    def of(self, one: Sighting, views: int) -> Vectors:
        """Return (views, DIMENSION) float32 of unit length."""
        number = int(one.first_s * 1000)
        rng = np.random.default_rng((self._seed, 22, one.person, number))
        visit = _directions(rng, 1)
        rows = (
            self._look.everybody * self._everybody
            + self._look.alike * self._clothes[self._alike[one.person]]
            + self._look.own * self._people[one.person]
            + self._look.camera * self._cameras[one.camera]
            + self._look.visit * visit
            + self._look.view * _directions(rng, views)
        )
        return _unit(rows)


def _directions(rng: np.random.Generator, count: int) -> Vectors:
    return _unit(rng.normal(size=(count, DIMENSION)))


def _unit(rows: NDArray[np.floating]) -> Vectors:
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _tracklet(
    one: Sighting, from_s: float, to_s: float, vectors: Vectors, brightness: int
) -> Tracklet:
    first = round((one.first_s - from_s) * FPS)
    last = min(round((one.last_s - from_s) * FPS), round((to_s - from_s) * FPS) - 1)
    pts = np.arange(first, max(last, first) + 1, dtype=np.int64)
    width, height = SIZE_PX
    tall = height * (0.25 + 0.4 * one.feet)  # nearer to the camera: lower and taller
    left = np.linspace(one.from_x, one.to_x, len(pts)) * (width - tall / 3)
    bottom = np.full(len(pts), one.feet * height)
    xyxy = np.stack([left, bottom - tall, left + tall / 3, bottom], axis=1)
    xyxy = np.clip(xyxy, 0, [width, height, width, height]).astype(np.float32)
    shots = []
    for row in range(len(vectors)):
        at = int((row + 0.5) / len(vectors) * len(pts))
        x0, y0, x1, y1 = (int(value) for value in xyxy[at])
        box = Box(x0, y0, max(x1, x0 + 8), max(y1, y0 + 16))
        picture = _picture(one, row, brightness)
        shots.append(BestShot(int(pts[at]), box, width, height, picture, 0.9 - row / 100, 0.9, 0.5))
    quality = np.array([shot.quality for shot in shots])
    trace = Trace(pts, xyxy, np.full(len(pts), 0.9, np.float32))
    return Tracklet(trace, tuple(shots), vectors, robust_mean(vectors, quality))


def _picture(one: Sighting, row: int, brightness: int) -> bytes:
    """Draw a plain picture in a colour of the person's, which no other crop has."""
    rng = np.random.default_rng((31, one.person, int(one.first_s * 1000), row))
    tint = np.random.default_rng((32, one.person)).uniform(-40, 40, 3)
    pixels = brightness + tint - tint.mean() + rng.normal(0, 6, (64, 32, 3))
    _, jpeg = cv2.imencode(".jpg", np.clip(pixels, 0, 255).astype(np.uint8))
    return bytes(jpeg)


def _write_source(
    footage: FootageWriter,
    facts: SourceFacts,
    number: int,
    seconds: float,
    tracklets: list[Tracklet],
) -> None:
    name = f"{facts.camera}-{number:03}.mp4"
    info = VideoInfo(
        "video", "mp4", "h264", None, *SIZE_PX, 0, Fraction(1, FPS), 0, float(FPS), seconds
    )
    file = SourceFile(f"/footage/{name}", name, hashlib.sha256(name.encode()).digest(), 1000)
    begun = footage.begin(file, info, facts, {"preset": "made", "max_gap_s": 4.0})
    length_us = round(seconds * 1_000_000)
    footage.commit(
        SourceStep(
            source_id=begun.source_id,
            tracklets=tracklets,
            first_span=0,
            spans=[Span(0, length_us, How.DENSE)],
            state=None,
            counts={},
            duration_us=length_us,
            measured_fps=float(FPS),
            notes=[],
        )
    )
