"""References of catalogue models: what the file holds, and how one is fitted to an archive."""

from __future__ import annotations

from dataclasses import replace

import archives
import numpy as np
import pytest
from archives import fill, unit_rows

from reidsearch import Archive
from reidsearch.base.errors import UsageError
from reidsearch.calibration import reference
from reidsearch.calibration.reference import SPREAD, Impostors, impostors, reference_of
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.crops import Facts
from reidsearch.domain.models import FLIPPED, ModelIdentity
from reidsearch.domain.request import SearchRequest
from reidsearch.domain.scores import UNCALIBRATED, Origin, bins_of
from reidsearch.output.statement import sentences, short
from reidsearch.vision.models.catalogue import catalogue, default_entry

PREPROCESSING = "bilinear-antialias-bgr-256x128/1"
OWN = Impostors(0.0, SPREAD, 1000)
"""An archive whose scores are in the reference's own units."""


def identity(entry=None) -> ModelIdentity:
    entry = entry or default_entry()
    return ModelIdentity(entry.name, entry.precision, entry.digest, PREPROCESSING, 16)


@pytest.mark.parametrize("adjusted", [True, False])
@pytest.mark.parametrize(
    "entry", [e for e in catalogue() if e.role == "re-id"], ids=lambda e: e.key
)
def test_every_model_of_the_catalogue_has_one_of_both_kinds(entry, adjusted):
    found = reference_of(identity(entry), adjusted=adjusted)
    assert found is not None
    made = found.calibration
    assert made.provenance.origin is Origin.REFERENCE
    assert (made.provenance.people, made.provenance.adjusted) == (262, adjusted)
    assert made.slope > 0
    assert 0 < found.ece_elsewhere < 0.1
    assert made.curves.same.sum() == pytest.approx(1, abs=1e-3)
    assert made.curves.rate[0] == pytest.approx(1)
    assert (np.diff(made.curves.rate) <= 1e-6).all()


def test_other_models_have_none():
    model = identity()
    assert reference_of(replace(model, digest="00" * 48), adjusted=True) is None
    assert (
        reference_of(replace(model, preprocessing=PREPROCESSING + FLIPPED), adjusted=True) is None
    )
    assert reference_of(archives.MODEL, adjusted=True) is None


def test_in_its_own_units_it_reads_as_it_was_made():
    held = reference_of(identity(), adjusted=True)
    fitted = held.fitted(OWN)
    for score in (0.1, 0.3, 0.5):
        read = [each.read(score, prior=0.1, comparisons=100) for each in (held.calibration, fitted)]
        assert read[0] == read[1]


def test_a_score_that_is_as_far_out_in_the_archive_reads_the_same():
    held = reference_of(identity(), adjusted=True)
    wider = Impostors(0.07, 1.5 * SPREAD, 1000)
    for score in (0.1, 0.2, 0.3, 0.4):
        at = wider.own(score)
        mine, made = (
            each.read(value, prior=0.1, comparisons=100)
            for each, value in ((held.fitted(wider), at), (held.calibration, score))
        )
        assert mine.log10_lr == pytest.approx(made.log10_lr)
        # A bin of scores is the finest that rates are told by.
        near = held.calibration.curves.rate[bins_of(np.array([score]))[0] + np.arange(-2, 3)]
        assert near[-1] <= mine.false_alarm_rate <= near[0]
    same = held.fitted(wider).curves.same
    assert same.sum() == pytest.approx(held.calibration.curves.same.sum())
    assert (same >= -1e-9).all()


def test_pairs_of_one_person_among_the_random_ones_make_readings_more_careful():
    rng = np.random.default_rng(4)
    different = rng.normal(0.05, 0.09, 20_000)
    clean = Impostors.of(different)
    mixed = Impostors.of(np.append(different, rng.normal(0.45, 0.1, 600)))  # 3 in 100
    held = reference_of(identity(), adjusted=True)
    read = [
        held.fitted(each).read(0.4, prior=0.01, comparisons=100).log10_lr for each in (clean, mixed)
    ]
    assert read[1] < read[0] < read[1] + 0.5


