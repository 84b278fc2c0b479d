"""Several archives asked about regions, lines and stays: each answers as it does alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from json_schemas import require_valid

from reidsearch import Archive, search_archives
from reidsearch.base.errors import Kind, NotFound
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import write_town
from reidsearch.domain.joint import JointAnswer
from reidsearch.domain.places import Line, Region
from reidsearch.domain.request import Filters
from reidsearch.output.joint import joint_sentences

pytestmark = pytest.mark.full

TOWN = drawn_town(people=8, cameras=2, hours=1, couples=0, walks=2)
GATE, YARD = (one.name for one in TOWN.cameras)
LOWER = ((0.0, 0.75), (1.0, 0.75), (1.0, 1.0), (0.0, 1.0))
UPPER = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.75), (0.0, 0.75))
MIDDLE = Line(GATE, ((0.5, 0.0), (0.5, 1.0)), "sill")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two archives of one town with another region under the same name; one has a line as well."""
    folder = tmp_path_factory.mktemp("made")
    for name, points in (("north", LOWER), ("south", UPPER)):
        write_town(folder / name, TOWN)
        with Archive.open(folder / name, offline=True) as archive:
            archive.places.add(Region(GATE, points, "forecourt"))
    with Archive.open(folder / "north", offline=True) as archive:
        archive.places.add(MIDDLE)
    return folder


@pytest.fixture
def both(made: Path, tmp_path: Path) -> Iterator[list[Archive]]:
    folder = shutil.copytree(made, tmp_path / "made")
    with (
        Archive.open(folder / "north", offline=True) as north,
        Archive.open(folder / "south", offline=True) as south,
    ):
        yield [north, south]


def together(both: list[Archive], **asked: Any) -> JointAnswer:
    answer = search_archives(both, 1, k=1000, filters=Filters(**asked))
    require_valid(json.loads(json.dumps(answer.to_json())))
    return answer


def of(answer: JointAnswer, archive: Archive) -> set[int]:
    """Return the tracklets of an archive, but for that of the crop that is searched with."""
    found = [one for one in answer.matches if one.archive_id == archive.archive_id]
    return {one.match.tracklet.tracklet_id for one in found if one.match.tracklet} - {1}


def alone(archive: Archive, **asked: Any) -> set[int]:
    answer = archive.search(1, k=1000, adjusted=False, reranked=False, filters=Filters(**asked))
    return {one.tracklet.tracklet_id for one in answer.matches if one.tracklet} - {1}


def test_a_name_in_both_is_each_ones_own(both) -> None:
    north, south = both
    asked = {"regions": ("forecourt",), "dwell_s": 2.0}
    answer = together(both, **asked)
    assert of(answer, north) == alone(north, **asked)
    assert of(answer, south) == alone(south, **asked)
    assert of(answer, north) != of(answer, south)
    points = [one.filters.regions[0].points for one in answer.statements]
    assert points == [LOWER, UPPER]
    assert [one.archives for one in answer.named_places] == [(north.location, south.location)]
    assert "Region forecourt is kept in all archives: each goes by its own of that name." in (
        joint_sentences(answer)
    )


def test_a_name_in_one_leaves_the_others_out_and_says_so(both) -> None:
    north, south = both
    answer = together(both, crossings=("sill",), direction="in")
    assert of(answer, north) == alone(north, crossings=("sill",), direction="in")
    assert of(together(both[::-1], crossings=("sill",)), north) == alone(north, crossings=("sill",))
    (left_out,) = answer.not_searched
    assert left_out.archive_id == south.archive_id
    assert "regions or lines" in left_out.why
    assert f"Line sill is kept in {north.location} alone." in joint_sentences(answer)
    # ... unless it has another of those that are asked for.
    drawn = Line(GATE, ((0.4, 0.0), (0.4, 1.0)))
    for order in (both, both[::-1]):
        answer = together(order, crossings=("sill", drawn))
        assert {len(one.filters.crossings) for one in answer.statements} == {1, 2}
    answer = together(both, crossings=("sill", drawn))
    assert not answer.not_searched
    assert [len(one.filters.crossings) for one in answer.statements] == [2, 1]
    assert of(answer, south) == alone(south, crossings=(drawn,))


def test_what_no_archive_has_is_an_error(both) -> None:
    with pytest.raises(NotFound, match="no region is kept under the name 'sill' in any") as error:
        search_archives(both, 1, filters=Filters(regions=("sill",)))
    assert error.value.kind == Kind.PLACE_UNKNOWN
    with pytest.raises(NotFound, match="no archive has a camera 'roof'"):
        search_archives(both, 1, filters=Filters(regions=(Region("roof", LOWER),)))
    with pytest.raises(NotFound, match="in no archive anybody can pass"):
        search_archives(both, 1, filters=Filters(regions=("forecourt",), cameras=(YARD,)))
