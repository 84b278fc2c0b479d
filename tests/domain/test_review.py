"""The order, the key and the figures of a review, against values that are known."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from reidsearch.domain.decisions import Member
from reidsearch.domain.review import (
    First,
    Part,
    ReviewAnswer,
    ReviewItem,
    Share,
    interval,
    kappa,
    key_digest,
    outcome,
    placed,
    same_actor,
)

SAME, DIFFERENT, CANNOT = ReviewAnswer
MEMBERS = [Member("tracklet", number) for number in range(1, 9)]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [  # of the R function binom.test, to four digits
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (1, 1, 0.025, 1.0),
        (3, 100, 0.0062, 0.0852),
    ],
)
def test_intervals_are_the_exact_ones(count, of, low, high) -> None:
    assert interval(count, of) == pytest.approx((low, high), abs=5e-5)


def test_of_none_nothing_is_said() -> None:
    assert Share.counted(0, 0) == Share(0, 0, None, None, None)


def test_kappa_of_a_table_that_is_worked_out_by_hand() -> None:
    # 20 both same, 5 and 10 of one kind, 15 both different: agreement 0.7, by chance 0.5.
    pairs = [(SAME, SAME)] * 20 + [(SAME, DIFFERENT)] * 5
    pairs += [(DIFFERENT, SAME)] * 10 + [(DIFFERENT, DIFFERENT)] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa(pairs[:9]) is None
    assert kappa([(SAME, SAME)] * 20) is None
    assert kappa([(SAME, SAME)] * 20 + [(SAME, DIFFERENT)] * 3) is None


@pytest.mark.full
def test_the_order_is_that_of_the_seed_in_every_process() -> None:
    seed = bytes(range(32))
    here = placed(seed, MEMBERS)
    assert sorted(here) == MEMBERS
    assert placed(seed, reversed(MEMBERS)) == here
    assert placed(b"other" * 6, MEMBERS) != here
    told = (
        "from reidsearch.domain.review import placed; from reidsearch.domain.decisions import "
        "Member; print([m.number for m in placed(bytes(range(32)), "
        "[Member('tracklet', n) for n in range(1, 9)])])"
    )
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str([member.number for member in here])


def test_a_key_commits_to_every_part_of_it() -> None:
    items = [
        ReviewItem(1, Part.CANDIDATE, MEMBERS[0], First.CONFIRMED),
        ReviewItem(2, Part.FILLER, MEMBERS[1], beside=(MEMBERS[0],)),
    ]
    known = key_digest(b"seed", items)
    assert key_digest(b"seed", reversed(items)) == known
    assert key_digest(b"seed", [replace(one, answer=SAME, crop_ids=(4,)) for one in items]) == known
    others = [
        [replace(items[0], first=First.REJECTED), items[1]],
        [items[0], replace(items[1], beside=())],
        [items[0], replace(items[1], part=Part.CANDIDATE)],
        [items[0], replace(items[1], member=MEMBERS[2])],
        [replace(items[0], place=2), replace(items[1], place=1)],
        items[:1],
    ]
    digests = {key_digest(b"seed", one) for one in others} | {key_digest(b"sees", items)}
    assert len(digests | {known}) == len(others) + 2


def test_what_an_outcome_counts_and_what_it_leaves_out() -> None:
    reference, *rest = MEMBERS
    candidates = [
        ReviewItem(1, Part.CANDIDATE, rest[0], First.CONFIRMED, answer=SAME, crop_ids=(1,)),
        ReviewItem(2, Part.CANDIDATE, rest[1], First.CONFIRMED, answer=DIFFERENT, crop_ids=(2,)),
        ReviewItem(3, Part.CANDIDATE, rest[2], First.REJECTED, answer=CANNOT, crop_ids=(3,)),
        ReviewItem(4, Part.CANDIDATE, rest[3], First.UNSURE, answer=SAME, crop_ids=(4,)),
    ]
    fillers = [
        ReviewItem(5, Part.FILLER, rest[4], beside=(reference,), answer=SAME, crop_ids=(5,)),
        # Known to be another only beside a candidate whom the second examiner took for another.
        ReviewItem(6, Part.FILLER, rest[5], beside=(rest[1],), answer=SAME, crop_ids=(6,)),
        ReviewItem(7, Part.FILLER, rest[6], beside=(rest[0],), answer=DIFFERENT),
    ]
    said = outcome([ReviewItem(-1, Part.REFERENCE, reference), *candidates, *fillers])
    assert (said.agreement.count, said.agreement.of) == (1, 2)
    assert (said.false_same.count, said.false_same.of) == (1, 2)
    assert said.disagreements == (2,)
    assert said.called_same == (5,)
    assert (said.unsure_fillers, said.cannot_tell_candidates, said.cannot_tell_fillers) == (1, 1, 0)
    assert (said.erased, said.unanswered) == (1, 0)
    assert said.counts[First.UNSURE][SAME] == 1


def test_names_that_look_alike_are_one_actor() -> None:
    assert same_actor("Eve ", "eve")
    assert not same_actor("eve", "eva")
