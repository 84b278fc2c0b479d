"""Every picture: texts apart, nothing stretched, and where it comes from on it and in its file."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import IMPRINT, contact_sheet, grey, require_apart, signed, words
from measured_samples import calibration_sample, way
from PIL import Image
from present_samples import NASTY, NOON, answer, crop
from table_samples import covered_source, explanation_sample, journey, transits

from reidsearch.base.boxes import Box
from reidsearch.domain.crops import Crop
from reidsearch.domain.figures import EDGES, LabelledCrop
from reidsearch.domain.footage import Clock, Detections
from reidsearch.domain.redaction import Redaction
from reidsearch.domain.tracklets import Moment
from reidsearch.output.calibration_picture import calibration_picture
from reidsearch.output.detections import numbered
from reidsearch.output.drawing import Drawing
from reidsearch.output.evaluation_picture import evaluation_picture
from reidsearch.output.explanation_picture import explanation_picture
from reidsearch.output.picture_file import encode
from reidsearch.output.stills import PLAIN, ClipMargin, still
from reidsearch.output.timeline import journey_timeline, timeline
from reidsearch.output.transit_picture import transit_picture

LONG = "Überwachungskamera-Eingangshalle-Nordseite-东京-" * 4


def sheet(matches: int) -> Drawing:
    found = answer(*(crop(number + 1) for number in range(matches)))
    return contact_sheet(found, [grey()], lambda crop_id: grey(), IMPRINT)


def view(**changes: Any) -> Crop:
    moment = Moment(4, 375, Fraction(15), 1.0, 0.75)
    return replace(crop(7, "north/gate_20240531.mp4"), moment=moment, **changes)


def people(count: int, apart: float = 3.0) -> Detections:
    boxes = [(100 + apart * at, 50, 160 + apart * at, 200) for at in range(count)]
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.ones(count, np.float32))


def evaluated(name: str = "a.jpg", shape: tuple[int, int] = (8, 4)) -> Drawing:
    def labelled(crop: LabelledCrop) -> LabelledCrop:
        return LabelledCrop(name, name, name, lambda: grey(*shape))

    given = way()
    counts = np.arange(len(EDGES) - 1)
    (worst,) = given.evaluation.worst
    long = replace(
        worst,
        query=labelled(worst.query),
        wrong=labelled(worst.wrong),
        right=labelled(worst.right),
        rank=12_345,
    )
    found = replace(given.evaluation, same=counts, different=counts[::-1], worst=(long,) * 8)
    return evaluation_picture(replace(given, evaluation=found), IMPRINT)


def explained(query: tuple[int, int] = (128, 64), match: tuple[int, int] = (96, 96)) -> Drawing:
    told = explanation_sample()
    facts = replace(told.match, location=f"x/{LONG}.jpg")
    told = replace(told, query_picture=grey(*query), match_picture=grey(*match), match=facts)
    return explanation_picture(told, lambda crop_id: grey(), IMPRINT, name=LONG)


PICTURES: dict[str, Callable[[], Drawing]] = {
    "contact sheet": lambda: sheet(3),
    "timeline": lambda: timeline([covered_source()], IMPRINT, answer(crop())),
    "coverage": lambda: timeline([covered_source()], IMPRINT),
    "journey": lambda: journey_timeline([covered_source()], journey(), IMPRINT),
    "transit times": lambda: transit_picture(transits(), IMPRINT),
    "explanation": explained,
    "calibration": lambda: calibration_picture(calibration_sample(), "calibrated", IMPRINT),
    "evaluation": evaluated,
    "detections": lambda: numbered(grey(480, 640), people(9), IMPRINT, shown=LONG, detector="d"),
    "frame": lambda: still(grey(480, 640), view(), IMPRINT, box=True),
    "crop": lambda: still(grey(128, 64), view(), IMPRINT, whole=False),
}


@pytest.mark.full
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_its_texts_apart_and_says_where_it_comes_from(name: str) -> None:
    layout = PICTURES[name]()
    require_apart(layout)
    assert signed(layout)
    assert layout.title
    assert layout.render().size == (layout.width_px, layout.height_px)


@pytest.mark.full
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_keeps_its_texts_apart_with_long_and_hostile_names(name: str) -> None:
    layout = PICTURES[name]()
    made = replace(IMPRINT, archive=NASTY * 30, command=NASTY * 90)
    bare = Drawing(layout.title, made, layout.width_px)
    bare.sign()
    require_apart(bare)
    assert "…" in words(bare), "what is cut says so"


@pytest.mark.full
@pytest.mark.parametrize("name", PICTURES)
def test_the_metadata_of_a_file_say_the_whole_of_it(name: str) -> None:
    layout = PICTURES[name]()
    with Image.open(io.BytesIO(encode(layout, ".png"))) as png:
        png.load()
        assert {
            "Title": layout.title.replace("\n", " "),
            "Source": IMPRINT.archive,
            "Archive ID": IMPRINT.archive_id,
            "Creation Time": "2024-05-31T12:03:00+00:00",
            "Command": IMPRINT.command,
        }.items() <= png.text.items()  # type: ignore[attr-defined]
    with Image.open(io.BytesIO(encode(layout, ".JPEG"))) as jpeg:
        assert f"Command: {IMPRINT.command}".encode() in jpeg.info["comment"]
    pdf = encode(layout, ".pdf")
    assert pdf.startswith(b"%PDF")
    assert b"/CreationDate (D:20240531120300Z)" in pdf
    assert "reidsearch query person.jpg".encode("utf-16-be") in pdf or b"reidsearch query" in pdf


def test_a_picture_that_does_not_say_where_it_comes_from_is_not_written() -> None:
    with pytest.raises(ValueError, match="signed"):
        encode(Drawing("a", IMPRINT, 100, 100), ".png")


@pytest.mark.full
def test_a_high_sheet_is_printed_on_pages_that_each_have_the_foot() -> None:
    layout = sheet(60)
    pdf = encode(layout, ".pdf")
    boxes = [
        (float(width), float(height))
        for width, height in re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    ]
    assert len(boxes) > 1
    assert all(height <= width * 1.42 + 1 for width, height in boxes)
    px = sum(height for _, height in boxes) * 2
    assert px == pytest.approx(layout.height_px + (len(boxes) - 1) * layout.foot_px, abs=4)


# -- nothing is stretched ------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize("shape", [(128, 64), (64, 128), (300, 60), (40, 400)])
def test_the_explanation_keeps_the_aspect_of_both_pictures(shape: tuple[int, int]) -> None:
    told = explanation_sample()
    green = np.full((*shape, 3), (0, 255, 0), np.uint8)
    plain = tuple(replace(one, query_fall=0.0, match_fall=0.0) for one in told.stripes)
    told = replace(told, query_picture=green, match_picture=grey(8, 4), stripes=plain)
    layout = explanation_picture(told, lambda crop_id: grey(), IMPRINT)
    require_apart(layout)
    shown = np.asarray(layout.render()).astype(int)
    ys, xs = np.nonzero((shown[..., 1] > 200) & (shown[..., 0] < 60) & (shown[..., 2] < 60))
    height, width = np.ptp(ys) + 1, np.ptp(xs) + 1
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.05)


def test_the_explanation_has_a_legend() -> None:
    said = words(explained())
    assert "red: masking this stripe lowers the score" in said
    assert "blue: masking this stripe raises the score" in said
    assert "query: " in said
    assert "match: crop" in said


# -- numbers of people ---------------------------------------------------------------------------


@pytest.mark.full
@settings(deadline=None, max_examples=30)
@given(count=st.integers(0, 120), apart=st.floats(0, 40))
def test_numbers_of_people_who_stand_close_never_meet(count: int, apart: float) -> None:
    layout = numbered(grey(240, 320), people(count, apart), IMPRINT, shown="a@1", detector="d")
    require_apart(layout)
    numbers = {box.text for box in layout.texts} & {str(at) for at in range(1, count + 1)}
    without = count - len(numbers)
    told = f"no room for {without:,} number"
    assert (told in words(layout)) == bool(without)


# -- stills and frames of clips ------------------------------------------------------------------


def test_a_margin_says_camera_time_and_ids_below_the_frame() -> None:
    layout = still(grey(480, 640), view(), IMPRINT)
    said = words(layout)
    for part in (
        "2024-05-31 12:03:00.000 UTC ±1 s; camera gate; 15.000 s in footage",
        "crop 7, tracklet 4; box 0,1 to 64,129; gate_20240531.mp4",
        "cd" * 32,
    ):
        assert part in said
    assert all(box.y >= 480 for box in layout.texts)


@pytest.mark.parametrize("width", [352, 640, 1921])
def test_a_clip_has_the_same_margin_on_every_frame_but_for_its_time(width: int) -> None:
    margin = ClipMargin(view(), Clock(NOON, "name", 1.0), IMPRINT)
    frames = [margin(grey(480, width), Fraction(at, 25)) for at in (0, 1, 250_000)]
    high = margin.height_px(width)
    assert high % 2 == 0
    assert {frame.shape for frame in frames} == {(480 + high, width, 3)}
    assert all(frame.dtype == np.uint8 for frame in frames)
    assert all(np.array_equal(frame[:480], grey(480, width)) for frame in frames)
    changed = np.nonzero(np.any(frames[0] != frames[1], axis=(1, 2)))[0]
    assert changed.size
    assert changed.max() < 480 + 8 + 2 * 21, "only the lines with the time change"


@pytest.mark.full
def test_the_margin_of_a_clip_tells_its_command() -> None:
    told, bare = (
        ClipMargin(view(), Clock(NOON, "name", 1.0), imprint)
        for imprint in (IMPRINT, replace(IMPRINT, command=""))
    )
    line_px = told.height_px(1200) - bare.height_px(1200)
    assert abs(line_px - PLAIN.line_px) <= 1, "one line more"
    long = ClipMargin(view(), Clock(), replace(IMPRINT, command="reidsearch clip " + "x" * 9000))
    assert long.height_px(352) < 480


def test_a_margin_of_a_crop_of_which_little_is_known() -> None:
    bare = crop(9, "x.jpg", camera=None, time=None)
    said = words(still(grey(), replace(bare, box=Box(0, 0, 64, 128)), IMPRINT, whole=False))
    assert "time unknown; camera unknown" in said
    frame = ClipMargin(view(), Clock(), IMPRINT)(grey(480, 640), Fraction(1))
    assert frame.shape[0] > 480


def test_what_was_redacted_stands_on_the_margin_and_in_the_title() -> None:
    layout = still(grey(480, 640), view(), IMPRINT, redaction=Redaction.OTHERS)
    assert "others pixelated as far as the archive holds them" in words(layout)
    assert layout.title == "Frame of crop 7, others pixelated"
    told, bare = (
        ClipMargin(view(), Clock(), IMPRINT, redaction) for redaction in (Redaction.ALL, None)
    )
    assert abs(told.height_px(1200) - bare.height_px(1200) - PLAIN.line_px) <= 1, "one line more"


def test_a_still_without_a_caption_is_the_frame_and_its_metadata() -> None:
    layout = still(grey(480, 100), view(), IMPRINT, caption=False)
    assert (layout.width_px, layout.height_px, layout.texts) == (100, 480, [])
    for ending, coding in ((".png", "ascii"), (".jpg", "ascii"), (".pdf", "utf-16-be")):
        assert "Frame of crop 7".encode(coding) in encode(layout, ending)


def test_times_of_stills_are_told_to_a_thousandth() -> None:
    late = replace(view(), facts=replace(view().facts, time=NOON + dt.timedelta(milliseconds=1234)))
    assert "2024-05-31 12:03:01.234 UTC" in words(still(grey(480, 640), late, IMPRINT))
