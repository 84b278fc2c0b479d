"""The genuine attributes model on genuine pictures; and what is none."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from reidsearch.base.errors import ModelError
from reidsearch.domain.attributes import NAMES, THINGS, Attributes, Values
from reidsearch.domain.crops import Pixels
from reidsearch.media.video.open import open_footage
from reidsearch.vision.attributes.recognizer import Recognizer, load_recognizer
from reidsearch.vision.models.runtime import read_model

NAME = "person-attributes-recognition-crossroad-0230"


def describe(recognizer: Recognizer, crops: Sequence[Pixels]) -> Values:
    """(n, len(NAMES)) float32 of (h, w, 3) uint8 BGR crops of any size."""
    rows = [row for _, row in recognizer.stream((None, recognizer.prepare(c)) for c in crops)]
    return np.array(rows, np.float32).reshape(len(rows), len(NAMES))


@pytest.fixture(scope="module")
def recognizer(shared):
    return load_recognizer(model_path=[shared / "models"], offline=True)


@pytest.fixture(scope="module")
def crops(shared):
    """A woman with long hair in grey, and a man in black; from the sample clip."""
    with open_footage(shared / "footage" / "one-by-one-person-detection.mp4") as footage:
        return [
            footage.frame_at(Fraction(15)).bgr()[21:389, 382:520],
            footage.frame_at(Fraction(82)).bgr()[20:389, 340:520],
        ]


@pytest.mark.full
def test_the_graph_is_told_bgr_as_the_card_says(shared, recognizer, crops):
    """Equal to the bare model on planes of blue, green, red; unlike it on red, green, blue."""
    import openvino as ov

    (xml,) = (shared / "models" / NAME).rglob("*.xml")
    bare = ov.Core().compile_model(xml, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    small = recognizer.prepare(crops[0])
    ours = describe(recognizer, [crops[0]])[0]
    bgr, rgb = (bare(planes.transpose(2, 0, 1)[None].astype(np.float32))["453"].reshape(-1)
                for planes in (small, small[..., ::-1]))  # fmt: skip
    places = [1, 2, 3, 5, 6]  # of the card's list: neither sex, nor sleeves, nor coat
    assert ours[: len(THINGS)] == pytest.approx(bgr[places], abs=1e-3)
    assert ours[: len(THINGS)] != pytest.approx(rgb[places], abs=1e-2)


@pytest.mark.full
def test_what_everybody_sees(recognizer, crops):
    woman, man = (Attributes.mean(describe(recognizer, [crop])) for crop in crops)
    assert woman.colour("upper")[0] == "grey"
    assert man.colour("upper")[0] == man.colour("lower")[0] == "black"
    assert woman.things["long-hair"] > 0.3 > man.things["long-hair"]
    assert max(woman.things["hat"], man.things["hat"], woman.things["backpack"]) < 0.5


@pytest.mark.full
def test_a_stream_hands_through_and_keeps_order(recognizer, crops):
    items = [
        ("a", recognizer.prepare(crops[0])),
        ("none", None),
        ("b", recognizer.prepare(crops[1])),
    ]
    tags, rows = zip(*recognizer.stream(items), strict=True)
    assert tags == ("a", "none", "b")
    assert rows[1] is None
    np.testing.assert_allclose([rows[0], rows[2]], describe(recognizer, crops), atol=1e-6)
    assert describe(recognizer, []).shape == (0, recognizer.identity.dimension)


@pytest.mark.parametrize("name", ["person-reidentification-retail-0286", "person-detection-0201"])
def test_other_models_are_refused(shared, name):
    (xml,) = (shared / "models" / name).rglob("*.xml")
    with pytest.raises(ModelError, match="is not an attribute model"):
        Recognizer(read_model(xml), name, "FP16", "0" * 96)


def test_its_identity_names_model_and_method(recognizer):
    identity = recognizer.identity
    assert (identity.name, identity.precision) == (NAME, "FP16")
    assert identity.preprocessing == "bilinear-antialias-bgr-160x80/1+votes-lab/1"
