"""Linking: the clustering against the plainest one, constraints, proposals, the command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archives import DIMENSION, CommandLine, fill, opened
from hypothesis import given, settings
from hypothesis import strategies as st
from tracklets import Seen, write_footage

from reidsearch.base.errors import ArchiveError, InputError, NotFound, UsageError
from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Member, Presence, Transits
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.linking import cluster as clusters
from reidsearch.linking.adjust import adjusted
from reidsearch.linking.cluster import Items, cluster
from reidsearch.linking.constraints import Constraints, too_fast
from reidsearch.linking.transits import read_transits, transits_of
from reidsearch.store.footage.presence import at_once

# -- the clustering -----------------------------------------------------------------------------


def near(directions: list[int], seed: int = 0, spread: float = 0.3) -> Vectors:
    """(n, DIMENSION) float32: items of one direction are alike, of two are not."""
    rng = np.random.default_rng(seed)
    rows = (
        np.eye(DIMENSION)[directions] + spread * rng.normal(size=(len(directions), DIMENSION)) / 4
    )
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def plainest(
    vectors: Vectors, threshold: float, together: list[Items], apart: Callable[[Items, Items], bool]
) -> set[tuple[int, ...]]:
    """Average linkage by computing every mean anew, over and over."""
    held = {item for items in together for item in items.tolist()}
    groups = [tuple(items.tolist()) for items in together]
    groups += [(item,) for item in range(len(vectors)) if item not in held]
    scores = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    while True:
        best, pair = threshold, None
        for a in range(len(groups)):
            for b in range(a + 1, len(groups)):
                mean = float(scores[np.ix_(groups[a], groups[b])].mean())
                if mean >= best and not apart(np.array(groups[a]), np.array(groups[b])):
                    best, pair = mean, (a, b)
        if pair is None:
            return {tuple(sorted(group)) for group in groups}
        a, b = pair
        joined = groups[a] + groups[b]
        groups = [group for n, group in enumerate(groups) if n not in pair] + [joined]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 14),
    threshold=st.sampled_from([0.1, 0.2, 0.35, 0.6, 0.9]),
    forbidden=st.sets(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=6),
    whole=st.booleans(),
)
def test_it_is_average_linkage(seed, count, threshold, forbidden, whole):
    rng = np.random.default_rng(seed)
    rows = (
        rng.normal(size=(count, DIMENSION))
        + 0.7 * rng.normal(size=(3, DIMENSION))[rng.integers(0, 3, count)]
    )
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    together = [np.array([0, count - 1])] if whole and count > 2 else []

    def apart(a: Items, b: Items) -> bool:
        return any(
            (x, y) in forbidden or (y, x) in forbidden for x in a.tolist() for y in b.tolist()
        )

    found = cluster(vectors, threshold, together=together, apart=apart)
    assert {tuple(one.items.tolist()) for one in found.found} == plainest(
        vectors, threshold, together, apart
    )
    assert all(one.score >= threshold for one in found.found)
    assert found.capped == 0


def test_the_same_input_gives_the_same_clusters_in_blocks_of_any_size(monkeypatch):
    vectors = near([0, 1, 2] * 40, spread=1.5)
    whole = cluster(vectors, 0.2)
    monkeypatch.setattr(clusters, "_SCORES_AT_ONCE", 1)  # 16 rows at once
    again = cluster(vectors, 0.2)
    assert [one.items.tolist() for one in whole.found] == [
        one.items.tolist() for one in again.found
    ]


def test_more_neighbours_than_are_kept_are_counted(monkeypatch):
    monkeypatch.setattr(clusters, "NEIGHBOURS_AT_MOST", 3)
    found = cluster(near([0] * 10 + [1] * 3), 0.5)
    assert found.capped == 10
    assert {item for one in found.found for item in one.items.tolist()} == set(range(13))


def test_nothing_is_joined_from_nothing():
    assert cluster(np.empty((0, 4), np.float32), 0.5).found == ()


# -- what is common to a camera -----------------------------------------------------------------


def test_what_is_common_to_a_camera_is_taken_out():
    people = np.eye(DIMENSION, dtype=np.float32)[:6]
    tints = np.eye(DIMENSION, dtype=np.float32)[[14, 15]]
    rows = np.concatenate([people + 1.1 * tints[0], people + 1.1 * tints[1]])
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    cameras = np.repeat([0, 1], 6)
    before = vectors @ vectors.T
    # Another at the same camera is more like than oneself at another.
    assert before[0, 1] > 0.5 > before[0, 6]
    after = adjusted(vectors, cameras)
    scores = after @ after.T
    assert scores[0, 6] > 0.75
    assert scores[0, 1] < 0.4
    assert scores[0, 7] < 0.3
    assert np.linalg.norm(after, axis=1) == pytest.approx(np.ones(12), abs=1e-5)


def test_somebody_who_is_always_there_is_not_taken_out():
    guard, others = near([0] * 50, spread=0.1), near([1, 2, 3, 4], spread=0.1)
    vectors = np.concatenate([guard, others, near([0], seed=5, spread=0.1)])
    after = adjusted(vectors, np.array([0] * 54 + [1]))
    assert float(after[0] @ after[-1]) > 0.8


def test_without_cameras_only_what_is_common_to_all_is_taken_out():
    vectors = near([0, 1, 2, 3])
    assert adjusted(vectors, np.full(4, -1)) == pytest.approx(adjusted(vectors, np.full(4, -1)))
    one = near([0])
    assert adjusted(one, np.array([0])) == pytest.approx(one, abs=1e-5)  # its direction is all
    assert adjusted(np.empty((0, 4), np.float32), np.empty(0, np.int64)).shape == (0, 4)


# -- constraints --------------------------------------------------------------------------------

stretches = st.tuples(st.integers(0, 20), st.integers(0, 8))


@pytest.mark.full
@given(
    a=stretches, b=stretches, starts=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    sources=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    cameras=st.tuples(st.sampled_from(["x", "y", None]), st.sampled_from(["x", "y", None])),
    off=st.tuples(st.sampled_from([None, 0.0, 1.0, 2.5]), st.sampled_from([None, 0.0, 1.0, 2.5])),
)  # fmt: skip
def test_many_at_once_are_judged_like_two(a, b, starts, sources, cameras, off):
    both = []
    for number, ((first, length), start, source, camera, uncertainty_s) in enumerate(
        zip((a, b), starts, sources, cameras, off, strict=True)
    ):
        media = first * 1_000_000, (first + length) * 1_000_000
        wall = (start * 1_000_000 + media[0], start * 1_000_000 + media[1])
        member = Member("tracklet", number + 1)
        both.append(
            Presence(
                member, camera, (SourceInterval(source, "", *media),), *wall, uncertainty_s, (1,)
            )
        )
    one, other = np.array([0]), np.array([1])
    assert Constraints(both, [], {}).apart(one, other) is at_once(*both)


def seen(number: int, camera: str, first_s: float, last_s: float, off_s: float | None) -> Presence:
    media = round(first_s * 1e6), round(last_s * 1e6)
    return Presence(
        Member("tracklet", number),
        camera,
        (SourceInterval(number, "", *media),),
        *media,
        off_s,
        (1,),
    )


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (seen(2, "yard", 30, 40, 1), []),  # just enough
        (seen(2, "yard", 29, 40, 1), [(19.0, False)]),  # unless the clocks are off
        (seen(2, "yard", 27.9, 40, 1), [(17.9, True)]),
        (seen(2, "yard", 27.9, 40, None), [(17.9, False)]),
        (seen(2, "yard", 5, 40, 1), [(-5.0, True)]),
        (seen(2, "hall", 11, 12, 1), []),  # nothing is known of the hall
        (seen(2, "gate", 11, 12, 1), []),
    ],
)
def test_haste(second, found):
    transits = transits_of([("yard", "gate", 20.0)])
    pairs = too_fast([second, seen(1, "gate", 0, 10, 1)], transits)
    assert [(pytest.approx(one.gap_s), one.certain) for one in pairs] == found


def test_haste_between_any_two_of_many():
    transits = transits_of([("a", "c", 60.0)])
    way = [seen(1, "a", 0, 1, 0), seen(2, "b", 10, 11, 0), seen(3, "c", 20, 21, 0)]
    (pair,) = too_fast(way, transits)
    assert (pair.first.number, pair.second.number) == (1, 3)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([("a", "a", 5.0)], "to itself"),
        ([("a", "b", 0.0)], "not a positive number"),
        ([("a", "b", float("nan"))], "not a positive number"),
        ([("a", "b", 1.0), ("b", "a", 2.0)], "given twice"),
    ],
)
def test_transits_that_make_no_sense(rows, text):
    with pytest.raises(UsageError, match=text):
        transits_of(rows)


def test_transits_of_a_table(tmp_path):
    path = tmp_path / "transits.csv"
    path.write_text("from,to,seconds\ngate,yard,20.5\n", "utf-8")
    assert transits_of(read_transits(path)) == Transits((("gate", "yard", 20.5),))
    path.write_text("from,to,seconds\ngate,yard,soon\n", "utf-8")
    with pytest.raises(InputError, match="line 2: 'soon'"):
        read_transits(path)
    path.write_text("a,b\n", "utf-8")
    with pytest.raises(InputError, match="lacks the column from"):
        read_transits(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_transits(tmp_path / "none.csv")


# -- an archive ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Persons 0 to 3 at the gate as tracklets 1 to 4 and in the yard as 5 to 8.

    Person 0 is at the gate a second time at the same moment (tracklet 9), and on picture 19.
    """
    folder = tmp_path_factory.mktemp("made") / "archive"

    def tracklet(person: int, at_s: float, seed: int) -> Seen:
        return Seen(at_s, at_s + 4, near([person, person], seed, 0.4))

    gate = [tracklet(person, 10 * person, person) for person in range(4)]
    yard = [tracklet(person, 10 * person + 60, 10 + person) for person in range(4)]
    write_footage(folder, "gate.mp4", "gate", gate)
    write_footage(folder, "yard.mp4", "yard", yard)
    write_footage(folder, "copy.mp4", "gate", [Seen(0, 4, near([0, 0], 30, 0.4))], uncertainty_s=0)
    fill(folder, near([0], 40, 0.4), first=100)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "a")


