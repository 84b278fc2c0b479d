"""The endpoints below `/api/v1`, one module a subject; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.api import archive
from reidsearch.web.declared import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (*archive.ENDPOINTS,)
