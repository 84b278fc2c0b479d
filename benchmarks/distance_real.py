"""Foot points and distances on real footage, against boxes that people drew.

`python benchmarks/distance.py --real ../shared/footage/crossings` runs it: every TUD clip of the
folder (`NAME.mp4` with `NAME.gt.txt`, MOTChallenge) is indexed with the default detector, and each
detection is put to the truth box that it overlaps most. Where the truth has places on the ground in
metres too (TUD-Stadtmitte: the feet of its boxes by a published calibration of the camera), the
ground is calibrated by four of them. What the audit says of both clips comes last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from mot_scores import SAME, read_truth
from numpy.typing import NDArray

from reidsearch import Archive
from reidsearch.domain.apart import apart
from reidsearch.domain.distance import Apart
from reidsearch.domain.footage import Clock, VideoInfo
from reidsearch.domain.ground import Floats, Ground, GroundPoint, fit_ground
from reidsearch.domain.tracklets import Trace
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.output.audit import findings, sentences
from reidsearch.services.index import FootageOptions

CLICK_PX = 2.0
MARGIN_PX = 8
"""Boxes nearer to an edge of the picture are left out: they may go on beyond it."""


@dataclass(frozen=True)
class Clip:
    """One clip with its truth, and what was found in it.

    Args:
        info: of the video.
        rows: (n, 10) of the truth, frames from 0.
        pts: frame -> its time in the file, of frames with a detection.
        found: tracklet -> its frames and trace.
    """

    name: str
    info: VideoInfo
    rows: Floats
    pts: Mapping[int, int]
    found: Mapping[int, tuple[NDArray[np.int64], Trace]]

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.info.width_px, self.info.height_px

    def boxes(self, frame: int) -> tuple[Floats, Floats]:
        """Return the (n,) ids and (n, 4) corners of the truth in a frame."""
        rows = self.rows[self.rows[:, 0] == frame]
        return rows[:, 1], np.column_stack((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]))

    def truth(self, person: float) -> Trace:
        """Return the trace of a person by the truth, in frames that were analysed."""
        rows = [one for one in self.rows[self.rows[:, 1] == person] if int(one[0]) in self.pts]
        every = np.array(rows)
        corners = np.column_stack((every[:, 2:4], every[:, 2:4] + every[:, 4:6]))
        pts = np.array([self.pts[int(frame)] for frame in every[:, 0]], np.int64)
        return Trace(pts, corners.astype(np.float32), np.ones(len(pts), np.float32))


def clips(folder: Path, archive: Archive) -> list[Clip]:
    """Index the clips of a folder, each as a camera of its own, and return what was found."""
    made = []
    for video in sorted(folder.glob("TUD-*.mp4")):
        naming = SourceNaming(camera=video.stem)
        archive.index([video], footage=FootageOptions(naming=naming))
        source = next(one for one in archive.footage.coverage() if one.facts.camera == video.stem)
        tracks = archive.export.tracks(source.source_id).tracks
        rows = read_truth(video.with_suffix(".gt.txt"))
        rows[:, 0] -= 1
        found = {
            one.tracklet_id: (one.frames, Trace(one.pts, one.xyxy, one.confidence))
            for one in tracks
        }
        pts = {
            int(frame): int(at)
            for frames, trace in found.values()
            for frame, at in zip(frames, trace.pts, strict=True)
        }
        made.append(Clip(video.stem, source.info, rows, pts, found))
    return made


def overlaps(box: Floats, others: Floats) -> Floats:
    """Return the intersection over union of a box with each of (n, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    own = float(np.prod(box[2:] - box[:2]))
    areas: Floats = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return both / (own + areas - both)


def feet(clip: Clip) -> tuple[Floats, NDArray[np.bool_], dict[int, float]]:
    """Return (n, 2) errors of foot points in heights of the true box, whether they are hidden.

    Hidden: the middle of the true box's lower edge lies in the box of somebody nearer. And which
    person each tracklet shows, where it shows one in nine of ten detections.
    """
    errors, hidden = [], []
    whose: dict[int, float] = {}
    width, height = clip.size_px
    for number, (frames, trace) in clip.found.items():
        shown: list[float] = []
        for frame, box in zip(frames, trace.xyxy.astype(np.float64), strict=True):
            ids, truth = clip.boxes(int(frame))
            if not len(ids):
                continue
            shares = overlaps(box, truth)
            best = int(shares.argmax())
            if shares[best] < SAME:
                continue
            shown.append(ids[best])
            true = truth[best]
            inside = (true[:2] > MARGIN_PX).all() and (box[:2] > MARGIN_PX).all()
            inside &= max(true[2], box[2]) < width - MARGIN_PX
            inside &= max(true[3], box[3]) < height - MARGIN_PX
            if not inside:
                continue
            foot, ours = (np.array([(one[0] + one[2]) / 2, one[3]]) for one in (true, box))
            errors.append((ours - foot) / (true[3] - true[1]))
            others = np.delete(truth, best, axis=0)
            hidden.append(
                bool(
                    (
                        (foot[0] > others[:, 0])
                        & (foot[0] < others[:, 2])
                        & (foot[1] > others[:, 1])
                        & (foot[1] < others[:, 3])
                    ).any()
                )
            )
        if shown:
            person, most = Counter(shown).most_common(1)[0]
            if most >= 0.9 * len(frames):
                whose[number] = person
    return np.array(errors), np.array(hidden), whose


def ground_of(clip: Clip) -> Ground | None:
    """Return the ground by four of the truth's feet, far apart; None: it has no metres."""
    if (clip.rows[:, 7:9] == -1).all():
        return None
    feet_px = np.column_stack((clip.rows[:, 2] + clip.rows[:, 4] / 2, clip.rows[:, 3:6:2].sum(1)))
    x, y = ((feet_px - feet_px.mean(0)) / feet_px.std(0)).T
    corners = [int(value.argmax()) for value in (-x - y, x - y, x + y, y - x)]
    points = [GroundPoint(*feet_px[row] / clip.size_px, *clip.rows[row, 7:9]) for row in corners]
    return fit_ground(points, clip.size_px, CLICK_PX)


def misfit_m(clip: Clip, ground: Ground) -> float:
    """Return by how many metres that ground is off at the truth's own feet, the median."""
    feet_px = np.column_stack((clip.rows[:, 2] + clip.rows[:, 4] / 2, clip.rows[:, 3:6:2].sum(1)))
    places = ground.places(feet_px, np.full_like(feet_px, CLICK_PX))
    return float(np.nanmedian(np.hypot(*(places.metres - clip.rows[:, 7:9]).T)))


def measured(clip: Clip, whose: Mapping[int, float], ground: Ground | None) -> Sequence[Floats]:
    """Return (n, 4) of each pair of tracklets of two people: found, low, high, truth."""
    every = []
    for a, b in combinations(sorted(whose), 2):
        if whose[a] == whose[b]:
            continue
        ours = between(clip, clip.found[a][1], clip.found[b][1], ground)
        if ours is None:
            continue
        if ground is None:
            true = between(clip, clip.truth(whose[a]), clip.truth(whose[b]), None)
            if true is None:
                continue
            known = dict(zip(true.pts.tolist(), true.distance.tolist(), strict=True))
        else:
            known = on_ground(clip, whose[a], whose[b])
        rows = [
            (found, low, high, known[at])
            for at, found, low, high in zip(
                ours.pts.tolist(), ours.distance, ours.low, ours.high, strict=True
            )
            if at in known and not np.isnan(found) and not np.isnan(known[at])
        ]
        if rows:
            every.append(np.array(rows))
    return every


def between(clip: Clip, one: Trace, other: Trace, ground: Ground | None) -> Apart | None:
    """Return how far apart two people of a clip were."""
    return apart(one, other, clip.info, ground, source_id=1, location="", clock=Clock())


def on_ground(clip: Clip, one: float, other: float) -> dict[int, float]:
    """Return by time how many metres apart two people were by the truth."""
    places: list[dict[int, Floats]] = []
    for person in (one, other):
        rows = clip.rows[clip.rows[:, 1] == person]
        places.append({clip.pts[int(r[0])]: r[7:9] for r in rows if int(r[0]) in clip.pts})
    first, second = places
    return {at: float(np.hypot(*(first[at] - second[at]))) for at in first.keys() & second.keys()}


def print_real(folder: Path, archive: Archive) -> None:
    """Measure and print, as Markdown."""
    made = clips(folder, archive)
    print(
        "| foot points | number | mean across, down | sd across, down | beyond 0.04 down |\n"
        "| --- | --: | --: | --: | --: |"
    )
    shows = {}
    for clip in made:
        errors, hidden, whose = feet(clip)
        shows[clip.name] = whose
        for what, rows in (("free", ~hidden), ("hidden by another", hidden)):
            if not rows.any():
                continue
            mean, spread = errors[rows].mean(axis=0), errors[rows].std(axis=0)
            far = (np.abs(errors[rows][:, 1]) > 0.04).mean()
            print(
                f"| {clip.name}, {what} | {rows.sum():,} | {mean[0]:+.3f}, {mean[1]:+.3f} | "
                f"{spread[0]:.3f}, {spread[1]:.3f} | {far:.0%} |"
            )
    print(
        "\n| distances | unit | pairs | times | median error | 9 of 10 within | ± | held |\n"
        "| --- | --- | --: | --: | --: | --: | --: | --: |"
    )
    for clip in made:
        ground = ground_of(clip)
        for unit, by in (("body heights", None), ("m", ground)):
            if unit == "m" and ground is None:
                continue
            pairs = measured(clip, shows[clip.name], by)
            found, low, high, truth = np.concatenate(pairs).T
            error, held = np.abs(found - truth), (low <= truth) & (truth <= high)
            print(
                f"| {clip.name} | {unit} | {len(pairs)} | {len(truth):,} | "
                f"{np.median(error):.2f} | {np.percentile(error, 90):.2f} | "
                f"{np.median(high - low) / 2:.2f} | **{held.mean():.1%}** |"
            )
    for clip in made:
        if (ground := ground_of(clip)) is not None:
            print(f"\nGround by four feet, {clip.name}: off by {misfit_m(clip, ground):.2f} m")
    print("\nThe audit of these clips:\n")
    told = archive.audit()
    print("\n".join(f"- {line}" for line in (*findings(told), *sentences(told))))
