"""Calibrating on a labelled set that lies beside the archive, and testing on another."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from archives import opened, sql, write_set
from drawn_set import write_market

from reidsearch.base.errors import NotFound
from reidsearch.output.calibration import sentences as calibration_sentences
from reidsearch.output.statement import sentences

SCHEMA = json.loads((files("reidsearch.output") / "schemas" / "answer-3.json").read_text("utf-8"))
PEOPLE = 30


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the built-in model with a drawn set beside it."""
    root = tmp_path_factory.mktemp("drawn")
    table = write_set(root / "set")
    with opened(root / "archive") as archive:
        archive.index([table])
    return root


@pytest.mark.full
def test_a_set_becomes_a_calibration_on_other_footage(drawn, tmp_path):
    with opened(drawn / "archive") as archive:
        made = archive.calibration.from_set(drawn / "set" / "manifest.csv")
        assert made.provenance.source == "set/manifest.csv"
        assert (made.provenance.people, made.provenance.crops) == (10, 40)
        assert archive.calibration.status().startswith(
            "calibrated on other footage: set/manifest.csv (10 people"
        )
        told = " ".join(sentences(archive.search(1).statement))
        assert "How well it fits this footage is not known (reidsearch calibrate --test)" in told
        # The archive was indexed from the same pictures.
        own = archive.calibration.from_labels()
        assert own.slope == pytest.approx(made.slope, rel=1e-3)
        # The same pictures and labels elsewhere are the same data; another label is not.
        moved = shutil.copytree(drawn / "set", tmp_path / "moved") / "manifest.csv"
        same = archive.calibration.from_set(moved)
        text = moved.read_text(encoding="utf-8")
        moved.write_text(text.replace("person-001", "person-002", 1), encoding="utf-8")
        other = archive.calibration.from_set(moved)
        assert same.provenance.sha256 == made.provenance.sha256 != other.provenance.sha256


@pytest.mark.full
def test_what_of_a_set_was_left_out_stays_with_the_calibration(drawn, tmp_path):
    data = write_market(tmp_path / "set", people=12, cameras=2, views=3)
    first = min((data / "query").iterdir())
    first.rename(first.with_name("somebody.png"))
    shutil.copytree(drawn / "archive", tmp_path / "archive")
    with opened(tmp_path / "archive") as archive:
        (note,) = archive.calibration.from_set(data).provenance.notes
        assert "query/somebody.png" in note
    with opened(tmp_path / "archive") as archive:
        held = archive.calibration.in_force()
        assert held.provenance.notes == (note,)
        assert f"{note}." in calibration_sentences(held, archive.calibration.status())


@pytest.mark.full
def test_reembedding_makes_it_invalid(drawn, tmp_path):
    shutil.copytree(drawn / "archive", tmp_path / "archive")
    with opened(tmp_path / "archive") as archive:
        archive.calibration.from_labels()
        assert archive.calibration.in_force() is not None
    sql(tmp_path / "archive", "UPDATE model SET digest = :d", d="ef" * 48)
    with opened(tmp_path / "archive") as archive:
        archive.reembed()
        assert archive.calibration.in_force() is None
        assert "another model, builtin" in archive.search(1).statement.calibration


@pytest.mark.full
def test_a_calibration_is_tested_on_another_set(drawn):
    with opened(drawn / "archive") as archive:
        archive.calibration.from_labels()
        tested = archive.calibration.test(drawn / "set" / "manifest.csv")
        assert (tested.people, tested.same_pairs) == (10, 40)
        assert tested.soundness.cllr >= tested.soundness.cllr_min
        archive.calibration.forget()
        with pytest.raises(NotFound, match="uncalibrated"):
            archive.calibration.test(drawn / "set" / "manifest.csv")
