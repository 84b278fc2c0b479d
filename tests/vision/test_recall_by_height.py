"""How small people may be: floors under what was measured of tiles, and of the stored curve."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from reidsearch.base.settings import FootageSettings
from reidsearch.vision.detection.detector import load_detector
from reidsearch.vision.detection.heights import heights_seen

ROOT = Path(__file__).resolve().parents[2]
EVERY = 7  # of the scenes; no divisor of the number of sizes
SMALL_PX, MIDDLE_PX, TALL_PX = (75, 110), (110, 180), (240, 500)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def heights() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("heights")
    sys.modules.pop("heights", None)


@pytest.fixture(scope="module")
def detector(shared):
    return load_detector(model_path=[shared / "models"], offline=True)


def test_tiles_find_small_people_of_real_crowds(heights, detector, shared):
    """TUD-Campus and TUD-Stadtmitte, pasted into 1080p: measured were 11 and 88 in 100."""
    scenes = list(heights.crossings(shared))[::EVERY]
    alone, tiled = (
        heights.look(detector, scenes, replace(FootageSettings(), tiles=tiles)) for tiles in (1, 2)
    )
    assert alone.recall(*SMALL_PX)[0] < 0.3
    assert tiled.recall(*SMALL_PX)[0] > 0.75
    assert tiled.recall(*MIDDLE_PX)[0] > max(0.9, alone.recall(*MIDDLE_PX)[0])
    assert tiled.recall(*TALL_PX)[0] >= alone.recall(*TALL_PX)[0] - 0.05, "nobody large is lost"


def test_the_stored_curve_holds_for_people_it_was_not_measured_on(heights, detector, shared):
    scenes = list(heights.crossings(shared))[::EVERY]
    found = heights.look(detector, scenes, FootageSettings())
    told = heights_seen(detector.identity.text, *heights.SIZE)
    below, people = found.recall(40, told.hardly_below_px)
    assert people > 30
    assert below < 0.2
    above, people = found.recall(told.mostly_from_px, 500)
    assert people > 30
    assert above > 0.8
