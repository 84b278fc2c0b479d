"""Several people decide at once on an archive of PostgreSQL, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from archives import draw_many
from postgres import Server, server

from reidsearch.archive import Archive
from reidsearch.base.address import PostgresAddress

pytestmark = pytest.mark.full

PEOPLE, EACH, CROPS = 4, 25, 24
PROGRAM = """
import json, random, sys
from reidsearch.archive import Archive
from reidsearch.base.address import read_address
from reidsearch.base.errors import ReidsearchError

address, me, each, crops = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
chance, done, refused = random.Random(me), [], []
with Archive.open(read_address(address), model="builtin", actor=me) as archive:
    decide = archive.identities

    def one():
        shared, own = chance.choice(["anna", "bert"]), f"{me} {chance.randrange(3)}"
        crop = chance.randint(1, crops)
        what = chance.randrange(7)
        if what == 0:
            return decide.new(own, [crop])
        if what in (1, 2):
            return decide.confirm(shared, [crop])
        if what == 3:
            return decide.reject(shared, [crop])
        if what == 4:
            return decide.unsure(shared, [crop])
        if what == 5:
            return decide.rename(own, f"{own} again")
        return decide.undo()

    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(each):
        try:
            made = one()
        except ReidsearchError as error:
            refused.append([type(error).__name__, error.exit_code, error.message])
        else:
            if made is not None:
                done.append(made.decision_id)
print(json.dumps({"done": done, "refused": refused}))
"""


@pytest.fixture(scope="module")
def running() -> Server:
    return server()


@pytest.fixture
def address(running: Server) -> Iterator[PostgresAddress]:
    made = running.new_archive()
    yield made
    running.drop(made)


def test_each_acknowledged_decision_is_there_and_the_ledger_is_whole(address, tmp_path):
    draw_many(tmp_path / "crops", CROPS)
    with Archive.open(address, model="builtin") as archive:
        archive.index([tmp_path / "crops"])
        archive.identities.new("anna", [1])
        archive.identities.new("bert", [2])
    names = [f"person {number}" for number in range(PEOPLE)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(address), name, str(EACH), str(CROPS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in names
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.communicate()
    for process in processes:  # all at once
        process.stdin.write("\n")
        process.stdin.flush()
    told = {}
    for name, process in zip(names, processes, strict=True):
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        told[name] = json.loads(out)
    with Archive.open(address, model="builtin") as archive:
        decisions = {one.decision_id: one for one in archive.identities.decisions()}
        assert list(decisions) == list(range(1, len(decisions) + 1))
        acknowledged = [(number, who) for who, one in told.items() for number in one["done"]]
        assert len(acknowledged) == len(decisions) - 2 > PEOPLE * EACH / 3
        assert len({number for number, _ in acknowledged}) == len(acknowledged)
        for number, who in acknowledged:
            assert decisions[number].who == who
        assert archive.check() == []  # the log replays to what the tables say
        assert archive.log.faults() == []
    refused = [one for each in told.values() for one in each["refused"]]
    # What another one has decided meanwhile: a name that is taken, a crop that is somebody's.
    assert {name for name, _, _ in refused} <= {"UsageError", "NotFound", "ConflictError"}, refused
