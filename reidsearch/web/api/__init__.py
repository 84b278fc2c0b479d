"""The endpoints below `/api/v1`, one module a subject; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.api import (
    accounts,
    archive,
    around,
    audit,
    cases,
    clocks,
    decisions,
    exported,
    identities,
    jobs,
    journeys,
    log,
    media,
    pictures,
    places,
    proposals,
    queue,
    saved,
    searches,
    tracklets,
)
from reidsearch.web.declared import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *archive.ENDPOINTS,
    *tracklets.ENDPOINTS,
    *pictures.ENDPOINTS,
    *places.ENDPOINTS,
    *searches.ENDPOINTS,
    *saved.ENDPOINTS,
    *jobs.ENDPOINTS,
    *queue.ENDPOINTS,
    *media.ENDPOINTS,
    *identities.ENDPOINTS,
    *decisions.ENDPOINTS,
    *proposals.ENDPOINTS,
    *journeys.ENDPOINTS,
    *around.ENDPOINTS,
    *audit.ENDPOINTS,
    *clocks.ENDPOINTS,
    *cases.ENDPOINTS,
    *log.ENDPOINTS,
    *exported.ENDPOINTS,
    *accounts.ENDPOINTS,
)
