"""All that the web face declares, for tests that hold for every endpoint, page and form."""

from __future__ import annotations

from reidsearch.web.api import ENDPOINTS
from reidsearch.web.declared import Endpoint, Form, Page
from reidsearch.web.pages import FORMS, PAGES

DECLARED = (*ENDPOINTS, *PAGES, *FORMS)


def id_of(declared: Endpoint | Page | Form) -> str:
    """The name of a test's case."""
    return f"{getattr(declared, 'method', type(declared).__name__)} {declared.path}"
