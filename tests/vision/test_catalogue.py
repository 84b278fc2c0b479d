"""The catalogue: what it holds is official, and the docs show the same."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from reidsearch.base.errors import ModelError
from reidsearch.output.hints import advice
from reidsearch.vision.models.catalogue import by_digest, catalogue, default_entry, digest_of, find
from reidsearch.vision.models.store import check_file

REQUIRED = {
    "person-reidentification-retail-0277/FP16",
    "person-reidentification-retail-0286/FP16",
    "person-reidentification-retail-0287/FP16",
    "person-reidentification-retail-0287/FP16-INT8",
    "person-reidentification-retail-0288/FP16",
    "person-detection-retail-0013/FP16",
    "person-detection-0200/FP16-INT8",
    "person-detection-0201/FP16-INT8",
    "person-detection-0202/FP16-INT8",
    "person-attributes-recognition-crossroad-0230/FP16",
}


def test_holds_what_it_must_once():
    keys = [entry.key for entry in catalogue()]
    assert set(keys) >= REQUIRED
    assert len(keys) == len(set(keys))
    assert len({entry.digest for entry in catalogue()}) == len(keys)


def test_one_default_a_role():
    assert [entry.key for entry in catalogue() if entry.default] == [
        "person-reidentification-retail-0286/FP16",
        "person-detection-0201/FP16-INT8",
        "person-attributes-recognition-crossroad-0230/FP16",
    ]
    assert default_entry().key == "person-reidentification-retail-0286/FP16"
    assert default_entry("detector").key == "person-detection-0201/FP16-INT8"


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.key)
def test_entry_is_whole(entry):
    assert entry.role in ("re-id", "detector", "attributes")
    assert (entry.dimension == 256) == (entry.role == "re-id")
    assert entry.licence == "Apache-2.0"
    assert entry.published
    assert (entry.input.layout, entry.input.colour) == ("NCHW", "BGR")
    assert [file.name for file in entry.files] == [f"{entry.name}.bin", f"{entry.name}.xml"]
    for file in entry.files:
        assert file.size_bytes > 0
        assert len(bytes.fromhex(file.sha384)) == 48
        assert file.url == (
            "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1/"
            f"{entry.key}/{file.name}"
        )


@pytest.mark.full
@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.key)
def test_entry_is_the_real_model(entry, shared):
    folder = shared / "models" / entry.key
    for file in entry.files:
        assert (folder / file.name).stat().st_size == file.size_bytes
        check_file(folder / file.name, file)
    layers = ET.parse(folder / f"{entry.name}.xml").iter("layer")
    shapes = [
        layer.find("data").get("shape") for layer in layers if layer.get("type") == "Parameter"
    ]
    assert [shape.replace(" ", "") for shape in shapes] == [
        f"1,3,{entry.input.height_px},{entry.input.width_px}"
    ]


def test_digest_can_be_computed_by_hand():
    first, second = hashlib.sha384(b"a").hexdigest(), hashlib.sha384(b"b").hexdigest()
    by_hand = hashlib.sha384((first + second).encode()).hexdigest()
    assert digest_of({"m.xml": second, "m.bin": first}) == by_hand
    assert digest_of({"renamed.xml": second, "renamed.bin": first}) == by_hand


def test_by_digest():
    for entry in catalogue():
        assert by_digest(entry.digest) is entry
    assert by_digest("0" * 96) is None


def test_find_by_name_takes_the_first_precision():
    assert find("person-reidentification-retail-0287").precision == "FP16"
    assert find("person-reidentification-retail-0287/FP16-INT8").precision == "FP16-INT8"


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("person-reidentification-retail-0268", "person-reidentification-retail-028"),
        ("person-reidentification-retail-0286/FP32", "person-reidentification-retail-0286/FP16"),
        ("0286", "person-reidentification-retail-0286"),
        ("PERSON-DETECTION-0200", "person-detection-0200"),
    ],
)
def test_unknown_name_says_what_is_near(asked, near):
    with pytest.raises(ModelError) as caught:
        find(asked)
    assert asked in caught.value.message
    assert near in advice(caught.value)
    assert "reidsearch models list" in advice(caught.value)


@pytest.mark.parametrize("asked", ["zzz", ""])
def test_unknown_name_with_nothing_near(asked):
    with pytest.raises(ModelError) as caught:
        find(asked)
    assert "did you mean" not in advice(caught.value)
    assert "reidsearch models list" in advice(caught.value)


def test_docs_show_the_catalogue():
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "reference" / "models.md").read_text("utf-8")
    assert catalogue_table() in page


def catalogue_table() -> str:
    """The table in docs/reference/models.md: `python tests/vision/test_catalogue.py` prints it."""
    rows = [
        "| model | role | input (w x h) | size | published by its makers |",
        "|---|---|---|---|---|",
    ]
    for entry in catalogue():
        published = ", ".join(f"{label} {value}" for label, value in entry.published.items())
        name = f"[`{entry.key}`]({entry.card})" + (" (default)" if entry.default else "")
        size = f"{entry.input.width_px} x {entry.input.height_px}"
        rows.append(
            f"| {name} | {entry.role} | {size} | {entry.size_bytes / 1e6:.1f} MB | {published} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(catalogue_table())
