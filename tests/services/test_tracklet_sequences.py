"""Random sequences of cuts, joins and identity decisions: the archive stays whole, and undone is
undone."""

from __future__ import annotations

import contextlib
import random
import shutil
from pathlib import Path

import pytest
from archives import MODEL, unit_rows
from footage_dump import dump
from tracklets import FPS, Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, ReidsearchError

ACTIONS = 30
EXPECTED = {
    Kind.USAGE, Kind.SPLIT_OUTSIDE, Kind.FOOTAGE_MISSING, Kind.TRACKLETS_AT_ONCE,
    Kind.TRACKLETS_APART, Kind.TRACKLETS_OF_TWO, Kind.TRACKLETS_DISAGREE, Kind.DECISION_OVERTAKEN,
    Kind.DECISION_UNDONE, Kind.DECISION_UNKNOWN, Kind.DECISIONS_STAND, Kind.SEEN_AT_ONCE,
    Kind.CONFIRMED_AS_ANOTHER, Kind.IDENTITY_NAME_TAKEN, Kind.IDENTITY_UNKNOWN,
    Kind.IDENTITY_MERGED, Kind.NOT_FOUND, Kind.CONFIRMED_AND_REJECTED,
}  # fmt: skip
NAMES = ("anna", "bert")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of one recording and one of another camera; each tracklet with several views."""
    folder = tmp_path_factory.mktemp("made") / "a"
    rows = unit_rows(60, seed=5)
    seen = [
        Seen(start, end, rows[5 * n : 5 * n + 5], left_px=30 * n)
        for n, (start, end) in enumerate([(1, 5), (3, 8), (10, 15), (20, 30), (22, 24)])
    ]
    write_footage(folder, "gate.mp4", "gate", seen, seconds=60, model=MODEL)
    write_footage(folder, "yard.mp4", "yard", [Seen(2, 6, rows[50:55])], seconds=60, model=MODEL)
    return folder


class Refusal(Exception):
    """What a user would be told; any other error is a fault."""


def act(archive: Archive, chance: random.Random) -> None:
    try:
        one_action(archive, chance)
    except ReidsearchError as error:
        if error.kind in EXPECTED:
            raise Refusal from error
        raise


def one_action(archive: Archive, chance: random.Random) -> None:
    held = [
        one
        for source in archive.footage.coverage()
        for one in archive.footage.tracklets(source.source_id)
    ]
    one = chance.choice(held)
    action = chance.choice(
        ["split"] * 5 + ["join"] * 5 + ["confirm", "confirm", "reject", "merge"] + ["undo"] * 4
    )
    if action == "split":
        # Views lie on the first frames of a tracklet, so that cuts there leave views on both sides.
        part = one.parts[0]
        at = part.first_s + chance.randrange(1, 8) / FPS if chance.random() < 0.8 else part.last_s
        archive.tracklets.split(one.tracklet_id, media_s=at)
    elif action == "join":
        archive.tracklets.join([one.tracklet_id, chance.choice(held).tracklet_id])
    elif action == "merge":
        archive.identities.merge(*NAMES[:1], NAMES[1:])
    elif action == "undo":
        log = archive.identities.decisions()
        archive.identities.undo(chance.choice(log).decision_id if log else None)
    else:
        name = chance.choice(NAMES)
        if name not in archive.identities.names().values():
            archive.identities.new(name)
        act = archive.identities.confirm if action == "confirm" else archive.identities.reject
        act(name, [chance.choice(one.crop_ids)])


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_decided_the_archive_is_whole_and_undoing_all_restores_it(
    made: Path, tmp_path: Path, seed: int
) -> None:
    folder = shutil.copytree(made, tmp_path / "a")
    before = dump(folder)
    chance = random.Random(seed)
    with Archive.open(folder) as archive:
        done = 0
        for _ in range(ACTIONS):
            was = dump(folder)
            with contextlib.suppress(Refusal):
                act(archive, chance)
                done += 1
                was = dump(folder)
            assert dump(folder) == was, "what is refused changes nothing"
            assert archive.check() == []
        assert done >= 3
        while True:
            try:
                archive.identities.undo()
            except NotFound:
                break
        assert archive.check() == []
        assert archive.identities.all() == []
    assert dump(folder) == before


def opened_as_made(folder: Path) -> Archive:
    return Archive.open(folder)
