"""Feedback: arithmetic against its definition, searches against arrays, what is refused."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from archives import DIMENSION, CommandLine, as_scored, fill, sql, unit_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from layouts import IMPRINT, contact_sheet, words
from PIL import Image
from present_samples import answer, answer_csv, crop
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError, NotFound, ReidsearchError, UsageError
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answers import Answer, Feedback
from reidsearch.domain.crops import Facts, Vectors
from reidsearch.domain.embeddings import robust_mean
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.domain.scores import REFINED
from reidsearch.output.hints import advice
from reidsearch.output.statement import no_match, sentences
from reidsearch.search.feedback import refined
from reidsearch.search.query_pictures import fuse
from reidsearch.search.rerank import order
from reidsearch.search.scope import gallery_of

SCHEMA = json.loads((files("reidsearch.output") / "schemas/answer-3.json").read_text())
NOBODY = np.empty((0, DIMENSION), np.float32)
COUNT = 240


def people(count: int, seed: int = 0) -> Vectors:
    """(count, DIMENSION) float32 unit rows, eight a person."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(rng.normal(size=(count // 8, DIMENSION)), 8, axis=0)
    rows = rows + 0.6 * rng.normal(size=rows.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


MATRIX = people(COUNT)


def ids(found: Answer) -> list[int]:
    return [match.crop.crop_id for match in found.matches]


# -- the arithmetic ------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 6), st.integers(0, 12), st.integers(1, 4))
def test_the_refined_query_is_the_minimum_that_it_is_said_to_be(seed, liked, unliked, views):
    rows = unit_rows(1 + liked + unliked, seed)
    query, likes, unlikes = rows[0], rows[1 : 1 + liked], rows[1 + liked :]
    mean = views * query.astype(float) + likes.astype(float).sum(axis=0)
    weight = min(1.0, (views + liked) / unliked) if unliked else 0.0
    # |w - m|^2 + c |Uw|^2 as one least-squares problem in d dimensions, by another solver.
    system = np.vstack([np.eye(DIMENSION), np.sqrt(weight) * unlikes])
    target = np.concatenate([mean, np.zeros(unliked)])
    truth = np.linalg.lstsq(system, target, rcond=None)[0]
    found = refined(query, likes, unlikes, views)
    assert found.dtype == np.float32
    assert found == pytest.approx(truth / np.linalg.norm(truth), abs=2e-6)
    direction = mean / np.linalg.norm(mean)
    assert np.linalg.norm(unlikes @ found) <= np.linalg.norm(unlikes @ direction) + 1e-5


def test_likes_alone_are_further_views():
    rows = unit_rows(4)
    assert refined(rows[0], rows[1:], NOBODY) == pytest.approx(fuse(list(rows)), abs=1e-6)


def test_an_unliked_one_that_has_nothing_in_common_changes_nothing():
    query, other = np.eye(DIMENSION, dtype=np.float32)[:2]
    assert np.array_equal(refined(query, NOBODY, other[None]), query)
    copy = refined(query, NOBODY, query[None])  # nor does the query's own copy turn it round
    assert np.array_equal(copy, query)


def test_what_points_against_each_other_has_no_mean():
    query = unit_rows(1)[0]
    with pytest.raises(UsageError, match="nothing in common"):
        refined(query, -query[None], NOBODY)


# -- whole searches ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops 1 to 240, eight a person; every other one by the camera `left`."""
    folder = tmp_path_factory.mktemp("feedback") / "archive"
    facts = [Facts("left" if i % 2 else "right", person=f"p{i // 8}") for i in range(COUNT)]
    fill(folder, MATRIX, facts)
    return folder


@pytest.fixture
def archive(made):
    with Archive.open(made) as opened:
        yield opened


@pytest.mark.full
def test_a_search_by_score_is_that_over_arrays(archive):
    found = archive.search(1, k=COUNT, likes=[2, 5], unlikes=[40, 41, 80], reranked=False)
    rows = as_scored(archive._gallery, MATRIX)
    vector = refined(rows[0], rows[[1, 4]], rows[[39, 40, 79]])
    scores = rows @ vector
    best = np.argsort(-scores, kind="stable") + 1
    liked = [crop_id for crop_id in best if crop_id in (2, 5)]
    rest = [crop_id for crop_id in best if crop_id not in (1, 2, 5, 40, 41, 80)]
    assert ids(found) == liked + rest
    assert [match.liked for match in found.matches] == [True] * 2 + [False] * len(rest)
    assert [match.rank for match in found.matches] == list(range(1, COUNT - 3))
    for match in found.matches:
        assert match.score == pytest.approx(float(scores[match.crop.crop_id - 1]), abs=1e-6)
    statement = found.statement
    assert statement.feedback == Feedback((2, 5), (40, 41, 80), 2, 3, 3)
    assert statement.crops_searched == COUNT - 6  # what is marked was not searched for
    assert statement.k == COUNT


@pytest.mark.full
def test_the_default_order_is_that_of_re_ranking_the_refined_query(archive):
    found = archive.search(1, k=50, likes=[2], unlikes=[40])
    matrix = as_scored(archive._gallery, MATRIX)
    vector = refined(matrix[0], matrix[[1]], matrix[[39]])
    gallery = gallery_of(matrix)
    rows, _ = gallery.around(vector, COUNT)
    rows = rows[~np.isin(rows, [0, 1, 39])]
    anew = rows[order(vector, rows, gallery, rows)] + 1
    assert ids(found) == [2, *anew[:50]]  # k are found, the liked come on top of that
    assert found.matches[0].rank_before is None
    by_score = np.argsort(-(matrix[rows] @ vector), kind="stable")
    place = {int(rows[at]) + 1: number for number, at in enumerate(by_score, start=2)}
    assert [m.rank_before for m in found.matches[1:]] == [place[i] for i in ids(found)[1:]]


def test_marks_count_once_and_their_order_does_not_count(archive):
    one = archive.search(1, likes=[2, 5, 7], unlikes=[40, 80])
    other = archive.search(1, likes=[7, 2, 5, 2], unlikes=[80, 40, 40])
    assert [(m.crop.crop_id, m.score) for m in one.matches] == [
        (m.crop.crop_id, m.score) for m in other.matches
    ]
    assert other.statement.feedback.liked == 3


@pytest.mark.full
def test_a_refined_query_is_the_same_after_whatever_was_asked_before(archive):
    one = archive.search(1, likes=[2], unlikes=[40])
    list(archive.search_many(SearchRequest(one) for one in (1, 9, 17)))
    archive.search(9, likes=[10])
    assert archive.search(1, likes=[2], unlikes=[40]).matches == one.matches


def test_filters_and_scores_are_for_what_is_found(archive):
    left = Filters(cameras=("left",))
    found = archive.search(1, k=5, likes=[2, 3], filters=left, min_score=0.99)
    assert ids(found) == [2]
    assert found.statement.feedback.hidden == 1  # crop 3 is by the other camera
    (told,) = [line for line in sentences(found.statement) if line.startswith("Liked")]
    assert "the filters exclude 1 of them" in told


def test_what_a_filter_leaves_out_by_its_id_is_not_shown_as_liked_either(archive):
    found = archive.search(1, k=3, likes=[2, 3], filters=Filters(exclude_crops=(3,)))
    assert 2 in ids(found)
    assert 3 not in ids(found)
    assert found.statement.feedback.hidden == 1
    found = archive.search(1, k=3, likes=[3], filters=Filters(exclude_crops=(3,)))
    assert not any(match.liked for match in found.matches)
    told = sentences(found.statement)
    assert "The filters exclude what is liked." in told
    assert not any("stand first" in line for line in told)


@pytest.mark.full
def test_marks_may_be_what_numpy_holds_or_come_one_by_one(archive):
    plain = archive.search(1, likes=[2, 5], unlikes=[40])
    for likes in (np.array([2, 5]), iter([2, 5]), [np.int32(2), np.int64(5)]):
        found = archive.search(1, likes=likes, unlikes=np.array([40]))
        assert found.matches == plain.matches
        assert answer_json(found)["statement"]["feedback"]["likes"] == [2, 5]
        json.dumps(answer_json(found))
    assert archive.search(1, likes=np.array([], int)).statement.feedback is None


@pytest.mark.full
def test_where_all_that_passes_was_marked_nothing_else_is_said_to_be_wrong(archive):
    right = range(1, COUNT + 1, 2)  # all crops by that camera
    found = archive.search(2, unlikes=right, filters=Filters(cameras=("right",)))
    assert found.statement.crops_searched == 0
    assert no_match(found).startswith("No match: only marked crops passed the filters")
    assert "Ranked by score only (there are no matches to order)." in sentences(found.statement)


def test_more_unliked_ones_than_dimensions_cost_no_more():
    rows = unit_rows(20_001)
    found = refined(rows[0], NOBODY, rows[1:])  # 20 000 x 20 000 would be 3 GB
    assert np.linalg.norm(rows[1:] @ found) <= np.linalg.norm(rows[1:] @ rows[0])


@pytest.mark.full
def test_nothing_is_remembered(archive):
    before = archive.search(1)
    archive.search(1, likes=[2], unlikes=[40])
    after = archive.search(1)
    assert after.matches == before.matches
    assert after.statement.feedback is None


@pytest.mark.full
def test_a_tracklet_is_marked_by_any_of_its_views(tmp_path):
    rows = np.concatenate([people(8, 1)[:3], people(8, 2)[:2], people(8, 3)[:2]])
    write_footage(tmp_path / "a", "gate.mp4", "gate", [Seen(1, 5, rows[:3]), Seen(7, 9, rows[3:5])])
    fill(tmp_path / "a", rows[5:])
    with Archive.open(tmp_path / "a") as archive:
        found = archive.search(6, likes=[2], unlikes=[5])
        assert ids(found)[1:] == [7]  # of tracklet 2 no view is left
        assert found.matches[0].tracklet.tracklet_id == 1
        feedback = found.statement.feedback
        assert (feedback.liked, feedback.unliked, feedback.left_out) == (1, 1, 2)
        vector = refined(rows[5], robust_mean(rows[:3])[None], robust_mean(rows[3:5])[None])
        assert found.matches[0].score == pytest.approx(float((rows[:3] @ vector).max()), abs=1e-6)
        views = archive.search(6, likes=[2], grouped=False)
        assert sorted(ids(views)[:3]) == [1, 2, 3]
        assert [match.liked for match in views.matches].count(True) == 3
        # One view is searched with: the others of its tracklet may still be liked.
        own = archive.search(1, likes=[2])
        assert own.matches[0].liked
        assert own.matches[0].crop.crop_id in (2, 3)
        with pytest.raises(UsageError, match="tracklet 1 is what is searched with"):
            archive.search(1, unlikes=[2])
        with pytest.raises(UsageError, match="crops 4 and 5 show one tracklet 2"):
            archive.search(6, likes=[4], unlikes=[5])


@pytest.mark.full
def test_an_identity_is_refined_too(made, tmp_path):
    shutil.copytree(made, tmp_path / "a")
    with Archive.open(tmp_path / "a") as archive:
        archive.identities.new("anna", [1, 2, 3])
        found = archive.search(
            identity="anna", likes=[4], unlikes=[40], reranked=False, new_only=True
        )
        matrix = as_scored(archive._gallery, MATRIX)
        vector = refined(fuse(list(matrix[:3])), matrix[[3]], matrix[[39]], views=3)
        assert found.matches[0].crop.crop_id == 4
        assert found.matches[1].score == pytest.approx(
            float(np.delete(matrix @ vector, [0, 1, 2, 3, 39]).max()), abs=1e-6
        )
        with pytest.raises(UsageError, match="crop 2 is searched with already"):
            archive.search(identity="anna", likes=[2])
        archive.identities.reject("anna", [5])
        with pytest.raises(UsageError, match="crop 5 was rejected for the identity") as refused:
            archive.search(identity="anna", likes=[5])
        assert "reidsearch undo" in advice(refused.value)
        assert archive.search(identity="anna", unlikes=[5]).statement.feedback.left_out == 1


@pytest.mark.full
@pytest.mark.parametrize(
    ("marked", "error", "words"),
    [
        ({"likes": [999]}, NotFound, "holds no crop 999"),
        ({"unlikes": [0]}, NotFound, "holds no crop 0"),
        ({"unlikes": [2**70]}, NotFound, "holds no crop"),
        ({"likes": [2], "unlikes": [2]}, UsageError, "crop 2 is liked and unliked"),
        ({"likes": [1]}, UsageError, "crop 1 is searched with already"),
        ({"unlikes": [1]}, UsageError, "crop 1 is what is searched with"),
        ({"likes": [2], "prior": 0.5}, UsageError, "a prior needs calibrated scores"),
        ({"unlikes": [2], "max_false_alarms": 1}, UsageError, "a limit on false alarms needs"),
    ],
)
def test_what_cannot_be_is_refused(archive, marked, error: type[ReidsearchError], words):
    with pytest.raises(error, match=words) as refused:
        archive.search(1, **marked)
    assert advice(refused.value)


@pytest.mark.full
def test_what_was_deleted_or_is_not_embedded_is_told(made, tmp_path):
    shutil.copytree(made, tmp_path / "a")
    with Archive.open(tmp_path / "a") as archive:
        archive.delete(archive.plan_delete(crop_ids=[2]))
        with pytest.raises(NotFound, match="crop 2 was marked, but deleted"):
            archive.search(1, likes=[3, 2])
    sql(tmp_path / "a", "DELETE FROM embedding WHERE crop_id = 5")
    with (
        Archive.open(tmp_path / "a") as archive,
        pytest.raises(ArchiveError, match="crop 5 was marked, but has no embedding") as refused,
    ):
        archive.search(1, unlikes=[5])
    assert "reidsearch check" in advice(refused.value)


# -- what is shown -------------------------------------------------------------------------------


def fed_back() -> Answer:
    shown = answer(crop(7), crop(8), feedback=Feedback((7, 9), (5, 6), 2, 1, 4, 1))
    return replace(shown, matches=(replace(shown.matches[0], liked=True), shown.matches[1]))


def test_the_statement_tells_what_was_marked_and_what_became_of_it():
    told = " ".join(sentences(fed_back().statement))
    for part in (
        "Refined by feedback: 2 tracklets or crops liked, 1 unliked.",
        "not found by this search; the filters exclude 1 of them.",
        "Unliked matches are excluded (4 crops).",
        "compare them within this answer only",
    ):
        assert part in told


def test_csv_tells_it_in_every_row():
    liked, found = csv.DictReader(io.StringIO(answer_csv(fed_back())))
    for cells, is_liked in ((liked, "true"), (found, "false")):
        assert (cells["liked"], cells["likes"], cells["unlikes"]) == (is_liked, "7; 9", "5; 6")


def test_a_sheet_of_nothing_but_the_liked_says_that_nothing_was_found():
    grey = np.full((128, 64, 3), 128, np.uint8)
    whole = fed_back()
    told = [
        words(contact_sheet(replace(whole, matches=matches), [grey], lambda _: grey, IMPRINT))
        for matches in (whole.matches[:1], (replace(whole.matches[0], liked=False),))
    ]
    assert ["No match" in one for one in told] == [True, False]


# -- from the command line -----------------------------------------------------------------------


@pytest.fixture
def drawn(run: CommandLine, tmp_path: Path) -> tuple[CommandLine, list[str]]:
    """Drawn people by two cameras, four pictures each, with the built-in baseline.

    Returns:
        The command line, and who is in which crop, by id from 1.
    """
    people = list(drawn_people(6, 2, 4, seed=8))
    lines = ["path,person_id,camera_id"]
    for number, one in enumerate(people):
        Image.fromarray(one.pixels[..., ::-1].copy()).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{one.person},{one.camera}")
    (tmp_path / "crops.csv").write_text("\n".join(lines))
    ran = run("index", tmp_path / "crops.csv", "--model", "builtin")
    assert ran.code == 0, ran.err
    return run, [one.person for one in people]


def asked(run: CommandLine, *arguments: object) -> dict:
    ran = run("query", *arguments, "--format", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(document)
    return document


@pytest.mark.full
def test_marking_the_first_page_brings_more_of_the_person(drawn):
    """Among the first that were not marked, for each of them in turn."""
    run, persons = drawn
    before = after = 0
    for query in range(1, len(persons), 8):
        who = persons[query - 1]
        listed = asked(run, "--crop", query, "-k", len(persons))["matches"]
        page, rest = listed[:10], listed[10:]
        marks = [
            part
            for match in page
            for part in ("--like" if match["person"] == who else "--unlike", match["crop_id"])
        ]
        matches = asked(run, "--crop", query, "-k", 10, *marks)["matches"]
        liked = {match["crop_id"] for match in matches if match["liked"]}
        assert liked == {match["crop_id"] for match in page if match["person"] == who}
        found = [match for match in matches if not match["liked"]]
        assert not {m["crop_id"] for m in found} & {m["crop_id"] for m in page}
        before += sum(match["person"] == who for match in rest[:10])
        after += sum(match["person"] == who for match in found)
    assert after > before, (before, after)


@pytest.mark.full
def test_as_a_user_types_it(run, made):
    shutil.copytree(made, run.archive)
    ran = run("query", "--crop", 1, "--like", 2, "--like", 3, "--unlike", 40, "-k", 3)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert "feedback" in lines[0]
    assert [" liked " in line for line in lines[2:7]] == [True, True, False, False, False]
    assert "Refined by feedback: 2 tracklets or crops liked, 1 unliked." in ran.out
    assert f"Scores are {REFINED}" in ran.out
    nothing = run("query", "--crop", 1, "--like", 2, "--min-score", 1)
    assert "No match: none of the 238 crops searched scores 1.000 or more." in nothing.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--like", "2"], 2, "no query was given"),
        (["--crop", "1", "--like", "x"], 2, "--like"),
        (["--crop", "1", "--like", "2", "--unlike", "2"], 2, "leave --like or --unlike out"),
        (["--crop", "1", "--unlike", "999"], 9, "every answer shows the ids"),
    ],
)
def test_the_command_refuses(run, made, tmp_path, arguments, code, words):
    shutil.copytree(made, run.archive)
    (tmp_path / "list.csv").write_text("crop\n1\n")
    ran = run("query", *(each.replace("{list}", str(tmp_path / "list.csv")) for each in arguments))
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
