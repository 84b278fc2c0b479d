"""Manifests are read strictly, and a model without one is not guessed at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from own_models import (
    IMAGENET,
    boxes_and_labels,
    describe,
    imagenet_builtin,
    save,
    taking,
    write_onnx,
)

from reidsearch.base.errors import Kind, ModelError
from reidsearch.domain.models import ModelIdentity
from reidsearch.vision.attributes.recognizer import Recognizer, load_recognizer
from reidsearch.vision.detection.detector import load_detector
from reidsearch.vision.embedding import builtin
from reidsearch.vision.embedding.embedder import load_embedder
from reidsearch.vision.embedding.golden import pictures
from reidsearch.vision.models.describing import described
from reidsearch.vision.models.locate import locate
from reidsearch.vision.models.manifest import manifest_of, read_manifest
from reidsearch.vision.models.profile import COLOURS, FITS, INTERPOLATIONS, ZOO, Profile
from reidsearch.vision.models.resize import pillow_bilinear
from reidsearch.vision.models.runtime import read_model

RETAIL = "person-reidentification-retail-0288"
DIGEST = "ab" * 32
GOOD = f"""\
manifest = 1
role = "re-id"
licence = "MIT"
source = "https://example.org/osnet"

[sha256]
onnx = "{DIGEST}"

[input]
width_px = 128
height_px = 256
colour = "RGB"
mean = [123.675, 116.28, 103.53]
scale = [58.395, 57.12, 57.375]
resize = "stretch"
interpolation = "bilinear-antialias"

[output]
names = ["output"]
meaning = "embedding"
dimension = 512
normalised = false
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "osnet.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_manifest_says_all(written):
    read = read_manifest(written(GOOD))
    assert (read.role, read.width_px, read.height_px) == ("re-id", 128, 256)
    assert read.profile == IMAGENET
    assert (read.output.dimension, read.output.names) == (512, ("output",))
    assert (read.licence, read.source) == ("MIT", "https://example.org/osnet")
    assert read.sha256 == {"onnx": DIGEST}


def test_what_is_written_is_read_again(written):
    read = read_manifest(written(GOOD))
    odd = replace(
        read,
        licence='"own", see \\\\server\\models',
        profile=replace(read.profile, fit="letterbox", interpolation="area", fill=114),
    )
    assert read_manifest(written(odd.text())) == odd


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("manifest = 1", "manifest = 2", "manifest is 2, not a whole number from 1 to 1"),
        ('role = "re-id"', 'role = "reid"', "role is 'reid', not 're-id' or 'detector' or 'attr"),
        ('role = "re-id"\n', "", "role is missing; it must be 're-id' or"),
        ('licence = "MIT"', "licence = 3", "licence is 3, not a printable text"),
        ('licence = "MIT"', 'licence = " "', "licence is ' ', not a printable text"),
        ('source = "', 'origin = "', "source is missing"),
        ("[sha256]\n", "[sha256]\nxml = '1'\n", "[sha256] has no field 'xml'"),
        (DIGEST, DIGEST[:-1], "[sha256] onnx is '"),
        (DIGEST, DIGEST.upper(), "not 64 hexadecimal digits, a-f in small letters"),
        ("onnx =", "onxx =", "[sha256] must hold onnx, or bin and xml"),
        ("width_px = 128", "width_px = 128.0", "[input] width_px is 128.0, not a whole number"),
        ("width_px = 128", "width_px = 99999", "from 8 to 4096"),
        ("width_px = 128", "width_px = true", "[input] width_px is True"),
        ('colour = "RGB"', 'colour = "rgb"', "[input] colour is 'rgb', not 'BGR' or 'RGB'"),
        ('colour = "RGB"', 'color = "RGB"', "[input] colour is missing"),
        ("mean = [123.675, 116.28,", "mean = [123.675,", "[input] mean is [123.675, 103.53], not"),
        ("58.395", "0", "[input] scale is [0, 57.12, 57.375], not three numbers above 0"),
        ("58.395", "nan", "[input] scale is [nan"),
        ("58.395", '"58"', "[input] scale is ['58'"),
        ('resize = "stretch"', 'resize = "crop"', "not 'stretch' or 'letterbox'"),
        ('resize = "stretch"', 'resize = "letterbox"', "[input] fill is missing"),
        ('"bilinear-antialias"', '"nearest"', "[input] interpolation is 'nearest', not 'bil"),
        ('meaning = "embedding"', 'meaning = "ssd"', "meaning is 'ssd', not 'embedding'"),
        ("dimension = 512", "dimension = 1", "[output] dimension is 1, not a whole number from 2"),
        ("normalised = false", "normalised = 0", "[output] normalised is 0, not true or false"),
        ("normalised = false", "normalized = false", "[output] normalised is missing"),
        ('names = ["output"]', "names = []", "[output] names is [], not a list of 1 name of"),
        ('names = ["output"]', 'name = "output"', "no field 'name' for this role; did you mean"),
        ("[output]", "[outputs]", "output is missing; it must be a section"),
        ("[input]", "[[input]]", "input is [{"),
        ("[sha256]", "flip = true\n[sha256]", "there is no field 'flip'"),
        ("manifest = 1", "manifest = = 1", "it is not TOML"),
    ],
)  # fmt: skip
def test_every_field_is_checked(written, old, new, says):
    assert old in GOOD
    path = written(GOOD.replace(old, new, 1))
    with pytest.raises(ModelError) as caught:
        read_manifest(path)
    assert caught.value.message.startswith(f"{path}: ")
    assert says in caught.value.message
    assert caught.value.kind == Kind.MODEL_MANIFEST_BAD


