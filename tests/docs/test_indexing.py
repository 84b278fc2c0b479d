"""docs/reference/indexing.md tells of every reason, format, limit and column that there is."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from reidsearch.base.errors import Reason
from reidsearch.base.settings import PictureLimits
from reidsearch.media.files import manifest
from reidsearch.media.files import paths as files

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "indexing.md").read_text()


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_reason_has_one_row() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", section("Failures"), re.MULTILINE)
    assert sorted(rows) == sorted(Reason)


def test_reasons_named_elsewhere_exist() -> None:
    named = re.findall(r"`([a-z][a-z-]+)`", section("Limits"))
    assert named
    assert set(named) <= set(Reason)


@pytest.mark.parametrize("ending", [*sorted(files.PICTURES), *files.CONTAINERS, *files.MANIFESTS])
def test_every_ending_is_named(ending: str) -> None:
    assert re.search(rf"[` ]{re.escape(ending)}[` ]", section("What can be indexed"))


def test_limits_are_the_programs() -> None:
    limits = PictureLimits()
    text = section("Limits")
    for value in (limits.max_bytes, limits.max_pixels, manifest.MAX_LINE_CHARACTERS):
        assert f"| {value}" in text
    assert f"{limits.min_width_px} x {limits.min_height_px} pixels" in text
    assert f"{csv.field_size_limit()} characters" in text
