"""Searching for an identity: its views, marks in the answer, pairs."""

from __future__ import annotations

import numpy as np
import pytest
from archives import as_scored, opened, unit_rows

from reidsearch.base.errors import UsageError
from reidsearch.domain.decisions import Named
from reidsearch.output.hints import advice


@pytest.mark.full
def test_a_search_for_an_identity(folder):
    with opened(folder) as archive:
        identities = archive.identities
        identities.new("anna", [1, 6])
        identities.new("bert", [8])
        identities.reject("anna", [5, 10])
        identities.reject("bert", [9])
        answer = archive.search(identity="anna", k=20)
        asked = answer.statement.identity
        assert asked is not None
        assert (asked.named, asked.members, asked.query_pictures) == (Named(1, "anna"), 2, 4)
        assert (asked.rejected, asked.new_only) == (2, False)
        told = {
            (match.crop.moment.tracklet_id if match.crop.moment else -match.crop.crop_id): (
                match.identity and match.identity.name,
                [one.name for one in match.rejected_for],
            )
            for match in answer.matches
        }
        assert told == {
            1: ("anna", []),
            2: (None, []),
            4: ("anna", []),
            5: ("bert", []),
            -9: (None, ["bert"]),
        }
        views = as_scored(archive._gallery, unit_rows(10, seed=3))[[0, 1, 5, 6]]
        mean = views.mean(axis=0) / np.linalg.norm(views.mean(axis=0))
        own = next(
            match
            for match in answer.matches
            if match.crop.moment is not None and match.crop.moment.tracklet_id == 1
        )
        assert own.score == pytest.approx(float((views[:2] @ mean).max()), abs=1e-5)
        fresh = archive.search(identity="anna", new_only=True, k=20)
        assert {m.crop.moment.tracklet_id for m in fresh.matches if m.crop.moment} == {2, 5}
        with_view = archive.search(1, identity="bert", k=20)  # crop 1 is asked with: no match
        assert 1 not in {match.crop.crop_id for match in with_view.matches}
        with pytest.raises(UsageError, match="identity"):
            archive.search(1, new_only=True)


def test_nobody_can_be_searched_for_without_a_view(folder):
    with opened(folder) as archive:
        archive.identities.new("anna")
        with pytest.raises(UsageError, match="nothing is confirmed") as error:
            archive.search(identity="anna")
        assert advice(error.value) == "reidsearch confirm CROP --as anna"


def test_pairs_are_those_of_a_plain_count(folder):
    rows = unit_rows(10, seed=3)
    crops = {1: [1, 2], 3: [5], 4: [6, 7], 5: [8]}
    with opened(folder) as archive:
        assert len(archive.identities.pairs()) == 0
        archive.identities.new("anna", [1, 6, 9])
        archive.identities.reject("anna", [5])
        archive.identities.reject("anna", [8])
        pairs = archive.identities.pairs()
    members, rejected = [crops[1], crops[4], [9]], [crops[3], crops[5]]
    expected = set()
    sides = [(a, b, True) for a in members for b in members if a != b]
    sides += [(a, b, False) for a in members for b in rejected]
    sides += [(b, a, False) for a in members for b in rejected]
    for query, match, same in sides:
        for crop in query:
            scores = {other: float(rows[crop - 1] @ rows[other - 1]) for other in match}
            best = max(scores, key=lambda other: scores[other])
            expected.add((crop, best, same, round(scores[best], 4)))
    found = {
        (int(q), int(m), bool(same), round(float(score), 4))
        for q, m, same, score in zip(
            pairs.query_crops, pairs.match_crops, pairs.same, pairs.scores, strict=True
        )
    }
    assert found == expected
    assert len(pairs) == len(expected)
    assert set(pairs.identity_ids.tolist()) == {1}
    assert (pairs.scores.dtype, pairs.same.dtype) == (np.float32, np.bool_)
