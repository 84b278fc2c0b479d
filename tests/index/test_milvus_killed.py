"""A Milvus server that is killed at any moment costs no answer its truth."""

from __future__ import annotations

import contextlib
import random
import threading
import time

import numpy as np
import pytest
from archives import fill, unit_rows
from milvus_server import Server, server

from reidsearch.domain.request import Filters
from reidsearch.index.contract import IndexAway
from reidsearch.index.factory import engine_for
from reidsearch.index.gallery import Gallery
from reidsearch.index.milvus.engine import MilvusEngine
from reidsearch.maintenance import check as checks
from reidsearch.maintenance.erase import Wanted, erase, plan
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store

pytestmark = pytest.mark.fuzz

KILLS = 5
BATCH = 300
AT_MOST_S = 3.0  # until the kill
UP_WITHIN_S = 120.0
VECTORS = unit_rows(BATCH * (KILLS + 1))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    server()  # or skip
    made = tmp_path / "archive"
    fill(made, VECTORS[:BATCH])
    monkeypatch.setattr(MilvusEngine.__init__, "__defaults__", (False, 256, 0))
    monkeypatch.setenv("REIDSEARCH_ENGINE", "milvus")
    return made


def killed_within(running: Server, seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, running.kill)
    timer.start()
    return timer


def until_up(work):
    """Do it until the server, which is coming up, answers."""
    until = time.monotonic() + UP_WITHIN_S
    while True:
        try:
            return work()
        except IndexAway:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def test_answers_equal_the_database_after_kills_at_random_moments(folder, monkeypatch):
    running = Server()
    monkeypatch.setenv("REIDSEARCH_MILVUS_URL", running.url)
    drawn = random.Random()
    with Store(folder) as store:
        with store.lock():
            until_up(Gallery(store).compact)
        for kill in range(1, KILLS + 1):
            fill(folder, VECTORS[kill * BATCH : (kill + 1) * BATCH], first=kill * BATCH)
            doomed = drawn.sample(embedded_ids(store, store.state().last_crop_id).tolist(), 5)
            timer = killed_within(running, drawn.uniform(0, AT_MOST_S))
            gallery = Gallery(store)
            with contextlib.suppress(Exception):  # whatever a user would be told
                gallery.sync()
                gallery.search(VECTORS[3], 10)
                with store.lock():
                    gallery.compact()
                erase(store, gallery, plan(store, Wanted(Filters(), tuple(doomed))))
            timer.join()
            running.start()
            gallery, files = Gallery(store), Gallery(store, engine_for)

            def mended(gallery=gallery):
                with store.lock():
                    gallery.compact()
                return gallery.search(VECTORS[3], 2000, exact=True)

            found = until_up(mended)
            files.sync()
            assert found.ids.tolist() == files.search(VECTORS[3], 2000).ids.tolist()
            held = embedded_ids(store, store.state().last_crop_id)
            assert np.array_equal(gallery.index.ids(), held)
            assert checks.check(store) == []
    running.remove()
