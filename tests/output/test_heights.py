"""Sentences on how tall people have to be to be seen."""

from __future__ import annotations

import io
from dataclasses import replace

from present_samples import statement
from table_samples import covered_source

from reidsearch.domain.answers import FootageSearched
from reidsearch.domain.footage import HeightsSeen
from reidsearch.output.coverage import coverage_json, coverage_view
from reidsearch.output.heights import heights_told, small_told
from reidsearch.output.statement import sentences, short
from reidsearch.output.text import show

HD, LARGE = HeightsSeen(110, 160, 1080), HeightsSeen(220, 320, 2160)


def test_one_kind_of_sources_needs_no_number():
    assert heights_told({HD: 3}) == [
        "People smaller than about 110 px (of 1,080) are hardly seen; "
        "from about 160 px on most are."
    ]


def test_where_small_detections_are_not_kept_that_is_the_limit():
    (told,) = heights_told({HeightsSeen(40, 40, 432): 1})
    assert told == "People smaller than about 40 px (of 432) are not kept; most others are seen."


def test_of_several_kinds_that_of_most_sources_comes_first():
    first, second, unknown = heights_told({None: 1, LARGE: 1, HD: 3})
    assert "110 px (of 1,080) are hardly seen in 3 sources" in first
    assert "220 px (of 2,160) are hardly seen in 1 source" in second
    assert "not known in 1 source" in unknown
    many = {HeightsSeen(100 + n, 200, 1000 + n): 1 for n in range(7)}
    assert heights_told(many)[-1].startswith("In 4 more sources it is another height")


def test_an_answer_tells_who_cannot_be_in_it():
    footage = FootageSearched(sources=2, small=1234, heights={HD: 1, None: 1})
    for told in (sentences, short):
        text = " ".join(told(statement(footage=footage)))
        assert "smaller than about 110 px (of 1,080) are hardly seen" in text
        assert "1,234 detections were too small to be kept." in text
    assert small_told(0) == []
    assert small_told(1) == ["1 detection was too small to be kept."]


def test_coverage_tells_height_and_tiles_of_every_source():
    one = replace(covered_source(), settings={"tiles": 2}, heights=HD)
    unknown = replace(one, heights=None, settings={})
    out = io.StringIO()
    show(coverage_view([one, unknown], []), out)
    text = out.getvalue()
    assert "110 px" in text
    assert "in 2 x 2 tiles" in text
    assert "hardly seen in 1 source" in text
    first, second = coverage_json([one, unknown])["sources"]
    assert first["heights"] == {
        "hardly_below_px": 110, "mostly_from_px": 160, "frame_height_px": 1080,
    }  # fmt: skip
    assert second["heights"] is None
