"""Models of one's own: made by NNCF where it is installed; every refusal is tested always."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from archives import CommandLine, draw_many, opened
from own_models import IMAGENET, save, taking

from reidsearch.base.errors import ModelError, UsageError
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.event_log import Event
from reidsearch.domain.quantized import Comparison, OnLabels
from reidsearch.output.hints import advice
from reidsearch.services.quantize import _same, quantize_for
from reidsearch.store.crops.sampling import deterministic_shuffle
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import entries
from reidsearch.vision.embedding import builtin
from reidsearch.vision.embedding.embedder import load_embedder
from reidsearch.vision.models.catalogue import digest_of
from reidsearch.vision.models.custom import custom_models, find_custom, is_custom, make_custom
from reidsearch.vision.models.locate import locate
from reidsearch.vision.models.quantize import quantize, require_nncf
from reidsearch.vision.models.runtime import read_model
from reidsearch.vision.models.store import models_folder, sha384_of

NNCF = importlib.util.find_spec("nncf") is not None
needs_nncf = pytest.mark.skipif(not NNCF, reason="needs nncf: pip install 'reidsearch[quantize]'")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """A cache of this test alone."""
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def without_nncf(monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)


@pytest.fixture(scope="module")
def hundred(tmp_path_factory):
    """An archive of 100 pictures."""
    folder = tmp_path_factory.mktemp("hundred")
    with opened(folder / "archive") as archive:
        archive.index([draw_many(folder / "crops", 100)[0].parent])
    return folder / "archive"


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.full
def test_without_nncf_the_command_says_how_to_get_it(run: CommandLine, hundred, without_nncf):
    ran = run("models", "quantize", "-a", hundred, "--model", "person-reidentification-retail-0288")
    assert ran.code == 4
    assert "nncf" in ran.err
    assert "pip install 'reidsearch[quantize]'" in ran.err


def test_without_nncf_no_model_is_made(shared, without_nncf):
    with pytest.raises(ModelError, match="nncf"):
        require_nncf()
    xml = shared / "models/person-reidentification-retail-0288/FP16"
    with pytest.raises(ModelError, match="nncf"):
        quantize(read_model(xml / "person-reidentification-retail-0288.xml"), "0288", [])


@pytest.mark.full
def test_too_few_crops_are_refused(tmp_path):
    with opened(tmp_path / "a") as archive:
        archive.index([draw_many(tmp_path / "crops", 3)[0].parent])
    with Store(tmp_path / "a") as store, pytest.raises(UsageError, match="3 tracklets"):
        quantize_for(store)


@pytest.mark.full
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"model": "builtin"}, "no weights"),
        ({}, "no weights"),  # the archive's own model
        ({"suffix": "../up"}, "the suffix"),
        ({"suffix": ""}, "the suffix"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(hundred, asked, message):
    with Store(hundred) as store, pytest.raises((ModelError, UsageError), match=message):
        quantize_for(store, **asked, offline=True)


def test_a_quantized_model_is_not_quantized_again(shared):
    xml = shared / "models/person-reidentification-retail-0287/FP16-INT8"
    with pytest.raises(ModelError, match="quantized already"):
        quantize(read_model(xml / "person-reidentification-retail-0287.xml"), "0287", [])


GOOD = Comparison(100, 0.99, 0.95, 0.95, 0.95, (), 1.0, 1.0, "drawn")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, None),
        ({"cosine_mean": 0.9499}, "cosine"),
        ({"cosine_mean": float("nan")}, "cosine"),
        ({"best_same": 0.74}, "best matches"),
        ({"labels": (OnLabels("set", 0.5, 0.491, 0.4, 0.4),)}, None),
        ({"labels": (OnLabels("set", 0.5, 0.48, 0.4, 0.4),)}, "rank-1 on set"),
        ({"labels": (OnLabels("set", 0.5, 0.6, 0.4, 0.38),)}, "mAP on set"),
    ],
)
def test_what_falls_short(change, word):
    found = replace(GOOD, **change).shortfalls()
    assert len(found) == (word is not None)
    assert all(word in text for text in found)


def test_rankings_are_compared_without_each_crop_itself():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert _same(rows, rows) == (1.0, 1.0)
    other = rng.normal(size=rows.shape).astype(np.float32)
    best, ten = _same(rows, other / np.linalg.norm(other, axis=1, keepdims=True))
    assert best < 0.2
    assert ten < 0.5


# -- models of one's own on disk ------------------------------------------------------------------


def write(folder: Path) -> None:
    """The built-in baseline, as a file."""
    import openvino as ov

    ov.save_model(builtin.build(), folder / "drawn.xml")


def test_an_own_model_is_found_by_its_name_and_its_digest_is_recorded(run: CommandLine):
    made = make_custom("drawn", "FP16-INT8-custom", write, {"made_of": {"precision": "FP16"}})
    assert made.key == "drawn/FP16-INT8-custom"
    assert made.record["made_of"] == {"precision": "FP16"}
    files = {name: sha384_of(made.xml.parent / name) for name in ("drawn.bin", "drawn.xml")}
    assert made.digest == digest_of(files)
    found = locate("drawn/FP16-INT8-custom", offline=True)
    assert (found.name, found.precision, found.digest) == ("drawn", "FP16-INT8-custom", made.digest)
    identity = load_embedder("drawn/FP16-INT8-custom").identity
    assert (identity.digest, identity.precision) == (made.digest, "FP16-INT8-custom")
    assert custom_models(models_folder()) == ["drawn/FP16-INT8-custom"]
    assert "drawn/FP16-INT8-custom" in run("models", "list").out
    verified = run("models", "verify")
    assert (verified.code, f"{made.xml.parent} (custom)" in verified.out) == (0, True)


@pytest.mark.full
def test_an_archive_of_an_own_model_is_opened_again_without_naming_it(run: CommandLine, tmp_path):
    made = make_custom("drawn", "FP16-INT8-custom", write, {})
    with opened(run.archive) as archive:
        archive.index([draw_many(tmp_path / "crops", 3)[0].parent])
    assert run("reembed", "--model", made.key).code == 0
    ran = run("query", tmp_path / "crops" / "000.png", "--format", "json")
    assert ran.code == 0, ran.err
    model = json.loads(ran.out)["statement"]["model"]
    assert (model["precision"], model["digest"]) == ("FP16-INT8-custom", made.digest)
    shutil.rmtree(made.xml.parent)
    gone = run("query", tmp_path / "crops" / "000.png")
    assert gone.code == 4
    assert "copy its folder drawn/FP16-INT8-custom" in gone.err
    assert run("query", "--crop", 1).code == 0  # needs no model


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "drawn.bin").write_bytes(b"other"),
        lambda folder: (folder / "drawn.bin").unlink(),
        lambda folder: (folder / "own.json").write_text("{"),
        lambda folder: (folder / "own.json").write_text("[]"),
        lambda folder: (folder / "own.json").write_text(
            (folder / "own.json").read_text().replace('"drawn"', '"other"', 1)
        ),
    ],
)
def test_a_damaged_own_model_is_refused(run: CommandLine, harm):
    made = make_custom("drawn", "FP16-INT8-custom", write, {})
    harm(made.xml.parent)
    with pytest.raises(ModelError, match=r"drawn|own\.json") as refused:
        locate(made.key, offline=True)
    assert "models quantize" in advice(refused.value) or "readable" in advice(refused.value)
    assert run("models", "verify").code == 1


def test_a_model_that_archives_may_need_is_never_replaced(tmp_path):
    write(tmp_path)

    def same(folder: Path) -> None:
        for name in ("drawn.xml", "drawn.bin"):
            shutil.copyfile(tmp_path / name, folder / name)

    def another(folder: Path) -> None:
        same(folder)
        with (folder / "drawn.xml").open("a") as file:
            file.write("<!-- another -->")

    made = make_custom("drawn", "FP16-INT8-custom", same, {})
    assert make_custom("drawn", "FP16-INT8-custom", same, {}).digest == made.digest
    told: list[str] = []
    with pytest.raises(ModelError, match="another drawn/FP16-INT8-custom already") as refused:
        make_custom("drawn", "FP16-INT8-custom", another, {}, lambda: told.append("publishing"))
    assert told == []
    assert "--suffix" in advice(refused.value)
    assert find_custom(made.key, models_folder()) == made
    assert sorted(path.name for path in made.xml.parent.parent.iterdir()) == ["FP16-INT8-custom"]


def test_a_broken_off_making_leaves_no_model():
    def breaks(folder: Path) -> None:
        (folder / "drawn.xml").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_custom("drawn", "FP16-INT8-custom", breaks, {})
    assert custom_models(models_folder()) == []
    assert list(models_folder().rglob("*.xml")) == []


@pytest.mark.full
def test_a_model_that_is_made_has_its_entry_before_it_is_there(
    hundred, shared, tmp_path, monkeypatch
):
    """NNCF is stood in for: what is recorded does not depend on what it makes."""
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    monkeypatch.setattr("reidsearch.services.quantize.require_nncf", lambda: None)
    monkeypatch.setattr("reidsearch.services.quantize.quantize", lambda graph, *_: graph)
    monkeypatch.setattr("reidsearch.services.quantize.TIMED", 1)
    folder = shutil.copytree(hundred, tmp_path / "archive")
    asked = {"model": "person-reidentification-retail-0288", "crops": 50, "offline": True}

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with Store(folder) as store:
        with monkeypatch.context() as cutting:
            cutting.setattr("reidsearch.vision.models.custom.publish", cut)
            with pytest.raises(KeyboardInterrupt):
                quantize_for(store, **asked, accept=True)
        assert custom_models(models_folder()) == []
        told = [one.said for one in entries(store, events=[Event.QUANTIZE])]
        made = quantize_for(store, **asked, accept=True).model
        assert made is not None
        assert told == [{"model": made.key, "crops": 50}]


def test_names_of_custom_models():
    assert is_custom("a/FP16-INT8-custom")
    assert not is_custom("a/FP16-INT8")
    assert not is_custom("dir/a/FP16-INT8-custom")
    assert not is_custom("own")


@pytest.mark.full
def test_the_same_crops_are_chosen_each_time_whatever_is_added(tmp_path):
    with opened(tmp_path / "a") as archive:
        archive.index([draw_many(tmp_path / "one", 30)[0].parent])
        with Store(tmp_path / "a") as store:
            first = deterministic_shuffle(store)
            assert first == deterministic_shuffle(store)
            assert sorted(first) == [[n] for n in range(1, 31)]
            assert first != sorted(first)
        archive.index([draw_many(tmp_path / "two", 10, start=30)[0].parent])
        with Store(tmp_path / "a") as store:
            assert [unit for unit in deterministic_shuffle(store) if unit[0] <= 30] == first


# -- for real -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Pictures of 60 drawn people by two cameras."""
    folder = tmp_path_factory.mktemp("people")
    for number, crop in enumerate(drawn_people(60, 2, 1, seed=7)):
        cv2.imwrite(str(folder / f"{number:03d}.png"), crop.pixels)
    return folder


