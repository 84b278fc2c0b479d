"""The pages, one module each; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.declared import Page
from reidsearch.web.pages import (
    answer,
    ask,
    browse,
    compare,
    journeys,
    log,
    overview,
    people,
    play,
    sign_in,
)

PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *browse.PAGES,
    *ask.PAGES,
    *answer.PAGES,
    *compare.PAGES,
    *people.PAGES,
    *play.PAGES,
    *journeys.PAGES,
    *log.PAGES,
    *sign_in.PAGES,
)
"""In the order of the menu."""
