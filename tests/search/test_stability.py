"""In how many variants of a query its matches stay among the first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from archives import CommandLine, opened
from json_schemas import require_valid
from PIL import Image

from reidsearch import Archive
from reidsearch.base.errors import UsageError
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.answer_reading import read_answer
from reidsearch.domain.request import SearchRequest
from reidsearch.search.variants import variants


def test_variants_are_the_same_for_the_same_pixels_and_differ_from_each_other() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (64, 32, 3), dtype=np.uint8)
    before = pixels.copy()
    one, again = variants(pixels, 8), variants(pixels.copy(), 8)
    assert np.array_equal(pixels, before)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert {picture.shape for picture in one} == {pixels.shape}
    assert len({picture.tobytes() for picture in one}) == 8
    other = variants(pixels[::-1], 1)[0]
    assert not np.array_equal(other[::-1], one[0])


def test_stability_needs_a_limited_number_of_matches() -> None:
    with pytest.raises(UsageError, match="give k"):
        SearchRequest(k=None, min_score=0.5, stability=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty drawn people by two cameras."""
    made = tmp_path_factory.mktemp("people")
    for number, crop in enumerate(drawn_people(40, 2, 1)):
        Image.fromarray(crop.pixels[..., ::-1].copy()).save(made / f"{number:03}.png")
    with opened(made / "archive") as archive:
        archive.index(sorted(made.glob("*.png")))
    return made


@pytest.mark.full
def test_matches_say_in_how_many_variants_they_are_among_the_first_ten(folder: Path) -> None:
    pictures = [folder / "004.png", folder / "005.png"]
    with Archive.open(folder / "archive", model="builtin") as archive:
        plain = archive.search(pictures, k=20)
        told = archive.search(pictures, k=20, stability=True)
        again = archive.search(pictures, k=20, stability=True)
        assert [one.crop.crop_id for one in told.matches] == [
            one.crop.crop_id for one in plain.matches
        ]
        stays = [one.stays for one in told.matches]
        assert [one.stays for one in again.matches] == stays
        assert all(one.stays is None for one in plain.matches)
        assert all(one is not None and 0 <= one <= 100 for one in stays)
        counted = [one for one in stays if one is not None]
        # What comes first stays more often than what comes last, and ten places are all there are.
        assert sum(counted[:10]) > 2 * sum(counted[10:])
        assert sum(counted) <= 1000
        (same,) = archive.search(pictures[0], k=1, stability=True).matches
        assert (same.own is not None, same.stays is not None) == (True, True)
        assert same.stays is not None
        assert same.stays > 80
        entry = next(iter(archive.log.entries(last=2)))
    document = told.to_json()
    require_valid(document)
    assert read_answer(document).statement.stability == told.statement.stability
    assert [one.stays for one in read_answer(document).matches] == stays
    assert entry.said is not None
    assert entry.said["statement"]["stability"] == {"variants": 100, "first": 10, "pictures": 2}


@pytest.mark.full
def test_on_the_command_line(folder: Path, run: CommandLine, tmp_path: Path) -> None:
    run.archive = folder / "archive"
    crop, sheet = 7, tmp_path / "sheet.png"
    table = run("query", "--crop", crop, "--stability", "--model", "builtin", "-o", sheet)
    assert table.code == 0, table.err
    assert "stable" in table.out.splitlines()[0]
    assert "in how many of 100 variants" in table.out
    assert sheet.exists()
    answer = json.loads(
        run("query", "--crop", crop, "--stability", "--model", "builtin", "--format", "json").out
    )
    assert all(0 <= one["stays"] <= 100 for one in answer["matches"])
    assert run("query", "--crop", crop, "--stability", "-a", "x", "-a", "y").code == 2
