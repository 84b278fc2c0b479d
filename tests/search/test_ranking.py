"""What an answer shows in which order: re-ranked, filtered, grouped, and what it says of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from archives import DIMENSION, as_scored, fill, sql

from reidsearch.archive import Archive
from reidsearch.domain.answers import Answer, RankedBy, WhyNot
from reidsearch.domain.crops import Facts
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours import table as rooms
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.output.statement import sentences
from reidsearch.search.engine import search
from reidsearch.search.query import Query
from reidsearch.search.ranking import LEAST_CROPS
from reidsearch.search.rerank import DEFAULT
from reidsearch.search.scope import gallery_of
from reidsearch.store.crops.store import Store

COUNT = 400


def people(count: int, seed: int = 0):
    """(count, DIMENSION) float32 unit rows, eight a person."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(rng.normal(size=(count // 8, DIMENSION)), 8, axis=0)
    rows = rows + 0.6 * rng.normal(size=rows.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


MATRIX = people(COUNT)
QUERIES = people(COUNT, seed=1)[::8]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Crops 1 to 400; every other one by the camera `left`."""
    folder = tmp_path_factory.mktemp("ranking") / "archive"
    fill(folder, MATRIX, [Facts("left" if i % 2 else "right") for i in range(COUNT)])
    return folder


class Ask:
    """Searches with one vector of no known camera."""

    def __init__(self, store: Store) -> None:
        self.store, self.gallery = store, Gallery(store)
        self.neighbours = Neighbours(store, self.gallery)
        self.gallery.sync()

    def __call__(self, vector=QUERIES[0], **given) -> Answer:
        query = Query(vector, "drawn", SearchRequest(**given))
        return search(self.store, self.gallery, query, "none", self.neighbours)


@pytest.fixture
def ask(folder):
    with Store(folder) as store:
        yield Ask(store)


@pytest.fixture
def one_camera(tmp_path):
    fill(tmp_path / "one", MATRIX, [Facts("left")] * COUNT)
    with Store(tmp_path / "one") as store:
        yield Ask(store)


def ids(answer: Answer) -> list[int]:
    return [match.crop.crop_id for match in answer.matches]


@pytest.mark.full
@pytest.mark.parametrize("adjusted", [True, False])
def test_an_answer_has_the_order_of_the_ranking_over_arrays(ask, one_camera, adjusted):
    """Where the archive has one camera, scores are plain, and re-ranked as such."""
    ask = ask if adjusted else one_camera
    adjust = ask.gallery.adjustment()
    matrix = as_scored(ask.gallery, MATRIX) if adjusted else MATRIX
    gallery = gallery_of(matrix)
    changed = 0
    for asked in QUERIES[:10]:
        query = adjust.queries(asked[None], [None])[0] if adjusted else asked
        answer = ask(asked, k=COUNT)
        assert ids(answer) == (gallery.ranked(query) + 1).tolist()
        assert answer.statement.ranked_by == RankedBy(DEFAULT.candidates, 1, None)
        by_score = ids(ask(asked, k=COUNT, reranked=False))
        changed += ids(answer) != by_score
        for match in answer.matches:
            assert by_score[match.rank_before - 1] == match.crop.crop_id
            assert match.score == pytest.approx(
                float(matrix[match.crop.crop_id - 1] @ query), abs=1e-6
            )
        assert [match.rank for match in answer.matches] == list(range(1, COUNT + 1))
        assert ids(answer)[DEFAULT.candidates :] == by_score[DEFAULT.candidates :]
    assert changed == 10


@pytest.mark.full
def test_by_score_alone_as_asked(ask):
    answer = ask(k=30, reranked=False)
    scores = [match.score for match in answer.matches]
    assert scores == sorted(scores, reverse=True)
    assert {match.rank_before for match in answer.matches} == {None}
    assert answer.statement.ranked_by == RankedBy(0, 0, WhyNot.AS_ASKED)


@pytest.mark.full
def test_a_query_has_one_ranking_whatever_k_and_whatever_was_asked_before(ask):
    whole = [ids(ask(query, k=COUNT)) for query in QUERIES[:5]]
    for k in (1, 7, 50):
        for query, expected in zip(QUERIES[:5], whole, strict=True):
            assert ids(ask(query, k=k)) == expected[:k]


@pytest.mark.full
def test_filters_choose_candidates_and_leave_neighbourhoods_whole(ask):
    only = ask(k=COUNT, filters=Filters(cameras=("left",)))
    assert {match.crop.facts.camera for match in only.matches} == {"left"}
    # Those that are candidates without the filter too stand in the same order.
    first = ids(ask(k=COUNT))[: DEFAULT.candidates]
    left = [crop_id for crop_id in first if crop_id % 2 == 0]
    assert [crop_id for crop_id in ids(only) if crop_id in first] == left
    assert only.statement.ranked_by.reranked == COUNT // 2


@pytest.mark.full
def test_what_is_excluded_does_not_expand_the_query(ask):
    answer = ask(MATRIX[20], k=50, filters=Filters(exclude_crops=(21,)))
    assert 21 not in ids(answer)
    gallery = gallery_of(as_scored(ask.gallery, MATRIX))
    query = ask.gallery.adjustment().queries(MATRIX[20][None], [None])[0]
    rows, _ = gallery.around(query, DEFAULT.candidates + 1)
    rows = rows[rows != 20]
    from reidsearch.search.rerank import order

    anew = rows[order(query, rows, gallery, rows[:1])]
    assert ids(answer) == (anew[:50] + 1).tolist()


@pytest.mark.full
def test_min_score_is_of_the_score(ask):
    whole = ask(k=COUNT)
    limit = sorted(match.score for match in whole.matches)[-25]
    kept = ask(k=COUNT, min_score=limit)
    assert ids(kept) == [m.crop.crop_id for m in whole.matches if m.score >= limit]
    assert len(kept.matches) == 25
    assert ids(ask(k=10, min_score=limit)) == ids(kept)[:10]
    assert ask(k=10, min_score=1.0).matches == ()


@pytest.mark.full
def test_small_archives_are_ranked_by_score(tmp_path):
    fill(tmp_path / "archive", people(96))
    with Archive.open(tmp_path / "archive") as archive:
        answer = archive.search(5, k=20)
        assert answer.statement.ranked_by.why_not is WhyNot.TOO_FEW_CROPS
        assert f"at least {LEAST_CROPS} crops" in WhyNot.TOO_FEW_CROPS
        assert answer.matches[0].rank_before is None
        fill(tmp_path / "archive", people(16, seed=5), first=96)
        assert archive.search(5, k=20).statement.ranked_by == RankedBy(111, 1, None)


def test_without_neighbourhoods_the_statement_names_the_command(folder, monkeypatch):
    monkeypatch.setattr(rooms, "BLOCKS_IN_A_SEARCH", 0)
    with Archive.open(folder) as archive:
        answer = archive.search(5, k=20)
        assert answer.statement.ranked_by.why_not is WhyNot.OUTDATED
        assert "(reidsearch prepare-reranking)" in "\n".join(sentences(answer.statement))
        scores = [match.score for match in answer.matches]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.full
def test_the_command_prepares_a_large_archive(folder, run, monkeypatch):
    monkeypatch.setattr(rooms, "BLOCKS_IN_A_SEARCH", 0)
    run.archive = folder
    assert "reidsearch prepare-reranking" in run("query", "--crop", 5).out
    prepared = run("prepare-reranking")
    assert (prepared.code, prepared.out) == (0, "The neighbour graph covers 400 crops.\n")
    told = run("query", "--crop", 5, "--statement").out
    assert "Ranking: the best 300 crops by score, re-ranked by shared neighbours" in told
    assert told.split()[:4] == ["rank", "by", "score", "score"]
    told = run("query", "--crop", 5, "--no-rerank").out
    assert "Ranked by score only (as asked)." in told
    assert told.split()[:2] == ["rank", "score"]
    document = json.loads(run("query", "--crop", 5, "--format", "json").out)
    assert document["statement"]["ranked_by"] == {"reranked": 300, "expansion": 1, "why_not": None}
    ranks = [match["rank_before"] for match in document["matches"]]
    assert ranks != sorted(ranks)
    lines = run("query", "--crop", 5, "--format", "csv").out.splitlines()
    head = lines[0].split(",")
    assert [line.split(",")[head.index("rank_before")] for line in lines[1:]] == [
        str(rank) for rank in ranks
    ]
    assert lines[1].split(",")[head.index("reranked")] == "300"


@pytest.mark.full
def test_tracklets_stand_where_their_first_view_does(tmp_path):
    """Eight views a tracklet: rows are tracklets, with the view that scores best."""
    folder = tmp_path / "archive"
    fill(folder, MATRIX)
    as_footage(folder)
    with Store(folder) as store:
        gallery = Gallery(store)
        neighbours = Neighbours(store, gallery)
        for query in QUERIES[:5]:
            for k in (5, 50):

                def asked(k, query=query, **options):
                    return Query(query, "drawn", SearchRequest(k=k, **options))

                views = search(store, gallery, asked(COUNT, grouped=False), "none", neighbours)
                rows = search(store, gallery, asked(k), "none", neighbours)
                bare = search(store, gallery, asked(50), "none")
                expected = list(dict.fromkeys((crop_id - 1) // 8 for crop_id in ids(views)))
                assert [(crop_id - 1) // 8 for crop_id in ids(rows)] == expected[:k]
                for match in rows.matches:
                    same = bare.matches[match.rank_before - 1]
                    assert (same.crop, same.score) == (match.crop, match.score)


def as_footage(folder) -> None:
    """Make eight crops each the views of one tracklet of one source."""
    sql(
        folder,
        "INSERT INTO footage (source_id, kind, container, codec, rotation, time_base_num,"
        " time_base_den, first_pts, notes, offset_us, drift_ppm, state, settings, duration_us,"
        " counts, run_id, indexed_us) VALUES (1, 'video', 'mp4', 'h264', 0, 1, 10, 0, '[]', 0, 0,"
        " 'finished', '{}', 100000000, '{}', 1, 0)",
    )
    for tracklet in range(COUNT // 8):
        sql(
            folder,
            "INSERT INTO tracklet VALUES (:id, 1, NULL)",
            id=tracklet + 1,
        )
        sql(
            folder,
            "INSERT INTO tracklet_part VALUES (1, :id, 0, 1000, 9, 1, x'00', x'00', NULL, NULL)",
            id=tracklet + 1,
        )
        sql(
            folder,
            "UPDATE crop SET source_id = 1, pts = id WHERE id > :low AND id <= :high",
            low=8 * tracklet,
            high=8 * tracklet + 8,
        )
        sql(
            folder,
            "INSERT INTO moment (crop_id, tracklet_id, media_us, quality, confidence, sharpness)"
            " SELECT id, :tracklet, id, 0.5, 0.5, 0.5"
            " FROM crop WHERE id > :low AND id <= :high",
            tracklet=tracklet + 1,
            low=8 * tracklet,
            high=8 * tracklet + 8,
        )