def proposed(archive) -> list[tuple[str | None, list[str]]]:
    return [
        (one.adds_to and one.adds_to.name, [member.text for member in one.members])
        for one in archive.proposals.last().proposals
    ]


@pytest.mark.full
def test_people_are_put_together_over_cameras_and_recordings(folder):
    with opened(folder) as archive:
        made = archive.proposals.link(join_above=0.45)
        found = proposed(archive)
        assert (made.linked, made.capped) == (10, 0)
        assert [(None, [f"tracklet {n}", f"tracklet {n + 4}"]) for n in (2, 3, 4)] == found[1:]
        first = set(found[0][1])
        # Tracklets 1 and 9 are one person in two recordings of the gate that overlap.
        assert first == {"tracklet 1", "tracklet 5", "tracklet 9", "crop 19"}
        assert archive.identities.all() == []
        assert archive.check() == []


@pytest.mark.full
def test_proposals_are_replaced_and_never_numbered_again(folder):
    with opened(folder) as archive:
        archive.proposals.link(join_above=0.45)
        before = [one.proposal_id for one in archive.proposals.last().proposals]
        again = archive.proposals.link(join_above=0.45)
        numbers = [one.proposal_id for one in again.proposals]
        assert min(numbers) > max(before)
        with pytest.raises(NotFound, match=f"no proposal {before[0]}"):
            archive.proposals.find(before[0])


