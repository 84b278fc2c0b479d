"""Times are shown in UTC, whatever an archive that was opened before had for its zone."""

from __future__ import annotations

import datetime as dt

import pytest

from reidsearch.output.times import use_zone


@pytest.fixture(autouse=True)
def shown_in_utc() -> None:
    use_zone(dt.UTC)