@needs_nncf
@pytest.mark.slow
def test_a_genuine_model_is_quantized_compared_installed_and_used(
    run: CommandLine, people, shared, monkeypatch
):
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    with opened(run.archive) as archive:
        archive.index([people])
    name = "person-reidentification-retail-0288"
    quantizing = (
        "models",
        "quantize",
        "--model",
        name,
        "--crops",
        50,
        "--format",
        "json",
        "--offline",
    )
    ran = run(*quantizing)
    document = json.loads(ran.out)
    assert document["calibrated_on"] == 50
    assert document["comparison"]["crops"] == 70
    assert 0.9 < document["comparison"]["cosine_mean"] < 0.9999  # it is another model
    assert "%" not in ran.err.replace("100%", "")
    if ran.code:  # these few drawn people are not to decide whether the rest is tested
        assert document["model"] is None
        assert custom_models(models_folder()) == []
        document = json.loads(run(*quantizing, "--accept").out)
    key = document["model"]["model"]
    assert key == f"{name}/FP16-INT8-custom"
    types = Path(document["model"]["file"]).read_text().split('type="')
    assert any(text.startswith("FakeQuantize") for text in types)
    # The pre-processing is put in as for the original: both say much the same of BGR pictures.
    picture = cv2.imread(str(people / "000.png"))
    before, after = (load_embedder(each).embed([picture])[0] for each in (name, key))
    assert float(before @ after) > 0.9
    assert run("reembed", "--model", key).code == 0
    assert run("check").code == 0
    answer = json.loads(run("query", people / "003.png", "--format", "json").out)
    assert answer["matches"][0]["location"].endswith("003.png")
    # Made anew from the same crops it is the same model.
    again = json.loads(run(*quantizing, "--accept").out)
    assert again["model"]["digest"] == document["model"]["digest"]


