"""Writers and the server are killed at random while an archive of PostgreSQL is indexed."""

from __future__ import annotations

import random
import signal
import time

import pytest
from archives import draw_many, start
from postgres import Server, binaries

from reidsearch.archive import Archive
from reidsearch.base.errors import ReidsearchError
from reidsearch.store.crops.store import Store

pytestmark = pytest.mark.fuzz
ROUNDS, CROPS = 6, 900


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
            assert archive.check() == []
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
