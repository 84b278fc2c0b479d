"""Genuine detectors on the genuine clip; and what is no detector."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from reidsearch.base.errors import ModelError
from reidsearch.base.settings import FootageSettings
from reidsearch.media.video.open import open_footage
from reidsearch.vision.detection.detector import Detector, DetectorIdentity, load_detector

NAMES = [f"person-detection-{each}" for each in ("retail-0013", "0200", "0201", "0202")]
CLIP = "one-by-one-person-detection.mp4"


@pytest.fixture(scope="module")
def frame(shared):
    """Somebody in full view."""
    with open_footage(shared / "footage" / CLIP) as footage:
        return footage.frame_at(Fraction(12)).bgr()


def load(shared, name) -> Detector:
    return load_detector(name, model_path=[shared / "models"], offline=True)


EACH = [NAMES[0], *(pytest.param(name, marks=pytest.mark.full) for name in NAMES[1:])]


@pytest.mark.full
@pytest.mark.parametrize("name", EACH)
def test_every_detector_of_the_catalogue_sees_one_person(name, shared, frame):
    found = load(shared, name).detect(frame)
    found = found[found.confidence >= 0.5]
    assert len(found) == 1
    ((x1, y1, x2, y2),) = found.xyxy.tolist()
    height_px, width_px = frame.shape[:2]
    assert 0 <= x1 < x2 <= width_px
    assert 0 <= y1 < y2 <= height_px
    assert y2 - y1 > 0.5 * height_px


@pytest.mark.full
@pytest.mark.parametrize("name", EACH)
def test_the_graph_is_told_bgr_as_the_cards_say(name, shared, frame):
    """Equal to the bare model on planes of blue, green, red; unlike it on red, green, blue."""
    import cv2
    import openvino as ov

    detector = load(shared, name)
    small = cv2.resize(frame, (detector.width_px, detector.height_px), interpolation=cv2.INTER_AREA)
    ((_, ours),) = detector.stream([(None, small)])
    (xml,) = (shared / "models" / name).rglob("*.xml")
    # As the program computes: a processor with bfloat16 would take that by default.
    bare = ov.Core().compile_model(xml, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    bgr, rgb = (bare(planes.transpose(2, 0, 1)[None].astype(np.float32))[0].reshape(-1, 7)
                for planes in (small, small[..., ::-1]))  # fmt: skip
    assert ours.reshape(-1, 7)[0] == pytest.approx(bgr[0], abs=2e-3)
    assert ours.reshape(-1, 7)[0] != pytest.approx(rgb[0], abs=1e-4)


@pytest.mark.full
def test_a_stream_sees_what_single_frames_show(shared, frame):
    import cv2

    detector = load(shared, "person-detection-0201")
    height_px, width_px = frame.shape[:2]
    size = detector.width_px, detector.height_px
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    items = [("a", small), ("nothing", None), ("b", small)]
    tags, answers = zip(*detector.stream(items), strict=True)
    assert tags == ("a", "nothing", "b")
    assert answers[1] is None
    single = detector.detect(frame)
    for raw in (answers[0], answers[2]):
        streamed = detector.read(raw, width_px, height_px)
        assert streamed.xyxy == pytest.approx(single.xyxy, abs=2)
        assert streamed.confidence == pytest.approx(single.confidence, abs=0.01)


def test_an_answer_is_read_as_the_cards_say(shared):
    detector = load(shared, "person-detection-0201")
    rows = np.array(
        [
            [0, 0, 0.9, -0.1, 0.25, 0.5, 1.2],  # reaches out of the frame
            [0, 0, FootageSettings().low_confidence - 0.01, 0.6, 0.1, 0.7, 0.5],  # too unsure
            [0, 0, 0.8, 0.7, 0.1, 0.7, 0.5],  # no area
            [0, 0, np.nan, 0.7, 0.1, 0.8, 0.5],
            [-1, 0, 0.9, 0.8, 0.1, 0.9, 0.5],  # the list ends here
            [0, 0, 0.9, 0.8, 0.1, 0.9, 0.5],
        ],
        np.float32,
    )
    found = detector.read(rows[None, None], 200, 100)
    assert found.xyxy.tolist() == [[0, 25, 100, 100]]
    assert found.confidence.tolist() == pytest.approx([0.9])
    strict = FootageSettings(low_confidence=0.95)
    assert len(detector.read(rows[None, None], 200, 100, strict)) == 0


def test_what_is_no_detector_is_refused(shared):
    with pytest.raises(ModelError, match="not a person detector"):
        load(shared, "person-reidentification-retail-0286")
    with pytest.raises(ModelError):
        load_detector("nosuch", offline=True)


def test_its_identity_names_it(shared):
    detector = load(shared, "person-detection-0201")
    identity = detector.identity
    assert identity == DetectorIdentity(
        "person-detection-0201", identity.precision, identity.digest
    )
    assert identity.text.startswith(f"person-detection-0201 {identity.precision} (")


@pytest.mark.full
def test_somebody_in_a_panorama_is_found(shared, frame):
    """Three times as wide, they would be a sliver in the detector's picture."""
    detector = load(shared, "person-detection-0201")
    (alone,) = detector.detect(frame).xyxy[:1]
    width_px = frame.shape[1]
    found = detector.detect(np.pad(frame, ((0, 0), (width_px, width_px), (0, 0))))
    assert found.confidence[0] >= 0.6
    moved = alone + np.array([width_px, 0] * 2, np.float32)
    assert np.abs(found.xyxy[0] - moved).max() < 25


@pytest.mark.full
def test_threads_share_a_detector(shared, frame):
    detector = load(shared, NAMES[0])
    alone = detector.detect(frame)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(detector.detect, [frame] * 12))
    assert all(np.array_equal(one.xyxy, alone.xyxy) for one in found)