@needs_nncf
@pytest.mark.slow
def test_an_added_model_keeps_its_manifest(run: CommandLine, people, shared, tmp_path):
    """It is calibrated on the numbers that it takes, and its INT8 model takes the same."""
    name = "person-reidentification-retail-0288"
    graph = taking(read_model(shared / "models" / name / "FP16" / f"{name}.xml"), IMAGENET)
    path = save(graph, tmp_path / "own.xml")
    added = run("models", "add", path, "--input", "rgb-imagenet", "--format", "json")
    key = json.loads(added.out)["key"]
    assert run("index", people, "--model", key).code == 0
    made = run("models", "quantize", "--crops", 50, "--accept", "--format", "json")
    quantized = json.loads(made.out)["model"]["model"]
    assert (key, quantized) == ("own/FP16-custom", "own/FP16-INT8-custom")
    assert json.loads(made.out)["comparison"]["cosine_mean"] > 0.9
    picture = cv2.imread(str(people / "000.png"))
    before, after = (load_embedder(each).embed([picture])[0] for each in (key, quantized))
    assert float(before @ after) > 0.9
    told = json.loads(run("doctor", "--model", quantized, "--format", "json").out)
    (check,) = [one for one in told["checks"] if one["name"] == "model"]
    assert check["status"] == "ok"


@needs_nncf
@pytest.mark.slow
def test_below_the_threshold_nothing_is_installed(run: CommandLine, people, shared, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    monkeypatch.setattr("reidsearch.domain.quantized.LEAST_COSINE", 0.99999)
    with opened(run.archive) as archive:
        archive.index([people])
    ran = run("models", "quantize", "--model", "person-reidentification-retail-0288", "--crops", 50)
    assert ran.code == 1
    assert "falls short" in ran.out
    assert "--accept" in ran.out
    assert custom_models(models_folder()) == []
