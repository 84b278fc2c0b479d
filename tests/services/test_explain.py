"""Explanations: stripes, who else is near, and the score's place."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from archives import as_scored, opened, sql, write_set
from frozen import DATA, thawed
from layouts import IMPRINT, require_apart, words
from PIL import Image

from reidsearch import migrate
from reidsearch.base.errors import NotFound
from reidsearch.base.settings import PictureLimits
from reidsearch.media.pictures import decode
from reidsearch.output.explanation import explanation_json, sentences
from reidsearch.output.explanation_picture import explanation_picture, heat
from reidsearch.services.explain import NEAREST, STRIPES, masked
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.different_people import known_different

pytestmark = pytest.mark.full

PEOPLE = 10  # each of them: crops 4n + 1, 4n + 2 by one camera, 4n + 3, 4n + 4 by the other


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn")
    table = write_set(root / "set", PEOPLE)
    with opened(root / "archive") as archive:
        archive.index([table])
    return root / "archive"


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "archive"))


def picture(archive, crop_id):
    return decode(archive.picture(crop_id), PictureLimits())


# -- stripes -------------------------------------------------------------------------------------


def test_a_stripe_is_masked_with_the_pictures_mean_colour():
    pixels = np.zeros((8, 2, 3), np.uint8)
    pixels[:4] = (10, 20, 30)
    before = pixels.copy()
    found = masked(pixels, 0.25, 0.5)
    assert np.array_equal(pixels, before)
    assert (found[2:4] == (5, 10, 15)).all()
    assert np.array_equal(found[:2], before[:2])
    assert np.array_equal(found[4:], before[4:])


@pytest.mark.parametrize("height", [1, 2, 3, 7, 8, 9, 255])
def test_stripes_cover_every_row_of_every_height(height):
    pixels = np.random.default_rng(height).integers(0, 2, (height, 1, 3), np.uint8) * 255
    touched = np.zeros(height, bool)
    for top, bottom in itertools.pairwise(np.linspace(0, 1, STRIPES + 1)):
        mask = (masked(pixels, top, bottom) != pixels).any((1, 2))
        mean = pixels.mean((0, 1)).round()
        assert mask.any() or (pixels == mean).all() or height < 3
        touched |= mask | (pixels == mean).all((1, 2))
    assert touched.all()


def scored_vectors(archive):
    """Embeddings of the crops 1 to 40 as scores see them, by crop id."""
    rows = as_scored(archive._gallery, archive._gallery.index.vectors(np.arange(1, 41)))
    return dict(zip(range(1, 41), rows, strict=True))


@pytest.mark.full
def test_falls_are_those_of_the_masked_pictures(folder):
    with opened(folder) as archive:
        told = archive.explain(1, 3)
        query, match = picture(archive, 1), picture(archive, 3)
        rows = archive.embed([query, match, masked(query, 0.25, 0.375), masked(match, 0.25, 0.375)])
        cameras = [archive.crop(crop_id).facts.camera for crop_id in (1, 3, 1, 3)]
        rows = archive._gallery.adjustment().queries(rows, cameras)
        assert told.adjusted.query_cameras == (cameras[0],)
    assert told.score == pytest.approx(told.score_of_pictures, abs=0.05)  # stored JPEGs
    assert told.score_of_pictures == pytest.approx(float(rows[0] @ rows[1]), abs=1e-5)
    stripe = told.stripes[2]
    assert (stripe.top, stripe.bottom) == (0.25, 0.375)
    score = float(rows[0] @ rows[1])
    assert stripe.query_fall == pytest.approx(score - float(rows[2] @ rows[1]), abs=1e-5)
    assert stripe.match_fall == pytest.approx(score - float(rows[0] @ rows[3]), abs=1e-5)


@pytest.mark.full
def test_the_score_is_that_of_the_search(folder):
    with opened(folder) as archive:
        best = archive.search(5).matches[0]
        assert archive.explain(5, best.crop.crop_id).score == pytest.approx(best.score, abs=1e-6)
        plain = archive.search(5, adjusted=False).matches[0]
        told = archive.explain(5, plain.crop.crop_id, adjusted=False)
        assert told.score == pytest.approx(plain.score, abs=1e-6)
        assert "Scores are not camera-adjusted (as asked)." in sentences(told)
        shown = picture(archive, 5)
        named = {"query_camera": archive.crop(2).facts.camera}
        best = archive.search(shown, **named).matches[0]
        told = archive.explain(shown, best.crop.crop_id, **named)
        assert told.score == pytest.approx(best.score, abs=1e-6)


def test_heat_is_red_for_falls_and_blue_for_rises():
    grey = np.full((4, 1, 3), 100, np.uint8)
    tinted = np.asarray(heat(grey, [0.2, -0.2, 0.0, 0.1], 0.2)).astype(int)
    red, blue, none, half = (row[0] for row in tinted)
    assert red[0] > 100 > red[2]
    assert blue[2] > 100 > blue[0]
    assert none.tolist() == [100, 100, 100]
    assert 100 < half[0] < red[0]


# -- who else is near ----------------------------------------------------------------------------


def test_labelled_others_are_one_a_person_and_known_to_be_others(folder):
    with opened(folder) as archive:
        told = archive.explain(1, 3)
        own = archive.crop(1).facts.person
        vectors = scored_vectors(archive)
    for near, of in ((told.near_query, 1), (told.near_match, 3)):
        people = [other.crop.facts.person for other in near]
        assert own not in people
        assert len(set(people)) == len(people) == NEAREST
        assert [other.known for other in near] == [f"labelled {person}" for person in people]
        best = max(float(vectors[i] @ vectors[of]) for i in range(5, 41))
        assert near[0].score == pytest.approx(best, abs=1e-5)
        scores = [other.score for other in near]
        assert scores == sorted(scores, reverse=True)


def test_of_unlabelled_others_nobody_knows_who_they_are(folder):
    sql(folder, "UPDATE crop SET person = NULL")
    with opened(folder) as archive:
        told = archive.explain(1, 3)
        assert {other.known for other in told.near_query} == {""}
        # Decisions are knowledge: confirmed as the same is left out, as another is known.
        archive.identities.new("anna", [1, 2])
        first, second = [
            other.crop.crop_id for other in told.near_query if other.crop.crop_id != 2
        ][:2]
        archive.identities.new("berta", [first])
        archive.identities.reject("anna", [second])
        again = archive.explain(1, 3)
    assert all(other.crop.crop_id not in {1, 2, 3} for other in again.near_query)
    known = {other.crop.crop_id: other.known for other in again.near_query}
    assert (known[first], known[second]) == ("confirmed as berta", "rejected")


def test_a_small_archive_has_few_others_or_none(folder):
    with opened(folder) as archive:
        archive.delete(archive.plan_delete(crop_ids=range(6, 41)))
        told = archive.explain(1, 3)
        assert [other.crop.crop_id for other in told.near_query] == [5]
        archive.delete(archive.plan_delete(crop_ids=[5]))
        told = archive.explain(1, 3)
        assert told.near_query == told.near_match == ()
        assert told.observed == ()
        explanation_picture(told, lambda crop_id: picture(archive, crop_id), IMPRINT)


# -- the score's place ---------------------------------------------------------------------------


def test_the_score_is_placed_among_different_people_of_the_archive(folder):
    with opened(folder) as archive:
        told = archive.explain(1, 3)
        crops = {i: archive.crop(i).facts for i in range(1, 41)}
        vectors = scored_vectors(archive)
    expected = [
        float(vectors[a] @ vectors[b])
        for a, b in itertools.combinations(range(1, 41), 2)
        if crops[a].person != crops[b].person and crops[a].camera != crops[b].camera
    ]
    (observed,) = told.observed
    assert len(observed.scores) == len(expected) == 360
    assert observed.scores.tolist() == pytest.approx(sorted(expected), abs=1e-5)
    assert observed.at_or_above == sum(score >= told.score for score in expected)
    said = " ".join(sentences(told))
    assert (
        "Of 360 pairs of different people by their labels, at two cameras in this archive, " in said
    )
    assert "Scores are uncalibrated: no probability can be given." in said


def test_where_nothing_is_known_it_is_said(folder):
    sql(folder, "UPDATE crop SET person = NULL")
    with opened(folder) as archive:
        told = archive.explain(1, 3)
    assert told.observed == ()
    assert "No crops in this archive are known to show different people" in " ".join(
        sentences(told)
    )


@pytest.mark.full
def test_a_calibrated_score_is_read(folder):
    with opened(folder) as archive:
        made = archive.calibration.from_labels()
        told = archive.explain(1, 3)
        drawn_ = explanation_picture(told, lambda crop_id: picture(archive, crop_id), IMPRINT)
    assert told.reading == made.read(told.score, prior=1 / 40, comparisons=40)
    assert told.same_below == pytest.approx(made.same_below(told.score))
    said = " ".join(sentences(told))
    assert "log10 likelihood ratio" in said
    assert "false alarms are expected among the stored crops" in said
    document = json.loads(json.dumps(explanation_json(told), allow_nan=False))
    assert document["reading"]["log10_lr"] == told.reading.log10_lr
    assert len(document["stripes"]) == STRIPES
    assert drawn_.height_px > 700
    require_apart(drawn_)
    assert "same person (calibration)" in words(drawn_)


def test_people_seen_at_once_are_strangers(tmp_path):
    """Tracklet 1 lasts from 0 to 400 000; its view is crop 4."""
    folder = thawed(DATA / "archive-0003.sql", tmp_path / "a")
    migrate(folder)
    for number, first, last, crop_id in ((2, 400_000, 500_000, 3), (3, 500_001, 600_000, 2)):
        sql(
            folder,
            "INSERT INTO tracklet SELECT :n, run_id, NULL FROM tracklet WHERE id = 1",
            n=number,
        )
        sql(
            folder,
            "INSERT INTO tracklet_part SELECT source_id, :n, :f, :l, detections, fragments, trace,"
            " sha256, NULL, doubts FROM tracklet_part WHERE tracklet_id = 1",
            n=number, f=first, l=last,
        )  # fmt: skip
        sql(
            folder,
            "INSERT INTO moment (crop_id, tracklet_id, media_us, quality, confidence, sharpness)"
            " VALUES (:c, :n, :f, 0.5, 1, 1)",
            c=crop_id, n=number, f=first,
        )  # fmt: skip
    with Store(folder) as store:
        assert known_different(store, 10, 0) == [(4, 3)]
    sql(folder, "UPDATE tracklet_part SET first_us = 0 WHERE tracklet_id > 1")  # all three at once
    with Store(folder) as store:
        assert known_different(store, 10, 0) == [(4, 3), (4, 2), (3, 2)]
        drawn_ = known_different(store, 2, 0)
        assert len(drawn_) == 2
        assert drawn_ == known_different(store, 2, 0)
    sql(folder, "UPDATE moment SET tracklet_id = 1, quality = 0.99 WHERE crop_id = 2")
    with Store(folder) as store:  # the better view of tracklet 1; tracklet 3 has none left
        assert known_different(store, 10, 0) == [(2, 3)]


# -- the command line ----------------------------------------------------------------------------


@pytest.mark.full
def test_command(run, folder, tmp_path):
    run.archive = folder
    shown = run("explain", "--crop", 1, 3, "-o", tmp_path / "e.png")
    assert shown.code == 0, shown.err
    assert shown.out.startswith("Score 0.")
    assert "stripe of height" in shown.out
    with Image.open(tmp_path / "e.png") as image:
        assert image.size[0] > 1000
    (tmp_path / "q.jpg").write_bytes(bytes(run_picture(folder, 1)))
    told = json.loads(run("explain", tmp_path / "q.jpg", 3, "--format", "json").out)
    assert told["match"]["crop_id"] == 3
    assert told["query"] == "1 picture"
    assert told["calibration"] == "uncalibrated"
    assert run("explain", 3).code == 2  # whom?
    assert run("explain", "--crop", 1, "--crop", 2, 3).code == 2
    assert run("explain", "--crop", 1, 999).code == 9
    assert run("explain", "--crop", 999, 1).code == 9
    assert run("explain", tmp_path / "none.jpg", 1).code == 3


def run_picture(folder: Path, crop_id: int) -> bytes:
    with opened(folder) as archive:
        return archive.picture(crop_id)


def test_a_crop_that_is_gone_is_not_found(folder):
    with opened(folder) as archive:
        archive.delete(archive.plan_delete(crop_ids=[3]))
        with pytest.raises(NotFound):
            archive.explain(1, 3)
