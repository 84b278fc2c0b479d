"""The pages, one module each; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.declared import Form, Page
from reidsearch.web.pages import (
    accounts,
    answer,
    around,
    ask,
    audit,
    browse,
    cases,
    clocks,
    compare,
    distance,
    intersection,
    jobs,
    journeys,
    log,
    overview,
    people,
    play,
    saved,
    sign_in,
    tracklet,
    transit,
)

PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *browse.PAGES,
    *ask.PAGES,
    *answer.PAGES,
    *compare.PAGES,
    *saved.PAGES,
    *people.PAGES,
    *tracklet.PAGES,
    *around.PAGES,
    *intersection.PAGES,
    *transit.PAGES,
    *distance.PAGES,
    *audit.PAGES,
    *clocks.PAGES,
    *play.PAGES,
    *journeys.PAGES,
    *cases.PAGES,
    *jobs.PAGES,
    *log.PAGES,
    *accounts.PAGES,
    *sign_in.PAGES,
)
"""In the order of the menu."""

FORMS: tuple[Form, ...] = (*accounts.FORMS, *cases.FORMS, *sign_in.FORMS)
