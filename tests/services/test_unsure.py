"""Leaving a match open: a decision that others see, and that takes nothing back."""

from __future__ import annotations

import pytest
from archives import opened

from reidsearch.base.errors import NotFound
from reidsearch.domain.decisions import Mark, Named
from reidsearch.output.identities import decision_text

ANNA = Named(1, "anna")


@pytest.mark.full
def test_it_is_seen_by_everybody_and_survives_reopening(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [2])
        made = archive.identities.by("lea").unsure("anna", [6], note="from behind")
        assert made is not None
        assert (made.who, made.what, made.note) == ("lea", "unsure", "from behind")
        assert archive.identities.unsure("anna", [7]) is None  # the same tracklet
        assert "nobody can tell if anna (1)" in decision_text(made, archive.identities.names())
        assert archive.check() == []
    with opened(folder) as archive:
        marks = archive.identities.marks_of_crops([2, 6, 7, 9])
        assert marks == {
            2: Mark(ANNA),
            6: Mark(unsure_for=(ANNA,)),
            7: Mark(unsure_for=(ANNA,)),
            9: Mark(),
        }


@pytest.mark.full
@pytest.mark.parametrize("decide", ["confirm", "reject"])
def test_a_verdict_ends_it_and_undoing_the_verdict_brings_it_back(folder, decide):
    with opened(folder) as archive:
        archive.identities.new("anna", [2])
        archive.identities.unsure("anna", [6])
        getattr(archive.identities, decide)("anna", [6])
        told = archive.identities.marks_of_crops([6])[6]
        assert not told.unsure_for
        assert told.identity or told.rejected_for
        archive.identities.undo()
        assert archive.identities.marks_of_crops([6])[6] == Mark(unsure_for=(ANNA,))
        archive.identities.undo()
        assert archive.identities.marks_of_crops([6])[6] == Mark()


def test_searches_do_not_look_at_it(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [2])
        before = [one.crop.crop_id for one in archive.search(identity="anna").matches]
        archive.identities.unsure("anna", [6])
        after = [one.crop.crop_id for one in archive.search(identity="anna").matches]
        assert before == after
        assert 6 in after or 7 in after


def test_it_needs_an_identity_and_a_crop_that_are_there(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [2])
        with pytest.raises(NotFound):
            archive.identities.unsure("bob", [6])
        with pytest.raises(NotFound):
            archive.identities.unsure("anna", [99])
        with pytest.raises(NotFound):
            archive.identities.marks_of_crops([99])


def test_each_takes_back_their_own_last_decision_first(folder):
    with opened(folder) as archive:
        lea, max_ = archive.identities.by("lea"), archive.identities.by("max")
        lea.new("anna", [2])
        max_.new("bob", [6])
        assert archive.identities.last_decision() == 2
        assert lea.to_undo(own=True).decision_id == 1
        lea.undo(1)
        with pytest.raises(NotFound, match="no decision of lea"):
            lea.to_undo(own=True)
        assert max_.to_undo(own=True).decision_id == 2