def test_a_detector_is_stretched_by_area(written):
    text = GOOD.replace("re-id", "detector").replace("embedding", "ssd")
    text = text.replace("dimension = 512\nnormalised = false\n", "person_label = 0\n")
    with pytest.raises(ModelError, match="interpolation is 'bilinear-antialias', not 'area'"):
        read_manifest(written(text))
    read = read_manifest(written(text.replace('"bilinear-antialias"', '"area"')))
    assert read.output.person_label == 0


# -- how pictures are made what a model takes ---------------------------------------------------


def test_names_of_profiles_fit_and_differ():
    every = [
        Profile(colour, (1.5,) * 3, (0.25,) * 3, fit, way, fill)
        for colour in COLOURS for fit in FITS for way in INTERPOLATIONS for fill in (0, 114)
    ]  # fmt: skip
    names = {profile.name(1024, 1024) for profile in (*every, ZOO, IMAGENET)}
    assert len(names) == len(every) + 2
    assert max(map(len, names)) + len("+flip/1") <= 64  # as long as archives record
    assert ZOO.name(128, 256) == "bilinear-antialias-bgr-256x128/1"


def test_a_letterboxed_crop_keeps_its_aspect():
    crop = np.full((100, 100, 3), 200, np.uint8)
    made = Profile(fit="letterbox", fill=7).resized(crop, 128, 256)
    assert made.shape == (256, 128, 3)
    assert (made[64:192] == 200).all()
    assert (made[:64] == 7).all()
    assert (made[192:] == 7).all()


def test_resizes_are_those_of_their_libraries():
    from PIL import Image

    (_, picture, *_) = pictures()
    assert (ZOO.resized(picture, 128, 256) == pillow_bilinear(picture, 128, 256)).all()
    cubic = Image.fromarray(picture).resize((128, 256), Image.Resampling.BICUBIC)
    made = Profile(interpolation="bicubic-antialias").resized(picture, 128, 256)
    assert (made == np.asarray(cubic)).all()


# -- models ---------------------------------------------------------------------------------------


def cosines(one, other):
    drawn = pictures()
    return (one.embed(drawn) * other.embed(drawn)).sum(axis=1)


@pytest.mark.full
@pytest.mark.parametrize("way", ["rgb-imagenet", "bgr-255"])
def test_the_same_model_by_another_way_answers_the_same(tmp_path, way):
    """The built-in one, made to take RGB by ImageNet's numbers: right with its manifest alone."""
    path = describe(imagenet_builtin(tmp_path / "own.xml"), way)
    near = cosines(load_embedder(str(path)), load_embedder("builtin"))
    if way == "rgb-imagenet":
        assert near.min() > 0.9999
    else:
        assert near.max() < 0.3


def test_a_file_without_a_manifest_is_refused(tmp_path):
    path = imagenet_builtin(tmp_path / "own.xml")
    with pytest.raises(
        ModelError, match=r"own\.xml is not in the catalogue and has no manifest"
    ) as e:
        load_embedder(str(path))
    assert e.value.kind == Kind.MODEL_MANIFEST_MISSING
    with pytest.raises(ModelError, match="has no manifest"):
        load_detector(str(path))


@pytest.mark.full
def test_what_an_archive_recorded_before_there_were_manifests_is_one(tmp_path):
    path = save(builtin.build(), tmp_path / "old.xml")
    digest = locate(str(path)).digest
    held = ModelIdentity("old", "unknown", digest, "bilinear-antialias-bgr-256x128/1", 256)
    assert cosines(load_embedder(str(path), held=held), load_embedder("builtin")).min() > 0.9999
    flipped = replace(held, preprocessing=f"{held.preprocessing}+flip/1")
    assert load_embedder(str(path), held=flipped, flip=True).identity.matches(flipped)
    for other in (replace(held, digest="cd" * 48), replace(held, preprocessing="own/1")):
        with pytest.raises(ModelError, match="has no manifest"):
            load_embedder(str(path), held=other)


def test_a_manifest_of_another_file_is_refused(tmp_path):
    path = describe(write_onnx(tmp_path / "osnet.onnx"))
    write_onnx(path, seed=2)
    with pytest.raises(ModelError, match="it is the manifest of another file") as caught:
        load_embedder(str(path))
    assert str(manifest_of(path)) in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("width_px = 128", "width_px = 64", "its manifest says 64 x 256 pixels"),
        ("dimension = 512", "dimension = 256", "its manifest says a vector of 256"),
        ("[output]", '[output]\nnames = ["features"]', "has no output 'features'; it has output"),
    ],
)
def test_a_model_that_is_another_than_its_manifest_says_is_refused(tmp_path, old, new, says):
    path = describe(write_onnx(tmp_path / "osnet.onnx"))
    place = manifest_of(path)
    place.write_text(place.read_text().replace(old, new))
    with pytest.raises(ModelError, match=says) as caught:
        load_embedder(str(path))
    assert caught.value.kind == Kind.MODEL_MANIFEST_DIFFERS


