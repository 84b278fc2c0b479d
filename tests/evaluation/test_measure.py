"""Figures of whole data sets: every one is computed anew, slowly, from the files on disk."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from drawn_set import write_market

from reidsearch import Archive
from reidsearch.base.errors import ModelError, Refused, UsageError
from reidsearch.base.settings import PictureLimits
from reidsearch.datasets.embedded import embed_set
from reidsearch.datasets.readers import DataSet, read_market
from reidsearch.domain.figures import EDGES, LabelledCrop
from reidsearch.evaluation.compare import compare, evaluate_data, evaluate_held, every_model
from reidsearch.evaluation.measure import measure
from reidsearch.evaluation.rankings import EACH, FIRST, FUSED, FUSIONS, RANKINGS, fused
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.pictures import read_picture
from reidsearch.vision.embedding import load_embedder
from reidsearch.vision.models.resize import other_resizes


@pytest.fixture(scope="module")
def embedder():
    return load_embedder("builtin")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "drawn"
    write_market(folder, people=10, cameras=2, views=3)
    others = write_market(folder.parent / "others", people=3, cameras=1, views=1, seed=1)
    names = ("-1_c1s1_1_1.png", "0000_c1s1_1_1.png", "0000_c2s1_2_1.png")
    for path, name in zip(sorted((others / "query").iterdir()), names, strict=True):
        path.rename(folder / "bounding_box_test" / name)
    return folder


def slow_figures(folder, embedder):
    """All figures by loops over files: names are read, pictures embedded, one query at a time."""

    def side(name):
        found = []
        for path in sorted((folder / name).iterdir()):
            person, camera = path.name.split("_")[0], path.name.split("_")[1][1]
            vector = embedder.embed([read_picture(path, PictureLimits())])[0]
            found.append((path.name, int(person), int(camera), vector))
        return found

    gallery = [item for item in side("bounding_box_test") if item[1] != -1]
    first, aps, steps, inps, same, different, worst = [], [], [], [], [], [], []
    by_cameras: dict[tuple[int, int], list[int]] = {}
    for name, person, camera, vector in side("query"):
        kept = [
            (float(np.dot(vector, other)), who, where, which)
            for which, who, where, other in gallery
            if not (who == person and where == camera)
        ]
        kept.sort(key=lambda item: -item[0])
        hits = [rank for rank, item in enumerate(kept, 1) if item[1] == person]
        if not hits:
            continue
        first.append(hits[0])
        step = trapezoid = 0.0
        for number, rank in enumerate(hits, 1):
            step += number / rank / len(hits)
            before = 1.0 if rank == 1 else (number - 1) / (rank - 1)
            trapezoid += (before + number / rank) / 2 / len(hits)
        steps.append(step)
        aps.append(trapezoid)
        inps.append(len(hits) / hits[-1])
        same += [score for score, who, _, _ in kept if who == person]
        different += [score for score, who, _, _ in kept if who != person]
        wrong = next(which for _, who, _, which in kept if who != person)
        worst.append((hits[0], name, wrong, kept[hits[0] - 1][3]))
        for where in {item[2] for item in kept}:
            alone = [item for item in kept if item[2] == where]
            ranks = [rank for rank, item in enumerate(alone, 1) if item[1] == person]
            if ranks:
                by_cameras.setdefault((camera, where), []).append(ranks[0])
    return first, aps, steps, inps, same, different, worst, by_cameras


@pytest.mark.full
def test_every_figure_equals_the_slow_one(drawn, embedder):
    data = read_market(drawn)
    found = measure(data, embed_set(data, embedder))
    first, aps, steps, inps, same, different, worst, by_cameras = slow_figures(drawn, embedder)
    assert found.quality.valid_queries == len(first) == 20
    assert (found.queries, found.gallery, found.distractors, found.people) == (20, 42, 2, 10)
    assert found.notes == ("1 crops of person -1 (junk) were left out",)

    def mean(values):
        return pytest.approx(math.fsum(values) / len(values), abs=1e-6)

    for rank, share in found.quality.cmc.items():
        assert share == mean([float(each <= rank) for each in first])
    assert found.curve == tuple(
        sum(each <= rank for each in first) / len(first) for rank in range(1, 51)
    )
    assert found.quality.map_trapezoid == mean(aps)
    assert found.quality.map_step == mean(steps)
    assert found.quality.minp == mean(inps)
    assert (found.positives, found.negatives) == (len(same), len(different))
    assert found.same.tolist() == np.histogram(same, EDGES)[0].tolist()
    assert found.different.tolist() == np.histogram(different, EDGES)[0].tolist()
    assert {
        (int(query), int(gallery)): quality.cmc[1]
        for (query, gallery), quality in found.by_cameras.items()
    } == {pair: mean([float(each == 1) for each in ranks]) for pair, ranks in by_cameras.items()}
    assert found.worst, "the set must be hard enough to show failures"
    slow = [each for each in sorted(worst, key=lambda each: -each[0]) if each[0] > 1][:8]
    assert [each.rank for each in found.worst] == [each[0] for each in slow]
    for each in found.worst:
        told = each.rank, *(Path(c.name).name for c in (each.query, each.wrong, each.right))
        assert told in slow


@pytest.mark.full
def test_an_archive_of_the_same_crops_gives_the_same_figures(drawn, embedder, tmp_path):
    """Every labelled crop is query and gallery; its own and its camera's others do not count."""
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        archive.index([drawn / "bounding_box_test"], naming=Naming(market1501=True))
        data = archive.labelled()
        found = evaluate_held(data).ways[0]
        again = evaluate_data(data, ["builtin"]).ways[0]
    assert data.notes[0].startswith("-1 and 0000 was taken for a person")
    crops = tuple(c for c in data.gallery if c.person not in {"-1", "0000"})
    assert len(crops) == 40
    folder = read_market(drawn)
    rows = embed_set(folder, embedder)
    labelled = tuple(c for c in folder.gallery if c.person)
    expected = measure(DataSet("", labelled, labelled), rows)
    got = measure(DataSet("", crops, crops), data.held.rows)
    # Stored JPEGs of PNGs differ by a grey level here and there.
    assert got.quality.cmc[1] == pytest.approx(expected.quality.cmc[1], abs=0.03)
    assert got.quality.map_step == pytest.approx(expected.quality.map_step, abs=0.01)
    assert found.evaluation.quality == again.evaluation.quality
    assert (found.embed_s, found.resize, found.model) == (None, "as trained", "builtin FP32")
    assert again.embed_s is not None


