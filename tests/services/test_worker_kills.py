"""Three workers, some of them killed at random: the archive is that of one undisturbed run."""

from __future__ import annotations

import random
import signal
import time

import pytest
from postgres import Server, binaries, server
from worker_processes import copies, held, worker

from reidsearch.archive import Archive
from reidsearch.base.address import Address
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.queue import QueuedState
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions
from reidsearch.store.crops.store import Store

SOURCES = 6


@pytest.fixture(scope="module")
def footage(scene, tmp_path_factory):
    return copies(scene[0], tmp_path_factory.mktemp("shared") / "footage", SOURCES)


@pytest.fixture(scope="module")
def single(footage, tmp_path_factory):
    """What a plain index run makes of it in a folder."""
    folder = tmp_path_factory.mktemp("single") / "archive"
    naming = SourceNaming(listed=read_source_list(footage))
    with Archive.open(folder, create=True, model="builtin") as archive:
        archive.index(sorted(footage.parent.glob("*.mp4")), footage=FootageOptions(naming=naming))
    return held(folder)


def queue(address: Address, footage) -> None:
    with Archive.open(address) as archive:
        request = IndexRequest(sources=str(footage))
        assert archive.queue.put(sorted(footage.parent.glob("*.mp4")), request).queued == SOURCES


def require_done(address: Address, single) -> None:
    with Archive.open(address) as archive:
        status = archive.queue.status()
        assert status.counts == {QueuedState.DONE: SOURCES}, status.failed
        assert archive.check() == []
    assert held(address) == single


def kill_two_of_three(address: Address, footage, single, chance: random.Random) -> None:
    queue(address, footage)
    three = [worker(address, "--until-done", pause_s=0.03) for _ in range(3)]
    doomed = chance.sample(three, 2)
    for one in doomed:
        time.sleep(chance.uniform(0.5, 6.0))
        one.send_signal(signal.SIGKILL)
    told = [one.communicate(timeout=400)[1] for one in three]
    assert three[next(n for n, one in enumerate(three) if one not in doomed)].returncode == 0, told
    assert not any("Traceback" in one or "unexpected error" in one for one in told), told
    require_done(address, single)


@pytest.mark.slow  # test_workers.py kills, freezes and stops one, in `full`
def test_two_of_three_workers_are_killed(footage, single):
    address = server().new_archive()
    kill_two_of_three(address, footage, single, random.Random(16))
    server().drop(address)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(10))
def test_two_of_three_workers_are_killed_at_random(footage, single, seed):
    address = server().new_archive()
    kill_two_of_three(address, footage, single, random.Random(seed))
    server().drop(address)


@pytest.mark.fuzz
def test_workers_outlive_the_server(footage, single):
    """The database is killed again and again; workers wait for it and go on by themselves."""
    chance = random.Random(20261127)
    own = Server(binaries())
    address = own.address("killed")
    Store.create(address)
    queue(address, footage)
    two = [worker(address, "--until-done", pause_s=0.03) for _ in range(2)]
    with Archive.open(address) as archive:  # a worker that never reached its database gives up
        while len(archive.queue.status().workers) < len(two):
            assert all(one.poll() is None for one in two)
            time.sleep(0.1)
    for _ in range(4):
        time.sleep(chance.uniform(1.0, 5.0))
        own.stop("immediate")
        time.sleep(chance.uniform(0.0, 2.0))
        own.start()
    told = [one.communicate(timeout=400)[1] for one in two]
    assert [one.returncode for one in two] == [0, 0], told
    assert not any("Traceback" in one or "unexpected error" in one for one in told), told
    require_done(address, single)
    own.remove()
