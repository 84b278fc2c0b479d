"""Whether a model separates people, by pairs of which footage itself is sure."""

from __future__ import annotations

import json

import numpy as np
import pytest
from archives import DIMENSION, fill, unit_rows
from json_schemas import require_valid
from own_models import save, untrained
from scenes import write_gate
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.doctor import examine
from reidsearch.domain.separation import LEAST_PAIRS, separation_of
from reidsearch.services.separation import separation
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import sure_pairs as module
from reidsearch.store.footage.sure_pairs import sure_pairs


def near(vector, count, spread, seed):
    """(count, DIMENSION) rows of unit length around one."""
    rows = vector + np.random.default_rng(seed).normal(0, spread, (count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def two_by_two(folder, spread, people=2 * LEAST_PAIRS):
    """People who pass in pairs, each seen three times; views scatter by `spread`."""
    centres = unit_rows(people, seed=1)
    seen = [
        Seen(10 * (n // 2), 10 * (n // 2) + 5, near(centres[n], 3, spread, n))
        for n in range(people)
    ]
    write_footage(folder, "gate.mp4", "gate", seen)
    return folder


@pytest.mark.parametrize(
    ("same", "different", "auc"),
    [
        ([0.9, 0.8], [0.1, 0.2, 0.3], 1.0),
        ([0.1], [0.2, 0.9], 0.0),
        ([0.5, 0.5], [0.5], 0.5),
        ([0.5, 0.2], [0.1, 0.5, 0.9], (1.5 + 1) / 6),
    ],
)
def test_the_area_is_the_share_of_pairs_in_order(same, different, auc):
    found = separation_of(np.float32(same), np.float32(different))
    assert found.auc == pytest.approx(auc)
    assert (found.same_pairs, found.different_pairs) == (len(same), len(different))


def test_there_is_none_without_pairs():
    assert separation_of(np.float32([]), np.float32([0.1])) is None


@pytest.mark.full
def test_pairs_are_of_one_tracklet_and_of_two_at_once(tmp_path):
    rows = unit_rows(7)
    seen = [
        Seen(0, 10, rows[:2]),
        Seen(5, 8, rows[2:4]),
        Seen(20, 30, rows[4:6]),
        Seen(31, 40, rows[6:]),
    ]
    write_footage(tmp_path / "a", "gate.mp4", "gate", seen)
    # At the same time, but elsewhere: perhaps the same person.
    write_footage(tmp_path / "a", "yard.mp4", "yard", [Seen(0, 40, unit_rows(1, seed=2))])
    with Store(tmp_path / "a") as store:
        found = sure_pairs(store)
    assert found.same == ((1, 2), (3, 4), (5, 6))
    assert found.different == ((1, 3),)


def test_the_work_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_TRACKLETS", 10)
    two_by_two(tmp_path / "a", 0.1)
    with Store(tmp_path / "a") as store:
        found = sure_pairs(store)
        assert found == sure_pairs(store)
        assert found != sure_pairs(store, seed=1)
    assert len(found.same) == 10


@pytest.mark.full
@pytest.mark.parametrize(("spread", "doubted"), [(0.05, False), (5, True)])
def test_a_model_that_separates_nobody_is_doubted(tmp_path, spread, doubted):
    folder = two_by_two(tmp_path / "a", spread)
    with Store(folder) as store:
        found = separation(store)
    assert found.same_pairs == 2 * LEAST_PAIRS
    assert found.different_pairs == LEAST_PAIRS
    assert bool(found.doubt) == doubted
    assert (found.auc > 0.99) != doubted
    (check,) = [one for one in examine(folder, model="builtin") if one.name == "scores"]
    assert check.status == ("warn" if doubted else "ok")
    assert f"AUC {found.auc:.3f}; {found.same_pairs} pairs of one person" in check.detail


@pytest.mark.full
def test_few_pairs_are_told_but_not_judged_by(tmp_path):
    folder = two_by_two(tmp_path / "a", 5, people=6)
    (check,) = [one for one in examine(folder, model="builtin") if one.name == "scores"]
    assert check.status == "ok"
    assert check.detail.endswith("; too few to judge the model by")


def test_pictures_alone_give_no_pairs(tmp_path):
    fill(tmp_path / "a", unit_rows(5))
    with Store(tmp_path / "a") as store:
        assert separation(store) is None


@pytest.mark.full
def test_runs_tell_of_it(run, tmp_path, monkeypatch):
    """At the end of `index` and `reembed`, and where a model is tried on an archive."""
    monkeypatch.setattr("reidsearch.domain.separation.LEAST_PAIRS", 1)
    monkeypatch.setattr("reidsearch.domain.separation.SEPARATES", 1.01)
    gate = tmp_path / "gate.mp4"
    write_gate(gate)
    ran = run(
        "index", gate, "--detections", gate.with_suffix(".det.txt"), "--model", "builtin",
        "--format", "json",
    )  # fmt: skip
    assert (
        "builtin: it hardly tells the people of this archive apart: AUC"
        in (json.loads(ran.out)["model_doubt"])
    )
    path = save(untrained(), tmp_path / "untrained.xml")
    added = run("models", "add", path, "--input", "bgr-255", "-a", run.archive, "--format", "json")
    document = json.loads(added.out)
    require_valid(document)
    assert document["separation"]["different_pairs"] >= 1
    assert len(document["doubts"]) == 2
    again = json.loads(run("reembed", "--model", document["key"], "--format", "json").out)
    require_valid(again)
    assert again["separation"] == document["separation"]
    told = run("reembed", "--model", "builtin")
    assert "Doubtful model: it hardly tells the people of this archive apart" in told.out
    with Archive.open(run.archive) as archive:
        assert archive.maintenance.separation() is not None
