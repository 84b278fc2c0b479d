"""`--redact` on real footage of a crowd: what of bystanders an exported clip still shows.

Of the true box of everybody in every frame only each sixth is stored, and none of the first and
last tenths of a second: the frames between, before and after are the redaction's own doing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest
from archives import CommandLine

from reidsearch import Archive
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage

pytestmark = pytest.mark.full  # indexes and encodes real footage

CLIP = "footage/crossings/TUD-Campus"  # 71 frames, 25 a second, eight people who cross
STEP, UNSEEN = 6, 10
WINDOW, SPECK = (9, 9), np.ones((5, 5), np.uint8)
TEXTURED, SAME, ENCODED = 12.0, 0.9, 12.0
HEAD = 1 / 7  # of somebody standing, from the top of their box

Boxes = dict[int, dict[int, tuple[int, int, int, int]]]


def truth_of(path: Path) -> Boxes:
    """Person -> frame from 0 -> left, top, width, height."""
    people: Boxes = defaultdict(dict)
    for line in path.read_text().split():
        frame, person, *box = (round(float(one)) for one in line.split(",")[:6])
        people[person][frame - 1] = (box[0], box[1], box[2], box[3])
    return people


def stored_of(frames: list[int]) -> list[int]:
    return [
        one for one in range(frames[0] + UNSEEN, frames[-1] - UNSEEN + 1, STEP) if one in frames
    ]


@pytest.fixture
def people(run: CommandLine, shared: Path, tmp_path: Path) -> tuple[CommandLine, Boxes, Path]:
    """Index the clip with each sixth true box; people of whom nothing is stored are left out."""
    clip = shared / f"{CLIP}.mp4"
    if not clip.exists():
        pytest.skip("needs ../shared/footage/crossings")
    truth = truth_of(shared / f"{CLIP}.gt.txt")
    kept = {one: boxes for one, boxes in truth.items() if len(stored_of(sorted(boxes))) > 2}
    rows = [
        ",".join(map(str, (frame + 1, person, *boxes[frame], 1)))
        for person, boxes in kept.items()
        for frame in stored_of(sorted(boxes))
    ]
    detections = tmp_path / "stored.txt"
    detections.write_text("\n".join(rows))
    ran = run("index", clip, "--detections", detections, "--model", "builtin", "--camera", "c")
    assert f"{len(kept)} tracklets" in ran.out, ran.err
    return run, kept, clip


def frames_of(path: Path) -> list[np.ndarray]:
    with open_footage(path) as opened:
        return [item.bgr() for item in opened.frames() if isinstance(item, Frame)]


def shown(original: np.ndarray, copy: np.ndarray) -> np.ndarray:
    """Where a copy shows what the original does, as far as there is anything to be seen.

    A pixel is shown where its surroundings have a texture, and the copy has the same: a flat
    surface looks alike whatever was done to it.
    """
    a, b = (cv2.cvtColor(one, cv2.COLOR_BGR2GRAY).astype(np.float64) for one in (original, copy))
    mean_a, mean_b = cv2.blur(a, WINDOW), cv2.blur(b, WINDOW)
    spread_a = np.sqrt(np.maximum(cv2.blur(a * a, WINDOW) - mean_a**2, 0))
    spread_b = np.sqrt(np.maximum(cv2.blur(b * b, WINDOW) - mean_b**2, 0))
    alike = (cv2.blur(a * b, WINDOW) - mean_a * mean_b) / np.maximum(spread_a * spread_b, 1e-6)
    same = (spread_a > TEXTURED) & (alike > SAME) & (cv2.blur(np.abs(a - b), WINDOW) < ENCODED)
    # Here and there the edge of a block lies along one of the original: specks of some pixels.
    return cv2.morphologyEx(same.astype(np.uint8), cv2.MORPH_OPEN, SPECK)


def seen_of(
    original: list[np.ndarray], copy: list[np.ndarray], people: Boxes, upper: float = 1.0
) -> dict[int, dict[int, float]]:
    """Person -> frame -> the share that is shown of the true box, or of its upper part."""
    shares: dict[int, dict[int, float]] = defaultdict(dict)
    for frame, picture in enumerate(copy):
        pixels = shown(original[frame], picture)
        for person, boxes in people.items():
            if frame in boxes:
                left, top, width, height = boxes[frame]
                bottom = top + round(upper * height)
                part = pixels[max(top, 0) : bottom, max(left, 0) : left + width]
                shares[person][frame] = float(part.mean())
    return shares


def clip_of(run: CommandLine, crop: int, out: Path, whom: str) -> list[np.ndarray]:
    """The frames of the whole clip, around somebody who is in it for most of its time."""
    options = ("--margin", 3, "--no-caption", "--redact", whom, "--format", "json")
    ran = run("clip", crop, "-o", out, *options)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["redaction"]["frames"] == 71
    return frames_of(out)


def test_no_bystander_is_shown_in_any_frame_and_no_head_with_faces(people, tmp_path) -> None:
    run, truth, clip = people
    original = frames_of(clip)
    with Archive.open(run.archive) as archive:
        source = archive.footage.coverage()[0]
        seen = archive.footage.tracklets(source.source_id)
        traces = {one: archive.footage.trace(one.tracklet_id, source.source_id) for one in seen}
    subject = max(truth, key=lambda one: max(box[3] for box in truth[one].values()))  # in front
    crop = next(
        one.crop_ids[0]
        for one, trace in traces.items()
        if list(truth[subject][stored_of(sorted(truth[subject]))[0]][:2])
        == trace.xyxy[0, :2].round().tolist()
    )
    shares = seen_of(original, clip_of(run, crop, tmp_path / "others.mp4", "others"), truth)
    own = shares.pop(subject)
    assert np.mean(list(own.values())) > 0.1, "the subject is to be seen, where nobody else is near"
    assert {len(one) for one in shares.values()} >= {71}, "also before the first stored box"
    assert {one: max(of.values()) for one, of in shares.items()} == dict.fromkeys(shares, 0.0)
    copy = clip_of(run, crop, tmp_path / "faces.mp4", "faces")
    assert all(np.mean(list(one.values())) > 0.1 for one in seen_of(original, copy, truth).values())
    heads = seen_of(original, copy, truth, HEAD)
    assert {one: max(of.values()) for one, of in heads.items()} == dict.fromkeys(truth, 0.0)