@pytest.mark.full
def test_ways_differ_in_one_thing_and_each_picture_is_embedded_once_for_each(drawn, embedder):
    whole = read_market(drawn)
    data = DataSet("", whole.query[:4], whole.gallery[:12])
    reads: dict[str, int] = {}

    def counting(crop):
        def read():
            reads[crop.name] = reads.get(crop.name, 0) + 1
            return crop.read()

        return LabelledCrop(crop.name, crop.person, crop.camera, read)

    counted = DataSet("", tuple(map(counting, data.query)), tuple(map(counting, data.gallery)))
    axes = ["resizes", "flips", "rankings", "fusions"]
    flipping = load_embedder("builtin", flip=True)
    found = compare(counted, "builtin", lambda _, flip: flipping if flip else embedder, axes=axes)
    ways = [(way.model, way.resize, way.ranking, way.query) for way in found.ways]
    assert len(set(ways)) == len(ways)
    flipped = ("builtin FP32, flip averaging", "as trained", "inner product", EACH)
    assert [way for way in ways if way[0] != "builtin FP32"] == [flipped]
    assert {way[1] for way in ways} == {"as trained", "Pillow bilinear", *other_resizes()}
    assert {way[2] for way in ways if way[1] == "as trained"} == set(RANKINGS)
    assert {way[2] for way in ways if way[1] != "as trained"} == {"inner product"}
    assert {way[3] for way in ways if way[1:3] != ("as trained", "inner product")} == {EACH}
    assert {way[3] for way in ways} == {EACH, *FUSIONS}
    assert {reads[crop.name] for crop in data.gallery} == {len({way[:2] for way in ways})}
    averaged = found.ways[ways.index(flipped)].evaluation
    assert averaged.quality == measure(data, embed_set(data, flipping)).quality
    first = found.ways[0].evaluation
    rows = embed_set(data, embedder)
    assert first.quality == measure(data, rows).quality
    kept = next(way for way in found.ways if way.resize == "aspect kept").evaluation
    aspect = embed_set(data, embedder, other_resizes()["aspect kept"])
    assert not np.allclose(rows[data.query[0].name], aspect[data.query[0].name])
    assert kept.quality == measure(data, aspect).quality


