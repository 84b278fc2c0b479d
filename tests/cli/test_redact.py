"""`--redact`: nothing of a bystander is left in any frame of an exported clip or still.

The bystanders wear a pattern of black and white on a grey ground: a pixel of theirs that was not
redacted is nearly black or nearly white, and one that was is grey, since it is the mean of many.
The subject wears stripes of other colours, all of them grey without colour.
"""

from __future__ import annotations

import json
from fractions import Fraction
from math import cos, pi
from pathlib import Path

import cv2
import numpy as np
import pytest
from archives import CommandLine
from json_schemas import require_valid
from PIL import Image, ImageColor
from videos import write_video

from reidsearch import Archive
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage
from reidsearch.output.stills import INK, OTHERS

pytestmark = pytest.mark.full  # encodes clips

FPS, FRAMES, SIZE = 25, 125, (480, 270)
WIDTH, HEIGHT, TOP = 36, 100, 120
SUBJECT, QUICK, TURNING = 1, 2, 3
CELLS = np.uint8(np.add.outer(np.arange(HEIGHT) // 3, np.arange(WIDTH) // 3) % 2 * 255)[..., None]
STRIPES = np.uint8(((40, 128, 216), (216, 128, 40)))[np.arange(HEIGHT) // 6 % 2][:, None]
STORED = {
    SUBJECT: range(25, 107, 6),
    QUICK: range(31, 92, 6),  # in view half a second before, and after
    TURNING: [*range(13, 50, 6), *range(74, 110, 6)],  # lost for a second while they turn round
}


def left_of(person: int, frame: int) -> int:
    """The left side of somebody; one bystander passes in front of the subject."""
    at_s = frame / FPS
    if person == SUBJECT:
        return round(180 + 20 * at_s)
    if person == QUICK:
        return round(20 + 85 * at_s)
    return round(330 + 40 * cos(pi / 2 * at_s))


def top_of(person: int) -> int:
    return TOP - 60 if person == TURNING else TOP


def in_view(person: int, frame: int) -> bool:
    return STORED[person][0] - 12 <= frame <= STORED[person][-1] + 12


def box_of(person: int, frame: int) -> tuple[slice, slice]:
    left, top = left_of(person, frame), top_of(person)
    return slice(top, top + HEIGHT), slice(left, left + WIDTH)


def drawn(frame: int, size_px: tuple[int, int]) -> np.ndarray:
    picture = np.full((size_px[1], size_px[0], 3), 128, np.uint8)
    for person in (SUBJECT, QUICK, TURNING):
        if in_view(person, frame):
            picture[box_of(person, frame)] = STRIPES if person == SUBJECT else CELLS
    return picture


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Path:
    """The scene, and sparse detections of it beside."""
    path = write_video(
        tmp_path_factory.mktemp("redact") / "gate.mp4",
        FRAMES,
        fps=FPS,
        size_px=SIZE,
        options={"crf": "8"},
        draw=drawn,
    )
    rows = [
        f"{frame + 1},{person},{left_of(person, frame)},{top_of(person)},{WIDTH},{HEIGHT},1"
        for person, frames in STORED.items()
        for frame in frames
    ]
    path.with_suffix(".det.txt").write_text("\n".join(rows))
    return path


@pytest.fixture
def held(run: CommandLine, footage: Path) -> CommandLine:
    given = ("--detections", footage.with_suffix(".det.txt"))
    ran = run("index", footage, *given, "--model", "builtin", "--camera", "gate")
    assert "3 tracklets" in ran.out, ran.err
    return run


def tracklet_of(folder: Path, person: int) -> tuple[int, int]:
    """The id of a person's tracklet, and of its best crop."""
    with Archive.open(folder) as archive:
        source = archive.footage.coverage()[0].source_id
        for seen in archive.footage.tracklets(source):
            trace = archive.footage.trace(seen.tracklet_id, source)
            if len(trace) == len(STORED[person]):
                return seen.tracklet_id, seen.crop_ids[0]
    raise AssertionError("there is no such tracklet")


def frames_of(path: Path) -> list[np.ndarray]:
    with open_footage(path) as opened:
        return [item.bgr() for item in opened.frames() if isinstance(item, Frame)]


def left_open(picture: np.ndarray, person: int, frame: int) -> int:
    """How many pixels of a bystander show their clothes, nearly black or nearly white."""
    if not in_view(person, frame):
        return 0
    shown = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[box_of(person, frame)]
    return int(np.count_nonzero((shown < 64) | (shown > 192)))


def clip_of(held: CommandLine, crop: int, out: Path, *more: str) -> tuple[dict, list[np.ndarray]]:
    ran = held("clip", crop, "-o", out, "--margin", "1", "--format", "json", *more)
    assert ran.code == 0, ran.err
    return json.loads(ran.out), frames_of(out)


def test_no_pixel_of_a_bystander_is_left_in_any_frame_of_a_clip(held, tmp_path):
    tracklet, crop = tracklet_of(held.archive, SUBJECT)
    told, shown = clip_of(held, crop, tmp_path / "redacted.mp4", "--redact", "others")
    require_valid(told)
    _, bare = clip_of(held, crop, tmp_path / "bare.mp4")
    first = round(told["from_s"] * FPS)
    assert (first, len(shown)) == (0, FRAMES), "a second before and after is all of it"
    for person in (QUICK, TURNING):
        seen = [left_open(picture, person, first + at) for at, picture in enumerate(bare)]
        hidden = [left_open(picture, person, first + at) for at, picture in enumerate(shown)]
        assert np.median([count for count in seen if count]) > WIDTH * HEIGHT / 4, "not redacted"
        assert set(hidden) == {0}, f"person {person} shows in frames {np.flatnonzero(hidden)}"
    redaction = told["redaction"]
    assert redaction["kept_tracklet_id"] == tracklet
    assert len(redaction["tracklet_ids"]) == 2
    assert redaction["detections"] == len(STORED[QUICK]) + len(STORED[TURNING])
    assert redaction["longest_gap_s"] == 1.0
    assert sum(run["frames"] for run in redaction["runs"]) == redaction["frames"] == FRAMES
    boxes = sum(run["frames"] * run["boxes"] for run in redaction["runs"])
    assert boxes == redaction["boxes"] > redaction["detections"]
    assert (redaction["unanalysed_s"], redaction["brief"]) == (0.0, 0)
    assert "stays visible" in redaction["not_covered"]


def test_what_no_box_covers_stays_as_it_was(held, tmp_path):
    _, crop = tracklet_of(held.archive, SUBJECT)
    _, bare = clip_of(held, crop, tmp_path / "bare.mp4", "--no-caption")
    told, shown = clip_of(
        held, crop, tmp_path / "redacted.mp4", "--no-caption", "--redact", "others"
    )
    # Frame 34: the subject stands alone; the other two are far to the left and to the right.
    part = box_of(SUBJECT, 34)
    assert np.abs(shown[34][part].astype(int) - bare[34][part]).mean() < 3
    assert np.abs(shown[34][:50].astype(int) - bare[34][:50]).mean() < 3
    every, hidden = clip_of(held, crop, tmp_path / "all.mp4", "--no-caption", "--redact", "all")
    assert every["redaction"]["kept_tracklet_id"] is None
    assert len(every["redaction"]["tracklet_ids"]) == 3
    assert np.abs(hidden[34][part].astype(int) - bare[34][part]).mean() > 8
    assert told["copied"] is False


def test_a_box_is_drawn_while_the_person_is_there_and_not_long_after(held, tmp_path):
    """Stored from frame 25 to 103, every sixth; the clip has a second more on both sides."""
    _, crop = tracklet_of(held.archive, SUBJECT)
    _, bare = clip_of(held, crop, tmp_path / "bare.mp4", "--no-caption")
    _, boxed = clip_of(held, crop, tmp_path / "boxed.mp4", "--no-caption", "--box")
    line = np.s_[TOP + 20 : TOP + HEIGHT - 20]
    drawn_on = [
        frame
        for frame, (a, b) in enumerate(zip(bare, boxed, strict=True))
        if np.abs(a[line].astype(int) - b[line]).max() > 90
    ]
    assert drawn_on == list(range(drawn_on[0], drawn_on[-1] + 1))
    assert (drawn_on[0], drawn_on[-1]) == (25 - 6, STORED[SUBJECT][-1] + 6)


def test_a_still_is_redacted_and_says_so_beside_the_picture(held, tmp_path, footage):
    _, crop = tracklet_of(held.archive, QUICK)
    with Archive.open(held.archive) as archive:
        moment = archive.crop(crop).moment
    frame = round(moment.media_s * FPS)
    pictures = {}
    for name, more in (
        ("bare", ("--no-caption",)),
        ("hidden", ("--redact", "others", "--no-caption")),
        ("told", ("--redact", "others")),
        ("boxed", ("--redact", "others", "--box")),
    ):
        out = tmp_path / f"{name}.png"
        ran = held("frame", crop, "-o", out, "--format", "json", *more)
        assert ran.code == 0, ran.err
        require_valid(json.loads(ran.out))
        with Image.open(out) as picture:
            pictures[name] = np.asarray(picture)[..., ::-1]
            title = picture.text["Title"]
    assert title.endswith(", others pixelated")
    with open_footage(footage) as opened:
        original = opened.frame_at(Fraction(frame, FPS)).bgr()
    assert np.array_equal(pictures["bare"], original), "without a caption it is the frame alone"
    assert left_open(pictures["bare"], TURNING, frame) > WIDTH * HEIGHT / 4
    assert left_open(pictures["hidden"], TURNING, frame) == 0
    assert left_open(pictures["hidden"], QUICK, frame) > WIDTH * HEIGHT / 4, "the one exported"
    height, width = original.shape[:2]
    assert pictures["told"].shape[0] > height
    assert np.array_equal(pictures["told"][:height, :width], pictures["hidden"])
    lines = np.any(pictures["boxed"][:height, :width] != pictures["hidden"], axis=2)
    assert 0 < lines.mean() < 0.05, "a box was asked for, and is all that lies over the picture"


def test_people_are_told_what_was_altered_and_who_stays_visible(held, tmp_path, footage):
    before = footage.read_bytes()
    _, crop = tracklet_of(held.archive, SUBJECT)
    ran = held("clip", crop, "-o", tmp_path / "clip.mp4", "--redact", "others")
    assert "others pixelated: " in ran.out
    assert "boxes of 2 tracklets, in 125 of 125 frames" in ran.out
    assert "only people whom the archive holds are redacted" in ran.out
    with open_footage(tmp_path / "clip.mp4") as opened:
        assert opened.info.kind == "video"
    assert b"others pixelated" in (tmp_path / "clip.mp4").read_bytes(), "in its comment"
    assert footage.read_bytes() == before
    copied = held("clip", crop, "-o", tmp_path / "copy.mp4", "--redact", "others", "--copy")
    assert (copied.code, "copied stream" in copied.err) == (2, True)
    assert "leave --copy out" in copied.err
    assert not (tmp_path / "copy.mp4").exists()


def test_a_still_shows_the_boxes_of_everybody_in_it(held, tmp_path):
    """Where they were drawn, to within some pixels where they were not detected in that frame."""
    numbers = {person: tracklet_of(held.archive, person) for person in (SUBJECT, QUICK)}
    crop = numbers[QUICK][1]
    with Archive.open(held.archive) as archive:
        frame = round(archive.crop(crop).moment.media_s * FPS)
        boxes = archive.footage.boxes(crop)
    for person, (number, _) in numbers.items():
        down, across = box_of(person, frame)
        wanted = across.start, down.start, across.stop, down.stop
        assert boxes[number].as_list() == pytest.approx(wanted, abs=4)
    ran = held("frame", crop, "-o", tmp_path / "boxes.png", "--boxes", "--no-caption")
    assert ran.code == 0, ran.err
    with Image.open(tmp_path / "boxes.png") as picture:
        for person, colour in ((QUICK, INK), (SUBJECT, OTHERS)):
            box = boxes[numbers[person][0]]
            low = (box.x1 + box.x2) // 2, box.y2
            assert picture.convert("RGB").getpixel(low) == ImageColor.getrgb(colour)
