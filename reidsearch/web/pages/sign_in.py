"""Signing in."""

from __future__ import annotations

from reidsearch.web.call import Call
from reidsearch.web.declared import Given, Page, Values
from reidsearch.web.person import Role


class Asked(Given, frozen=True):
    """Whether a link was tried that does not work."""

    used: bool = False


def sign_in(_: Call, asked: Asked) -> Values:
    """Return what the page shows."""
    return {"used": asked.used}


PAGES = (Page("/sign-in", sign_in, "sign_in.html", takes=Asked, role=Role.ANYBODY),)
