"""`reidsearch index`: what it reports, and what its options and settings do."""

from __future__ import annotations

import json

import pytest
from archives import draw_many

from reidsearch import Archive


@pytest.mark.full
def test_index_reports_and_progress_are_json(run, crops):
    ran = run("index", crops, "--model", "builtin", "--format", "json")
    assert ran.code == 0
    report = json.loads(ran.out)
    assert (report["inputs"], report["indexed"], report["interrupted"]) == (9, 9, False)
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert [lines[0]["event"], lines[-1]["event"]] == ["begin", "end"]
    size_bytes = sum(path.stat().st_size for path in crops.iterdir())
    assert (lines[-1]["done"], lines[-1]["unit"]) == (size_bytes, "bytes")
    assert lines[-1]["counts"]["indexed"] == 9
    again = run("index", crops, "--model", "builtin")
    assert again.code == 0
    assert "9 unchanged" in again.out
    assert again.err == ""  # no bar where nobody watches


@pytest.mark.full
def test_index_options_give_facts(run, tmp_path):
    draw_many(tmp_path / "crops", 2)
    ran = run("index", tmp_path / "crops", "--model", "builtin", "--camera", "gate", "--time")
    assert ran.code == 2
    options = ["--camera", "gate", "--time", "2024-05-31 14:00", "--timezone", "Europe/Berlin"]
    assert run("index", tmp_path / "crops", "--model", "builtin", *options).code == 0
    crop = json.loads(run("show", "crop", "1", "--format", "json").out)
    assert (crop["camera"], crop["time"]) == ("gate", "2024-05-31T12:00:00Z")


@pytest.mark.full
def test_limits_are_settings_of_the_archive_or_the_environment(run, tmp_path, monkeypatch):
    draw_many(tmp_path / "crops", 1)
    run.archive.mkdir()
    command = ("index", tmp_path / "crops", "--model", "builtin")
    settings = run.archive / "reidsearch.toml"
    for key, value in (("max_pixels", 511), ("min_width_px", 17), ("min_height_px", 33)):
        settings.write_text(f"[pictures]\n{key} = {value}\n")
        assert run(*command).code == 1
    monkeypatch.setenv("REIDSEARCH_MIN_HEIGHT_PX", "32")  # beats the file's 33
    assert run(*command).code == 0
    settings.write_text("[pictures]\nmin_heigth_px = 1\n")
    ran = run(*command)
    assert ran.code == 3
    assert f"{settings}: [pictures] has no setting 'min_heigth_px'" in ran.err
    assert "did you mean min_height_px?" in ran.err
    settings.unlink()
    ran = run(*command, "--min-height", 32)
    assert (ran.code, "REIDSEARCH_MIN_HEIGHT_PX" in ran.err) == (2, True)
    assert json.loads(run("failures", "--format", "json").out)["failures"] == []


@pytest.mark.full
def test_index_keeps_the_first_zone_that_it_is_given(run, crops):
    for zone in ("Europe/Berlin", "UTC"):
        assert run("index", crops, "--timezone", zone, "--model", "builtin").code == 0
    with Archive.open(run.archive) as archive:
        assert archive.timezone == "Europe/Berlin"
