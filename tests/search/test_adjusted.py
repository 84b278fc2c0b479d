"""Camera-adjusted searches, end to end: what is asked, what is answered, and what is said."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files

import numpy as np
import pytest
from archives import CommandLine, as_scored, draw_many, opened
from jsonschema import Draft202012Validator
from PIL import Image

from reidsearch import Archive
from reidsearch.base.errors import NotFound, UsageError
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.adjustment import WhyNotAdjusted
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answers import WhyNot
from reidsearch.domain.pixels import to_pixels
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.media.naming.patterns import Naming
from reidsearch.output.hints import advice
from reidsearch.output.statement import sentences, short
from reidsearch.search.query_pictures import fuse

SCHEMA = json.loads((files("reidsearch.output") / "schemas/answer-3.json").read_text())
COUNT = 24


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Pictures 1 to 24, the first half by `hall`, the second by `gate`."""
    root = tmp_path_factory.mktemp("adjusted")
    with opened(root / "archive") as archive:
        for number, camera in enumerate(("hall", "gate")):
            draw_many(root / camera, COUNT // 2, start=100 * number)
            archive.index([root / camera], naming=Naming(camera=camera))
    return root


@pytest.fixture
def archive(made):
    with Archive.open(made / "archive", model="builtin") as archive:
        yield archive


def rows(archive):
    return as_scored(archive._gallery, plain(archive))


def plain(archive):
    return archive._gallery.index.vectors(np.arange(1, COUNT + 1))


def scores(answer):
    found = {match.crop.crop_id: match.score for match in answer.matches}
    return [found.get(crop_id) for crop_id in range(1, COUNT + 1)]


def test_a_crop_is_searched_for_by_its_own_camera(archive):
    answer = archive.search(3, k=COUNT)
    matrix = rows(archive)
    expected = [None if i == 2 else float(matrix[i] @ matrix[2]) for i in range(COUNT)]
    assert scores(answer)[3:] == pytest.approx(expected[3:], abs=1e-5)
    by = answer.statement.adjusted
    assert (by.cameras, by.crops, by.query_cameras, by.why_not) == (2, COUNT, ("hall",), None)
    told = " ".join(sentences(answer.statement))
    assert (
        f"camera-adjusted by the means of 2 cameras (about {by.people} people, counted camera by "
        f"camera, of 24 crops; means {by.means_sha256[:12]}); query: camera hall."
    ) in told
    assert "camera-adjusted" not in " ".join(short(answer.statement))  # nothing is odd
    Draft202012Validator(SCHEMA).validate(answer_json(answer))


@pytest.mark.full
def test_the_camera_of_a_picture_is_told_or_known_by_its_bytes_or_not_known(archive, made):
    picture = draw_many(made / "new", 1, start=900)[0]
    (row,) = archive.embed([to_pixels(Image.open(picture), PictureLimits())])
    for given, camera in (({}, None), ({"query_camera": "gate"}, "gate")):
        answer = archive.search(picture, k=COUNT, **given)
        adjust = archive._gallery.adjustment()
        query = adjust.queries(row[None], [camera])[0]
        assert scores(answer) == pytest.approx((rows(archive) @ query).tolist(), abs=1e-4)
        assert answer.statement.adjusted.query_cameras == (camera,)
    assert "query: camera not known (--query-camera)." in " ".join(
        short(archive.search(picture).statement)
    )
    own = made / "gate" / "100.png"  # an indexed file: its bytes tell its camera
    assert archive.search(own).statement.adjusted.query_cameras == ("gate",)
    both = archive.search([picture, 3], query_camera="gate").statement
    assert both.adjusted.query_cameras == ("gate", "hall")
    mixed = archive.search([picture, 3]).statement
    assert "query: camera hall and 1 picture of no known camera." in " ".join(sentences(mixed))


def test_views_of_several_cameras_are_adjusted_each_by_its_own(archive):
    answer = archive.search([2, 20], k=COUNT)
    matrix = rows(archive)
    vector = fuse([matrix[1], matrix[19]])
    expected = (matrix @ vector).tolist()
    for crop_id, score in enumerate(scores(answer), start=1):
        assert score is None or score == pytest.approx(expected[crop_id - 1], abs=1e-5)


@pytest.mark.full
def test_all_matches_limits_filters_and_batches_are_of_adjusted_scores(archive):
    whole = archive.search(3, k=COUNT, reranked=False)
    least = whole.matches[6].score
    statement, matches = archive.search_all(SearchRequest(3, k=None, min_score=least))
    assert [m.crop.crop_id for m in matches] == [m.crop.crop_id for m in whole.matches[:7]]
    assert statement.adjusted.cameras == 2
    kept = archive.search(3, k=COUNT, min_score=least, reranked=False)
    assert kept.matches == whole.matches[:7]
    gate = archive.search(3, k=COUNT, filters=Filters(cameras=("gate",)), reranked=False)
    held = [m for m in whole.matches if m.crop.facts.camera == "gate"]
    assert [(m.crop.crop_id, m.score) for m in gate.matches] == [
        (m.crop.crop_id, pytest.approx(m.score, abs=1e-6)) for m in held
    ]
    several = [SearchRequest(3, k=9), SearchRequest(3, k=9, adjusted=False), SearchRequest(20, k=9)]
    for request, answer in zip(several, archive.search_many(several), strict=True):
        alone = archive.search(request)
        assert [m.crop.crop_id for m in answer.matches] == [m.crop.crop_id for m in alone.matches]
        assert answer.statement.adjusted == alone.statement.adjusted


def test_plain_scores_are_shown_as_asked(archive):
    answer = archive.search(3, k=COUNT, adjusted=False)
    matrix = plain(archive)
    assert scores(answer)[3:] == pytest.approx((matrix @ matrix[2]).tolist()[3:], abs=1e-5)
    assert answer.statement.adjusted.why_not is WhyNotAdjusted.AS_ASKED
    assert answer.statement.ranked_by.why_not in (WhyNot.PLAIN, WhyNot.TOO_FEW_CROPS)
    assert "Scores are not camera-adjusted (as asked)." in short(answer.statement)
    Draft202012Validator(SCHEMA).validate(answer_json(answer))


def test_what_makes_no_sense_is_refused(archive):
    with pytest.raises(NotFound, match="no camera 'hal'"):
        archive.search(np.zeros((64, 32, 3), np.uint8), query_camera="hal")
    with pytest.raises(UsageError, match="plain scores do not depend on it") as refused:
        SearchRequest("a.png", query_camera="hall", adjusted=False)
    assert advice(refused.value).startswith("leave --query-camera out")
    with pytest.raises(UsageError, match="stored crops have their own"):
        SearchRequest((3, 4), query_camera="hall")
    with pytest.raises(UsageError, match="empty"):
        SearchRequest(3, query_camera=" ")


@pytest.mark.full
def test_the_command_line_takes_both_and_batches_a_column(made, tmp_path, monkeypatch, capfd):
    command = CommandLine(monkeypatch, capfd, made / "archive")
    told = json.loads(command("query", "--crop", "3", "--no-adjust", "--format", "json").out)
    assert told["statement"]["adjusted"]["why_not"] == "as asked"
    picture = draw_many(tmp_path, 1, start=900)[0]
    told = json.loads(
        command("query", str(picture), "--query-camera", "gate", "--format", "json").out
    )
    assert told["statement"]["adjusted"]["query_cameras"] == ["gate"]
    table = io.StringIO()
    csv.writer(table).writerows([["image", "query_camera"], [picture.name, "gate"]])
    (tmp_path / "list.csv").write_text(table.getvalue())
    told = command("query", "--batch", str(tmp_path / "list.csv"), "--format", "json").out
    assert '"query_cameras":["gate"]' in told.replace(" ", "").replace("\n", "")
