"""The endpoints below `/api/v1`, one module a subject; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.api import (
    archive,
    exported,
    identities,
    journeys,
    log,
    media,
    proposals,
    tracklets,
)
from reidsearch.web.declared import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *archive.ENDPOINTS,
    *media.ENDPOINTS,
    *identities.ENDPOINTS,
    *proposals.ENDPOINTS,
    *journeys.ENDPOINTS,
    *log.ENDPOINTS,
    *tracklets.ENDPOINTS,
    *exported.ENDPOINTS,
)
