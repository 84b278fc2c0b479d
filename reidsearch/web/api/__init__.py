"""The endpoints below `/api/v1`, one module a subject; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.api import (
    archive,
    decisions,
    exported,
    identities,
    journeys,
    log,
    media,
    pictures,
    proposals,
    searches,
    tracklets,
)
from reidsearch.web.declared import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *archive.ENDPOINTS,
    *media.ENDPOINTS,
    *pictures.ENDPOINTS,
    *searches.ENDPOINTS,
    *identities.ENDPOINTS,
    *decisions.ENDPOINTS,
    *proposals.ENDPOINTS,
    *journeys.ENDPOINTS,
    *log.ENDPOINTS,
    *tracklets.ENDPOINTS,
    *exported.ENDPOINTS,
)
