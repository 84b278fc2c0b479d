"""What somebody sees who is limited to the camera `gate`.

The archive: tracklets 1 to 3 (crops 1 to 5) at the gate, 4 and 5 (6 to 8) in the yard, crops 9 and
10 of no camera.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.answers import WhyNot
from reidsearch.domain.decisions import Member
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.services.sight import Sight

GATE = frozenset({"gate"})


@pytest.fixture
def archive(folder: Path) -> Iterator[Archive]:
    with Archive.open(folder, actor="maria") as made:
        yield made


@pytest.fixture
def gate(archive: Archive) -> Sight:
    return archive.sight(GATE)


@pytest.mark.full
def test_who_may_see_all_is_refused_nothing(archive):
    every = archive.sight(None)
    assert not every.limited
    assert every.crops([1, 9]) == {1, 9}
    every.require_tracklets([4])
    every.require_sources([1, 2])
    request = SearchRequest([9], likes=(6,))
    assert every.request(request) is request


@pytest.mark.full
def test_what_is_seen_by_number(archive, gate):
    assert gate.crops(range(12)) == {1, 2, 3, 4, 5}
    assert gate.tracklets(range(7)) == {1, 2, 3}
    yard = archive.footage.tracklet(4).parts[0].source_id
    own = archive.footage.tracklet(1).parts[0].source_id
    pictures = archive.crop(9).source_id
    assert gate.sources([yard, own, pictures, 99]) == {own}
    assert archive.sight(["yard", "gate"]).crops(range(12)) == set(range(1, 9))
    assert archive.sight([]).crops(range(12)) == set()
    assert not gate.camera(None)


@pytest.mark.parametrize("crop", [6, 9, 99, 0, -1, 2**70])
def test_what_may_not_be_seen_is_refused_as_what_is_not_there(archive, gate, crop):
    gate.require_crops([1, 5])
    with pytest.raises(NotFound) as refused:
        gate.require_crops([1, crop])
    assert str(refused.value) == f"{archive.location} holds no crop {crop}"
    with pytest.raises(NotFound):
        gate.require_tracklets([5])


@pytest.mark.full
def test_a_search_is_limited_and_its_statement_says_so(archive, gate):
    answer = archive.search(gate.request(SearchRequest([1], k=50, grouped=False)))
    assert {match.crop.facts.camera for match in answer.matches} == {"gate"}
    assert answer.statement.filters.cameras == ("gate",)
    assert answer.statement.crops_searched == 4, "without the query"
    assert answer.statement.ranked_by.why_not is WhyNot.SOME_CAMERAS, "nobody asked for it"


@pytest.mark.full
@pytest.mark.parametrize(
    "request_",
    [
        SearchRequest([6]),
        SearchRequest([1, 9]),
        SearchRequest([1], likes=(7,)),
        SearchRequest([1], unlikes=(10,)),
        SearchRequest([1], filters=Filters(cameras=("yard",))),
        SearchRequest([1], filters=Filters(cameras=("gate", "yard"))),
        SearchRequest([1], filters=Filters(not_cameras=("yard",))),
        SearchRequest([1], filters=Filters(sources=("yard.mp4",))),
        SearchRequest(np.zeros((4, 4, 3), np.uint8), query_camera="yard"),
    ],
)
def test_a_search_that_names_what_may_not_be_seen_is_refused(gate, request_):
    with pytest.raises(NotFound):
        gate.request(request_)


def test_names_of_files_cannot_be_guessed(archive, gate):
    assert gate.filters(Filters(sources=("gate.mp4",))).cameras == ("gate",)
    said = []
    for text in ("yard.mp4", "none.mp4"):
        with pytest.raises(NotFound) as refused:
            gate.filters(Filters(sources=(text,)))
        said.append((str(refused.value).replace(text, ""), refused.value.hint))
    assert said[0] == said[1]


def test_an_account_of_no_camera_of_the_archive_searches_nothing(archive):
    for cameras in ([], ["cellar"]):
        with pytest.raises(NotFound, match="no camera that this account may see"):
            archive.sight(cameras).request(SearchRequest([], identity=None))


@pytest.mark.full
def test_identities_show_what_may_be_seen_of_them(archive, gate):
    held = archive.identities
    held.new("anna", [1, 6])
    held.new("bert", [8])
    held.new("carl", [9])
    held.new("dora", [5])
    held.reject("dora", [7])
    shown = gate.identities(held.all())
    assert [(one.name, one.members, one.rejected) for one in shown] == [
        ("anna", (Member("tracklet", 1),), ()),
        ("dora", (Member("tracklet", 3),), ()),
    ]
    assert gate.names() == {1: "anna", 4: "dora"}
    story = gate.story(held.show("anna"))
    assert [one.member.number for one in story.members] == [1]
    assert story.decisions == (), "each names a member of another camera"
    for hidden in ("bert", "carl", "ben", "2"):
        for ask in (gate.require_identity, gate.require_whole):
            with pytest.raises(NotFound) as refused:
                ask(hidden)
            assert (refused.value.kind, refused.value.hint) == (Kind.IDENTITY_UNKNOWN, "")
    with pytest.raises(NotFound):
        gate.story(held.show("bert"))
    assert gate.require_whole("dora").name == "dora"
    with pytest.raises(UsageError) as refused:
        gate.require_whole("anna")
    assert refused.value.kind == Kind.CAMERAS_HIDDEN
    with pytest.raises(UsageError):
        gate.request(SearchRequest([], identity="anna"))


def test_decisions_are_shown_where_all_of_them_may_be_seen(archive, gate):
    held = archive.identities
    held.new("anna", [1])
    held.confirm("anna", [6])
    held.reject("anna", [4])
    held.new("bert", [8])
    held.rename("bert", "boris")
    assert [one.decision_id for one in gate.decisions(held.decisions())] == [1, 3]
    gate.require_decision(3)
    for hidden in (2, 4, 5, 99):
        with pytest.raises(NotFound) as refused:
            gate.require_decision(hidden)
        assert refused.value.kind == Kind.DECISION_UNKNOWN
    archive.sight(None).require_decision(99)
