"""`models add` and `remove`: a model of one's own from its file to an archive, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from archives import draw_many
from json_schemas import require_valid
from own_models import boxes_and_labels, constant, describe, save, untrained, write_onnx

from reidsearch import Archive
from reidsearch.domain.models import ModelIdentity
from reidsearch.vision.embedding import builtin
from reidsearch.vision.models.custom import RECORD, custom_models
from reidsearch.vision.models.runtime import read_model
from reidsearch.vision.models.store import models_folder

KEY = "osnet/FP32-custom"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)


@pytest.fixture
def osnet(tmp_path):
    return write_onnx(tmp_path / "given" / "osnet.onnx")


@pytest.mark.full
def test_a_model_is_added_listed_used_and_removed(run, tmp_path, osnet):
    draw_many(tmp_path / "crops", 3)
    ran = run("index", tmp_path / "crops", "--model", osnet)
    assert ran.code == 4
    assert "has no manifest" in ran.err
    assert f"reidsearch models add {osnet} --input" in ran.err

    added = run("models", "add", osnet, "--input", "rgb-imagenet", "--licence", "MIT",
                "--source", "https://example.org", "--format", "json")  # fmt: skip
    assert added.code == 0
    document = json.loads(added.out)
    require_valid(document)
    assert (document["key"], document["role"], document["golden"]) == (KEY, "re-id", True)
    assert document["manifest"]["input"]["colour"] == "RGB"
    assert document["synthetic"]["same_pairs"] == 36
    assert document["separation"] is None
    folder = models_folder() / KEY
    assert sorted(path.name for path in folder.iterdir()) == ["osnet.onnx", "osnet.toml", RECORD]
    assert (folder / "osnet.onnx").read_bytes() == osnet.read_bytes()

    listed = json.loads(run("models", "list", "--format", "json").out)
    require_valid(listed)
    assert listed["custom"] == [{"key": KEY, "role": "re-id", "folder": str(folder)}]
    shown = json.loads(run("models", "show", KEY, "--format", "json").out)
    require_valid(shown)
    assert shown == document
    assert run("models", "verify").out.startswith(KEY)

    osnet.unlink()
    assert run("index", tmp_path / "crops", "--model", KEY).code == 0
    with Archive.open(run.archive) as archive:
        assert (archive.model.name, archive.model.precision) == ("osnet", "FP32-custom")
    # The archive's model is found again by its name.
    assert run("query", tmp_path / "crops" / "000.png").code == 0

    removed = run("models", "remove", KEY, "--format", "json")
    require_valid(json.loads(removed.out))
    assert not folder.exists()
    assert not custom_models(models_folder())
    assert run("query", "--crop", "1").code == 0
    assert run("query", tmp_path / "crops" / "000.png").code == 4
    assert run("models", "remove", KEY).code == 4


@pytest.mark.full
def test_an_archive_made_with_the_file_is_found_again_by_its_digest(run, tmp_path, osnet):
    draw_many(tmp_path / "crops", 3)
    describe(osnet, "rgb-imagenet")
    assert run("index", tmp_path / "crops", "--model", osnet).code == 0
    picture = tmp_path / "crops" / "000.png"
    ran = run("query", picture)
    assert ran.code == 4
    assert "reidsearch models add" in ran.err
    assert run("models", "add", osnet, "--name", "mine").code == 0
    found = json.loads(run("query", picture, "--format", "json").out)
    assert found["matches"][0]["score"] == pytest.approx(1, abs=1e-5)


@pytest.mark.full
def test_an_archive_made_before_there_were_manifests_opens(run, tmp_path):
    """Its record of the pre-processing is the manifest: it is searched and grown as before."""
    draw_many(tmp_path / "crops", 3)
    path = save(builtin.build(), tmp_path / "mine.xml")
    assert run("index", tmp_path / "crops", "--model", describe(path)).code == 0
    path.with_suffix(".toml").unlink()
    with Archive.open(run.archive) as archive:
        held = archive.model
    assert isinstance(held, ModelIdentity)
    assert (held.precision, held.preprocessing) == ("unknown", "bilinear-antialias-bgr-256x128/1")
    draw_many(tmp_path / "more", 2, start=7)
    assert run("index", tmp_path / "more", "--model", path).code == 0
    assert run("query", tmp_path / "crops" / "000.png", "--model", path).code == 0
    assert run("doctor", "--model", path).code == 0
    other = run("index", tmp_path / "more", "--model", path, "-a", tmp_path / "new")
    assert "has no manifest" in other.err


def test_a_model_that_says_nothing_of_pictures_is_not_added(run, tmp_path):
    ran = run("models", "add", save(constant(), tmp_path / "blind.xml"), "--input", "bgr-255")
    assert ran.code == 4
    assert "blind is of no use for a search" in ran.err
    assert not custom_models(models_folder())


@pytest.mark.full
def test_a_model_that_separates_nobody_is_added_and_doubted(run, tmp_path):
    path = save(untrained(), tmp_path / "untrained.xml")
    ran = run("models", "add", path, "--input", "rgb-unit")
    assert ran.code == 0
    assert "Doubtful model: it hardly tells synthetic people apart" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 4, "there is no"),
        (("--input", "rgb"), 2, "rgb"),
        (("--input", "rgb-unit", "--name", "a/b"), 2, "cannot name a model"),
        (("--licence", "MIT"), 2, "stand in the manifest"),
    ],
)
def test_what_is_unclear_is_refused(run, osnet, words, code, says):
    ran = run("models", "add", osnet, *words)
    assert ran.code == code
    assert says in ran.err


@pytest.mark.full
def test_a_manifest_or_a_way_is_given(run, osnet):
    describe(osnet)
    place = osnet.with_suffix(".toml").rename(osnet.with_name("m.toml"))
    both = run("models", "add", osnet, "--manifest", place, "--input", "rgb-unit")
    assert both.code == 2
    assert run("models", "add", osnet, "--manifest", place).code == 0
    again = run("models", "add", osnet, "--manifest", place)
    assert again.code == 0  # nothing has changed
    taken = run("models", "add", osnet, "--input", "rgb-unit")
    assert taken.code == 4
    assert f"there is another {KEY} already" in taken.err
    assert "--name" in taken.err


@pytest.mark.full
def test_a_vector_that_is_not_of_unit_length_is_not_called_so(run, osnet):
    describe(osnet)
    place = osnet.with_suffix(".toml")
    place.write_text(place.read_text().replace("normalised = false", "normalised = true"))
    ran = run("models", "add", osnet)
    assert ran.code == 4
    assert "but its manifest says normalised = true" in ran.err


@pytest.mark.full
@pytest.mark.parametrize("ending", ["toml", "onnx"])
def test_a_damaged_model_is_refused(run, tmp_path, osnet, ending):
    assert run("models", "add", osnet, "--input", "rgb-imagenet").code == 0
    path = models_folder() / KEY / f"osnet.{ending}"
    path.write_bytes(path.read_bytes() + b"\n")
    draw_many(tmp_path / "crops", 1)
    ran = run("index", tmp_path / "crops", "--model", KEY)
    assert ran.code == 4
    assert f"{path} differs from what own.json" in ran.err
    assert f"reidsearch models remove {KEY}" in ran.err
    assert (
        json.loads(run("models", "list", "--format", "json").out)["custom"][0]["role"] == "unknown"
    )
    assert run("models", "verify").code == 1


@pytest.mark.full
def test_the_doctor_compares_with_what_it_answered_when_it_was_added(run, osnet):
    assert run("models", "add", osnet, "--input", "rgb-imagenet").code == 0
    checks = {one["name"]: one for one in json.loads(run("doctor", "--model", KEY, "--format",
                                                         "json").out)["checks"]}  # fmt: skip
    assert checks["model"]["status"] == "ok"
    assert "cosine to its own recorded vectors 1.0000" in checks["model"]["detail"]
    record = models_folder() / KEY / RECORD
    other = json.loads(record.read_text())
    other["golden"]["vectors"] = np.roll(other["golden"]["vectors"], 1, axis=1).tolist()
    record.write_text(json.dumps(other))
    ran = run("doctor", "--model", KEY)
    assert ran.code == 1
    assert "cosine to its own recorded vectors" in ran.out
    other["golden"]["vectors"] = [[1, 2], [3]]
    record.write_text(json.dumps(other))
    assert "its golden vectors are damaged" in run("doctor", "--model", KEY).out


@pytest.mark.full
def test_a_foreign_detector_is_added_and_used(run, shared, tmp_path):
    name = "person-detection-0201"
    xml = shared / "models" / name / "FP16-INT8" / f"{name}.xml"
    path = save(boxes_and_labels(read_model(xml)), tmp_path / "labels.xml")
    added = run("models", "add", path, "--input", "bgr-255", "--format", "json")
    assert added.code == 0
    document = json.loads(added.out)
    require_valid(document)
    assert (document["role"], document["golden"]) == ("detector", False)
    clip = shared / "footage" / "one-by-one-person-detection.mp4"
    found = run("detect", f"{clip}@12", "--detector", document["key"], "--format", "json")
    assert len(json.loads(found.out)["people"]) == 1


@pytest.mark.full
def test_a_way_is_taken_whatever_manifest_lies_beside(run, osnet):
    describe(osnet, "bgr-255")
    write_onnx(osnet, seed=3)  # the manifest is of what lay there before
    assert "of another file" in run("models", "add", osnet).err
    assert run("models", "add", osnet, "--input", "rgb-imagenet").code == 0


def test_what_is_no_model_file_is_refused(run, tmp_path):
    (tmp_path / "weights.pt").write_bytes(b"torch")
    ran = run("models", "add", tmp_path / "weights.pt", "--input", "rgb-unit")
    assert ran.code == 2
    assert "weights.pt is no model file" in ran.err


def test_a_catalogue_model_needs_no_manifest(run, shared):
    name = "person-reidentification-retail-0288"
    xml = shared / "models" / name / "FP16" / f"{name}.xml"
    ran = run("models", "add", xml, "--input", "rgb-unit")
    assert ran.code == 4
    assert f"is {name}/FP16 of the catalogue" in ran.err
    assert f"reidsearch models import {xml.parent}" in ran.err