@pytest.mark.full
def test_confirmed_and_rejected_hold(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [3, 13])  # persons 1 and 2: somebody knows better
        archive.identities.reject("anna", [11])  # person 1 in the yard
        archive.identities.new("carl", [7])  # person 3 at the gate
        archive.proposals.link(join_above=0.3)
        found = dict(proposed(archive))
        assert "tracklet 6" not in {member for _, ms in proposed(archive) for member in ms}
        assert found.get("carl") == ["tracklet 8"]
        for name, members in proposed(archive):
            assert name != "anna" or "tracklet 6" not in members
            assert not {"tracklet 2", "tracklet 7", "tracklet 4"} & set(members)


@pytest.mark.full
def test_a_proposal_is_confirmed_whole(folder):
    with opened(folder) as archive:
        archive.proposals.link(join_above=0.45)
        second = archive.proposals.last().proposals[1]
        with pytest.raises(UsageError, match="without an identity"):
            archive.proposals.confirm(second.proposal_id)
        archive.proposals.new(second.proposal_id, "bert")
        assert [one.text for one in archive.identities.find("bert").members] == [
            "tracklet 2",
            "tracklet 6",
        ]
        assert second.proposal_id not in {
            one.proposal_id for one in archive.proposals.last().proposals
        }
        archive.identities.new("carl", [5])  # tracklet 3
        archive.proposals.link(join_above=0.45)
        (adding,) = [one for one in archive.proposals.last().proposals if one.adds_to]
        assert adding.adds_to is not None
        assert adding.adds_to.name == "carl"
        shown = archive.proposals.find(adding.proposal_id)
        assert [one.member.text for one in shown.held] == ["tracklet 3"]
        archive.proposals.confirm(adding.proposal_id)
        assert len(archive.identities.find("carl").members) == 2


