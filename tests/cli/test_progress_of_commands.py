"""Every command that can take long shows one total, from the beginning to the end."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from archives import CommandLine, write_set

from reidsearch.domain.attributes import NAMES
from reidsearch.domain.models import ModelIdentity
from reidsearch.vision.engines import Engines

pytestmark = pytest.mark.full


class Told:
    """A progress that keeps what it was told of its outermost tasks."""

    def __init__(self) -> None:
        self.tasks: list[list] = []  # name, total, done, moves
        self.steps: list[str] = []
        self._depth = 0

    def begin(self, task, total, unit):
        self._depth += 1
        if self._depth == 1:
            self.tasks.append([task, total, 0, 0])
        else:
            self.steps.append(task)

    def advance(self, done=1, /, **counts):
        if self._depth == 1:
            self.tasks[-1][2] += done
            self.tasks[-1][3] += 1

    def working_on(self, what):
        self.steps.append(what)

    def end(self):
        self._depth -= 1
        assert self._depth >= 0


@pytest.fixture
def told(monkeypatch) -> Told:
    kept = Told()
    monkeypatch.setattr(
        "reidsearch.output.progress.progress_for", lambda *_, **__: nullcontext(kept)
    )
    return kept


class Drawn:
    """Stands in for the attributes model."""

    identity = ModelIdentity("drawn-attributes", "FP16", "cd" * 48, "none/1", len(NAMES))

    def prepare(self, crop):
        return crop

    def stream(self, items):
        for tag, picture in items:
            yield tag, None if picture is None else np.zeros(len(NAMES), np.float32)


COMMANDS = {
    "annotate": (["annotate"], 9),
    "prepare-reranking": (["prepare-reranking"], 2),
    "reembed": (["reembed", "--flip", "--model", "builtin"], 2),
    "check": (["check"], 4),
    "check --repair": (["check", "--repair"], 4),
    "backup": (["backup", "COPY"], 2),
    "link": (["link", "--join-above", "0.5"], 3),
    "delete": (["delete", "--crop", "3", "--yes"], 2),
}


@pytest.mark.full
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_show_one_total_that_moves(held, told, tmp_path, monkeypatch, name):
    monkeypatch.setattr("reidsearch.index.neighbours.table.BLOCKS_IN_A_SEARCH", 0)
    monkeypatch.setattr(Engines, "recognizer", lambda *_: Drawn())
    given, moves = COMMANDS[name]
    ran = held(*[str(tmp_path / "copy") if one == "COPY" else one for one in given])
    assert ran.code == 0, ran.err
    (task,) = told.tasks
    assert task[1] is not None
    assert task[2] == task[1] > 0, task
    assert task[3] >= moves


def test_restoring_shows_one_total(held, told, tmp_path):
    assert held("backup", tmp_path / "copy").code == 0
    told.tasks.clear()
    assert held("restore", tmp_path / "copy", "-a", tmp_path / "new").code == 0
    (task,) = told.tasks
    assert task[2] == task[1] > 0
    assert {"comparing checksums", "copying", "checking the database", "building the index"} <= set(
        told.steps
    )


@pytest.mark.full
@pytest.mark.parametrize("way", ["set", "labels", "identities", "test"])
def test_calibrating_shows_one_total(run: CommandLine, told, tmp_path, way):
    table = write_set(tmp_path / "set", people=12)
    assert run("index", table, "--model", "builtin").code == 0
    if way == "identities":
        for person in range(12):
            crops = [str(number + 1) for number in range(4 * person, 4 * person + 4)]
            assert run("identity", "new", f"p{person}", *crops).code == 0
    if way == "test":
        assert run("calibrate", table).code == 0
    told.tasks.clear()
    given = {"set": [table], "labels": ["--labels"], "identities": ["--identities"]}
    ran = run("calibrate", *given.get(way, ["--test", table]))
    assert ran.code == 0, ran.err
    (task,) = told.tasks
    assert task[2] == task[1] > 0
    assert task[3] > 3
    if way != "test":
        assert "drawing people anew" in told.steps


@pytest.mark.full
@pytest.mark.parametrize(
    "more", [[], ["--compare", "--axis", "rankings", "--axis", "flips", "--axis", "fusions"]]
)
def test_evaluating_shows_one_total(run: CommandLine, told, tmp_path, more):
    table = write_set(tmp_path / "set", people=5)
    ran = run("evaluate", table, "--model", "builtin", *more)
    assert ran.code == 0, ran.err
    (task,) = told.tasks
    assert task[2] == task[1] > 0
    assert "ranking" in told.steps


@pytest.mark.full
def test_evaluating_an_archive_shows_one_total(run: CommandLine, told, tmp_path):
    table = write_set(tmp_path / "set", people=5)
    assert run("index", table, "--model", "builtin").code == 0
    told.tasks.clear()
    assert run("evaluate").code == 0
    (task,) = told.tasks
    assert task[2] == task[1] > 0


def test_the_first_compilation_says_what_it_does(held, told, crops):
    assert held("query", crops / "unknown.png", "-k", 1).code == 0
    # The built-in model is compiled anew in each process unless the cache holds it.
    compiling = [step for step in told.steps if step.startswith("Compiling ")]
    assert len(compiling) <= 1
    for step in compiling:
        assert "for this CPU" in step
        assert told.steps[told.steps.index(step) + 1] == ""


def test_a_large_gallery_moves_block_by_block(tmp_path, monkeypatch):
    """One new crop among many held ones is a long way too."""
    from reidsearch.index.neighbours import graph

    monkeypatch.setattr(graph, "BLOCK", 4)
    rows = np.random.default_rng(0).normal(size=(41, 8)).astype(np.float32)
    ids = np.arange(1, 42)
    kept = Told()

    def vectors(wanted):
        return rows[np.searchsorted(ids, wanted)]

    held = graph.extended(graph.Graph.empty(), ids[:40], vectors)
    kept.begin("all", graph.work_of(40, 1), "blocks")
    assert graph.extended(held, ids[40:], vectors, kept) is not None
    assert kept.tasks[0][1:] == [11, 11, 11]
    kept.begin("again", None, "")
    kept.end()
    whole = Told()
    whole.begin("all", graph.work_of(0, 41), "blocks")
    graph.extended(graph.Graph.empty(), ids, vectors, whole)
    assert whole.tasks[0][1] == whole.tasks[0][2]
