"""The endpoints below `/api/v1`, one module a subject; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.api import archive, decisions, media, pictures, searches
from reidsearch.web.declared import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *archive.ENDPOINTS,
    *decisions.ENDPOINTS,
    *media.ENDPOINTS,
    *pictures.ENDPOINTS,
    *searches.ENDPOINTS,
)
