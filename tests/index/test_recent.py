"""Rows that were read a moment ago are not read again, and are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from reidsearch.index import recent
from reidsearch.index.recent import Recent

ROWS = np.random.default_rng(1).normal(size=(9000, 4)).astype(np.float32)


class Read:
    """Even ids are stored; notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, ids):
        self.asked.append(ids.tolist())
        held = ids[ids % 2 == 0]
        return held, ROWS[held]


def told(rows: Recent, *ids: int) -> list[int]:
    held, vectors = rows(np.array(ids, np.int64))
    assert np.array_equal(vectors, ROWS[held])
    return held.tolist()


def test_only_what_was_not_read_is_read():
    read = Read()
    rows = Recent(read)
    assert told(rows, 2, 4, 6) == [2, 4, 6]
    assert told(rows, 1, 2, 3, 6, 8) == [2, 6, 8]
    assert told(rows, 2, 4, 6, 8) == [2, 4, 6, 8]
    assert read.asked == [[2, 4, 6], [1, 3, 8]]


def test_what_is_not_stored_is_asked_for_each_time():
    read = Read()
    rows = Recent(read)
    assert told(rows, 3) == []
    assert told(rows, 3) == []
    assert read.asked == [[3], [3]]


def test_nothing_is_left_after_forgetting():
    read = Read()
    rows = Recent(read)
    told(rows, 2, 4)
    rows.forget()
    told(rows, 2)
    assert read.asked == [[2, 4], [2]]


def test_no_more_rows_are_kept_than_said(monkeypatch):
    monkeypatch.setattr(recent, "MOST", 3)
    read = Read()
    rows = Recent(read)
    told(rows, 2, 4, 6)
    told(rows, 8)  # makes room for itself
    told(rows, 2, 4, 6, 8, 10)  # more than are kept: past what is kept
    told(rows, 8)
    told(rows, 2)
    assert read.asked == [[2, 4, 6], [8], [2, 4, 6, 8, 10], [2]]


def test_what_is_asked_for_stays_while_room_is_made(monkeypatch):
    monkeypatch.setattr(recent, "MOST", 4)
    read = Read()
    rows = Recent(read)
    told(rows, 2, 4, 6, 8)
    assert told(rows, 4, 8, 10, 12) == [4, 8, 10, 12]
    assert told(rows, 4, 8, 10, 12) == [4, 8, 10, 12]
    assert told(rows, 2) == [2]
    assert read.asked == [[2, 4, 6, 8], [10, 12], [2]]


def test_random_questions_are_answered_as_by_what_is_read(monkeypatch):
    monkeypatch.setattr(recent, "MOST", 100)
    rows, rng = Recent(Read()), np.random.default_rng(2)
    for _ in range(300):
        ids = np.unique(rng.integers(0, 400, rng.integers(0, 130)))
        assert told(rows, *ids.tolist()) == ids[ids % 2 == 0].tolist()


@pytest.mark.full
def test_threads_that_ask_at_once_get_their_own_rows(monkeypatch):
    monkeypatch.setattr(recent, "MOST", 60)  # so that room is made all the time
    rows = Recent(Read())

    def ask(seed: int) -> int:
        rng = np.random.default_rng(seed)
        for _ in range(200):
            told(rows, *np.unique(rng.integers(0, 400, 40)).tolist())
        return seed

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [0, 1, 2, 3]