@pytest.mark.full
def test_models_that_cannot_be_had_are_told_and_the_base_must_be_had(drawn, tmp_path, monkeypatch):
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)
    data = read_market(drawn)
    found = evaluate_data(data, ["builtin"], axes=["models"], offline=True)
    assert [way.model for way in found.ways] == ["builtin FP32"]
    assert [name for name, _ in found.missing] == [n for n in every_model() if n != "builtin"]
    assert all("offline" in why for _, why in found.missing)
    with pytest.raises(ModelError, match="0286"):
        evaluate_data(data, offline=True)


@pytest.mark.full
def test_a_picture_that_cannot_be_read_is_named(drawn, embedder, tmp_path):
    data = read_market(drawn)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    crop = LabelledCrop("x", "1", "2", lambda: read_picture(broken, PictureLimits()))
    with pytest.raises(Refused, match=r"broken\.jpg"):
        embed_set(DataSet("", data.query, (*data.gallery, crop)), embedder)


@pytest.mark.full
def test_what_has_no_answer_is_refused(drawn, embedder):
    data = read_market(drawn)
    with pytest.raises(UsageError, match="no query has a crop of the same person by another"):
        compare(data.of_cameras(["1"], ["1"]), "builtin", lambda _, flip: embedder)
    with pytest.raises(UsageError, match="holds no embeddings"):
        evaluate_held(data)


def test_all_crops_of_a_person_by_a_camera_become_one_query():
    """Also those in the gallery, which the protocol removes for just that query."""

    def crop(name, person, camera):
        return LabelledCrop(name, person, camera, lambda: np.zeros((2, 1, 3), np.uint8))

    query = (crop("q1", "1", "a"), crop("q2", "1", "a"), crop("q3", "2", "b"))
    gallery = (
        *(crop("g1", "1", "a"), crop("g2", "1", "b"), crop("g3", "2", "a")),
        *(crop("g4", None, "a"), crop("g5", "3", "b")),
    )
    angles = {"q1": 0, "q2": 40, "q3": 90, "g1": 80, "g2": 45, "g3": 95, "g4": 10, "g5": 20}
    rows = {
        name: np.array([np.cos(np.radians(a)), np.sin(np.radians(a))], np.float32)
        for name, a in angles.items()
    }
    data = DataSet("", query, gallery)
    joined, made = fused(data, rows, FUSIONS[FUSED])
    assert [(c.name, c.person, c.camera) for c in joined.query] == [
        ("q1 and 2 more", "1", "a"),
        ("q3", "2", "b"),
    ]
    assert joined.gallery == gallery
    expected = rows["q1"] + rows["q2"] + rows["g1"]
    assert np.allclose(made["q1 and 2 more"], expected / np.linalg.norm(expected), atol=1e-6)
    assert np.allclose(made["q3"], rows["q3"], atol=1e-6)
    # At 0 degrees the distractor (10) and person 3 (20) come before g2 (45); at 40 none does.
    first, alone = fused(data, rows, FUSIONS[FIRST])
    assert measure(first, alone).quality.cmc == {1: 0.5, 5: 1.0, 10: 1.0, 20: 1.0}
    assert measure(joined, made).quality.cmc[1] == 1.0