@pytest.mark.full
def test_an_open_batch_is_fixed(tmp_path):
    embedder = load_embedder(str(describe(write_onnx(tmp_path / "o.onnx"), "rgb-imagenet")))
    assert embedder.embed(pictures()).shape == (5, 512)


@pytest.mark.full
def test_the_output_that_is_named_is_taken(tmp_path):
    graph = builtin.build()
    both = ov.Model(
        [*graph.outputs, graph.get_parameters()[0].output(0)], graph.get_parameters(), "b"
    )
    for output, name in zip(both.outputs, ("features", "picture"), strict=True):
        output.get_tensor().set_names({name})
    path = save(both, tmp_path / "both.xml")
    with pytest.raises(ModelError, match="only a manifest can tell"):
        described(path, "bgr-255")
    alone = described(save(builtin.build(), tmp_path / "alone.xml"), "bgr-255")
    digests = described_digests(path)
    whole = replace(alone, output=replace(alone.output, names=("features",)), sha256=digests)
    manifest_of(path).write_text(whole.text())
    assert cosines(load_embedder(str(path)), load_embedder("builtin")).min() > 0.9999


def described_digests(path: Path) -> dict[str, str]:
    from reidsearch.vision.models.manifest import sha256s_of

    return sha256s_of(path)


@pytest.mark.parametrize(
    ("load", "is_not"),
    [(load_detector, "a person detector"), (load_recognizer, "an attribute model")],
)
def test_a_model_of_another_role_is_refused(tmp_path, load, is_not):
    path = describe(imagenet_builtin(tmp_path / "own.xml"))
    with pytest.raises(ModelError, match=f"own is a re-identification model: it is not {is_not}"):
        load(str(path))


@pytest.mark.full
def test_a_genuine_model_by_another_way_answers_the_same(shared, tmp_path):
    xml = shared / "models" / RETAIL / "FP16" / f"{RETAIL}.xml"
    path = describe(save(taking(read_model(xml), IMAGENET), tmp_path / "o.xml"), "rgb-imagenet")
    genuine = load_embedder(RETAIL, model_path=[shared / "models"], offline=True)
    assert cosines(load_embedder(str(path)), genuine).min() > 0.9999


@pytest.mark.full
@pytest.mark.parametrize("way", ["bgr-255", "rgb-imagenet"])
def test_a_foreign_detector_answers_as_the_genuine_one(shared, tmp_path, way):
    """In both known forms of boxes: as it is, and as boxes in pixels beside labels."""
    from fractions import Fraction

    from reidsearch.media.video.open import open_footage

    name = "person-detection-0201"
    xml = shared / "models" / name / "FP16-INT8" / f"{name}.xml"
    with open_footage(shared / "footage" / "one-by-one-person-detection.mp4") as footage:
        frame = footage.frame_at(Fraction(12)).bgr()
    genuine = load_detector(name, model_path=[shared / "models"], offline=True).detect(frame)

    def graph() -> ov.Model:
        read = read_model(xml)
        return read if way == "bgr-255" else taking(read, IMAGENET)

    ssd = describe(save(graph(), tmp_path / "ssd.xml"), way)
    found = load_detector(str(ssd)).detect(frame)
    assert found.xyxy == pytest.approx(genuine.xyxy, abs=2)
    assert len(found)

    labelled = describe(save(boxes_and_labels(graph(), label=3), tmp_path / "labels.xml"), way)
    assert read_manifest(manifest_of(labelled)).output.meaning == "boxes-labels"
    found = load_detector(str(labelled)).detect(frame)
    assert found.xyxy == pytest.approx(genuine.xyxy, abs=2)
    place = manifest_of(labelled)
    place.write_text(place.read_text() + "person_label = 4\n")
    fewer = load_detector(str(labelled)).detect(frame)
    assert len(fewer) < len(found)  # every second row is of another label


@pytest.mark.full
def test_a_foreign_attribute_model_answers_as_the_genuine_one(shared, tmp_path):
    name = "person-attributes-recognition-crossroad-0230"
    xml = shared / "models" / name / "FP16" / f"{name}.xml"
    path = describe(save(taking(read_model(xml), IMAGENET), tmp_path / "a.xml"), "rgb-imagenet")
    drawn = pictures()

    def answers(recognizer: Recognizer) -> np.ndarray:
        items = ((None, recognizer.prepare(picture)) for picture in drawn)
        return np.array([values for _, values in recognizer.stream(items)])

    genuine = load_recognizer(model_path=[shared / "models"], offline=True)
    assert answers(load_recognizer(str(path))) == pytest.approx(answers(genuine), abs=1e-3)
