"""The pages, one module each; see `web/__init__.py`."""

from __future__ import annotations

from reidsearch.web.declared import Page
from reidsearch.web.pages import overview, sign_in

PAGES: tuple[Page, ...] = (*overview.PAGES, *sign_in.PAGES)
"""In the order of the menu."""