@pytest.mark.full
def test_deleted_members_leave_their_proposals(folder):
    with opened(folder) as archive:
        archive.proposals.link(join_above=0.45)
        archive.delete(archive.plan_delete(crop_ids=[3, 4]))  # tracklet 2
        assert all("tracklet 6" not in members for _, members in proposed(archive))
        assert archive.check() == []


def test_nothing_to_link(tmp_path):
    with opened(tmp_path / "a") as archive:
        with pytest.raises(ArchiveError, match="holds no crops yet"):
            archive.proposals.link(join_above=0.45)
        with pytest.raises(NotFound, match="nothing has been linked yet"):
            archive.proposals.last()


def test_a_camera_that_is_not_there(folder):
    with opened(folder) as archive, pytest.raises(NotFound, match="no camera 'roof'"):
        archive.proposals.link(join_above=0.45, transits=transits_of([("gate", "roof", 5.0)]))


def test_the_scores_are_those_of_a_plain_count(folder):
    with opened(folder) as archive:
        archive.proposals.link(join_above=0.45)
        one = archive.proposals.last().proposals[1]  # tracklets 2 and 6
        from reidsearch.store.identities.candidates import linking_candidates

        with archive._store.read() as connection:
            held = linking_candidates(connection, DIMENSION)
        rows = {p.member: v for p, v in zip(held.presences, held.vectors, strict=True)}
        plain = float(rows[one.members[0]] @ rows[one.members[1]])
        assert one.scores == pytest.approx((plain, plain), abs=1e-5)


@pytest.mark.full
def test_the_command(run: CommandLine, made: Path):
    shutil.copytree(made, run.archive)
    ran = run("link", "--join-above", "0.45", "--min-transit", "gate", "yard", "57")
    assert ran.code == 0, ran.err
    assert "a new identity" in ran.out
    assert "perhaps below the minimum: 1 transit" in " ".join(ran.out.split())
    listed = json.loads(run("identity", "proposals", "--format", "json").out)
    number = listed["proposals"][1]["proposal_id"]
    (pair,) = listed["proposals"][1]["too_fast"]
    assert (pair["gap_s"], pair["certain"]) == (56.0, False)
    shown = run("identity", "proposals", number)
    assert "tracklet 2" in shown.out
    assert "which the uncertainty of the clocks may explain" in shown.out
    assert "wrong confirmation or proposal" in shown.out
    assert (
        json.loads(run("identity", "proposals", number, "--format", "json").out)["confirmed"] == []
    )
    assert run("identity", "new", "bert", "--proposal", number).code == 0
    left = [line.split() for line in run("identity", "proposals").out.splitlines()[2:]]
    assert [str(number)] not in [words[:1] for words in left]
    for arguments, code, text in (
        (["confirm", "--proposal", number, "--as", "bert"], 9, "no proposal"),
        (["confirm", "1", "--proposal", "1", "--as", "bert"], 2, "CROP..., or --proposal"),
        (["confirm", "1"], 2, "--as IDENTITY"),
        (["identity", "new", "x", "1", "--proposal", "1"], 2, "not both"),
        (["link", "--join-above", "0"], 2, "join-above"),
        (["link", "--min-transit", "gate", "gate", "5"], 2, "to itself"),
    ):
        ran = run(*arguments)
        assert (ran.code, text in ran.err) == (code, True), ran.err
    assert run("link", "--format", "json").code == 2  # what this model's scores mean is not known
    assert run("link", "--format", "json", "--join-above", "0.45").code == 0