def test_too_few_crops_or_one_camera_say_nothing():
    rows = unit_rows(reference.LEAST_CROPS)
    apart = np.arange(len(rows)) % 2
    assert impostors(rows, apart).pairs == (len(rows) // 2) ** 2
    assert impostors(rows[1:], apart[1:]) is None
    assert impostors(rows, np.zeros(len(rows), np.int64)) is None


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """60 people seen by two cameras, as if by the default model; crop 1 and 2 are one person."""
    monkeypatch.setattr(archives, "MODEL", identity())
    rng = np.random.default_rng(3)
    people = np.repeat(unit_rows(60, seed=3), 2, axis=0)
    rows = people + rng.normal(0, 0.1, people.shape)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    fill(tmp_path / "a", rows, [Facts(("gate", "hall")[n % 2]) for n in range(len(rows))])
    with Archive.open(tmp_path / "a") as opened:
        yield opened


def test_an_archive_without_a_calibration_is_read_by_it_and_says_so(archive):
    answer = archive.search(SearchRequest((1,), k=5))
    statement = answer.statement
    assert statement.calibrated_by.origin is Origin.REFERENCE
    assert statement.calibrated_by.adjusted
    assert statement.calibration.startswith(f"{UNCALIBRATED}; read by a reference, not from your")
    probabilities = [match.reading.probability for match in answer.matches]
    best = max(answer.matches, key=lambda match: match.score)
    assert (best.crop.crop_id, best.reading.probability) == (2, max(probabilities))
    assert any("not from your footage" in each for each in short(statement))
    assert any("random pairs of this archive's crops" in each for each in sentences(statement))
    assert answer_json(answer)["statement"]["calibrated_by"]["origin"] == "reference"
    assert archive.calibration.in_force() is None
    assert archive.calibration.status() == UNCALIBRATED


@pytest.mark.full
def test_an_archive_of_few_people_is_not_read(tmp_path, monkeypatch):
    """A good part of its random pairs are of one person."""
    monkeypatch.setattr(archives, "MODEL", identity())
    rows = np.repeat(unit_rows(12, seed=3), 6, axis=0)
    fill(tmp_path / "a", rows, [Facts(("gate", "hall")[n % 2]) for n in range(len(rows))])
    with Archive.open(tmp_path / "a") as archive:
        answer = archive.search(SearchRequest((1,), k=2))
    assert answer.statement.calibration == UNCALIBRATED
    assert answer.matches[0].reading is None


@pytest.mark.full
def test_a_prior_may_be_given_but_no_limit_on_false_alarms(archive):
    asked = SearchRequest((1,), k=2, prior=0.5)
    assert archive.search(asked).statement.prior == 0.5
    with pytest.raises(UsageError, match="a limit on false alarms needs a calibration"):
        archive.search(SearchRequest((1,), k=2, max_false_alarms=1))


@pytest.mark.full
def test_matches_by_the_querys_own_camera_are_doubted_where_scores_mislead(tmp_path):
    """0.6 and 0.95 are not; nor is 0.8 at another camera, or where the query's is not known."""
    query = np.eye(16, dtype=np.float32)[0]
    scores, cameras = (0.8, 0.7, 0.6, 0.95, 0.8), ("gate", "gate", "gate", "gate", "hall")
    rows = [query]
    for at, score in enumerate(scores, start=1):
        rows.append(score * query + np.sqrt(1 - score**2) * np.eye(16, dtype=np.float32)[at])
    vectors = np.stack(rows).astype(np.float32)
    fill(tmp_path / "a", vectors, [Facts("gate"), *map(Facts, cameras)])
    fill(tmp_path / "b", vectors, [Facts(), *map(Facts, cameras)])
    request = SearchRequest((1,), adjusted=False)
    with Archive.open(tmp_path / "a") as archive, Archive.open(tmp_path / "b") as unknown:
        (told,) = archive.search(request).statement.warnings
        assert told.startswith("2 matches by the query's own camera score 0.65 to 0.9")
        assert not unknown.search(request).statement.warnings
