"""Writers and the server are killed at random while an archive of PostgreSQL is indexed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from acknowledging import BATCH, location
from archives import draw_many, sql, start
from postgres import DURABLE, Server, binaries

from reidsearch.archive import Archive
from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ReidsearchError
from reidsearch.store.crops.store import Store

pytestmark = pytest.mark.fuzz
ROUNDS, CROPS = 6, 900
KILLS = 50
UNFINISHED = {"pending", "stray"}
"""What `check` says of a deletion that somebody is at, or was at and will finish."""


def stored(server: Server) -> int:
    """What a reader sees; a server that is just coming up sees nobody."""
    try:
        return int(str(server.sql("SELECT next_crop_id - 1 FROM main.archive", "killed")[0][0]))
    except Exception:
        return -1


def test_what_was_acknowledged_is_there_once_whoever_is_killed(tmp_path, capsys):
    chance = random.Random(20261127)
    server = Server(binaries())
    address = server.address("killed")
    Store.create(address)
    draw_many(tmp_path / "crops", CROPS)
    seen, killed = 0, {"writer": 0, "server": 0}
    for _ in range(ROUNDS):
        process = start("index", tmp_path / "crops", "--model", "builtin", "-a", str(address))
        while stored(server) <= seen and process.poll() is None:
            time.sleep(0.02)
        time.sleep(chance.random())
        seen = max(seen, stored(server))  # committed: everybody can see it
        who = chance.choice(["writer", "server"])
        killed[who] += 1
        if who == "writer":
            process.send_signal(signal.SIGKILL)
            process.communicate()
        else:
            server.stop("immediate")
            told = process.communicate(timeout=60)[1]
            assert process.returncode in {0, 8}, told
            assert "Traceback" not in told
            assert "unexpected error" not in told
            server.start()
        with Archive.open(address) as archive:
            assert archive.show().crops >= seen
            # Whoever was killed at its index files left some, which the next run finishes.
            assert {one.code for one in archive.check()} <= UNFINISHED
    with Archive.open(address, model="builtin") as archive:
        archive.index([tmp_path / "crops"])
        assert archive.show().crops == CROPS
        assert archive.check() == []
    server.remove()
    with capsys.disabled():
        print(f"\nkilled: {killed}, held: {ROUNDS}")


def test_a_search_after_the_server_came_back_is_answered(tmp_path):
    server = Server(binaries())
    address = server.address("killed")
    draw_many(tmp_path / "crops", 20)
    with Archive.open(address, create=True, model="builtin") as archive:
        archive.index([tmp_path / "crops"])
        wanted = [match.crop.crop_id for match in archive.search(1, k=5).matches]
        server.stop("immediate")
        with pytest.raises(ReidsearchError) as refused:
            archive.search(1, k=5)
        assert refused.value.exit_code == 8
        server.start()
        assert [match.crop.crop_id for match in archive.search(1, k=5).matches] == wanted
    server.remove()


class Workers:
    """Two processes that index, delete and decide without end, and what they were told is done."""

    def __init__(self, address: str, folder: Path) -> None:
        self.folder = folder
        self._files = {kind: folder / f"{kind}.txt" for kind in ("index", "decide")}
        program = Path(__file__).parents[1] / "acknowledging.py"
        self.processes = {}
        for kind, file in self._files.items():
            command = [sys.executable, program, kind, address, folder, file]
            with (folder / f"{kind}.err").open("w") as told:
                self.processes[kind] = subprocess.Popen(command, stderr=told)

    def acknowledged(self) -> list[str]:
        return [line for kind in self._files for line in self._of(kind)]

    def _of(self, kind: str) -> list[str]:
        file = self._files[kind]
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [line for line in lines if line.endswith("\n")]

    def wait_for_more(self, within_s: float = 300) -> None:
        """Wait until each of them was told of more: a server that is killed has been of use."""
        before = {kind: len(self._of(kind)) for kind in self._files}
        until = time.monotonic() + within_s
        while not all(len(self._of(kind)) > count for kind, count in before.items()):
            for kind, process in self.processes.items():
                assert process.poll() is None, (self.folder / f"{kind}.err").read_text()[-3000:]
            assert time.monotonic() < until, "nothing goes on"
            time.sleep(0.02)

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


def lost_or_twice(address: PostgresAddress, told: list[str], folder: Path) -> list[str]:
    """What was acknowledged and is not so, what is there more than once, what `check` finds."""
    words = [line.split() for line in told]
    with Archive.open(address) as archive:
        names = Counter(one.name for one in archive.identities.all())
        wrong = [one.message for one in archive.check() if one.code not in UNFINISHED]
    places = Counter(str(text) for (text,) in sql(address, "SELECT text FROM location"))
    wrong += [f"{name}: {count} times" for name, count in (names + places).items() if count > 1]
    for verb, what in words:
        if verb == "decided" and not names[what]:
            wrong.append(f"{what} was decided")
        if verb == "deleted" and places[location(int(what), 0, folder)]:
            wrong.append(f"the first of {what} was deleted")
        if verb == "indexed":  # the first may be deleted without an answer so far
            there = (places[location(int(what), number, folder)] for number in range(1, BATCH))
            if not all(there):
                wrong.append(f"{what} was indexed")
    return wrong


def test_a_server_killed_fifty_times_has_lost_nothing_and_has_nothing_twice(tmp_path, capsys):
    """Of the server or of one session, while others index, delete and decide."""
    chance = random.Random(16)
    server = Server(binaries(), **DURABLE)
    address = server.address("killed")
    Store.create(address)
    workers = Workers(str(address), tmp_path)
    killed: Counter[str] = Counter()
    try:
        for _ in range(KILLS):
            workers.wait_for_more()
            time.sleep(chance.random() / 2)
            what = chance.choice(["server", "server", "session"])
            killed[what] += 1
            if what == "server":
                server.kill()
                told = workers.acknowledged()
                server.start()
            else:
                told = workers.acknowledged()
                server.kill_one_session()
            assert lost_or_twice(address, told, tmp_path) == []
    finally:
        workers.end()
    with Archive.open(address) as archive:
        archive.check(repair=True)  # finishes what they were at
        assert archive.check() == []
    told = workers.acknowledged()
    assert lost_or_twice(address, told, tmp_path) == []
    verbs = Counter(line.split()[0] for line in told)
    assert set(verbs) == {"decided", "indexed", "deleted"}
    assert server.sql("SHOW fsync") == [("on",)]
    server.remove()
    with capsys.disabled():
        print(f"\nkilled: {dict(killed)}; acknowledged and held: {dict(verbs)}")
